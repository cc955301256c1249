//! A store in memory: the tables, the writer and the readers of the file on a `:memory:` connection.
//!
//! Knows nothing of the file. Nothing here reaches the disk.

use std::collections::HashSet;

use rusqlite::Connection;

use super::backlog::Entry;
use super::instance::Instance;
use super::open;
use super::session_changes::changes_to_create;
use super::write::{self, Sync, Written};
use crate::domain::{Session, SessionId};

/// Sessions in memory.
pub(super) struct MemoryStore {
    conn: Connection,
    instance: Instance,
    /// Sessions that are read from here and not from the file, deleted ones included.
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

    /// The connection, to read from.
    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// The writer of the runs in this store.
    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Sessions that are read from here and not from the file.
    pub(super) fn sessions(&self) -> &HashSet<SessionId> {
        &self.sessions
    }

    /// Takes the session `id` over from the file, where it is `session`; none if it does not exist there.
    pub(super) fn adopt_session(
        &mut self,
        id: SessionId,
        session: Option<&Session>,
    ) -> rusqlite::Result<()> {
        if let Some(session) = session {
            self.write(&changes_to_create(session))?;
        }
        self.sessions.insert(id);
        Ok(())
    }

    /// Writes `entries`, all or none.
    pub(super) fn write(&mut self, entries: &[Entry]) -> rusqlite::Result<Written> {
        write::apply(&mut self.conn, &mut self.instance, entries, Sync::Normal)
    }
}
