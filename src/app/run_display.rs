//! Run displays: what the screen needs of a run beside the session, keyed by run id.
//!
//! Holds the parsed answer, its sections and its lead sentence. Text, state and recommendations of the run are in the
//! session; rows and scroll positions, which depend on the width, are in the renderers.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::reading::TextRevision;
use crate::domain::{Facet, ModelRef, Persona, Run, RunId, TurnId};
use crate::review::{BriefLine, Lead, ReadExtent, Section};
use crate::text::ParsedMarkdown;

/// Display data of one run.
#[derive(Debug)]
pub struct RunDisplay {
    /// The persona that answers.
    pub persona: Arc<Persona>,
    /// The question as displayed above the answer: sanitised, documents by name only.
    pub question: Arc<str>,
    /// The question as sent: without mentions, with documents.
    pub sent: Arc<str>,
    /// The answer, parsed.
    pub document: ParsedMarkdown,
    /// Start of the first attempt, on the program's clock; none for a run of a resumed session.
    pub started: Option<Duration>,
    /// What the provider is doing before the first text, human-readable; empty when unknown.
    pub waiting: String,
    /// The model that answers, when the provider has reported it.
    pub served_model: Option<String>,
    /// `DevOps Mode` when a trigger added the persona.
    pub mode: Option<String>,
    /// Another instance is still writing this run: its text is incomplete, so nothing is extracted from it.
    pub elsewhere: bool,
    /// Sections of the answer at revision `read_at`.
    pub sections: Vec<Section>,
    /// Lead sentence of the answer at revision `read_at`.
    pub lead: Option<Lead>,
    /// What of the run sections and lead were read from; none until the first reading.
    pub read_at: Option<TextRevision>,
    /// How much of the answer was read at revision `read_at`.
    pub read_extent: ReadExtent,
    /// What of the run the last reading was requested for.
    pub read_requested: Option<TextRevision>,
    /// A reading failed by an internal error: it is not tried again.
    pub is_unreadable: bool,
    /// The verified lines of a brief; empty for every other run.
    pub brief: VerifiedBrief,
}

/// The lines of a brief, each quote compared with the answers.
#[derive(Debug, Default)]
pub struct VerifiedBrief {
    /// The lines that are verified so far.
    pub lines: Vec<BriefLine>,
    /// Number of bytes of the text that was last sent to be verified, and whether the run had ended.
    pub requested: Option<(usize, bool)>,
}

/// The question that a run answers.
#[derive(Debug, Clone)]
pub struct RunQuestion {
    /// As it is displayed.
    pub shown: Arc<str>,
    /// As it is sent.
    pub sent: Arc<str>,
}

impl RunDisplay {
    /// The display of a run of `persona` that answers `question`, with nothing read yet.
    pub fn new(persona: Arc<Persona>, question: RunQuestion, document: ParsedMarkdown) -> Self {
        Self {
            persona,
            question: question.shown,
            sent: question.sent,
            document,
            started: None,
            waiting: String::new(),
            served_model: None,
            mode: None,
            elsewhere: false,
            sections: Vec::new(),
            lead: None,
            read_at: None,
            read_extent: ReadExtent::default(),
            read_requested: None,
            is_unreadable: false,
            brief: VerifiedBrief::default(),
        }
    }

    /// The sections that are about `facet`.
    pub fn sections_about(&self, facet: Facet) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.facet == facet)
    }
}

/// Display data of all runs of the session.
#[derive(Debug, Default)]
pub struct RunDisplays(HashMap<RunId, RunDisplay>);

impl RunDisplays {
    /// The display of run `id`.
    pub fn get(&self, id: RunId) -> Option<&RunDisplay> {
        self.0.get(&id)
    }

    /// The display of run `id`, mutable.
    pub fn get_mut(&mut self, id: RunId) -> Option<&mut RunDisplay> {
        self.0.get_mut(&id)
    }

    /// Adds the display of run `id`.
    pub fn insert(&mut self, id: RunId, display: RunDisplay) {
        self.0.insert(id, display);
    }

    /// Every display with its run's id, in no particular order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (RunId, &mut RunDisplay)> {
        self.0.iter_mut().map(|(id, display)| (*id, display))
    }
}

/// A run of the session with its display data.
#[derive(Debug, Clone, Copy)]
pub struct RunRef<'a> {
    /// The run.
    pub run: &'a Run,
    /// The id of its turn or side turn.
    pub turn: TurnId,
    /// Its display data.
    pub display: &'a RunDisplay,
}

impl Deref for RunRef<'_> {
    type Target = RunDisplay;

    fn deref(&self) -> &RunDisplay {
        self.display
    }
}

impl RunRef<'_> {
    /// The run's id.
    pub fn id(&self) -> RunId {
        self.run.id
    }

    /// True until the run has ended.
    pub fn is_live(&self) -> bool {
        self.run.state.is_live()
    }

    /// True while sections and lead are those of an earlier text, or of none, and the run has ended.
    pub fn is_being_read(&self) -> bool {
        let is_read = self.display.read_at == Some(TextRevision::of(self.run));
        self.run.has_text() && !self.is_live() && !is_read && !self.display.is_unreadable
    }

    /// How long the run took, or has taken until `now` on the program's clock.
    pub fn elapsed(&self, now: Duration) -> Duration {
        match (self.is_live(), self.display.started) {
            (true, Some(started)) => now.saturating_sub(started),
            _ => self.run.elapsed,
        }
    }

    /// Number of tokens of the answer, and whether it is an estimate (a quarter of the bytes, until the provider reports
    /// it).
    pub fn tokens(&self) -> (u64, bool) {
        match self.run.usage {
            Some(usage) if usage.output > 0 => (usage.output, false),
            _ => ((self.run.text.len() + self.run.reasoning.len()).div_ceil(4) as u64, true),
        }
    }

    /// The model that answers: as reported by the provider, else as requested.
    pub fn model(&self) -> ModelRef {
        let model = self.display.served_model.as_ref().unwrap_or(&self.run.model.model);
        ModelRef { provider: self.run.model.provider.clone(), model: model.clone() }
    }
}
