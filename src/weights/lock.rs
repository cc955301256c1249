//! One fetch of a file at a time, over all instances of the program.
//!
//! The lock is the operating system's, so that it ends with its holder, however that ends; its file is removed by the
//! holder. Used by `pull` and `places::remove`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Lock {
    /// None where the file system knows no locks.
    file: Option<File>,
    path: PathBuf,
}

/// What became of taking it.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is held until this is dropped.
    Ours(Lock),
    /// Another instance holds it.
    Theirs,
}

/// Takes the lock at `path` unless another holds it; does not wait.
pub(super) fn take(path: &Path) -> io::Result<Taken> {
    loop {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Taken::Theirs),
            Err(TryLockError::Error(error)) => {
                // Some network file systems have none. Then two instances may do the same work twice, no more.
                tracing::warn!(%error, path = %path.display(), "no lock");
                return Ok(Taken::Ours(Lock { file: None, path: path.to_owned() }));
            }
        }
        // The one who held it may have removed the file between our opening and our locking; then ours locks nothing.
        let mine = file.metadata()?;
        if std::fs::metadata(path)
            .is_ok_and(|now| (now.dev(), now.ino()) == (mine.dev(), mine.ino()))
        {
            return Ok(Taken::Ours(Lock { file: Some(file), path: path.to_owned() }));
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.file.is_some() {
            // One that cannot be removed is an empty file, no more.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_its_file_goes_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let Taken::Ours(lock) = take(&path).unwrap() else { panic!("it is free") };
        assert!(matches!(take(&path).unwrap(), Taken::Theirs));
        drop(lock);
        assert!(!path.exists());
        assert!(matches!(take(&path).unwrap(), Taken::Ours(_)));
    }

    #[test]
    fn a_file_that_an_instance_left_behind_locks_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(take(&path).unwrap(), Taken::Ours(_)));
    }
}
