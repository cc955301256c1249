//! A pane: one persona's column, with every run it made in this session.
//!
//! Holds the answers as documents. Scroll positions and rows belong to `ui`, which knows the width.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Contract, Facet, Persona, Run, RunId, RunState, TurnId};
use crate::review::{self, HeadingSynonyms, Lead, Section};
use crate::text::Document;

/// One run as it is shown.
#[derive(Debug)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// The question it answers.
    pub turn: TurnId,
    /// The question, clean, for the line above the answer.
    pub question: Arc<str>,
    /// What was sent: the question without its mentions, pasted texts included.
    pub sent: Arc<str>,
    /// The answer.
    pub document: Document,
    /// When its first attempt began, on the program's clock; none for a resumed run.
    pub started: Option<Duration>,
    /// What its provider does before the first text, in words; empty when it does not say.
    pub waiting: String,
    /// `DevOps Mode` when a trigger brought the persona in.
    pub mode: Option<String>,
    /// What the answer is about, part by part, as it was when it was read last.
    pub sections: Vec<Section>,
    /// The sentence that its recommendation leads with, as it was then.
    pub lead: Option<Lead>,
    /// The document's revision then.
    pub read_at: Option<u64>,
    /// Another instance writes it: what it says is not all of it, and nothing is looked for in it.
    pub elsewhere: bool,
}

impl RunView {
    /// A run that answers `question`, as it is shown and as it was sent.
    pub fn stored(
        run: Run,
        turn: TurnId,
        question: Arc<str>,
        sent: Arc<str>,
        document: Document,
    ) -> Self {
        Self {
            run,
            turn,
            question,
            sent,
            document,
            started: None,
            waiting: String::new(),
            mode: None,
            sections: Vec::new(),
            lead: None,
            read_at: None,
            elsewhere: false,
        }
    }

    /// Reads its sections, if it has changed since they were read last.
    pub fn read(&mut self, contract: &Contract, synonyms: &HeadingSynonyms) {
        let revision = self.document.revision();
        if self.read_at != Some(revision) {
            self.sections = review::split_sections(&self.document, contract, synonyms);
            self.lead = review::find_lead(&self.document, &self.sections);
            self.read_at = Some(revision);
        }
    }

    /// The sections that are about `facet`.
    pub fn about(&self, facet: Facet) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.facet == facet)
    }

    /// Its identity.
    pub fn id(&self) -> RunId {
        self.run.id
    }

    /// True until it has ended.
    pub fn is_live(&self) -> bool {
        self.run.state.is_live()
    }

    /// How long it took, or has taken until `now`.
    pub fn elapsed(&self, now: Duration) -> Duration {
        match (self.is_live(), self.started) {
            (true, Some(started)) => now.saturating_sub(started),
            _ => self.run.elapsed,
        }
    }

    /// Tokens answered: the provider's count, or a quarter of the characters until it is known. The flag says "estimated".
    pub fn tokens(&self) -> (u64, bool) {
        match self.run.usage {
            Some(usage) if usage.output > 0 => (usage.output, false),
            _ => ((self.run.text.len() + self.run.reasoning.len()).div_ceil(4) as u64, true),
        }
    }
}

/// One persona's column.
#[derive(Debug)]
pub struct Pane {
    /// Who answers here.
    pub persona: Arc<Persona>,
    /// Its runs, oldest first.
    pub runs: Vec<RunView>,
}

impl Pane {
    /// A pane without answers.
    pub fn new(persona: Arc<Persona>) -> Self {
        Self { persona, runs: Vec::new() }
    }

    /// The run that counts: the last.
    pub fn current(&self) -> Option<&RunView> {
        self.runs.last()
    }

    /// What the pane says to its last question: the last run that has text; the last one where none has, or it may come.
    pub fn spoken(&self) -> Option<&RunView> {
        let last = self.runs.last()?;
        if last.is_live() || !last.document.is_empty() {
            return Some(last);
        }
        let said = |view: &&RunView| view.turn == last.turn && !view.document.is_empty();
        self.runs.iter().rfind(said).or(Some(last))
    }

    /// The run that counts of each turn, oldest first; turns of which nothing came are left out.
    pub fn rounds(&self) -> Vec<&RunView> {
        let mut rounds: Vec<&RunView> = Vec::new();
        for view in self.runs.iter().filter(|view| !view.document.is_empty()) {
            match rounds.last_mut() {
                Some(last) if last.turn == view.turn => *last = view,
                _ => rounds.push(view),
            }
        }
        rounds
    }

    /// True while an answer is coming.
    pub fn is_live(&self) -> bool {
        self.current().is_some_and(RunView::is_live)
    }

    /// True when the last run wants attention: failed or cut.
    pub fn wants_retry(&self) -> bool {
        use crate::domain::Ending;
        matches!(
            self.current().map(|v| &v.run.state),
            Some(RunState::Ended(Ending::Failed(_) | Ending::Cut(_)))
        )
    }
}
