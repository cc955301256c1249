//! A pane: one persona's column, with every run it made in this session.
//!
//! Holds the answers as documents. Scroll positions and rows belong to `ui`, which knows the width.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{Persona, Run, RunId, RunState, TurnId};
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
}

impl RunView {
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
