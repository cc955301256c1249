//! The store: sessions in one SQLite file, written by one worker thread, shared by several instances.
//!
//! [`Store`] is the handle. [`Store::write`] puts a change into a mailbox and returns; the worker writes
//! all that has come in as one transaction. Whatever happens to the file, the program goes on: what could
//! not be written is kept in memory, is part of what [`Store::list`] and [`Store::load`] return, and is
//! written when the file can be written again. No sessions are made or named here, and nothing is cleaned
//! for the screen: text goes in and comes out as the model sent it. Called by `runtime` and `cli`.

mod backlog;
mod chunks;
mod file;
mod instance;
mod migrate;
mod open;
mod overlay;
mod queue;
mod read;
mod refusal;
mod search;
mod syncer;
mod trouble;
mod wipe;
mod worker;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::{Change, SearchHit, Session, SessionId, SessionSummary};
use queue::Mailbox;
use trouble::Troubles;
use worker::{Request, Worker};

/// How long a caller waits for the worker. Longer than [`open::PATIENCE`], so that a file held by another
/// program is told as such and not as a worker that hangs.
const ANSWER: Duration = Duration::from_secs(15);

/// How long a caller waits for what may write the whole file anew: a deletion, or bringing the file up to date.
const PACKING: Duration = Duration::from_mins(15);

/// The most sessions that [`Store::find`] returns.
const MATCHES: usize = 64;

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
    /// Not an error: the end of one. All that was kept in memory has been written.
    #[error("{path}: the store can be written again; everything has been saved")]
    Recovered {
        /// The file.
        path: PathBuf,
    },
}

/// A handle to the store's worker thread; cheap to clone. Dropping the last one writes what is left and
/// ends the worker.
#[derive(Debug, Clone)]
pub struct Store {
    handle: Arc<Handle>,
}

struct Handle {
    mailbox: Arc<Mailbox<Request>>,
    troubles: Arc<Troubles>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens (or makes) the store at `path`. Returns at once, as the worker does the opening. Never fails:
    /// what goes wrong makes it an in-memory store and is told by [`Store::trouble`].
    pub fn open(path: &Path) -> Self {
        Self::start(Some(path.to_owned()))
    }

    /// A store that forgets everything at the end.
    pub fn in_memory() -> Self {
        Self::start(None)
    }

