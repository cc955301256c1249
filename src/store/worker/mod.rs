//! The store's one thread: takes what is in the mailbox, writes it, answers what was asked.
//!
//! It alone owns the connection. What it cannot write it keeps and tries again every few seconds; a file
//! that must not be written (damaged, newer, somebody else's) it leaves alone for good. It tells a problem
//! when it begins and when it is over. Started by [`super::Store`].

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::instance::Instance;
use super::overlay::{Stored, replay};
use super::queue::{Backlog, Entry, Mailbox};
use super::trouble::{Troubles, is_damaged, words};
use super::write::{self, Sync};
use super::{StoreError, open, read};
use crate::domain::{Change, RunId, Session, SessionId, SessionSummary, TurnId};

/// How long until what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// The thread's whole life.
pub(super) fn run(path: Option<PathBuf>, mailbox: &Mailbox, troubles: Arc<Troubles>) {
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
    mailbox: &'a Mailbox,
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
}

impl Worker {
    /// Opens the file at `path`.
    pub(super) fn new(path: Option<PathBuf>, troubles: Arc<Troubles>) -> Self {
        let disk = path.map(|path| Disk {
            instance: Instance::new(&path),
            path,
            conn: None,
            access: Access::Retry,
        });
        let mut worker = Self {
            disk,
            backlog: Backlog::new(),
            troubles,
            unsynced: false,
            troubled: false,
            retry_at: None,
        };
        worker.open();
        worker
    }

