//! A lock per model file, so that only one instance of plenary downloads or removes it at a time.
//!
//! The operating system holds the lock, so that it ends with its process however that ends. The holder removes the lock
//! file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A lock that this instance holds until it is dropped.
#[derive(Debug)]
pub(super) struct DownloadLock {
    /// None on file systems without locks.
    file: Option<File>,
    path: PathBuf,
}

/// The result of [`try_lock`].
#[derive(Debug)]
pub(super) enum LockOutcome {
    /// This instance holds the lock.
    Acquired(DownloadLock),
    /// Another instance holds it.
    HeldElsewhere,
}

/// Takes the lock at `path` unless another instance holds it. Does not wait.
pub(super) fn try_lock(path: &Path) -> io::Result<LockOutcome> {
    loop {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(LockOutcome::HeldElsewhere),
            Err(TryLockError::Error(error)) => {
                // Some network file systems have no locks. Without one, two instances may at worst both download.
                tracing::warn!(%error, path = %path.display(), "no lock");
                let lock = DownloadLock { file: None, path: path.to_owned() };
                return Ok(LockOutcome::Acquired(lock));
            }
        }
        // The previous holder may have removed the file after we opened it; a lock on a removed file excludes no one.
        let locked = file.metadata()?;
        let is_same_file = |current: std::fs::Metadata| {
            (current.dev(), current.ino()) == (locked.dev(), locked.ino())
        };
        if std::fs::metadata(path).is_ok_and(is_same_file) {
            let lock = DownloadLock { file: Some(file), path: path.to_owned() };
            return Ok(LockOutcome::Acquired(lock));
        }
    }
}

impl Drop for DownloadLock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // A lock file that cannot be removed is an empty file and does no harm.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holder_at_a_time_and_the_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let LockOutcome::Acquired(lock) = try_lock(&path).unwrap() else { panic!("it is free") };
        assert!(matches!(try_lock(&path).unwrap(), LockOutcome::HeldElsewhere));
        drop(lock);
        assert!(!path.exists());
        assert!(matches!(try_lock(&path).unwrap(), LockOutcome::Acquired(_)));
    }

    #[test]
    fn a_leftover_lock_file_does_not_lock() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(try_lock(&path).unwrap(), LockOutcome::Acquired(_)));
    }
}
