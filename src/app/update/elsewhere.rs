//! Follows what other instances change in the store: the list of sessions, and the open session.
//!
//! Nothing is taken over while answers of this instance stream; it is when they have ended.

use super::session;
use crate::app::{Effect, Effects, NoticeLevel, State, StoredCopy, overlay};
use crate::domain::{Session, SessionId};

/// Another instance has changed the store: whatever is shown of it is read again.
pub(super) fn on_store_changed(state: &mut State, effects: &mut Effects) {
    if overlay::lists_sessions(state) {
        effects.push(Effect::ListSessions);
    }
    if state.stored == StoredCopy::Current {
        state.stored = StoredCopy::MayDiffer;
    }
    refresh_when_idle(state, effects);
}

/// Reads the open session again if it may be outdated and nothing streams.
pub(super) fn refresh_when_idle(state: &mut State, effects: &mut Effects) {
    if state.stored != StoredCopy::MayDiffer || state.is_live() {
        return;
    }
    state.stored = StoredCopy::Current;
    if let Some(open) = &state.session {
        effects.push(Effect::RefreshSession(Box::new(open.summarize())));
    }
}

/// Takes over session `id` as the store has it now; none if it was deleted.
pub(super) fn on_session_refreshed(
    state: &mut State,
    id: SessionId,
    session: Option<Session>,
    effects: &mut Effects,
) {
    if state.session_id() != Some(id) || state.is_live() {
        return;
    }
    if let Some(session) = session {
        session::take_over(state, session, effects);
        return;
    }
    state.stored = StoredCopy::Deleted;
    state.show_notice(
        NoticeLevel::Warning,
        "this session was deleted in another plenary. Nothing of it is stored any more; the next \
         question starts a new session",
    );
}
