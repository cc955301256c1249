//! The store's file before SQLite sees it: folder 0700, file 0600, owner, links, leftovers.
//!
//! SQLite gives its side files the mode of the main file, so that the main file must be private before
//! SQLite opens it. An existing file is looked at but never opened here: closing it would release the locks
//! that another connection of this process holds on it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::refusal::Refusal;

/// The smallest SQLite database in bytes; a file with fewer, but some, is not one.
const SMALLEST: u64 = 512;

/// Makes folder and file where they are missing and checks them where they are not. Returns the file's
/// path without links.
pub(super) fn prepare(path: &Path) -> Result<PathBuf, Refusal> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| {
        Refusal::for_now(format!("the folder {} cannot be made ({e})", folder.display()))
    })?;
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(e) => return Err(Refusal::for_now(format!("the file cannot be looked at ({e})"))),
        Ok(found) if found.is_symlink() => check_link(path, folder)?,
        Ok(_) => {}
    }
    let real = fs::canonicalize(path)
        .map_err(|e| Refusal::for_now(format!("the file cannot be found ({e})")))?;
    check(&real)?;
    Ok(real)
}

/// The name of a side file: `-wal`, `-shm`, `-journal`, or our own folder of locks.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn create(path: &Path) -> Result<(), Refusal> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        // Another instance was quicker.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(Refusal::for_now(format!("the file cannot be made ({e})"))),
    }
}

fn check_link(path: &Path, folder: &Path) -> Result<(), Refusal> {
    let open_to_all = fs::metadata(folder).is_ok_and(|m| m.mode() & 0o002 != 0);
    if open_to_all {
        return Err(Refusal::forever(format!(
            "it is a link in a folder that everybody can write ({}), so somebody else may have put it \
             there; use a store in a folder of your own",
            folder.display()
        )));
    }
    if fs::metadata(path).is_err() {
        return Err(Refusal::forever(
            "it is a link to a file that is not there; make the file or remove the link".to_owned(),
        ));
    }
    Ok(())
}

fn check(real: &Path) -> Result<(), Refusal> {
    let found = fs::metadata(real)
        .map_err(|e| Refusal::for_now(format!("the file cannot be looked at ({e})")))?;
    if !found.is_file() {
        return Err(Refusal::forever("it is not a file; move it away".to_owned()));
    }
    let me = rustix::process::geteuid().as_raw();
    if found.uid() != me {
        return Err(Refusal::forever(format!(
            "it belongs to another user (id {}, you are {me}); give it back with chown, or use a store \
             of your own",
            found.uid()
        )));
    }
    let wal = beside(real, "-wal");
    let wal_size = fs::metadata(&wal).map_or(0, |m| m.len());
    if found.len() == 0 && wal_size > 0 {
        return Err(Refusal::forever(format!(
            "it is empty but its journal {} is not: the file was lost or cut. Put a copy of the file \
             back, or move the journal away to start afresh",
            wal.display()
        )));
    }
    if found.len() > 0 && found.len() < SMALLEST {
        return Err(Refusal::damaged(real, "it is shorter than any store"));
    }
    for file in [real.to_owned(), wal, beside(real, "-shm"), beside(real, "-journal")] {
        close_to_others(&file)?;
    }
    Ok(())
}

/// Takes all rights from group and others.
fn close_to_others(file: &Path) -> Result<(), Refusal> {
    let Ok(found) = fs::symlink_metadata(file) else { return Ok(()) };
    let private = found.mode().trailing_zeros() >= 6;
    if !found.is_file() || private {
        return Ok(());
    }
    match fs::set_permissions(file, fs::Permissions::from_mode(0o600)) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::ReadOnlyFilesystem => Ok(()),
        Err(e) => Err(Refusal::forever(format!(
            "others can read {} and its mode cannot be changed ({e}); run chmod 600 on it",
            file.display()
        ))),
    }
}

/// True on file systems where several machines may share the file: there the write-ahead log, which needs
/// shared memory, would corrupt it.
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
    rustix::fs::statfs(path).is_ok_and(|fs| REMOTE.iter().any(|magic| *magic == low(fs.f_type)))
}

/// The low half of a number whose type differs between architectures.
#[cfg(target_os = "linux")]
fn low(magic: impl TryInto<i128>) -> u32 {
    magic.try_into().ok().and_then(|m| u32::try_from(m & 0xFFFF_FFFF).ok()).unwrap_or_default()
}

/// True on file systems where several machines may share the file. Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_remote(_path: &Path) -> bool {
    false
}
