//! The store's only thread: takes changes out of the queue, writes them, and handles requests.
//!
//! It alone owns the connections that write. Changes that it cannot write stay pending and are written again every few seconds. A
//! file that must not be written (damaged, newer, foreign) stays as it is; its changes go into a store in memory. A
//! problem is reported when it begins and when it is over.

mod commands;
mod look;
mod lost_file;
mod pending;
mod reads;
#[cfg(test)]
mod tests;
mod unsaved;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::backlog::{Backlog, QueuedChange};
use super::change_queue::ChangeQueue;
use super::errors::{StoreErrors, describe_error, is_damaged};
use super::instance::{Instance, InstanceId};
use super::memory::MemoryStore;
use super::secure_delete::{EraseScope, erase_deleted_text};
use super::store_file::FileIdentity;
use super::syncer::Syncer;
use super::write::{self, SyncLevel, WriteOutcome};
use super::{StoreError, open, store_file};
use crate::domain::SessionId;
pub(super) use reads::ReadView;

/// Time until changes that could not be written are written again.
const RETRY_INTERVAL: Duration = Duration::from_secs(3);

/// How long a deletion waits for other readers of the journal.
const ERASE_TIMEOUT: Duration = Duration::from_secs(1);

/// A request to the worker, handled after all changes that were queued before it.
pub(super) type StoreRequest = Box<dyn FnOnce(&mut StoreWorker) + Send>;

/// Runs the worker until no handle is left.
pub(super) fn run_worker(
    path: Option<PathBuf>,
    queue: &ChangeQueue<StoreRequest>,
    errors: Arc<StoreErrors>,
) {
    // Dropped after the worker, when the file is closed.
    let _closer = QueueCloser { queue, errors: Arc::clone(&errors) };
    let mut worker = StoreWorker::new(path, errors);
    loop {
        let batch = queue.next_batch(worker.retry_at.into_iter().chain(worker.look_at).min());
        worker.accept_changes(batch.changes);
        for request in batch.requests {
            request(&mut worker);
        }
        worker.look_for_changes();
        if batch.stop {
            worker.shut_down();
            break;
        }
    }
}

/// Closes the queue however the thread ends, so that no caller waits for it.
struct QueueCloser<'a> {
    queue: &'a ChangeQueue<StoreRequest>,
    errors: Arc<StoreErrors>,
}

impl Drop for QueueCloser<'_> {
    fn drop(&mut self) {
        self.queue.close();
        if std::thread::panicking() {
            self.errors.push(StoreError::Io(
                "the store's thread has ended because of a bug in plenary; new changes are not stored"
                    .to_owned(),
            ));
        }
    }
}

/// The store's file, and whether it can be written.
struct StoreFile {
    path: PathBuf,
    /// The path without links, once it is known.
    real_path: PathBuf,
    /// Which file `conn` has open; none if that is not known.
    identity: Option<FileIdentity>,
    instance: Instance,
    conn: Option<Connection>,
    access: FileAccess,
    /// Why it cannot be written, if it cannot.
    reason: String,
    syncer: Syncer,
}

/// A file that other connections may read.
pub(super) struct ReadableFile {
    /// The path without links.
    pub(super) path: PathBuf,
    /// This program as a writer of the file.
    pub(super) instance: InstanceId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileAccess {
    /// It is open and can be written.
    Write,
    /// It could not be opened; another attempt may succeed.
    Retry,
    /// `conn` has a file open that the path no longer leads to: it may be read, and written when the file is back.
    Lost,
    /// It must not be written; `conn` may still be read.
    Never,
}

/// The owner of the connections.
pub(super) struct StoreWorker {
    /// None: a store that is kept in memory only.
    file: Option<StoreFile>,
    /// Holds the changes if there is no file, or a file that must never be written. Opened for the first change.
    memory: Option<MemoryStore>,
    /// Changes that wait until the file can be written.
    backlog: Backlog,
    /// Sessions that this instance has written to the file.
    written: HashSet<SessionId>,
    errors: Arc<StoreErrors>,
    /// True if a power loss could take committed changes.
    is_unsynced: bool,
    /// True from the report of a problem until it is over.
    has_problem: bool,
    retry_at: Option<Instant>,
    /// When to look next for changes of other programs; none if no caller wants to know.
    look_at: Option<Instant>,
    /// Counts the commits of other programs.
    data_version: Option<i64>,
    /// Where text of deleted sessions may still be found.
    erase_scope: EraseScope,
}

impl StoreWorker {
    /// Opens the file at `path`.
    pub(super) fn new(path: Option<PathBuf>, errors: Arc<StoreErrors>) -> Self {
        let file = path.map(|path| StoreFile {
            instance: Instance::new(&path),
            syncer: Syncer::new(&path, Arc::clone(&errors)),
            real_path: path.clone(),
            path,
            identity: None,
            conn: None,
            access: FileAccess::Retry,
            reason: String::new(),
        });
        let mut worker = Self {
            file,
            memory: None,
            backlog: Backlog::new(),
            written: HashSet::new(),
            errors,
            is_unsynced: false,
            has_problem: false,
            retry_at: None,
            look_at: None,
            data_version: None,
            erase_scope: EraseScope::Nothing,
        };
        worker.open_file();
        worker
    }

