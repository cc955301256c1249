//! Identifies a model file for the names of its cache files: fast to compute, and different when the file changes.
//!
//! Hashes the size, the modification time, and the first and last megabyte, which include the header with the list of
//! tensors. Hashing a whole gigabyte would add a second to every start.

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

/// Bytes hashed at the beginning and at the end.
const HASHED_BYTES: u64 = 1 << 20;

/// The identity of a model file, in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileIdentity(String);

impl FileIdentity {
    /// Reads the identity of the file at `path`.
    pub(super) fn read(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let length = metadata.len();
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let mut hasher = Sha256::new();
        hasher.update(length.to_le_bytes());
        hasher.update(modified.unwrap_or_default().as_nanos().to_le_bytes());
        for start in [0, length.saturating_sub(HASHED_BYTES)] {
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            (&mut file).take(HASHED_BYTES).read_to_end(&mut bytes)?;
            hasher.update(&bytes);
        }
        Ok(Self(format!("{:.32x}", hasher.finalize())))
    }
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
