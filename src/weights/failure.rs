//! Why a source could not deliver a file, and whether another source may.

use std::io;
use std::path::{Path, PathBuf};

/// Why a source could not deliver a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceFailure {
    /// The source failed; another one may work.
    #[error("{0}")]
    Source(String),
    /// A local file could not be read or written; no source would work.
    #[error("{}: {error}{}", path.display(), disk_hint(error.kind()))]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl SourceFailure {
    /// A failure to read or write the file at `path`.
    pub(super) fn from_disk(path: &Path, error: io::Error) -> Self {
        Self::Disk { path: path.to_owned(), error }
    }
}

fn disk_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable, or name another one with XDG_DATA_HOME"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room, or name another folder with XDG_DATA_HOME: downloaded bytes are kept"
        }
        _ => "",
    }
}
