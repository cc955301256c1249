//! What callers see: the sessions in the file, over them those in memory, over them those with pending changes.
//!
//! Reads only.

use std::collections::HashSet;

use rusqlite::Connection;

use super::super::instance::Instance;
use super::super::trouble::words;
use super::super::{StoreError, read, search};
use super::pending::apply_pending;
use super::{Disk, Worker};
use crate::domain::{SearchHit, Session, SessionId, SessionSummary};

/// Tables to read.
pub(super) struct ReadLayer<'a> {
    /// The connection.
    pub(super) conn: &'a Connection,
    /// This program as a writer of these tables.
    instance: &'a Instance,
    /// Sessions that are read from here, whether they exist or not, and not from the layers below.
    sessions: Option<&'a HashSet<SessionId>>,
}

impl Worker {
    /// See [`crate::store::Store::list`].
    pub(in crate::store) fn list(&self, limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        let pending = self.pending_sessions()?;
        let mut sessions: Vec<SessionSummary> =
            pending.sessions.iter().rev().map(Session::summarize).collect();
        sessions.extend(self.read_layers(pending.ids, limit, |session| session.id, read::list)?);
        sessions.sort_by_key(|session| std::cmp::Reverse(session.updated_at));
        sessions.truncate(limit);
        Ok(sessions)
    }

    /// See [`crate::store::Store::load`].
    pub(in crate::store) fn load(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(apply_pending(self.load_written(id)?, id, self.backlog.entries()))
    }

    /// The session without pending changes.
    pub(super) fn load_written(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        for ReadLayer { conn, instance, sessions } in self.layers() {
            let session = read::load(conn, id, |owner| instance.is_alive(conn, owner))
                .map_err(|e| self.unreadable(&e))?;
            if session.is_some() || sessions.is_some_and(|sessions| sessions.contains(&id)) {
                return Ok(session);
            }
        }
        Ok(None)
    }

    /// See [`crate::store::Store::find`].
    pub(in crate::store) fn find(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let pending = self.pending_sessions()?;
        let changed = pending.sessions.iter().rev().map(|session| session.id);
        let mut ids: Vec<SessionId> =
            changed.filter(|id| id.to_string().starts_with(prefix)).collect();
        ids.extend(self.read_layers(
            pending.ids,
            limit,
            |id| *id,
            |conn, limit| read::find(conn, prefix, limit),
        )?);
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
        if self.layers().iter().any(|layer| !search::is_indexed(layer.conn)) {
            let path = self.disk.as_ref().map(|disk| disk.path.display().to_string());
            return Err(StoreError::Io(format!(
                "{}: it cannot be searched: its format is of another version of plenary, and it \
                 cannot be brought up to date",
                path.unwrap_or_default()
            )));
        }
        let pending = self.pending_sessions()?;
        let mut hits = Vec::new();
        if !pending.sessions.is_empty() {
            let found =
                pending.copy_to_memory().and_then(|copy| search::find(copy.conn(), &query, limit));
            hits = found.map_err(|e| self.unreadable(&e))?;
        }
        hits.extend(self.read_layers(
            pending.ids,
            limit,
            |hit: &SearchHit| hit.session.id,
            |conn, limit| search::find(conn, &query, limit),
        )?);
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.session.updated_at));
        hits.truncate(limit);
        Ok(hits)
    }

    /// Reads `limit` rows of each layer, without those of sessions that were read already: of `hidden`, and of layers
    /// above.
    fn read_layers<T>(
        &self,
        hidden: Vec<SessionId>,
        limit: usize,
        session: impl Fn(&T) -> SessionId,
        read: impl Fn(&Connection, usize) -> rusqlite::Result<Vec<T>>,
    ) -> Result<Vec<T>, StoreError> {
        let mut hidden: HashSet<SessionId> = hidden.into_iter().collect();
        let mut rows = Vec::new();
        for layer in self.layers() {
            let found = read(layer.conn, limit.saturating_add(hidden.len()))
                .map_err(|e| self.unreadable(&e))?;
            rows.extend(found.into_iter().filter(|row| !hidden.contains(&session(row))));
            hidden.extend(layer.sessions.into_iter().flatten());
        }
        Ok(rows)
    }

    /// The tables that are read, the topmost first: memory, then the file.
    pub(super) fn layers(&self) -> Vec<ReadLayer<'_>> {
        let mut layers = Vec::new();
        layers.extend(self.memory.as_ref().map(|memory| ReadLayer {
            conn: memory.conn(),
            instance: memory.instance(),
            sessions: Some(memory.sessions()),
        }));
        if let Some(Disk { conn: Some(conn), instance, .. }) = &self.disk {
            layers.push(ReadLayer { conn, instance, sessions: None });
        }
        layers
    }

    pub(super) fn unreadable(&self, error: &rusqlite::Error) -> StoreError {
        let path = self.disk.as_ref().map(|disk| disk.path.display().to_string());
        let path = path.unwrap_or_default();
        StoreError::Io(format!("{path}: it cannot be read: {} ({error})", words(error)))
    }
}
