//! The file of the log: bounded, readable by its owner alone, without keys.
//!
//! When it is full, its last quarter is kept. Which events are logged is decided in `logging`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::provider::redact_keys;

/// The most bytes of the file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// The most bytes of one event.
const MAX_EVENT_BYTES: usize = 16 * 1024;
const DROPPED: &[u8] = b"(earlier lines were dropped)\n";

/// The open file. Every write is one event.
#[derive(Debug)]
pub(super) struct LogFile {
    file: File,
    max_bytes: u64,
}

impl LogFile {
    /// Opens the file at `path`, which is created with its folder if necessary.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file =
            OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        // Fixes the mode of a file from an earlier version or another umask.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { file, max_bytes: MAX_BYTES })
    }

    /// Makes room for `bytes` more. Other instances may write to the same file.
    fn make_room(&mut self, bytes: u64) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length + bytes <= self.max_bytes {
            return Ok(());
        }
        let kept = self.max_bytes / 4;
        self.file.seek(SeekFrom::Start(length.saturating_sub(kept)))?;
        let mut end = Vec::new();
        (&self.file).take(kept).read_to_end(&mut end)?;
        let whole_lines = end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1);
        self.file.set_len(0)?;
        self.file.write_all(DROPPED)?;
        self.file.write_all(end.get(whole_lines..).unwrap_or_default())
    }
}

impl Write for LogFile {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event.get(..MAX_EVENT_BYTES).unwrap_or(event));
        let mut line = redact_keys(text.trim_end());
        line.push('\n');
        self.make_room(line.len() as u64)?;
        self.file.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_can_read_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/plenary.log");
        for _ in 0..2 {
            let log = LogFile::open(&path).unwrap();
            assert_eq!(log.file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }

    #[test]
    fn a_full_file_keeps_its_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plenary.log");
        let mut log = LogFile { max_bytes: 1000, ..LogFile::open(&path).unwrap() };
        for number in 0..200 {
            log.write_all(format!("event {number}\n").as_bytes()).unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() <= 1000 + DROPPED.len() as u64);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("(earlier lines were dropped)\nevent "), "{text}");
        assert!(text.contains("event 180\n") && text.ends_with("event 199\n"), "{text}");
        assert!(!text.contains("event 1\n"), "{text}");
    }

    #[test]
    fn keys_and_endless_events_are_not_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plenary.log");
        let mut log = LogFile::open(&path).unwrap();
        log.write_all(b"key sk-0123456789abcdef\n").unwrap();
        log.write_all(&vec![b'x'; 1_000_000]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("key [key]\n") && text.len() < 20_000, "{}", text.len());
    }
}
