//! Readings: what is found in the text of answers by pattern, which takes longer than a key may wait.
//!
//! A [`ReadingRequest`] owns copies of the texts and is carried out on any thread ([`carry_out()`]); the result comes back as a
//! message. [`PendingReadings`] knows the newest request of each subject, so that the result of an older one is dropped.
//! When something is read, and what becomes of the result, is decided in `update`.

mod carry_out;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub use carry_out::carry_out;

use super::LedgerRow;
use crate::domain::{Persona, Recommendation, Run, RunId};
use crate::review::{self, BriefLine, HeadingSynonyms, Lead, ReadExtent, Section, SectionDiff};

/// What is read. Of each there is one reading at a time: a newer request replaces an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadingSubject {
    /// Sections, lead sentence and recommendations of this run's answer.
    Answer(RunId),
    /// The ledger of all current answers.
    Ledger,
    /// The focused persona's answer against its previous one.
    Change,
    /// The quotes of the brief that this run writes.
    Brief(RunId),
}

/// How much of a run a reading has seen: bytes of its raw text, and whether it had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRevision {
    /// Bytes of the raw text.
    pub bytes: usize,
    /// No text can follow.
    pub ended: bool,
}

impl TextRevision {
    /// The current revision of a run.
    pub fn of(run: &Run) -> Self {
        Self { bytes: run.text.len(), ended: !run.state.is_live() }
    }

    /// True when reading `now` again is worth its cost: the run has ended, or its text has grown by a sixteenth. So all
    /// readings of a growing answer together cost a fixed multiple of the last one.
    pub fn is_outdated(self, now: Self) -> bool {
        self != now && (now.ended || now.bytes >= self.bytes + self.bytes / 16)
    }
}

/// A copy of the part of an answer that is read.
#[derive(Clone, PartialEq)]
pub struct AnswerCopy {
    /// The run.
    pub run: RunId,
    /// The beginning of its raw text: [`review::readable_part`].
    pub text: Arc<str>,
    /// What of the run the copy was made from.
    pub revision: TextRevision,
    /// The persona, whose contract says what its headings mean.
    pub persona: Arc<Persona>,
    /// Phrases in headings and their facets.
    pub synonyms: Arc<HeadingSynonyms>,
}

impl AnswerCopy {
    /// Copies what is read of `run`, an answer of `persona`.
    pub fn new(run: &Run, persona: &Arc<Persona>, synonyms: &Arc<HeadingSynonyms>) -> Self {
        Self {
            run: run.id,
            text: Arc::from(review::readable_part(&run.text)),
            revision: TextRevision::of(run),
            persona: Arc::clone(persona),
            synonyms: Arc::clone(synonyms),
        }
    }
}

impl fmt::Debug for AnswerCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerCopy({:?}, {:?})", self.run, self.revision)
    }
}

/// A brief and the answers that it quotes.
#[derive(Clone, PartialEq, Eq)]
pub struct BriefCopy {
    /// The complete lines of the brief, sanitised.
    pub text: String,
    /// The brief has ended.
    pub ended: bool,
    /// Its headings.
    pub headings: Vec<String>,
    /// Id, name and sanitised text of each answer.
    pub answers: Vec<(String, String, String)>,
}

impl fmt::Debug for BriefCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BriefCopy({} bytes, {} answers)", self.text.len(), self.answers.len())
    }
}

/// What is to be done, with copies of everything that it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingTask {
    /// Read an answer; `extracts` when its recommendations are wanted.
    Answer {
        /// The answer.
        answer: AnswerCopy,
        /// Its recommendations are wanted, too.
        extracts: bool,
    },
    /// Build the ledger of these answers, each with the index of its pane.
    Ledger(Vec<(usize, AnswerCopy)>),
    /// Compare two answers, the older one first.
    Change(Box<[AnswerCopy; 2]>),
    /// Verify the brief of this run.
    Brief(RunId, BriefCopy),
}

impl ReadingTask {
    /// What is read.
    pub fn subject(&self) -> ReadingSubject {
        match self {
            Self::Answer { answer, .. } => ReadingSubject::Answer(answer.run),
            Self::Ledger(_) => ReadingSubject::Ledger,
            Self::Change(_) => ReadingSubject::Change,
            Self::Brief(run, _) => ReadingSubject::Brief(*run),
        }
    }
}

