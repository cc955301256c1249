//! Follows what other instances change in the store: the list of sessions, and the open session.
//!
//! Nothing is taken over while answers of this instance stream; it is when they have ended. Nor is what was read before the
//! latest change of this instance, which would undo that on the screen: then the session is read again.

use super::session;
use crate::app::{Effect, Effects, NoticeLevel, State, StoredCopy, overlay};
use crate::domain::{Session, SessionId};

/// Another instance has changed the store: whatever is shown of it is read again.
pub(super) fn on_store_changed(state: &mut State, effects: &mut Effects) {
    if overlay::lists_sessions(state) {
        effects.push(Effect::ListSessions);
    }
    expect_difference(state);
    refresh_when_idle(state, effects);
}

/// Has the open session read again when nothing streams.
pub(super) fn expect_difference(state: &mut State) {
    if state.stored == StoredCopy::Current {
        state.stored = StoredCopy::MayDiffer;
    }
}

/// Reads the open session again if it may be outdated and nothing streams.
pub(super) fn refresh_when_idle(state: &mut State, effects: &mut Effects) {
    if state.stored != StoredCopy::MayDiffer || state.is_live() {
        return;
    }
    state.stored = StoredCopy::Current;
    if let Some(id) = state.session_id() {
        effects.push(Effect::RefreshSession(id, state.session_revision));
    }
}

/// Takes over a session as the store has it now; none if it was deleted. `read` is its id, and the revision of the screen
/// when it was read.
pub(super) fn on_session_refreshed(
    state: &mut State,
    read: (SessionId, u64),
    session: Option<Session>,
    effects: &mut Effects,
) {
    if state.session_id() != Some(read.0) {
        return;
    }
    if state.is_live() || state.session_revision != read.1 {
        expect_difference(state);
        return;
    }
    if let Some(session) = session {
        if state.session.as_ref() != Some(&session) {
            let lacks_turns = lacks_shown_turns(state, &session);
            session::take_over(state, session, effects);
            if lacks_turns {
                effects.push(Effect::ClearPaneCaches);
                let text = "this session was deleted in another plenary: only what was asked since is stored";
                state.show_notice(NoticeLevel::Warning, text);
            }
        }
        return;
    }
    state.stored = StoredCopy::Deleted;
    state.show_notice(
        NoticeLevel::Warning,
        "this session was deleted in another plenary. Nothing of it is stored any more; the next \
         question starts a new session",
    );
}

/// True if questions on the screen are not in `session`: it was deleted, and a question that was asked before this was
/// noticed has created it again.
fn lacks_shown_turns(state: &State, session: &Session) -> bool {
    state.turns().iter().any(|shown| session.turns.iter().all(|turn| turn.id != shown.id))
}