    /// Opens the file if another attempt may succeed. Reports a problem the first time.
    fn open_file(&mut self) {
        let Some(file) = self.file.as_mut().filter(|file| file.access == FileAccess::Retry) else {
            return;
        };
        let opened = open::open_store_file(&file.path, |message| {
            let path = file.path.display();
            self.errors.set_slow(true);
            self.errors.push(StoreError::Io(format!("{path}: {message}")));
        });
        self.errors.set_slow(false);
        // All instances use one folder of locks, whatever links lead to the file.
        if let Ok(real) = std::fs::canonicalize(&file.path) {
            file.instance = Instance::new(&real);
            file.syncer = Syncer::new(&real, Arc::clone(&self.errors));
            file.real_path = real;
        }
        match opened {
            Ok(mut conn) => {
                if let Err(error) = file.instance.cut_dead_runs(&mut conn) {
                    // Loading a session finds its dead runs, too.
                    tracing::warn!(%error, "runs of ended instances could not be marked");
                }
                file.conn = Some(conn);
                file.identity = store_file::identify(&file.path).ok();
                file.access = FileAccess::Write;
            }
            Err(refusal) => {
                file.conn = refusal.reader.map(|conn| *conn);
                file.access =
                    if refusal.is_temporary { FileAccess::Retry } else { FileAccess::Never };
                file.reason.clone_from(&refusal.reason);
                if !self.has_problem {
                    self.has_problem = true;
                    let (path, reason) = (file.path.clone(), refusal.reason);
                    self.errors.push(StoreError::Open { path, reason });
                }
            }
        }
    }

    /// Where another connection finds everything that callers may read: the file, and this program as one of its writers.
    /// None while something is in memory only.
    pub(super) fn readable_file(&mut self) -> Option<ReadableFile> {
        self.check_file();
        match &self.file {
            Some(StoreFile {
                access: FileAccess::Write,
                conn: Some(_),
                real_path,
                instance,
                ..
            }) if self.backlog.is_empty() && self.memory.is_none() => {
                Some(ReadableFile { path: real_path.clone(), instance: instance.id().clone() })
            }
            _ => None,
        }
    }

    /// Accepts changes and writes them. While there is a problem, writes only when it is time for another attempt or a
    /// caller waits.
    fn accept_changes(&mut self, changes: Vec<QueuedChange>) {
        for queued in changes {
            self.backlog.push(queued);
        }
        if self.backlog.has_waiters() || self.retry_at.is_none_or(|at| at <= Instant::now()) {
            self.commit_pending(SyncLevel::Normal);
        }
        self.backlog.reject_waiters();
    }

    /// Attempts to write all pending changes. Questions and endings are synced at any `level`; triage is synced by the
    /// syncer right after the commit.
    fn commit_pending(&mut self, level: SyncLevel) {
        self.retry_at = None;
        if self.backlog.is_empty() {
            return;
        }
        self.open_file();
        self.check_file();
        let ids = self.view().pending_session_ids().unwrap_or_default();
        let level = if self.backlog.needs_sync() { SyncLevel::Full } else { level };
        if let Some(StoreFile { access: FileAccess::Write, conn: Some(conn), instance, .. }) =
            &mut self.file
        {
            match write::write_changes(conn, instance, self.backlog.changes(), level) {
                Ok(outcome) => {
                    self.written.extend(ids);
                    return self.on_committed(&outcome, level);
                }
                Err(e) => self.on_write_failed(&e),
            }
        }
        if self.file.as_ref().is_none_or(|file| file.access == FileAccess::Never) {
            match self.commit_to_memory() {
                Ok(()) => return,
                // The changes stay pending, and reads include pending changes.
                Err(error) => tracing::warn!(%error, "changes could not be written to memory"),
            }
        }
        self.retry_at = Some(Instant::now() + RETRY_INTERVAL);
    }

    /// Writes all pending changes to memory, after the sessions of the file that they change.
    fn commit_to_memory(&mut self) -> Result<(), StoreError> {
        for id in self.view().pending_session_ids()? {
            let is_known =
                self.memory.as_ref().is_some_and(|memory| memory.sessions().contains(&id));
            if !is_known {
                let session = self.view().load_written(id)?;
                let memory = get_or_open(&mut self.memory)?;
                memory.adopt_session(id, session.as_ref()).map_err(|e| memory_error(&e))?;
            }
        }
        let memory = get_or_open(&mut self.memory)?;
        let outcome = memory.write_changes(self.backlog.changes()).map_err(|e| memory_error(&e))?;
        for skipped in outcome.skipped {
            tracing::warn!(reason = skipped.reason, "a change was skipped");
        }
        // Waiters asked for a change that survives the program.
        self.backlog.reject_waiters();
        self.backlog.take_into_memory();
        Ok(())
    }

