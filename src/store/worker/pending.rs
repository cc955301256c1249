//! Sessions with pending changes: what the file has, with the changes applied.
//!
//! Writes nothing. While the file cannot be written, its sessions must show the changes all the same.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::super::memory::MemoryStore;
use super::super::{StoreError, read};
use super::reads::ReadView;
use crate::domain::{Change, Recommendation, RunId, Session, SessionId, TurnId};

/// Sessions with pending changes.
pub(super) struct PendingSessions {
    /// Their ids in the order of their first change, including sessions that the changes delete.
    pub(super) ids: Vec<SessionId>,
    /// Those that exist, in the same order.
    pub(super) sessions: Vec<Session>,
}

impl PendingSessions {
    /// Copies the sessions into a store in memory, where they can be searched.
    pub(super) fn copy_to_memory(&self) -> rusqlite::Result<MemoryStore> {
        let mut copy = MemoryStore::open()?;
        for session in &self.sessions {
            copy.adopt_session(session.id, Some(session))?;
        }
        Ok(copy)
    }
}

impl ReadView<'_> {
    /// Loads the sessions with pending changes.
    pub(super) fn pending_sessions(&self) -> Result<PendingSessions, StoreError> {
        let ids = self.pending_session_ids()?;
        let mut sessions = Vec::new();
        for id in &ids {
            sessions.extend(self.load_session(*id)?);
        }
        Ok(PendingSessions { ids, sessions })
    }

    /// The sessions of the pending changes, in the order of their first change.
    pub(super) fn pending_session_ids(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut turns: HashMap<TurnId, SessionId> = HashMap::new();
        let mut runs: HashMap<RunId, SessionId> = HashMap::new();
        let mut seen = HashSet::new();
        let mut ids = Vec::new();
        for queued in self.pending() {
            let id = match &queued.change {
                Change::Turn { session, turn, runs: new_runs, .. } => {
                    turns.insert(*turn, *session);
                    runs.extend(new_runs.iter().map(|run| (run.id, *session)));
                    Some(*session)
                }
                Change::Run { turn, run } => {
                    let known = turns.get(turn).copied();
                    let session =
                        self.known_or_stored(known, |c| read::session_of_turn(c, *turn))?;
                    runs.extend(session.map(|session| (run.id, session)));
                    session
                }
                Change::SideTurn { session, side_turn } => {
                    turns.insert(side_turn.id, *session);
                    runs.insert(side_turn.run.id, *session);
                    Some(*session)
                }
                Change::Append { run, .. }
                | Change::Note { run, .. }
                | Change::Ended { run, .. }
                | Change::Extracted { run, .. }
                | Change::RecommendationSelected(Recommendation { run, .. }) => {
                    let known = runs.get(run).copied();
                    self.known_or_stored(known, |c| read::session_of_run(c, *run))?
                }
                Change::TriageStepDone { session, .. }
                | Change::TriageStepUndone { session, .. }
                | Change::TriageStepRedone { session, .. }
                | Change::Renamed { session, .. }
                | Change::Tagged { session, .. }
                | Change::Deleted { session } => Some(*session),
            };
            ids.extend(id.filter(|id| seen.insert(*id)));
        }
        Ok(ids)
    }

    /// Returns `known`, the session of an earlier pending change, or the one that `look_up` finds in the tables.
    fn known_or_stored(
        &self,
        known: Option<SessionId>,
        look_up: impl Fn(&Connection) -> rusqlite::Result<Option<SessionId>>,
    ) -> Result<Option<SessionId>, StoreError> {
        if known.is_some() {
            return Ok(known);
        }
        for layer in self.layers() {
            let found = look_up(layer.conn).map_err(|e| self.read_error(&e))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}