/// An order to read something.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingRequest {
    /// What is to be done.
    pub task: ReadingTask,
    /// Number of the request; later requests have higher numbers.
    pub number: u64,
}

/// What was found.
#[derive(Debug)]
pub enum Finding {
    /// Of an answer.
    Answer {
        /// What of the run was read.
        revision: TextRevision,
        /// How much of it was read.
        extent: ReadExtent,
        /// Its sections, as far as it was read.
        sections: Vec<Section>,
        /// Its lead sentence.
        lead: Option<Lead>,
        /// Its recommendations, if they were wanted.
        recommendations: Option<Vec<Recommendation>>,
    },
    /// The rows of the ledger, and what was left out of it.
    Ledger(Vec<LedgerRow>, Option<String>),
    /// The sections of both answers.
    Change(ChangeReading),
    /// The lines of a brief, with their faults.
    Brief(Vec<BriefLine>),
    /// The reading failed: an internal error.
    Failed,
}

/// The outcome of a request.
#[derive(Debug)]
pub struct ReadingResult {
    /// What was read.
    pub subject: ReadingSubject,
    /// The number of the request.
    pub number: u64,
    /// What was found.
    pub finding: Finding,
}

/// One answer of a persona against another one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ChangeReading {
    /// Runs and revisions that were compared, the older one first.
    pub compared: Option<[(RunId, TextRevision); 2]>,
    /// Sections of both answers.
    pub sections: Vec<SectionDiff>,
    /// What of the answers was not compared; none when all was.
    pub left_out: Option<String>,
}

/// What the Change view shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ChangeState {
    /// Runs and revisions whose comparison was last requested, the older one first.
    pub requested: Option<[(RunId, TextRevision); 2]>,
    /// The last comparison that returned.
    pub reading: Arc<ChangeReading>,
}

/// The readings that have not returned.
#[derive(Debug, Default)]
pub struct PendingReadings {
    pending: HashMap<ReadingSubject, u64>,
    last: u64,
}

impl PendingReadings {
    /// Makes a request. An older one of the same subject is no longer waited for.
    pub fn request(&mut self, task: ReadingTask) -> ReadingRequest {
        self.last += 1;
        self.pending.insert(task.subject(), self.last);
        ReadingRequest { task, number: self.last }
    }

    /// True while the result for `subject` has not returned.
    pub fn is_pending(&self, subject: ReadingSubject) -> bool {
        self.pending.contains_key(&subject)
    }

    /// Number of answers that are being read.
    pub fn count_answers(&self) -> usize {
        self.pending.keys().filter(|key| matches!(key, ReadingSubject::Answer(_))).count()
    }

    /// Ends the wait for request `number` of `subject`. False when it is not waited for: a newer one was made, or another
    /// session is open.
    pub fn settle(&mut self, subject: ReadingSubject, number: u64) -> bool {
        let is_newest = self.pending.get(&subject) == Some(&number);
        if is_newest {
            self.pending.remove(&subject);
        }
        is_newest
    }

    /// Stops waiting for all results.
    pub fn forget_all(&mut self) {
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_request_of_a_subject_counts() {
        let mut pending = PendingReadings::default();
        let first = pending.request(ReadingTask::Ledger(Vec::new()));
        let second = pending.request(ReadingTask::Ledger(Vec::new()));
        assert!(!pending.settle(ReadingSubject::Ledger, first.number));
        assert!(pending.is_pending(ReadingSubject::Ledger));
        assert!(pending.settle(ReadingSubject::Ledger, second.number));
        assert!(!pending.settle(ReadingSubject::Ledger, second.number));
        let third = pending.request(ReadingTask::Ledger(Vec::new()));
        pending.forget_all();
        assert!(!pending.settle(ReadingSubject::Ledger, third.number));
    }

    #[test]
    fn a_growing_answer_is_read_again_by_sixteenths() {
        let at = |bytes, ended| TextRevision { bytes, ended };
        for (now, outdated) in [
            (at(16_000, false), false),
            (at(16_999, false), false),
            (at(17_000, false), true),
            (at(16_000, true), true),
        ] {
            assert_eq!(at(16_000, false).is_outdated(now), outdated, "{now:?}");
        }
        assert!(!at(9, true).is_outdated(at(9, true)));
        assert!(at(9, false).is_outdated(at(10, false)));
    }
}
