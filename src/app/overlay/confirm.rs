//! Confirmation before a change that affects many items or cannot be undone.

use super::{Overlay, OverlayHandler, OverlayOutcome, open_overlay};
use crate::app::update::{session, triage, triage_list};
use crate::app::{Action, Effects, KeyContext, NoticeLevel, State};
use crate::domain::{Decision, RecommendationId, SessionId};

/// What is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// A decision on all listed recommendations.
    DecideListed {
        /// The decision.
        decision: Decision,
        /// All listed recommendations.
        all: Vec<RecommendationId>,
        /// The undecided ones of them.
        open: Vec<RecommendationId>,
    },
    /// Permanent deletion of a session.
    DeleteSession {
        /// The session.
        session: SessionId,
        /// Its title, sanitised.
        title: String,
    },
}

/// Asks for confirmation of a decision on all listed recommendations.
pub(in crate::app) fn confirm_listed(state: &mut State, decision: Decision) {
    let (all, open) = triage_list::listed_ids(state);
    if all.is_empty() {
        state.show_notice(NoticeLevel::Info, "nothing to decide: no recommendation is listed");
        return;
    }
    open_overlay(state, Overlay::Confirm(Confirmation::DecideListed { decision, all, open }));
}

impl Confirmation {
    fn carry_out(&self, state: &mut State, undecided_only: bool, effects: &mut Effects) {
        match self {
            Self::DecideListed { decision, all, open } => {
                let ids = if undecided_only { open } else { all };
                triage::decide_all(state, *decision, ids, effects);
            }
            Self::DeleteSession { session, .. } => {
                session::delete_session(state, *session, effects);
            }
        }
    }
}

impl OverlayHandler for Confirmation {
    fn key_context(&self) -> KeyContext {
        KeyContext::Confirm
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Yes => self.carry_out(state, false, effects),
            Action::OnlyOpen => self.carry_out(state, true, effects),
            Action::No => {}
            _ => return OverlayOutcome::Unhandled,
        }
        OverlayOutcome::Close
    }
}
