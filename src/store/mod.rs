//! STUB: the interface of the store. Its author replaces the bodies and splits the file.

use std::path::{Path, PathBuf};

use crate::domain::{Change, Session, SessionId, SessionSummary};

/// What is wrong with the store, in words for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It could not be opened; the program goes on in memory.
    #[error("{path}: {why}; sessions are kept in memory only")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// It could not be written or read.
    #[error("{0}")]
    Io(String),
}

/// A handle to the store's worker thread; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    /// Opens (or makes) the store at `path`. Never fails: what goes wrong makes it an in-memory store and is told by
    /// [`Store::trouble`].
    pub fn open(_path: &Path) -> Self {
        Self {}
    }

    /// A store that forgets everything at the end.
    pub fn in_memory() -> Self {
        Self {}
    }

    /// What went wrong since the last call, if anything; the first call after a problem returns it.
    pub fn trouble(&self) -> Option<StoreError> {
        None
    }

    /// Queues `change`; never blocks. Text is on disk 250 ms later at most; a turn's start and a run's end are synced.
    pub fn write(&self, _change: Change) {}

    /// Waits until everything queued is written.
    pub fn flush(&self) {}

    /// The sessions, newest first, `limit` at most.
    pub fn list(&self, _limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        Ok(Vec::new())
    }

    /// One session, whole. Runs that nobody is writing any more come back as cut.
    pub fn load(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    /// Sessions whose id begins with `prefix` (hex digits).
    pub fn find(&self, _prefix: &str) -> Result<Vec<SessionId>, StoreError> {
        Ok(Vec::new())
    }
}
