//! Syncs the write-ahead log on a separate thread: a triage step survives a power loss soon after its commit, and no
//! key press waits for the disk.
//!
//! Opens the log, never the database: closing that would release the locks that SQLite holds for this process.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use super::errors::StoreErrors;
use super::{StoreError, store_file};

/// Syncs on request.
#[derive(Debug)]
pub(super) struct Syncer {
    log: PathBuf,
    errors: Arc<StoreErrors>,
    /// Requests to the thread, once it runs. A capacity of one is enough: a sync covers all commits before it.
    requests: Option<SyncSender<()>>,
}

impl Syncer {
    /// For the store at `path`. The first request starts the thread.
    pub(super) fn new(path: &Path, errors: Arc<StoreErrors>) -> Self {
        Self { log: store_file::side_file(path, "-wal"), errors, requests: None }
    }

    /// Requests a sync; returns at once.
    pub(super) fn request_sync(&mut self) {
        let requests = match &self.requests {
            Some(requests) => requests,
            None => match self.start_thread() {
                Ok(requests) => self.requests.insert(requests),
                Err(error) => {
                    // The next question or ending syncs anyway.
                    tracing::warn!(%error, "the store's second thread could not be started");
                    return;
                }
            },
        };
        // A full channel has a request whose sync has not begun.
        requests.try_send(()).unwrap_or_default();
    }

    fn start_thread(&self) -> io::Result<SyncSender<()>> {
        let (sender, requests) = sync_channel(1);
        let (log, errors) = (self.log.clone(), Arc::clone(&self.errors));
        std::thread::Builder::new().name("store-sync".to_owned()).spawn(move || {
            let mut is_reported = false;
            while requests.recv().is_ok() {
                match File::open(&log).and_then(|log| log.sync_data()) {
                    // In the other journal mode there is no log, and a commit syncs.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) if !is_reported => {
                        is_reported = true;
                        errors.push(StoreError::Io(format!(
                            "{}: it cannot be synced ({e}); a power loss may take the last decisions",
                            log.display()
                        )));
                    }
                    Err(_) => {}
                    Ok(()) => is_reported = false,
                }
            }
        })?;
        Ok(sender)
    }
}
