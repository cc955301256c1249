//! Changes that are not in the file yet, seen as part of the sessions they belong to.
//!
//! While the store cannot be written, and in a store that lives in memory only, what waits is all there is: lists
//! and sessions are made of the file's rows with the waiting changes applied over them.

use crate::domain::{Change, Session, SessionId};

use super::backlog::Entry;

/// Session `id` as it is once `entries` have been written over `base`.
pub(super) fn replay(base: Option<Session>, id: SessionId, entries: &[Entry]) -> Option<Session> {
    let mut session = base;
    for entry in entries {
        match (&mut session, &entry.change) {
            (_, Change::Deleted { session: deleted }) if *deleted == id => {
                session = session.filter(Session::is_live);
            }
            (Some(session), change) => session.apply(change, entry.at),
            (None, change) if change.session() == Some(id) => {
                session = Session::from_first_turn(change);
            }
            (None, _) => {}
        }
    }
    session
}
