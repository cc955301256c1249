//! Whether the disk has room for what is about to be fetched.
//!
//! Asked before a source is tried, so that nobody waits an hour for a full disk. Called by `pull`.

use std::path::Path;

use crate::domain::format::format_bytes;

/// What is left free for everybody else.
const MARGIN: u64 = 64 * 1024 * 1024;

/// Checks that `bytes` fit into `folder`; the error says how much is needed and how much there is.
pub(super) fn check(folder: &Path, bytes: u64) -> Result<(), String> {
    // A file system that does not say is written to all the same: that error comes soon enough.
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let needed = bytes.saturating_add(MARGIN);
    if needed <= free {
        return Ok(());
    }
    Err(format!(
        "{}: {} are needed and {} are free: make room, or name another folder with XDG_DATA_HOME",
        folder.display(),
        format_bytes(needed),
        format_bytes(free)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_room_for_little_and_none_for_the_absurd() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check(dir.path(), 0), Ok(()));
        let said = check(dir.path(), u64::MAX / 2).unwrap_err();
        assert!(said.contains("are needed and") && said.contains("XDG_DATA_HOME"), "{said}");
        assert_eq!(check(&dir.path().join("not there"), u64::MAX), Ok(()));
    }
}
