//! Which weights a file holds, for the names of cache files: quick to find out, different when the file changes.
//!
//! A hash of its size, its time and its first and last megabyte; the head alone lists every tensor. Hashing all of a
//! gigabyte would cost a second of every start. Used by `load` and `snapshot`.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

const ENDS: u64 = 1 << 20;

/// Which weights a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity(String);

impl Identity {
    /// Looks at the file at `path`.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let meta = file.metadata()?;
        let length = meta.len();
        let changed = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let mut hash = Sha256::new();
        hash.update(length.to_le_bytes());
        hash.update(changed.unwrap_or_default().as_nanos().to_le_bytes());
        for start in [0, length.saturating_sub(ENDS)] {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            (&mut file).take(ENDS).read_to_end(&mut bytes)?;
            hash.update(&bytes);
        }
        Ok(Self(hex(&hash.finalize()).chars().take(32).collect()))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}
