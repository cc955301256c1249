//! Writes files completely or not at all: the one place that does.
//!
//! The file is created beside its target, synced, and given the target's name in one step. A failure, or a crash, leaves
//! the target as it was.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

/// A new file beside its target. Dropping it removes it.
#[derive(Debug)]
pub struct AtomicFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    /// Creates the file with `mode`, as far as the umask allows.
    ///
    /// # Errors
    /// The folder of `target` does not exist or cannot be written to.
    pub fn create(target: &Path, mode: u32) -> io::Result<Self> {
        let file = temporary_names()
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(parent_folder(target))?;
        Ok(Self { file, target: target.to_owned() })
    }

    /// The file, to be written to.
    pub fn file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Syncs the file and puts it in place of the target.
    ///
    /// # Errors
    /// The file cannot be synced or renamed.
    pub fn replace_target(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.target).map_err(|error| error.error)?;
        Ok(())
    }

    /// Syncs the file and gives it the target's name, if that is free.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when the target exists; else as above.
    pub fn create_target(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.target).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Writes `bytes` to `path`, replacing what it held.
///
/// # Errors
/// The file cannot be created, written or renamed.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = AtomicFile::create(path, mode)?;
    file.file_mut().write_all(bytes)?;
    file.replace_target()
}

/// A new folder beside `target` with `mode`, as far as the umask allows, to be renamed to it once complete. Dropping it
/// removes it.
///
/// # Errors
/// The folder of `target` does not exist or cannot be written to.
pub fn create_sibling_folder(target: &Path, mode: u32) -> io::Result<TempDir> {
    temporary_names().permissions(Permissions::from_mode(mode)).tempdir_in(parent_folder(target))
}

/// The folder that `path` is in.
pub fn parent_folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_names() -> Builder<'static, 'static> {
    let mut names = Builder::new();
    names.prefix(".plenary-").suffix(".tmp");
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_file_leaves_the_target_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_atomically(&path, b"old", 0o600).unwrap();
        let mut file = AtomicFile::create(&path, 0o600).unwrap();
        file.file_mut().write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let create = || AtomicFile::create(&path, 0o644).unwrap().create_target();
        create().unwrap();
        assert_eq!(create().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
