//! The store's file before SQLite opens it: folder mode 0700, file mode 0600, owner, links, leftovers.
//!
//! SQLite gives its side files the mode of the main file, so the main file must be private before SQLite opens it. An
//! existing file is inspected but never opened here: closing it would release the locks that another connection of this
//! process holds on it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::refusal::Refusal;

/// Size of the smallest SQLite database in bytes. An empty file is valid, too.
const MIN_FILE_BYTES: u64 = 512;

/// Creates the folder and the file if they are missing, otherwise checks them. Returns the file's path without links.
pub(super) fn prepare_file(path: &Path) -> Result<PathBuf, Refusal> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| {
        Refusal::temporary(format!("the folder {} cannot be made ({e})", folder.display()))
    })?;
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => create_file(path)?,
        Err(e) => return Err(Refusal::temporary(format!("the file cannot be looked at ({e})"))),
        Ok(metadata) if metadata.is_symlink() => check_link(path, folder)?,
        Ok(_) => {}
    }
    let real = fs::canonicalize(path)
        .map_err(|e| Refusal::temporary(format!("the file cannot be found ({e})")))?;
    check_file(&real)?;
    Ok(real)
}

/// Which file a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
    /// False if it was cut to less than any database.
    has_content: bool,
}

/// Identifies the file that `path` leads to. Follows links, opens nothing.
pub(super) fn identify(path: &Path) -> io::Result<FileIdentity> {
    let metadata = fs::metadata(path)?;
    Ok(FileIdentity {
        device: metadata.dev(),
        inode: metadata.ino(),
        has_content: metadata.len() >= MIN_FILE_BYTES,
    })
}

/// Returns the path of a side file: `-wal`, `-shm`, `-journal`, or the folder of locks.
pub(super) fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn create_file(path: &Path) -> Result<(), Refusal> {
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Ok(_) => Ok(()),
        // Another instance has created it.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(Refusal::temporary(format!("the file cannot be made ({e})"))),
    }
}

fn check_link(path: &Path, folder: &Path) -> Result<(), Refusal> {
    let open_to_all = fs::metadata(folder).is_ok_and(|m| m.mode() & 0o002 != 0);
    if open_to_all {
        return Err(Refusal::permanent(format!(
            "it is a link in a folder that all users can write ({}), so another user may have created it; \
             use a store in your own folder",
            folder.display()
        )));
    }
    if fs::metadata(path).is_err() {
        return Err(Refusal::permanent(
            "it is a broken link; create its target or remove the link".to_owned(),
        ));
    }
    Ok(())
}

fn check_file(real: &Path) -> Result<(), Refusal> {
    let metadata = fs::metadata(real)
        .map_err(|e| Refusal::temporary(format!("the file cannot be looked at ({e})")))?;
    if !metadata.is_file() {
        return Err(Refusal::permanent("it is not a file; move it away".to_owned()));
    }
    let me = rustix::process::geteuid().as_raw();
    if metadata.uid() != me {
        return Err(Refusal::permanent(format!(
            "it belongs to another user (id {}, you are {me}); give it back with chown, or use your \
             own store",
            metadata.uid()
        )));
    }
    let wal = side_file(real, "-wal");
    let wal_size = fs::metadata(&wal).map_or(0, |m| m.len());
    if metadata.len() == 0 && wal_size > 0 {
        return Err(Refusal::permanent(format!(
            "it is empty but its journal {} is not: the file was lost or cut. Put a copy of the file \
             back, or move the journal away to start over",
            wal.display()
        )));
    }
    if metadata.len() > 0 && metadata.len() < MIN_FILE_BYTES {
        return Err(Refusal::damaged_file(real, "it is shorter than any store"));
    }
    for file in [real.to_owned(), wal, side_file(real, "-shm"), side_file(real, "-journal")] {
        make_private(&file)?;
    }
    Ok(())
}

/// Removes all permissions of group and others.
fn make_private(file: &Path) -> Result<(), Refusal> {
    let Ok(metadata) = fs::symlink_metadata(file) else { return Ok(()) };
    let is_private = metadata.mode().trailing_zeros() >= 6;
    if !metadata.is_file() || is_private {
        return Ok(());
    }
    match fs::set_permissions(file, fs::Permissions::from_mode(0o600)) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(()),
        Err(e) => Err(Refusal::permanent(format!(
            "others can read {} and its mode cannot be changed ({e}); run chmod 600 on it",
            file.display()
        ))),
    }
}

/// True on file systems that several machines may share. The write-ahead log needs shared memory and would corrupt the
/// file there.
#[cfg(target_os = "linux")]
pub(super) fn is_remote(path: &Path) -> bool {
    // NFS, SMB, CIFS, SMB2, AFS (two clients), Coda, 9p: from statfs(2).
    const REMOTE: [u32; 8] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x5346_414F,
        0x6B41_4653,
        0x7375_7245,
        0x0102_1997,
    ];
    rustix::fs::statfs(path)
        .is_ok_and(|fs| REMOTE.iter().any(|magic| *magic == low_half(fs.f_type)))
}

/// The low 32 bits of a number whose type differs between architectures.
#[cfg(target_os = "linux")]
fn low_half(magic: impl TryInto<i128>) -> u32 {
    magic.try_into().ok().and_then(|m| u32::try_from(m & 0xFFFF_FFFF).ok()).unwrap_or_default()
}

/// True on file systems that several machines may share. Not detected on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_remote(_path: &Path) -> bool {
    false
}
