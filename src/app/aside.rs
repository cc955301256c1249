//! A challenge or a brief as it is shown: a run beside the panes.
//!
//! What is asked is `prompt`'s, when is `update::aside`'s; drawn by `ui::overlay` and `ui::triage`.

use std::sync::Arc;

use super::RunView;
use crate::domain::{AsideKind, Persona, RecommendationId, RunId, TurnId};
use crate::review::BriefLine;

/// A model call beside the conversation.
#[derive(Debug)]
pub struct AsideView {
    /// What it is for.
    pub kind: AsideKind,
    /// Who answers.
    pub persona: Arc<Persona>,
    /// The run; its turn is the aside's identity.
    pub view: RunView,
    /// The lines of a brief, checked against the answers; empty for a challenge.
    pub lines: Vec<BriefLine>,
    /// How much of the text, and in which state, `lines` were made of.
    pub checked: Option<(usize, bool)>,
}

/// Challenges and briefs of a session, oldest first.
#[derive(Debug, Default)]
pub struct Asides(pub Vec<AsideView>);

impl Asides {
    /// The run of this id.
    pub fn run_mut(&mut self, id: RunId) -> Option<&mut RunView> {
        self.0.iter_mut().map(|aside| &mut aside.view).find(|view| view.id() == id)
    }

    /// The challenges of a recommendation, oldest first.
    pub fn challenges(&self, id: RecommendationId) -> impl Iterator<Item = &AsideView> {
        self.0.iter().filter(move |aside| aside.kind == AsideKind::Challenge(id))
    }

    /// The last brief of a turn.
    pub fn brief(&self, turn: TurnId) -> Option<&AsideView> {
        self.0.iter().rfind(|aside| aside.kind == AsideKind::Brief(turn))
    }

    /// The aside whose run has this id.
    pub fn of_run(&self, id: RunId) -> Option<&AsideView> {
        self.0.iter().find(|aside| aside.view.id() == id)
    }

    /// True while one of them is coming.
    pub fn is_live(&self) -> bool {
        self.0.iter().any(|aside| aside.view.is_live())
    }
}