    fn start(path: Option<PathBuf>) -> Self {
        let mailbox = Arc::new(Mailbox::new());
        let troubles = Arc::new(Troubles::new());
        let thread = {
            let (mailbox, troubles) = (Arc::clone(&mailbox), Arc::clone(&troubles));
            std::thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || worker::run(path, &mailbox, troubles))
        };
        let thread = match thread {
            Ok(thread) => Some(thread),
            Err(e) => {
                mailbox.close();
                troubles.tell(StoreError::Io(format!(
                    "the store's thread could not be started ({e}); sessions are not kept"
                )));
                None
            }
        };
        Self { handle: Arc::new(Handle { mailbox, troubles, thread: Mutex::new(thread) }) }
    }

    /// What went wrong since the last call, if anything; each problem is returned once, the oldest first.
    /// The end of a problem is told too, as [`StoreError::Recovered`].
    pub fn trouble(&self) -> Option<StoreError> {
        self.handle.troubles.take()
    }

    /// Waits until [`Store::trouble`] has something to tell. Cancel safe; for one waiter at a time.
    pub async fn troubled(&self) {
        self.handle.troubles.wait().await;
    }

    /// Queues `change`; never blocks. Text is on disk 250 ms later at most; a turn's start and a run's end
    /// are written and synced at once.
    pub fn write(&self, change: Change) {
        self.handle.mailbox.push(backlog::now_ms(), change);
    }

    /// Queues `change` and waits, `limit` at most, until the transaction that holds it has been committed: then it
    /// survives the end of the program, however it ends. True when it was; else it is kept in memory, and written
    /// as soon as the file can be written, unless it can never be (that is told as trouble). A step of triage is
    /// synced to the disk right behind that by another thread; nobody waits for that.
    pub fn write_now(&self, change: Change, limit: Duration) -> bool {
        let (waiting, answer) = sync_channel(1);
        self.handle.mailbox.push_awaited(backlog::now_ms(), change, waiting);
        answer.recv_timeout(limit).unwrap_or(false)
    }

    /// Waits until everything queued is written and synced, or is known to be unwritable. A quarter of a
    /// minute at most; not for an async task (`spawn_blocking`).
    pub fn flush(&self) {
        if let Err(e) = self.ask_for(ANSWER, Duration::ZERO, |worker| {
            worker.flush();
            Ok(())
        }) {
            self.handle.troubles.tell(e);
        }
    }

    /// The sessions, the one that changed last first, `limit` at most.
    pub fn list(&self, limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        self.ask(move |worker| worker.list(limit))
    }

    /// One session, whole. Runs that nobody is writing any more come back as cut; runs that a living
    /// instance writes, this one or another, come back as streaming.
    pub fn load(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.ask(move |worker| worker.load(id))
    }

    /// Sessions whose id begins with `prefix` (hex digits of any case; hyphens are skipped), the one that
    /// changed last first, 64 at most. What is not hex matches nothing.
    pub fn find(&self, prefix: &str) -> Result<Vec<SessionId>, StoreError> {
        let prefix: String =
            prefix.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        if !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        self.ask(move |worker| worker.find(&prefix, MATCHES))
    }

    /// Sessions in which every one of `words` occurs, as the beginning of a word, somewhere in title, tags, questions
    /// or answers; the one that changed last first, `limit` at most. What was typed is words and never syntax; where
    /// words are written without blanks they may stand anywhere. An answer that is still streaming may be missed.
    pub fn search(&self, words: &str, limit: usize) -> Result<Vec<SearchHit>, StoreError> {
        let words = words.to_owned();
        self.ask(move |worker| worker.search(&words, limit))
    }

    /// Gives the session another title; on disk when this returns. An error says in words why nothing was changed.
    pub fn rename(&self, id: SessionId, title: String) -> Result<(), StoreError> {
        self.ask(move |worker| worker.manage(id, Change::Renamed { session: id, title }))
    }

    /// Gives the session these tags and no others; on disk when this returns. An error says in words why nothing was
    /// changed.
    pub fn tag(&self, id: SessionId, tags: Vec<String>) -> Result<(), StoreError> {
        self.ask(move |worker| worker.manage(id, Change::Tagged { session: id, tags }))
    }

    /// Deletes the session and all that belongs to it; what it said is not left in the file either. Not while an
    /// answer of it is coming, here or in another instance. An error says in words why nothing was changed.
    pub fn delete(&self, id: SessionId) -> Result<(), StoreError> {
        let delete = Change::Deleted { session: id };
        self.ask_for(PACKING, PACKING, move |worker| worker.manage(id, delete))
    }

    /// Runs `read` on the worker, behind all that was written before.
    fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Worker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask_for(ANSWER, PACKING, read)
    }

    /// The same, waiting `limit` at most, and `more` when the file is being written anew.
    fn ask_for<T: Send + 'static>(
        &self,
        limit: Duration,
        more: Duration,
        read: impl FnOnce(&mut Worker) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        self.handle.mailbox.ask(Box::new(move |worker| {
            // A caller that gave up waiting is not an error of the worker.
            reply.send(read(worker)).unwrap_or_default();
        }));
        let mut heard = answer.recv_timeout(limit);
        if matches!(heard, Err(RecvTimeoutError::Timeout))
            && self.handle.troubles.is_patience_asked()
        {
            heard = answer.recv_timeout(more);
        }
        heard.unwrap_or_else(|e| {
            Err(StoreError::Io(match e {
                RecvTimeoutError::Timeout => {
                    "the store does not answer: its disk hangs, or another program holds the file"
                        .to_owned()
                }
                RecvTimeoutError::Disconnected => "the store's thread has ended".to_owned(),
            }))
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A disk that hangs must not keep the program from ending: then the thread is left behind.
        if self.mailbox.stop(ANSWER)
            && let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            thread.join().unwrap_or_default();
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
