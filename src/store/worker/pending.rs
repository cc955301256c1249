//! Sessions as they will be once the pending changes are written: as they are now, with the changes applied.
//!
//! Reads only. While the file cannot be written its sessions must show the changes all the same.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::super::backlog::Entry;
use super::super::memory::MemoryStore;
use super::super::{StoreError, read};
use super::Worker;
use crate::domain::{Change, Recommendation, RunId, Session, SessionId, TurnId};

/// Sessions with pending changes.
pub(super) struct PendingSessions {
    /// Their ids, also of those that the changes delete, in the order of their first change.
    pub(super) ids: Vec<SessionId>,
    /// Those that exist, in the same order, with the changes applied.
    pub(super) sessions: Vec<Session>,
}

impl PendingSessions {
    /// Copies the sessions into a store of their own, to be searched there.
    pub(super) fn copy_to_memory(&self) -> rusqlite::Result<MemoryStore> {
        let mut copy = MemoryStore::open()?;
        for session in &self.sessions {
            copy.adopt_session(session.id, Some(session))?;
        }
        Ok(copy)
    }
}

impl Worker {
    /// The sessions with pending changes.
    pub(super) fn pending_sessions(&self) -> Result<PendingSessions, StoreError> {
        let ids = self.pending_session_ids()?;
        let mut sessions = Vec::new();
        for id in &ids {
            sessions.extend(self.load(*id)?);
        }
        Ok(PendingSessions { ids, sessions })
    }

    /// The sessions that pending changes belong to, in the order of their first one.
    pub(super) fn pending_session_ids(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut turns: HashMap<TurnId, SessionId> = HashMap::new();
        let mut runs: HashMap<RunId, SessionId> = HashMap::new();
        let mut seen = HashSet::new();
        let mut sessions = Vec::new();
        for entry in self.backlog.entries() {
            let session = match &entry.change {
                Change::Turn { session, turn, runs: begun, .. } => {
                    turns.insert(*turn, *session);
                    runs.extend(begun.iter().map(|run| (run.id, *session)));
                    Some(*session)
                }
                Change::Run { turn, run } => {
                    let known = turns.get(turn).copied();
                    let session = self.known_or(known, |c| read::session_of_turn(c, *turn))?;
                    runs.extend(session.map(|session| (run.id, session)));
                    session
                }
                Change::Aside { session, aside } => {
                    turns.insert(aside.id, *session);
                    runs.insert(aside.run.id, *session);
                    Some(*session)
                }
                Change::Append { run, .. }
                | Change::Note { run, .. }
                | Change::Ended { run, .. }
                | Change::Lifted { run, .. }
                | Change::Selected(Recommendation { run, .. }) => {
                    let known = runs.get(run).copied();
                    self.known_or(known, |c| read::session_of_run(c, *run))?
                }
                Change::Edited { session, .. }
                | Change::Undone { session, .. }
                | Change::Redone { session, .. }
                | Change::Renamed { session, .. }
                | Change::Tagged { session, .. }
                | Change::Deleted { session } => Some(*session),
            };
            sessions.extend(session.filter(|session| seen.insert(*session)));
        }
        Ok(sessions)
    }

    /// The session that a pending change names, or else the one that `look_up` finds in the tables.
    fn known_or(
        &self,
        known: Option<SessionId>,
        look_up: impl Fn(&Connection) -> rusqlite::Result<Option<SessionId>>,
    ) -> Result<Option<SessionId>, StoreError> {
        if known.is_some() {
            return Ok(known);
        }
        for layer in self.layers() {
            let found = look_up(layer.conn).map_err(|e| self.unreadable(&e))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// Session `id` as it is once `entries` have been written over `base`.
pub(super) fn apply_pending(
    base: Option<Session>,
    id: SessionId,
    entries: &[Entry],
) -> Option<Session> {
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
