//! The store's one thread: takes what is in the mailbox, writes it, answers what was asked.
//!
//! It alone owns the connection. What it cannot write it keeps and tries again every few seconds; a file
//! that must not be written (damaged, newer, somebody else's) it leaves alone for good. It tells a problem
//! when it begins and when it is over. What it answers is in `view`, what it does at a command in `manage`.
//! Started by [`super::Store`].

mod manage;
#[cfg(test)]
mod tests;
mod view;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::backlog::{Backlog, Entry};
use super::instance::Instance;
use super::queue::Mailbox;
use super::syncer::Syncer;
use super::trouble::{Troubles, is_damaged, words};
use super::wipe::{self, Wipe};
use super::write::{self, Sync, Written};
use super::{StoreError, open};

/// How long until what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// How long others may read the journal before a deletion is ended without it.
const WIPING: Duration = Duration::from_secs(1);

/// Something the worker is asked to do, once all that was pushed before is with it.
pub(super) type Request = Box<dyn FnOnce(&mut Worker) + Send>;

/// The thread's whole life.
pub(super) fn run(path: Option<PathBuf>, mailbox: &Mailbox<Request>, troubles: Arc<Troubles>) {
    // Dropped behind the worker: by then the file is closed.
    let _closing = Closing { mailbox, troubles: Arc::clone(&troubles) };
    let mut worker = Worker::new(path, troubles);
    loop {
        let work = mailbox.next(worker.retry_at);
        worker.take(work.entries);
        for request in work.requests {
            request(&mut worker);
        }
        if work.stop {
            worker.leave();
            break;
        }
    }
}

/// Closes the mailbox however the thread ends, so that nobody waits for it.
struct Closing<'a> {
    mailbox: &'a Mailbox<Request>,
    troubles: Arc<Troubles>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.mailbox.close();
        if std::thread::panicking() {
            self.troubles.tell(StoreError::Io(
                "the store's thread has ended by a fault of plenary; what comes now is not stored"
                    .to_owned(),
            ));
        }
    }
}

/// A file, and what may be done with it.
struct Disk {
    path: PathBuf,
    instance: Instance,
    conn: Option<Connection>,
    access: Access,
    /// Why it cannot be written, while it cannot.
    why: String,
    syncer: Syncer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// It is open and can be written.
    Write,
    /// It could not be opened; worth another try.
    Retry,
    /// It must not be written; `conn` may still be read.
    Never,
}

/// The owner of the connection.
pub(super) struct Worker {
    /// None: a store that lives in memory only.
    disk: Option<Disk>,
    backlog: Backlog,
    troubles: Arc<Troubles>,
    /// Text was written that a power loss could take.
    unsynced: bool,
    /// A problem was told and is not over.
    troubled: bool,
    retry_at: Option<Instant>,
    /// What was deleted and still stands in the file's journal or free pages.
    wipe: Wipe,
}

impl Worker {
    /// Opens the file at `path`.
    pub(super) fn new(path: Option<PathBuf>, troubles: Arc<Troubles>) -> Self {
        let disk = path.map(|path| Disk {
            instance: Instance::new(&path),
            syncer: Syncer::new(&path, Arc::clone(&troubles)),
            path,
            conn: None,
            access: Access::Retry,
            why: String::new(),
        });
        let mut worker = Self {
            disk,
            backlog: Backlog::new(),
            troubles,
            unsynced: false,
            troubled: false,
            retry_at: None,
            wipe: Wipe::Nothing,
        };
        worker.open();
        worker
    }

    /// Opens the file if it is worth a try; tells the problem the first time.
    fn open(&mut self) {
        let Some(disk) = self.disk.as_mut().filter(|disk| disk.access == Access::Retry) else {
            return;
        };
        let opened = open::open(&disk.path, |what| {
            let path = disk.path.display();
            self.troubles.be_patient(true);
            self.troubles.tell(StoreError::Io(format!("{path}: {what}")));
        });
        self.troubles.be_patient(false);
        // Whatever links lead to the file, its instances meet in one folder.
        if let Ok(real) = std::fs::canonicalize(&disk.path) {
            disk.instance = Instance::new(&real);
            disk.syncer = Syncer::new(&real, Arc::clone(&self.troubles));
        }
        match opened {
            Ok(mut conn) => {
                if let Err(error) = disk.instance.sweep(&mut conn) {
                    // Not lost: loading a session finds its dead runs again.
                    tracing::warn!(%error, "runs of ended instances could not be marked");
                }
                disk.conn = Some(conn);
                disk.access = Access::Write;
            }
            Err(refusal) => {
                disk.conn = refusal.reader.map(|conn| *conn);
                disk.access = if refusal.again { Access::Retry } else { Access::Never };
                disk.why.clone_from(&refusal.why);
                if !self.troubled {
                    self.troubled = true;
                    let (path, why) = (disk.path.clone(), refusal.why);
                    self.troubles.tell(StoreError::Open { path, why });
                }
            }
        }
    }

