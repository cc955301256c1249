//! Who is alive: how a run that streams in another instance is told from one whose program was killed.
//!
//! Each instance that writes runs holds an exclusive lock on a file of its own for as long as it lives; the
//! system releases it however the process ends. Others probe with a shared lock, so that two that probe at
//! once do not take each other for the owner. Where files cannot be locked, process id and start time must
//! do.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::{chunks, file};

/// This process as a writer of the store.
#[derive(Debug)]
pub(super) struct Instance {
    id: String,
    folder: PathBuf,
    lock: Option<File>,
    registered: bool,
}

impl Instance {
    /// A writer of the store at `path` that has not written yet.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            id: uuid::Uuid::new_v4().simple().to_string(),
            folder: file::beside(path, "-instances"),
            lock: None,
            registered: false,
        }
    }

    /// What stands as `owner` in its live runs.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Takes the lock, before the first transaction that starts a run. Without one the row says so.
    pub(super) fn take_lock(&mut self) {
        if self.lock.is_some() || self.registered {
            return;
        }
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        let file = made.and_then(|()| {
            File::options()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(self.folder.join(&self.id))
        });
        self.lock = file.ok().filter(|file| file.try_lock().is_ok());
    }

    /// Puts the instance into the transaction that starts its first run.
    pub(super) fn register(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        if !self.registered {
            let pid = i64::from(std::process::id());
            tx.prepare_cached(
                "INSERT OR REPLACE INTO instance (id, pid, started, locked) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![self.id, pid, started(pid), self.lock.is_some()])?;
        }
        Ok(())
    }

    /// The transaction of [`Instance::register`] was committed.
    pub(super) fn registered(&mut self) {
        self.registered = true;
    }

    /// True when the instance `owner`, this one or another, still runs.
    pub(super) fn is_alive(&self, conn: &Connection, owner: &str) -> bool {
        owner == self.id || is_alive(conn, &self.folder, owner)
    }

    /// Finds the runs of instances that are gone and stores them as cut.
    pub(super) fn sweep(&self, conn: &mut Connection) -> rusqlite::Result<()> {
        let owners: Vec<String> = conn
            .prepare_cached(
                "SELECT owner FROM run WHERE owner IS NOT NULL UNION SELECT id FROM instance",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let gone: Vec<&String> =
            owners.iter().filter(|owner| !self.is_alive(conn, owner)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for owner in &gone {
            chunks::cut_runs_of(&tx, owner)?;
            tx.execute("DELETE FROM instance WHERE id = ?1", [owner])?;
        }
        tx.commit()?;
        for owner in gone {
            // A lock file that stays behind is empty and harms nobody.
            fs::remove_file(self.folder.join(owner)).unwrap_or_default();
        }
        Ok(())
    }

    /// The instance ends in good order: what it left streaming is cut, and nobody needs to look for it.
    pub(super) fn leave(&mut self, conn: &mut Connection) -> rusqlite::Result<()> {
        if self.registered {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            chunks::cut_runs_of(&tx, &self.id)?;
            tx.execute("DELETE FROM instance WHERE id = ?1", [&self.id])?;
            tx.commit()?;
        }
        if self.lock.take().is_some() {
            fs::remove_file(self.folder.join(&self.id)).unwrap_or_default();
        }
        Ok(())
    }
}

fn is_alive(conn: &Connection, folder: &Path, owner: &str) -> bool {
    let row = conn
        .query_row("SELECT pid, started, locked FROM instance WHERE id = ?1", [owner], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
        })
        .optional();
    match row {
        Ok(Some((pid, started, locked))) => {
            let held = if locked { is_held(folder, owner) } else { None };
            held.unwrap_or_else(|| runs(pid, started))
        }
        Ok(None) => false,
        // A row that cannot be read proves nothing: its runs are left alone.
        Err(_) => true,
    }
}

/// Whether somebody holds the lock of `owner`; none when that cannot be found out.
fn is_held(folder: &Path, owner: &str) -> Option<bool> {
    match File::open(folder.join(owner)) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(TryLockError::WouldBlock) => Some(true),
            Err(TryLockError::Error(_)) => None,
        },
        // Also when it is not there: somebody who tidied up has not ended the instance.
        Err(_) => None,
    }
}

/// Whether a process of that id, begun at that time, runs on this machine.
fn runs(pid: i64, begun: i64) -> bool {
    let exists = i32::try_from(pid).ok().and_then(Pid::from_raw).is_some_and(|pid| {
        // No right to signal it: it is there, but somebody else's.
        matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM))
    });
    exists && started(pid) == begun
}

/// When the process began, in clock ticks since the system's start; 0 where that cannot be read.
fn started(pid: i64) -> i64 {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| {
            // The second field, the program's name, may hold blanks and brackets.
            let (_, fields) = stat.rsplit_once(')')?;
            fields.split_whitespace().nth(19)?.parse().ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_one_of_another_start_does_not() {
        let me = i64::from(std::process::id());
        assert!(runs(me, started(me)));
        assert!(!runs(me, started(me) + 1));
        assert!(!runs(i64::from(i32::MAX), 0));
    }

    #[test]
    fn a_lock_is_held_until_it_is_dropped_and_probing_does_not_hold_it() {
        let home = tempfile::tempdir().unwrap();
        let mut instance = Instance::new(&home.path().join("x.db"));
        assert_eq!(is_held(&instance.folder, instance.id()), None);
        instance.take_lock();
        assert_eq!(is_held(&instance.folder, instance.id()), Some(true));
        assert_eq!(is_held(&instance.folder, instance.id()), Some(true));
        drop(instance.lock.take());
        assert_eq!(is_held(&instance.folder, instance.id()), Some(false));
    }
}
