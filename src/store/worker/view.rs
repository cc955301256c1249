//! What callers see: the file's sessions with what waits to be written laid over them.
//!
//! Reads only. Called through [`super::super::Store`]'s handles.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::super::overlay::replay;
use super::super::trouble::words;
use super::super::{StoreError, read, search};
use super::{Disk, Worker};
use crate::domain::{
    Change, Recommendation, RunId, SearchHit, Session, SessionId, SessionSummary, TurnId,
};

impl Worker {
    /// See [`crate::store::Store::list`].
    pub(in crate::store) fn list(&self, limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        let mut sessions = Vec::new();
        let touched = self.touched()?;
        for id in touched.iter().rev() {
            sessions.extend(self.stored(*id)?.map(|session| session.summarize()));
        }
        if let Some(conn) = self.conn() {
            let written = read::list(conn, limit).map_err(|e| self.unreadable(&e))?;
            sessions.extend(written.into_iter().filter(|session| !touched.contains(&session.id)));
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.updated_at));
        sessions.truncate(limit);
        Ok(sessions)
    }

    /// See [`crate::store::Store::load`].
    pub(in crate::store) fn load(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.stored(id)
    }

    /// See [`crate::store::Store::find`].
    pub(in crate::store) fn find(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut ids = match self.conn() {
            Some(conn) => read::find(conn, prefix, limit).map_err(|e| self.unreadable(&e))?,
            None => Vec::new(),
        };
        for id in self.touched()? {
            let known = ids.iter().position(|known| *known == id);
            let there = self.stored(id)?.is_some();
            match known {
                Some(place) if !there => drop(ids.remove(place)),
                None if there && id.to_string().starts_with(prefix) => ids.insert(0, id),
                _ => {}
            }
        }
        ids.truncate(limit);
        Ok(ids)
    }

    /// See [`crate::store::Store::search`].
    pub(in crate::store) fn search(
        &self,
        words: &str,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let Some(query) = search::Query::of(words) else { return Ok(Vec::new()) };
        let touched = self.touched()?;
        let mut waiting = Vec::new();
        for id in &touched {
            waiting.extend(self.stored(*id)?);
        }
        let mut hits = Vec::new();
        if let Some(conn) = self.conn() {
            if !search::is_indexed(conn) {
                let path = self.disk.as_ref().map(|disk| disk.path.display().to_string());
                return Err(StoreError::Io(format!(
                    "{}: it cannot be searched: its format is of another version of plenary, and it \
                     cannot be brought up to date",
                    path.unwrap_or_default()
                )));
            }
            hits = search::find(conn, &query, limit, &touched).map_err(|e| self.unreadable(&e))?;
        }
        hits.extend(search::find_in(&waiting, &query, limit).map_err(|e| self.unreadable(&e))?);
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.session.updated_at));
        hits.truncate(limit);
        Ok(hits)
    }

    pub(super) fn conn(&self) -> Option<&Connection> {
        self.disk.as_ref()?.conn.as_ref()
    }

    pub(super) fn unreadable(&self, error: &rusqlite::Error) -> StoreError {
        let path = self.disk.as_ref().map(|disk| disk.path.display().to_string());
        let path = path.unwrap_or_default();
        StoreError::Io(format!("{path}: it cannot be read: {} ({error})", words(error)))
    }

    /// A session with what waits to be written.
    pub(super) fn stored(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let base = match &self.disk {
            Some(Disk { conn: Some(conn), instance, .. }) => {
                read::load(conn, id, |owner| instance.is_alive(conn, owner))
                    .map_err(|e| self.unreadable(&e))?
            }
            _ => None,
        };
        Ok(replay(base, id, self.backlog.entries()))
    }

    /// The sessions that waiting changes belong to, in the order of their first one.
    fn touched(&self) -> Result<Vec<SessionId>, StoreError> {
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

    fn known_or(
        &self,
        known: Option<SessionId>,
        look_up: impl FnOnce(&Connection) -> rusqlite::Result<Option<SessionId>>,
    ) -> Result<Option<SessionId>, StoreError> {
        match (known, self.conn()) {
            (None, Some(conn)) => look_up(conn).map_err(|e| self.unreadable(&e)),
            (known, _) => Ok(known),
        }
    }
}
