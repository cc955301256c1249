//! The store: sessions in one SQLite file, written by one worker thread, shared by several instances.
//!
//! [`Store`] is the handle. [`Store::write`] queues a change and returns; the worker writes all queued changes as one
//! transaction. Changes that cannot be written are kept in memory, are part of what [`Store::list_sessions`] and
//! [`Store::load_session`] return, and are written when the file can be written again. The store does not create or
//! name sessions and does not sanitise text: answers are stored and returned as the model sent them.

mod backlog;
mod change_queue;
mod chunks;
mod errors;
mod examine;
mod instance;
mod memory;
mod migrate;
mod open;
mod read;
mod readers;
mod refusal;
mod search;
mod secure_delete;
mod session_changes;
mod store_file;
mod syncer;
mod worker;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::{Change, SearchHit, Session, SessionId, SessionSummary, UnsavedChanges};
use change_queue::ChangeQueue;
use errors::StoreErrors;
pub use examine::{StoreCheck, check_store, is_on_network};
use readers::Readers;
pub use search::SearchStop;
use worker::{ReadView, ReadableFile, StoreRequest, StoreWorker};

/// How long a caller waits for the worker. Longer than [`open::BUSY_TIMEOUT`], so that a file held by another program
/// is reported as such and not as a hanging worker.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a caller waits for an operation that may rewrite the file: a deletion or a migration.
const REWRITE_TIMEOUT: Duration = Duration::from_mins(15);

/// How long a read may take before it is stopped.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a stopped read may take to end before the disk counts as hanging.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum number of sessions that [`Store::find_sessions`] returns.
const MAX_FOUND_SESSIONS: usize = 64;

/// A problem of the store, described for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened; sessions are kept in memory.
    #[error("{path}: {reason}; sessions are kept in memory only")]
    Open {
        /// The file.
        path: PathBuf,
        /// The reason, and what to do about it.
        reason: String,
    },
    /// The file could not be read.
    #[error("{path}: it cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason, and what to do about it.
        reason: String,
    },
    /// Changes cannot be written at the moment, or any more: they are kept in memory. Lasts until
    /// [`StoreError::Recovered`].
    #[error("{0}")]
    Failing(String),
    /// Not an error: another program has changed the store. Reported to callers of [`Store::watch_changes`].
    #[error("another program has changed the store")]
    ChangedElsewhere,
    /// A command changed nothing because the file cannot be written.
    #[error("{path}: nothing was changed, as the store cannot be written: {reason}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The reason, and what to do about it.
        reason: String,
    },
    /// The session does not exist.
    #[error("session {} no longer exists", .0.short())]
    NoSuchSession(SessionId),
    /// The worker did not answer in time.
    #[error("the store does not answer: its disk hangs, or another program holds the file")]
    Timeout,
    /// The caller has stopped the search.
    #[error("the search was stopped")]
    Stopped,
    /// Reading took too long and was stopped.
    #[error("reading the store took more than {} s and was stopped", READ_TIMEOUT.as_secs())]
    SlowRead,
    /// A search took too long and was stopped.
    #[error(
        "the search took more than {} s and was stopped; search for a longer word",
        READ_TIMEOUT.as_secs()
    )]
    SlowSearch,
    /// The worker has ended.
    #[error("the store's thread has ended")]
    Ended,
    /// Any other problem.
    #[error("{0}")]
    Io(String),
    /// Not an error: the end of one. All changes kept in memory have been written.
    #[error("{path}: the store can be written again; everything has been saved")]
    Recovered {
        /// The file.
        path: PathBuf,
    },
}

/// A handle to the store's worker thread; cheap to clone. Dropping the last handle writes all queued changes and ends
/// the worker.
#[derive(Debug, Clone)]
pub struct Store {
    handle: Arc<StoreHandle>,
}

struct StoreHandle {
    queue: Arc<ChangeQueue<StoreRequest>>,
    readers: Arc<Readers>,
    errors: Arc<StoreErrors>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// How long the end of the last handle waits for the worker.
    close_limit: Mutex<Duration>,
}

impl Store {
    /// Opens or creates the store at `path`. Returns at once; the worker opens the file. Never fails: on a problem,
    /// which [`Store::take_error`] returns, sessions are kept in memory.
    pub fn open(path: &Path) -> Self {
        Self::start_worker(Some(path.to_owned()))
    }

    /// A store in memory, without a file.
    pub fn in_memory() -> Self {
        Self::start_worker(None)
    }

