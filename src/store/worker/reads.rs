//! What callers read: the sessions of the file, covered by those in memory, covered by those with pending changes.
//!
//! Writes nothing.

use std::cmp::Reverse;
use std::collections::HashSet;

use rusqlite::Connection;

use super::super::errors::describe_error;
use super::super::instance::Instance;
use super::super::{StoreError, read, search};
use super::pending::apply_pending;
use super::{StoreFile, StoreWorker};
use crate::domain::{SearchHit, Session, SessionId, SessionSummary};

/// Tables to read from.
pub(super) struct ReadLayer<'a> {
    /// The connection.
    pub(super) conn: &'a Connection,
    /// This program as a writer of these tables.
    instance: &'a Instance,
    /// Sessions that are read from this layer and not from the next one, whether they exist or not.
    sessions: Option<&'a HashSet<SessionId>>,
}

impl StoreWorker {
    /// See [`crate::store::Store::list_sessions`].
    pub(in crate::store) fn list_sessions(
        &self,
        limit: usize,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        let pending = self.pending_sessions()?;
        let mut summaries: Vec<SessionSummary> =
            pending.sessions.iter().rev().map(Session::summarize).collect();
        summaries.extend(self.read_rows(
            pending.ids,
            limit,
            |summary| summary.id,
            read::list_sessions,
        )?);
        summaries.sort_by_key(|summary| Reverse(summary.updated_at));
        summaries.truncate(limit);
        Ok(summaries)
    }

    /// See [`crate::store::Store::load_session`].
    pub(in crate::store) fn load_session(
        &self,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        Ok(apply_pending(self.load_written(id)?, id, self.backlog.changes()))
    }

    /// The session without its pending changes.
    pub(super) fn load_written(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        for ReadLayer { conn, instance, sessions } in self.read_layers() {
            let session = read::load_session(conn, id, |owner| instance.is_alive(conn, owner))
                .map_err(|e| self.read_error(&e))?;
            if session.is_some() || sessions.is_some_and(|sessions| sessions.contains(&id)) {
                return Ok(session);
            }
        }
        Ok(None)
    }

    /// See [`crate::store::Store::find_sessions`].
    pub(in crate::store) fn find_sessions(
        &self,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let pending = self.pending_sessions()?;
        let changed = pending.sessions.iter().rev().map(|session| session.id);
        let mut ids: Vec<SessionId> =
            changed.filter(|id| id.to_string().starts_with(prefix)).collect();
        let find_ids = |conn: &Connection, limit| read::find_ids(conn, prefix, limit);
        ids.extend(self.read_rows(pending.ids, limit, |id| *id, find_ids)?);
        ids.truncate(limit);
        Ok(ids)
    }

    /// See [`crate::store::Store::search_sessions`].
    pub(in crate::store) fn search_sessions(
        &self,
        words: &str,
        limit: usize,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let Some(query) = search::SearchQuery::parse(words) else { return Ok(Vec::new()) };
        if self.read_layers().iter().any(|layer| !search::is_indexed(layer.conn)) {
            let path = self.file.as_ref().map(|file| file.path.display().to_string());
            return Err(StoreError::Io(format!(
                "{}: it cannot be searched: its format is of another version of plenary, and it \
                 cannot be brought up to date",
                path.unwrap_or_default()
            )));
        }
        let search = |conn: &Connection, limit| search::search_sessions(conn, &query, limit);
        let pending = self.pending_sessions()?;
        let mut hits = Vec::new();
        if !pending.sessions.is_empty() {
            let copy = pending.copy_to_memory().map_err(|e| self.read_error(&e))?;
            hits = search(copy.conn(), limit).map_err(|e| self.read_error(&e))?;
        }
        hits.extend(self.read_rows(pending.ids, limit, |hit| hit.session.id, search)?);
        hits.sort_by_key(|hit| Reverse(hit.session.updated_at));
        hits.truncate(limit);
        Ok(hits)
    }

    /// Reads at least `limit` rows of each layer if it has them, except those of sessions in `hidden` or in an earlier
    /// layer.
    fn read_rows<T>(
        &self,
        hidden: Vec<SessionId>,
        limit: usize,
        session_id: impl Fn(&T) -> SessionId,
        read: impl Fn(&Connection, usize) -> rusqlite::Result<Vec<T>>,
    ) -> Result<Vec<T>, StoreError> {
        let mut hidden: HashSet<SessionId> = hidden.into_iter().collect();
        let mut rows = Vec::new();
        for layer in self.read_layers() {
            let limit = limit.saturating_add(hidden.len());
            let found = read(layer.conn, limit).map_err(|e| self.read_error(&e))?;
            rows.extend(found.into_iter().filter(|row| !hidden.contains(&session_id(row))));
            hidden.extend(layer.sessions.into_iter().flatten());
        }
        Ok(rows)
    }

    /// The tables to read: memory, then the file.
    pub(super) fn read_layers(&self) -> Vec<ReadLayer<'_>> {
        let mut layers = Vec::new();
        layers.extend(self.memory.as_ref().map(|memory| ReadLayer {
            conn: memory.conn(),
            instance: memory.instance(),
            sessions: Some(memory.sessions()),
        }));
        if let Some(StoreFile { conn: Some(conn), instance, .. }) = &self.file {
            layers.push(ReadLayer { conn, instance, sessions: None });
        }
        layers
    }

    pub(super) fn read_error(&self, error: &rusqlite::Error) -> StoreError {
        let path = self.file.as_ref().map(|file| file.path.clone()).unwrap_or_default();
        StoreError::Unreadable { path, reason: format!("{} ({error})", describe_error(error)) }
    }
}