    /// All pending changes have been committed to the file.
    fn on_committed(&mut self, outcome: &WriteOutcome, level: SyncLevel) {
        let has_triage_change = self.backlog.has_triage_change();
        let changes = self.backlog.take();
        self.is_unsynced = level == SyncLevel::Normal;
        let Some(file) = &mut self.file else { return };
        if self.has_problem {
            self.has_problem = false;
            self.errors.push(StoreError::Recovered { path: file.path.clone() });
        }
        for skipped in &outcome.skipped {
            let path = file.path.display();
            self.errors.push(StoreError::Io(format!("{path}: {}", skipped.reason)));
        }
        // After the errors: a caller whose change was not written can ask why.
        for (index, mut queued) in changes.into_iter().enumerate() {
            queued.notify_waiters(outcome.skipped.iter().all(|skipped| skipped.index != index));
        }
        if has_triage_change && self.is_unsynced {
            file.syncer.request_sync();
        }
        self.erase_deleted(outcome.erase_scope);
    }

    /// Erases deleted text from the file's journal and free pages: that of the latest transaction (`scope`) and what
    /// remains of earlier ones. The journal is tried again after every commit, free pages at the end.
    fn erase_deleted(&mut self, scope: EraseScope) {
        let Some(StoreFile { conn: Some(conn), path, .. }) = &mut self.file else { return };
        let is_repeated = scope == EraseScope::Nothing;
        self.erase_scope = self.erase_scope.max(scope);
        if self.erase_scope == EraseScope::Nothing
            || (is_repeated && self.erase_scope == EraseScope::FreePages)
        {
            return;
        }
        // Repeated attempts must not delay writing.
        let timeout = if is_repeated { Duration::ZERO } else { ERASE_TIMEOUT };
        let reason = match erase_deleted_text(conn, &mut self.erase_scope, timeout) {
            Ok(()) if self.erase_scope == EraseScope::Nothing => return,
            Ok(()) => "another plenary still reads its journal".to_owned(),
            Err(e) => describe_error(&e),
        };
        if !is_repeated {
            let path = path.display();
            self.errors.push(StoreError::Io(format!(
                "{path}: the session is deleted, but its text may remain in the file ({reason}); \
                 that is tried again"
            )));
        }
    }

    fn on_write_failed(&mut self, error: &rusqlite::Error) {
        let Some(file) = &mut self.file else { return };
        let path = file.path.display();
        file.reason = describe_error(error);
        if is_damaged(error) {
            file.access = FileAccess::Never;
            self.has_problem = true;
            self.errors.push(StoreError::Failing(format!(
                "{path}: the file is damaged ({error}); new changes are kept in memory only. Move the \
                 file away when plenary has ended: mv '{path}' '{path}.damaged'"
            )));
        } else if !self.has_problem {
            self.has_problem = true;
            self.errors.push(StoreError::Failing(format!(
                "{path}: {}; new changes are kept in memory until the store can be written",
                describe_error(error)
            )));
        }
    }

    /// Writes and syncs all pending changes, whatever failed before.
    pub(super) fn flush(&mut self) {
        self.check_file();
        self.commit_pending(SyncLevel::Full);
        if self.is_unsynced
            && let Some(StoreFile { conn: Some(conn), access: FileAccess::Write, .. }) =
                &mut self.file
        {
            match write::sync_commits(conn) {
                Ok(()) => self.is_unsynced = false,
                Err(e) => self.on_write_failed(&e),
            }
        }
    }

    /// Writes what is pending and ends the instance.
    fn shut_down(&mut self) {
        self.flush();
        if let Some(StoreFile { conn: Some(conn), access: FileAccess::Write, instance, .. }) =
            &mut self.file
            && let Err(error) = instance.unregister(conn)
        {
            tracing::warn!(%error, "the store's instance could not be closed");
        }
        self.erase_deleted(self.erase_scope);
    }
}

/// Returns the store in memory, which the first call opens.
fn get_or_open(memory: &mut Option<MemoryStore>) -> Result<&mut MemoryStore, StoreError> {
    match memory {
        Some(memory) => Ok(memory),
        none => Ok(none.insert(MemoryStore::open().map_err(|e| memory_error(&e))?)),
    }
}

fn memory_error(error: &rusqlite::Error) -> StoreError {
    StoreError::Io(format!("sessions cannot be kept in memory: {}", describe_error(error)))
}
