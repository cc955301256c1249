//! Which instances are alive: distinguishes a run that another instance still writes from one whose program was killed.
//!
//! Each instance that writes runs holds an exclusive lock on its own file while it lives; the system releases the lock
//! however the process ends. Others probe with a shared lock, so that two probes at once do not mistake each other for
//! the owner. Where files cannot be locked, process id and start time decide.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::{chunks, store_file};

/// Identifies this process as a writer of a store, and finds out whether others are alive.
#[derive(Debug, Clone)]
pub(super) struct InstanceId {
    id: String,
    /// Folder of the lock files; none for a store in memory.
    folder: Option<PathBuf>,
}

impl InstanceId {
    fn new(folder: Option<PathBuf>) -> Self {
        Self { id: uuid::Uuid::new_v4().simple().to_string(), folder }
    }

    /// The `owner` of its live runs.
    pub(super) fn as_str(&self) -> &str {
        &self.id
    }

    /// True if the instance `owner`, this one or another, still runs.
    pub(super) fn is_alive(&self, conn: &Connection, owner: &str) -> bool {
        owner == self.id || is_owner_alive(conn, self.folder.as_deref(), owner)
    }

    /// The lock file of `owner`; none for a store in memory.
    fn lock_file(&self, owner: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(owner))
    }
}

/// This process as a writer of the store.
#[derive(Debug)]
pub(super) struct Instance {
    id: InstanceId,
    lock: Option<File>,
    registered: bool,
}

impl Instance {
    /// The instance for the store at `path`; it has not written yet.
    pub(super) fn new(path: &Path) -> Self {
        let folder = store_file::side_file(path, "-instances");
        Self { id: InstanceId::new(Some(folder)), lock: None, registered: false }
    }

    /// The only instance of a store in memory. It needs no lock.
    pub(super) fn in_memory() -> Self {
        Self { id: InstanceId::new(None), lock: None, registered: false }
    }

    /// Its id.
    pub(super) fn id(&self) -> &InstanceId {
        &self.id
    }

    /// Acquires the lock, before the first transaction that starts a run. Without a lock [`Instance::insert_row`]
    /// records that there is none.
    pub(super) fn acquire_lock(&mut self) {
        if self.lock.is_some() || self.registered {
            return;
        }
        let Some((folder, path)) = self.id.folder.as_ref().zip(self.id.lock_file(&self.id.id))
        else {
            return;
        };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let file =
            made.and_then(|()| File::options().write(true).create_new(true).mode(0o600).open(path));
        self.lock = file.ok().filter(|file| file.try_lock().is_ok());
    }

    /// Inserts the instance in the transaction that starts its first run.
    pub(super) fn insert_row(&self, tx: &Transaction<'_>) -> rusqlite::Result<()> {
        if !self.registered {
            let pid = i64::from(std::process::id());
            tx.prepare_cached(
                "INSERT OR REPLACE INTO instance (id, pid, started, locked) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![self.id.as_str(), pid, process_start(pid), self.lock.is_some()])?;
        }
        Ok(())
    }

    /// The transaction of [`Instance::insert_row`] was committed.
    pub(super) fn on_row_committed(&mut self) {
        self.registered = true;
    }

    /// Stores the live runs of instances that have ended as cut.
    pub(super) fn cut_dead_runs(&self, conn: &mut Connection) -> rusqlite::Result<()> {
        let owners: Vec<String> = conn
            .prepare_cached(
                "SELECT owner FROM run WHERE owner IS NOT NULL UNION SELECT id FROM instance",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let dead: Vec<&String> =
            owners.iter().filter(|owner| !self.id.is_alive(conn, owner)).collect();
        if dead.is_empty() {
            return Ok(());
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for owner in &dead {
            chunks::cut_runs_of(&tx, owner)?;
            tx.execute("DELETE FROM instance WHERE id = ?1", [owner])?;
        }
        tx.commit()?;
        for owner in dead {
            self.remove_lock(owner);
        }
        Ok(())
    }

    /// Ends the instance: stores its live runs as cut and removes its row and lock.
    pub(super) fn unregister(&mut self, conn: &mut Connection) -> rusqlite::Result<()> {
        if self.registered {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            chunks::cut_runs_of(&tx, self.id.as_str())?;
            tx.execute("DELETE FROM instance WHERE id = ?1", [self.id.as_str()])?;
            tx.commit()?;
        }
        if self.lock.take().is_some() {
            self.remove_lock(self.id.as_str());
        }
        Ok(())
    }

    /// Removes the lock file of `owner`. One that cannot be removed is empty and does no harm.
    fn remove_lock(&self, owner: &str) {
        if let Some(file) = self.id.lock_file(owner) {
            fs::remove_file(file).unwrap_or_default();
        }
    }
}

fn is_owner_alive(conn: &Connection, folder: Option<&Path>, owner: &str) -> bool {
    let row = conn
        .query_row("SELECT pid, started, locked FROM instance WHERE id = ?1", [owner], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
        })
        .optional();
    match row {
        Ok(Some((pid, started, locked))) => {
            let is_held = folder.filter(|_| locked).and_then(|folder| is_lock_held(folder, owner));
            is_held.unwrap_or_else(|| is_process_alive(pid, started))
        }
        Ok(None) => false,
        // A row that cannot be read proves nothing: its runs stay as they are.
        Err(_) => true,
    }
}

/// True if a process holds the lock of `owner`; none if that cannot be determined.
fn is_lock_held(folder: &Path, owner: &str) -> Option<bool> {
    match File::open(folder.join(owner)) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(TryLockError::WouldBlock) => Some(true),
            Err(TryLockError::Error(_)) => None,
        },
        // Also if the file does not exist: deleting it does not end the instance.
        Err(_) => None,
    }
}

/// True if a process with this id and start time runs on this machine.
fn is_process_alive(pid: i64, start: i64) -> bool {
    let exists = i32::try_from(pid).ok().and_then(Pid::from_raw).is_some_and(|pid| {
        // EPERM: the process exists and belongs to another user.
        matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM))
    });
    exists && process_start(pid) == start
}

/// Start time of the process in clock ticks since the system's start; 0 if that cannot be read.
fn process_start(pid: i64) -> i64 {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| {
            // The second field, the name of the program, may contain spaces and parentheses.
            let (_, fields) = stat.rsplit_once(')')?;
            fields.split_whitespace().nth(19)?.parse().ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_with_another_start_time_is_not_alive() {
        let me = i64::from(std::process::id());
        assert!(is_process_alive(me, process_start(me)));
        assert!(!is_process_alive(me, process_start(me) + 1));
        assert!(!is_process_alive(i64::from(i32::MAX), 0));
    }

    #[test]
    fn lock_is_held_until_dropped_and_probing_does_not_hold_it() {
        let home = tempfile::tempdir().unwrap();
        let mut instance = Instance::new(&home.path().join("x.db"));
        let folder = home.path().join("x.db-instances");
        assert_eq!(is_lock_held(&folder, instance.id().as_str()), None);
        instance.acquire_lock();
        assert_eq!(is_lock_held(&folder, instance.id().as_str()), Some(true));
        assert_eq!(is_lock_held(&folder, instance.id().as_str()), Some(true));
        drop(instance.lock.take());
        assert_eq!(is_lock_held(&folder, instance.id().as_str()), Some(false));
    }
}