    /// Opens the file if it is worth a try; tells the problem the first time.
    fn open(&mut self) {
        let Some(disk) = self.disk.as_mut().filter(|disk| disk.access == Access::Retry) else {
            return;
        };
        let opened = open::open(&disk.path);
        // Whatever links lead to the file, its instances meet in one folder.
        if let Ok(real) = std::fs::canonicalize(&disk.path) {
            disk.instance = Instance::new(&real);
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
                if !self.troubled {
                    self.troubled = true;
                    let (path, why) = (disk.path.clone(), refusal.why);
                    self.troubles.tell(StoreError::Open { path, why });
                }
            }
        }
    }

    /// Takes changes over and writes them, unless the store is in trouble and it is not yet time to try
    /// again.
    fn take(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.backlog.push(entry);
        }
        if self.retry_at.is_none_or(|at| at <= Instant::now()) {
            self.commit(Sync::Normal);
        }
    }

    /// Tries to write all that waits. Questions and endings are synced in any case.
    fn commit(&mut self, sync: Sync) {
        self.retry_at = None;
        if self.backlog.is_empty() {
            return;
        }
        self.open();
        let sync = if self.backlog.only_text() { sync } else { Sync::Full };
        let Some(disk) = &mut self.disk else { return };
        match (disk.access, &mut disk.conn) {
            (Access::Never, _) => return,
            (Access::Write, Some(conn)) => {
                match write::apply(conn, &mut disk.instance, self.backlog.entries(), sync) {
                    Ok(skipped) => {
                        self.backlog.take();
                        self.unsynced = sync == Sync::Normal;
                        self.written(skipped);
                        return;
                    }
                    Err(e) => self.failed(&e),
                }
            }
            _ => {}
        }
        self.retry_at = Some(Instant::now() + RETRY);
    }

    fn written(&mut self, skipped: Vec<String>) {
        let Some(disk) = &self.disk else { return };
        if self.troubled {
            self.troubled = false;
            self.troubles.tell(StoreError::Recovered { path: disk.path.clone() });
        }
        for what in skipped {
            let path = disk.path.display();
            self.troubles.tell(StoreError::Io(format!("{path}: {what} could not be stored")));
        }
    }

    fn failed(&mut self, error: &rusqlite::Error) {
        let Some(disk) = &mut self.disk else { return };
        let path = disk.path.display();
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
    }

    /// See [`super::Store::list`].
    pub(super) fn list(&self, limit: usize) -> Result<Vec<SessionSummary>, StoreError> {
        let mut sessions = Vec::new();
        let touched = self.touched()?;
        for id in touched.iter().rev() {
            sessions.extend(self.stored(*id)?.map(|stored| stored.summary()));
        }
        if let Some(conn) = self.conn() {
            let written = read::list(conn, limit).map_err(|e| self.unreadable(&e))?;
            sessions.extend(written.into_iter().filter(|session| !touched.contains(&session.id)));
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.updated_at));
        sessions.truncate(limit);
        Ok(sessions)
    }

    /// See [`super::Store::load`].
    pub(super) fn load(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.stored(id)?.map(|stored| stored.session))
    }

    /// See [`super::Store::find`].
    pub(super) fn find(&self, prefix: &str, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        let mut ids = match self.conn() {
            Some(conn) => read::find(conn, prefix, limit).map_err(|e| self.unreadable(&e))?,
            None => Vec::new(),
        };
        for id in self.touched()? {
            if id.to_string().starts_with(prefix) && !ids.contains(&id) {
                ids.insert(0, id);
            }
        }
        ids.truncate(limit);
        Ok(ids)
    }

    fn conn(&self) -> Option<&Connection> {
        self.disk.as_ref()?.conn.as_ref()
    }

    fn unreadable(&self, error: &rusqlite::Error) -> StoreError {
        let path = self.disk.as_ref().map(|disk| disk.path.display().to_string());
        let path = path.unwrap_or_default();
        StoreError::Io(format!("{path}: it cannot be read: {} ({error})", words(error)))
    }

    /// A session with what waits to be written.
    fn stored(&self, id: SessionId) -> Result<Option<Stored>, StoreError> {
        let base = match &self.disk {
            Some(Disk { conn: Some(conn), instance, .. }) => {
                read::load(conn, id, |owner| instance.is_alive(conn, owner))
                    .map_err(|e| self.unreadable(&e))?
            }
            _ => None,
        };
        Ok(replay(base, id, self.backlog.entries()))
    }

    /// The sessions that waiting changes belong to, in the order of their first one.
    fn touched(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut turns: HashMap<TurnId, SessionId> = HashMap::new();
        let mut runs: HashMap<RunId, SessionId> = HashMap::new();
        let mut seen = HashSet::new();
        let mut sessions = Vec::new();
        for entry in self.backlog.entries() {
            let session = match &entry.change {
                Change::Turn { session, turn, runs: begun, .. } => {
                    turns.insert(*turn, *session);
                    runs.extend(begun.iter().map(|run| (run.id, *session)));
                    Some(*session)
                }
                Change::Run { turn, run } => {
                    let known = turns.get(turn).copied();
                    let session = self.known_or(known, |c| read::session_of_turn(c, *turn))?;
                    runs.extend(session.map(|session| (run.id, session)));
                    session
                }
                Change::Append { run, .. }
                | Change::Note { run, .. }
                | Change::Ended { run, .. } => {
                    let known = runs.get(run).copied();
                    self.known_or(known, |c| read::session_of_run(c, *run))?
                }
                _ => None,
            };
            sessions.extend(session.filter(|session| seen.insert(*session)));
        }
        Ok(sessions)
    }

    fn known_or(
        &self,
        known: Option<SessionId>,
        look_up: impl FnOnce(&Connection) -> rusqlite::Result<Option<SessionId>>,
    ) -> Result<Option<SessionId>, StoreError> {
        match (known, self.conn()) {
            (None, Some(conn)) => look_up(conn).map_err(|e| self.unreadable(&e)),
            (known, _) => Ok(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ending, ModelRef, NewRun, PersonaId, RunState};

    const SESSION: SessionId = SessionId::from_number(1);
    const RUN: RunId = RunId::from_number(3);

    fn turn() -> Change {
        Change::Turn {
            session: SESSION,
            title: "t".into(),
            panel: "p".into(),
            turn: TurnId::from_number(2),
            question: "q".into(),
            at: 5,
            runs: vec![NewRun {
                id: RUN,
                persona: PersonaId::from_name("edge"),
                persona_name: "Kai".into(),
                view: "edge".into(),
                model: ModelRef::parse("gateway:").unwrap(),
                notes: vec!["a note".into()],
            }],
        }
    }

    fn text(text: &str) -> Change {
        Change::Append { run: RUN, text: text.into(), reasoning: String::new() }
    }

    fn done() -> Change {
        Change::Ended {
            run: RUN,
            ending: Ending::Done,
            model: Some("large".into()),
            usage: None,
            elapsed: Duration::from_secs(9),
        }
    }

    fn entry(change: Change) -> Entry {
        Entry { at: 7, change }
    }

    fn worker(path: &std::path::Path) -> Worker {
        Worker::new(Some(path.to_owned()), Arc::new(Troubles::new()))
    }

    fn allow_pages(worker: &Worker, pages: i64) {
        let conn = worker.conn().unwrap();
        conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    }

    /// The disk is full while an answer comes: what is shown of it is whole all the same, the problem is
    /// told once, and when there is room again everything is in the file.
    #[test]
    fn a_full_disk_loses_nothing_and_is_told_at_its_start_and_its_end() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.db");
        let mut worker = worker(&path);
        worker.take(vec![entry(turn()), entry(text("on disk. "))]);
        allow_pages(&worker, 1);
        let long = "x".repeat(1 << 20);
        worker.take(vec![entry(text(&long))]);
        worker.retry_at = Some(Instant::now());
        worker.take(vec![entry(text(" end")), entry(done())]);
        assert!(matches!(worker.troubles.take(), Some(StoreError::Io(m)) if m.contains("full")));
        assert_eq!(worker.troubles.take(), None, "told twice");

        let whole = format!("on disk. {long} end");
        let shown = worker.load(SESSION).unwrap().unwrap();
        assert_eq!(shown.turns[0].runs[0].text, whole);
        assert_eq!(worker.list(9).unwrap()[0].answered, 1);
        let on_disk = read::load(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
        assert_eq!(on_disk.session.turns[0].runs[0].text, "on disk. ");

        allow_pages(&worker, 1 << 20);
        assert!(worker.retry_at.is_some());
        worker.flush();
        assert_eq!(worker.troubles.take(), Some(StoreError::Recovered { path }));
        assert!(worker.backlog.is_empty());
        let on_disk = read::load(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
        assert_eq!(on_disk.session, shown);
        assert_eq!(on_disk.session.turns[0].runs[0].text, whole);
    }

    /// What waits in memory reads exactly as it reads once it is in the file.
    #[test]
    fn memory_and_file_show_the_same() {
        let home = tempfile::tempdir().unwrap();
        let mut file = worker(&home.path().join("x.db"));
        let mut memory = Worker::new(None, Arc::new(Troubles::new()));
        let more = NewRun {
            id: RunId::from_number(4),
            persona: PersonaId::from_name("edge"),
            persona_name: "Kai \0 Lennox".into(),
            view: String::new(),
            model: ModelRef::parse("a:b:c").unwrap(),
            notes: Vec::new(),
        };
        let script = [
            turn(),
            text("one \0 two"),
            Change::Append {
                run: RUN, text: String::new(), reasoning: "hm 日本 👩‍👩‍👧".into()
            },
            done(),
            Change::Run { turn: TurnId::from_number(2), run: more },
        ];
        for change in script {
            file.take(vec![entry(change.clone())]);
            memory.take(vec![entry(change)]);
            assert_eq!(file.load(SESSION).unwrap(), memory.load(SESSION).unwrap());
            assert_eq!(file.list(9).unwrap(), memory.list(9).unwrap());
            assert_eq!(file.find("0", 9).unwrap(), memory.find("0", 9).unwrap());
        }
        assert!(file.backlog.is_empty() && !memory.backlog.is_empty());
        let session = file.load(SESSION).unwrap().unwrap();
        let run = &session.turns[0].runs[0];
        assert_eq!(run.text, "one \0 two");
        assert_eq!(run.model.to_string(), "gateway:large", "the default was asked, large answered");
        assert_eq!(session.turns[0].runs[1].state, RunState::Streaming);
    }

    #[test]
    fn a_change_that_belongs_nowhere_does_not_stop_the_others() {
        let home = tempfile::tempdir().unwrap();
        let mut worker = worker(&home.path().join("x.db"));
        worker.take(vec![entry(text("lost")), entry(turn()), entry(text("kept"))]);
        assert!(
            matches!(worker.troubles.take(), Some(StoreError::Io(m)) if m.contains("unknown run"))
        );
        assert_eq!(worker.load(SESSION).unwrap().unwrap().turns[0].runs[0].text, "kept");
        assert!(worker.backlog.is_empty());
    }
}