    fn start_worker(path: Option<PathBuf>) -> Self {
        let queue = Arc::new(ChangeQueue::new());
        let errors = Arc::new(StoreErrors::new());
        let thread = {
            let (queue, errors) = (Arc::clone(&queue), Arc::clone(&errors));
            std::thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || worker::run_worker(path, &queue, errors))
        };
        let thread = match thread {
            Ok(thread) => Some(thread),
            Err(e) => {
                queue.close();
                errors.push(StoreError::Io(format!(
                    "the store's thread could not be started ({e}); sessions are not kept"
                )));
                None
            }
        };
        let (readers, thread) = (Arc::default(), Mutex::new(thread));
        let close_limit = Mutex::new(ANSWER_TIMEOUT);
        Self { handle: Arc::new(StoreHandle { queue, readers, errors, thread, close_limit }) }
    }

    /// Returns the oldest error that was not returned yet. The end of a problem is returned, too, as
    /// [`StoreError::Recovered`].
    pub fn take_error(&self) -> Option<StoreError> {
        self.handle.errors.take()
    }

    /// Waits until [`Store::take_error`] has an error to return. Cancel safe; for one waiter at a time.
    pub async fn wait_for_error(&self) {
        self.handle.errors.wait_for_error().await;
    }

    /// Queues `change`; never blocks. Text is on disk at most 250 ms later; the start of a turn and the end of a run
    /// are written and synced at once.
    pub fn write(&self, change: Change) {
        self.handle.queue.push(backlog::now_ms(), change);
    }

    /// Queues `change` and waits, at most `limit`, until its transaction is committed, so that it survives the end of
    /// the program. False if it is not: the change is kept in memory and written when the file can be written, unless
    /// it can never be written, which [`Store::take_error`] reports. Another thread syncs a triage step to the disk
    /// right after the commit.
    pub fn write_now(&self, change: Change, limit: Duration) -> bool {
        let (waiter, answer) = sync_channel(1);
        self.handle.queue.push_with_waiter(backlog::now_ms(), change, waiter);
        answer.recv_timeout(limit).unwrap_or(false)
    }

    /// Waits until all queued changes are written and synced, or known to be unwritable; at most 15 s. Blocks: async
    /// code needs `spawn_blocking`.
    pub fn flush(&self) {
        if let Err(e) = self.query_worker(ANSWER_TIMEOUT, Duration::ZERO, |worker| {
            worker.flush();
            Ok(())
        }) {
            self.handle.errors.push(e);
        }
    }

    /// The same, waiting at most `limit`. Returns what is in memory only after that.
    pub fn flush_within(&self, limit: Duration) -> Result<UnsavedChanges, StoreError> {
        self.query_worker(limit, Duration::ZERO, |worker| {
            worker.flush();
            worker.unsaved_changes()
        })
    }

    /// Limits how long the end of the last handle waits for the worker, which is 15 s otherwise: for a program that has
    /// waited for the disk already.
    pub fn limit_close(&self, limit: Duration) {
        *self.handle.close_limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    /// Lists the sessions, most recently changed first, at most `limit`.
    pub fn list_sessions(&self, limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        self.read(&SearchStop::default(), move |view| view.list_sessions(limit))
    }

    /// Reports changes of the store by other programs as [`StoreError::ChangedElsewhere`], about a second later.
    pub fn watch_changes(&self) {
        self.handle.queue.push_request(Box::new(StoreWorker::watch_changes));
    }

    /// Loads a complete session. Runs of a living instance, this one or another, are streaming; runs whose instance has
    /// ended without ending them are cut.
    pub fn load_session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(&SearchStop::default(), move |view| view.load_session(id))
    }

    /// Finds sessions whose id begins with `prefix` (hex digits of any case; hyphens are skipped), most recently
    /// changed first, at most 64. A prefix with other characters matches nothing.
    pub fn find_sessions(&self, prefix: &str) -> Result<Vec<SessionId>, StoreError> {
        let prefix: String =
            prefix.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        if !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        self.read(&SearchStop::default(), move |view| {
            view.find_sessions(&prefix, MAX_FOUND_SESSIONS)
        })
    }

    /// Searches sessions in which each of `words` occurs as the beginning of a word in the title, tags, questions or
    /// answers; most recently changed first, at most `limit`. The input is never syntax. In scripts without spaces
    /// between words a match may begin anywhere. An answer that is still streaming may be missed.
    pub fn search_sessions(&self, words: &str, limit: usize) -> Result<Vec<SearchHit>, StoreError> {
        self.search_until(words, limit, &SearchStop::default())
    }

    /// The same, until `stop` is stopped, which is the error [`StoreError::Stopped`].
    pub fn search_until(
        &self,
        words: &str,
        limit: usize,
        stop: &SearchStop,
    ) -> Result<Vec<SearchHit>, StoreError> {
        let (words, stopped) = (words.to_owned(), stop.clone());
        let search = move |view: &ReadView<'_>| view.search_sessions(&words, limit, &stopped);
        self.read(stop, search).map_err(|e| match e {
            StoreError::SlowRead => StoreError::SlowSearch,
            other => other,
        })
    }

    /// Changes the title of the session; on disk when this returns. An error says why nothing was changed.
    pub fn rename_session(&self, id: SessionId, title: String) -> Result<(), StoreError> {
        self.query(move |worker| worker.run_command(id, Change::Renamed { session: id, title }))
    }

    /// Replaces the tags of the session; on disk when this returns. An error says why nothing was changed.
    pub fn tag_session(&self, id: SessionId, tags: Vec<String>) -> Result<(), StoreError> {
        self.query(move |worker| worker.run_command(id, Change::Tagged { session: id, tags }))
    }

    /// Deletes the session and erases its text from the file. Fails while this or another instance writes an answer of
    /// the session. An error says why nothing was changed.
    pub fn delete_session(&self, id: SessionId) -> Result<(), StoreError> {
        let delete = Change::Deleted { session: id };
        self.query_worker(REWRITE_TIMEOUT, REWRITE_TIMEOUT, move |worker| {
            worker.run_command(id, delete)
        })
    }

    /// Runs `read` after all changes queued before are written: on a new thread, or on the worker if something is
    /// in memory only.
    fn read<T: Send + 'static>(
        &self,
        stop: &SearchStop,
        read: impl FnOnce(&ReadView<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let routed = self.query(move |worker| {
            Ok(match worker.readable_file() {
                Some(file) => RoutedRead::ToReader(file, read),
                None => RoutedRead::Done(read(&worker.view())),
            })
        })?;
        let (file, read) = match routed {
            RoutedRead::Done(result) => return result,
            RoutedRead::ToReader(file, read) => (file, read),
        };
        let answer = self.handle.readers.spawn_read(file, stop, read).map_err(|e| {
            StoreError::Io(format!("the store cannot be read: no thread could be started ({e})"))
        })?;
        match answer.recv_timeout(READ_TIMEOUT) {
            Ok(result) => result,
            Err(RecvTimeoutError::Disconnected) => Err(StoreError::Ended),
            Err(RecvTimeoutError::Timeout) => {
                stop.stop();
                match answer.recv_timeout(STOP_TIMEOUT) {
                    Ok(Err(StoreError::Stopped)) => Err(StoreError::SlowRead),
                    Ok(result) => result,
                    Err(_) => Err(StoreError::Timeout),
                }
            }
        }
    }

    /// Runs `read` on the worker, after all changes queued before.
    fn query<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut StoreWorker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.query_worker(ANSWER_TIMEOUT, REWRITE_TIMEOUT, read)
    }

    /// The same with a timeout, which `extension` prolongs while the worker is slow.
    fn query_worker<T: Send + 'static>(
        &self,
        timeout: Duration,
        extension: Duration,
        read: impl FnOnce(&mut StoreWorker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.handle.queue.push_request(Box::new(move |worker| {
            // A caller that timed out is not an error.
            reply.send(read(worker)).unwrap_or_default();
        }));
        let mut result = answer.recv_timeout(timeout);
        if matches!(result, Err(RecvTimeoutError::Timeout)) && self.handle.errors.is_slow() {
            result = answer.recv_timeout(extension);
        }
        result.unwrap_or_else(|e| {
            Err(match e {
                RecvTimeoutError::Timeout => StoreError::Timeout,
                RecvTimeoutError::Disconnected => StoreError::Ended,
            })
        })
    }
}

/// A read that the worker has done or passes on.
enum RoutedRead<T, R> {
    Done(Result<T, StoreError>),
    ToReader(ReadableFile, R),
}

impl Drop for StoreHandle {
    fn drop(&mut self) {
        self.readers.close();
        // A hanging disk must not keep the program from ending: then the thread is not joined.
        let limit = *self.close_limit.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.stop_worker(limit)
            && let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            thread.join().unwrap_or_default();
        }
    }
}

impl fmt::Debug for StoreHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
