//! What callers read: the sessions of the file, covered by those in memory, covered by those with pending changes.
//!
//! Writes nothing.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::super::backlog::QueuedChange;
use super::super::errors::describe_error;
use super::super::instance::InstanceId;
use super::super::search::{self, SearchStop};
use super::super::{StoreError, read};
use super::{StoreFile, StoreWorker};
use crate::domain::{Change, SearchHit, Session, SessionId, SessionSummary};

/// Tables to read from.
pub(in crate::store) struct ReadLayer<'a> {
    /// The connection.
    pub(in crate::store) conn: &'a Connection,
    /// This program as a writer of these tables.
    instance: &'a InstanceId,
    /// Sessions that are read from this layer and not from the next one, whether they exist or not.
    sessions: Option<&'a HashSet<SessionId>>,
}

/// Tables, and the changes that are not in them yet.
pub(in crate::store) struct ReadView<'a> {
    /// The file, for messages.
    path: Option<&'a Path>,
    /// The tables: memory, then the file.
    layers: Vec<ReadLayer<'a>>,
    /// Changes that could not be written.
    pending: &'a [QueuedChange],
}

impl StoreWorker {
    /// Everything that the worker has, written or not.
    pub(in crate::store) fn view(&self) -> ReadView<'_> {
        let mut layers = Vec::new();
        layers.extend(self.memory.as_ref().map(|memory| ReadLayer {
            conn: memory.conn(),
            instance: memory.instance().id(),
            sessions: Some(memory.sessions()),
        }));
        if let Some(StoreFile { conn: Some(conn), instance, .. }) = &self.file {
            layers.push(ReadLayer { conn, instance: instance.id(), sessions: None });
        }
        let path = self.file.as_ref().map(|file| file.path.as_path());
        ReadView { path, layers, pending: self.backlog.changes() }
    }
}

impl<'a> ReadView<'a> {
    /// Only what is in the file at `path`, through `conn`.
    pub(in crate::store) fn of_file(
        path: &'a Path,
        conn: &'a Connection,
        instance: &'a InstanceId,
    ) -> Self {
        let layers = vec![ReadLayer { conn, instance, sessions: None }];
        Self { path: Some(path), layers, pending: &[] }
    }

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
        summaries.truncate(limit);
        Ok(summaries)
    }

    /// See [`crate::store::Store::load_session`].
    pub(in crate::store) fn load_session(
        &self,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        Ok(apply_pending(self.load_written(id)?, id, self.pending))
    }

    /// The session without its pending changes.
    pub(super) fn load_written(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        for ReadLayer { conn, instance, sessions } in &self.layers {
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
        stop: &SearchStop,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let Some(query) = search::SearchQuery::parse(words) else { return Ok(Vec::new()) };
        if self.layers.iter().any(|layer| !search::is_indexed(layer.conn)) {
            let path = self.path.map(|path| path.display().to_string());
            return Err(StoreError::Io(format!(
                "{}: it cannot be searched: its format is of another version of plenary, and it \
                 cannot be brought up to date",
                path.unwrap_or_default()
            )));
        }
        let search = |conn: &Connection, limit| search::search_sessions(conn, &query, limit, stop);
        let pending = self.pending_sessions()?;
        let mut hits = Vec::new();
        if !pending.sessions.is_empty() {
            let copy = pending.copy_to_memory().map_err(|e| self.read_error(&e))?;
            hits = search(copy.conn(), limit).map_err(|e| self.read_error(&e))?;
        }
        hits.extend(self.read_rows(pending.ids, limit, |hit| hit.session.id, search)?);
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
        for layer in &self.layers {
            let limit = limit.saturating_add(hidden.len());
            let found = read(layer.conn, limit).map_err(|e| self.read_error(&e))?;
            rows.extend(found.into_iter().filter(|row| !hidden.contains(&session_id(row))));
            hidden.extend(layer.sessions.into_iter().flatten());
        }
        Ok(rows)
    }

    /// The tables to read.
    pub(in crate::store) fn layers(&self) -> &[ReadLayer<'a>] {
        &self.layers
    }

    /// Changes that could not be written.
    pub(super) fn pending(&self) -> &'a [QueuedChange] {
        self.pending
    }

    pub(in crate::store) fn read_error(&self, error: &rusqlite::Error) -> StoreError {
        if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
            return StoreError::Stopped;
        }
        let path = self.path.map(Path::to_owned).unwrap_or_default();
        StoreError::Unreadable { path, reason: format!("{} ({error})", describe_error(error)) }
    }
}

/// Returns session `id` as it will be when `changes` are written; `base` is the session without them.
fn apply_pending(
    base: Option<Session>,
    id: SessionId,
    changes: &[QueuedChange],
) -> Option<Session> {
    let mut session = base;
    for queued in changes {
        match (&mut session, &queued.change) {
            (_, Change::Deleted { session: deleted }) if *deleted == id => {
                session = session.filter(Session::is_live);
            }
            (Some(session), change) => session.apply(change, queued.at),
            (None, change) if change.session() == Some(id) => {
                session = Session::from_first_turn(change);
            }
            (None, _) => {}
        }
    }
    session
}
