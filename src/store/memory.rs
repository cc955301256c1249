//! A store in memory: the tables, the writer and the readers of the file on a `:memory:` connection.
//!
//! Does not know the file, and writes nothing to disk.

use std::collections::HashSet;

use rusqlite::Connection;

use super::backlog::QueuedChange;
use super::instance::Instance;
use super::open;
use super::session_changes::changes_to_create;
use super::write::{self, SyncLevel, WriteOutcome};
use crate::domain::{Session, SessionId};

/// Tables in memory.
pub(super) struct MemoryStore {
    conn: Connection,
    instance: Instance,
    /// Sessions that are read from here and not from the file, including deleted ones.
    sessions: HashSet<SessionId>,
}

impl MemoryStore {
    /// An empty store.
    pub(super) fn open() -> rusqlite::Result<Self> {
        Ok(Self {
            conn: open::open_in_memory()?,
            instance: Instance::in_memory(),
            sessions: HashSet::new(),
        })
    }

    /// The connection for reading.
    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// The owner of the live runs in this store.
    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Sessions that are read from here and not from the file.
    pub(super) fn sessions(&self) -> &HashSet<SessionId> {
        &self.sessions
    }

    /// Copies session `id` from the file, where it is `session` or does not exist. From now on it is read from here.
    pub(super) fn adopt_session(
        &mut self,
        id: SessionId,
        session: Option<&Session>,
    ) -> rusqlite::Result<()> {
        if let Some(session) = session {
            self.write_changes(&changes_to_create(session))?;
        }
        self.sessions.insert(id);
        Ok(())
    }

    /// Writes `changes` as one transaction.
    pub(super) fn write_changes(
        &mut self,
        changes: &[QueuedChange],
    ) -> rusqlite::Result<WriteOutcome> {
        write::write_changes(&mut self.conn, &mut self.instance, changes, SyncLevel::Normal)
    }
}
