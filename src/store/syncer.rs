//! Syncs the write-ahead log from a thread of its own, so that a step of triage survives a power loss soon after it
//! survived the program, and no key waits for the disk.
//!
//! It opens the log, never the database: closing that would release the locks which SQLite holds for this process.
//! Called by the worker, behind a commit that was not synced.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::trouble::Troubles;
use super::{StoreError, file};

/// Syncs when it is told to.
#[derive(Debug)]
pub(super) struct Syncer {
    log: PathBuf,
    troubles: Arc<Troubles>,
    /// The way to the thread, once there is one. It has room for one wish: that covers all commits before it.
    thread: Option<SyncSender<()>>,
}

impl Syncer {
    /// For the store at `path`. The thread starts with the first wish.
    pub(super) fn new(path: &Path, troubles: Arc<Troubles>) -> Self {
        Self { log: file::beside(path, "-wal"), troubles, thread: None }
    }

    /// Wishes a sync; returns at once.
    pub(super) fn wake(&mut self) {
        let thread = match &self.thread {
            Some(thread) => thread,
            None => match self.start() {
                Ok(thread) => self.thread.insert(thread),
                Err(error) => {
                    // The next question or ending syncs all the same.
                    tracing::warn!(%error, "the store's second thread could not be started");
                    return;
                }
            },
        };
        // Full: somebody has wished already, and that sync has not begun.
        thread.try_send(()).unwrap_or_default();
    }

    fn start(&self) -> io::Result<SyncSender<()>> {
        let (wish, wishes) = sync_channel(1);
        let (log, troubles) = (self.log.clone(), Arc::clone(&self.troubles));
        std::thread::Builder::new().name("store-sync".to_owned()).spawn(move || {
            let mut told = false;
            while wishes.recv().is_ok() {
                match File::open(&log).and_then(|log| log.sync_data()) {
                    // In the other journal mode there is no log, and a commit is a sync.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) if !told => {
                        told = true;
                        troubles.tell(StoreError::Io(format!(
                            "{}: it cannot be synced ({e}); a power loss may take the last decisions",
                            log.display()
                        )));
                    }
                    Err(_) => {}
                    Ok(()) => told = false,
                }
            }
        })?;
        Ok(wish)
    }
}
