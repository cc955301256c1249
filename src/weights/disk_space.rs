//! Checks before a download that the disk has room for it, rather than failing after an hour.
//!
//! Frees no space.

use std::path::{Path, PathBuf};

use crate::domain::format::format_bytes;

/// Bytes that a download leaves free for other programs.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// The disk is too full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: {} are needed and {} are free: make room, or name another folder with XDG_DATA_HOME",
    folder.display(),
    format_bytes(*needed),
    format_bytes(*free)
)]
pub(super) struct DiskFullError {
    folder: PathBuf,
    /// Bytes, including the reserve.
    needed: u64,
    /// Bytes.
    free: u64,
}

/// Checks that `bytes` more bytes fit into `folder`.
pub(super) fn check_disk_space(folder: &Path, bytes: u64) -> Result<(), DiskFullError> {
    // Where the file system does not report its free space, a full disk shows as a write error.
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let needed = bytes.saturating_add(RESERVE_BYTES);
    if needed <= free {
        return Ok(());
    }
    Err(DiskFullError { folder: folder.to_owned(), needed, free })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_fit_and_absurd_ones_do_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check_disk_space(dir.path(), 0), Ok(()));
        let message = check_disk_space(dir.path(), u64::MAX / 2).unwrap_err().to_string();
        assert!(
            message.contains("are needed and") && message.contains("XDG_DATA_HOME"),
            "{message}"
        );
        assert_eq!(check_disk_space(&dir.path().join("missing"), u64::MAX), Ok(()));
    }
}