    /// Takes changes over and writes them, unless the store is in trouble, it is not yet time to try again, and
    /// nobody waits for them.
    fn take(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.backlog.push(entry);
        }
        if self.backlog.is_awaited() || self.retry_at.is_none_or(|at| at <= Instant::now()) {
            self.commit(Sync::Normal);
        }
        self.backlog.disappoint();
    }

    /// Tries to write all that waits. Questions and endings are synced in any case; triage is synced by somebody
    /// else, right behind the commit.
    fn commit(&mut self, sync: Sync) {
        self.retry_at = None;
        if self.backlog.is_empty() {
            return;
        }
        self.open();
        let sync = if self.backlog.is_light() { sync } else { Sync::Full };
        let Some(disk) = &mut self.disk else { return };
        match (disk.access, &mut disk.conn) {
            (Access::Never, _) => return,
            (Access::Write, Some(conn)) => {
                match write::apply(conn, &mut disk.instance, self.backlog.entries(), sync) {
                    Ok(written) => return self.written(&written, sync),
                    Err(e) => self.failed(&e),
                }
            }
            _ => {}
        }
        self.retry_at = Some(Instant::now() + RETRY);
    }

    /// All that waited has been committed.
    fn written(&mut self, written: &Written, sync: Sync) {
        let triage = self.backlog.has_triage();
        let entries = self.backlog.take();
        self.unsynced = sync == Sync::Normal;
        let Some(disk) = &mut self.disk else { return };
        if self.troubled {
            self.troubled = false;
            self.troubles.tell(StoreError::Recovered { path: disk.path.clone() });
        }
        for skipped in &written.skipped {
            let path = disk.path.display();
            self.troubles.tell(StoreError::Io(format!("{path}: {}", skipped.why)));
        }
        // Who hears that it was not written can ask why.
        for (at, mut entry) in entries.into_iter().enumerate() {
            entry.tell(written.skipped.iter().all(|skipped| skipped.at != at));
        }
        if triage && self.unsynced {
            disk.syncer.wake();
        }
        self.wipe(written.wipe);
    }

    /// Takes what was deleted out of the file's journal and free pages. A journal that others read is tried again
    /// behind every commit, a file that could not be packed at the end.
    fn wipe(&mut self, what: Wipe) {
        let late = what == Wipe::Nothing;
        self.wipe = self.wipe.max(what);
        let Some(Disk { conn: Some(conn), path, .. }) = &mut self.disk else { return };
        if self.wipe == Wipe::Nothing || (late && self.wipe == Wipe::FreePages) {
            return;
        }
        // Later tries must not hold up what is written.
        let patience = if late { Duration::ZERO } else { WIPING };
        let why = match wipe::wipe(conn, &mut self.wipe, patience) {
            Ok(()) if self.wipe == Wipe::Nothing => return,
            Ok(()) => "another plenary still reads its journal".to_owned(),
            Err(e) => words(&e),
        };
        if !late {
            let path = path.display();
            self.troubles.tell(StoreError::Io(format!(
                "{path}: the session is deleted, but what it said may still stand in the file ({why}); \
                 that is tried again"
            )));
        }
    }

    fn failed(&mut self, error: &rusqlite::Error) {
        let Some(disk) = &mut self.disk else { return };
        let path = disk.path.display();
        disk.why = words(error);
        if is_damaged(error) {
            disk.access = Access::Never;
            self.troubled = true;
            self.troubles.tell(StoreError::Io(format!(
                "{path}: the file is damaged ({error}); what comes now is kept in memory only. Move the \
                 file away when plenary has ended: mv '{path}' '{path}.damaged'"
            )));
        } else if !self.troubled {
            self.troubled = true;
            self.troubles.tell(StoreError::Io(format!(
                "{path}: {}; what comes now is kept in memory and written as soon as possible",
                words(error)
            )));
        }
    }

    /// Writes and syncs all that waits, whatever went wrong before.
    pub(super) fn flush(&mut self) {
        self.commit(Sync::Full);
        if self.unsynced
            && let Some(Disk { conn: Some(conn), access: Access::Write, .. }) = &mut self.disk
        {
            match write::sync(conn) {
                Ok(()) => self.unsynced = false,
                Err(e) => self.failed(&e),
            }
        }
    }

    /// The last work: writes what waits and ends the instance.
    fn leave(&mut self) {
        self.flush();
        if let Some(Disk { conn: Some(conn), access: Access::Write, instance, .. }) = &mut self.disk
            && let Err(error) = instance.leave(conn)
        {
            tracing::warn!(%error, "the store's instance could not be closed");
        }
        self.wipe(self.wipe);
    }
}
