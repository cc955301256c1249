//! Why the store's file cannot be written, and whether another attempt or reading may still work.

use std::path::Path;

use rusqlite::Connection;

use super::errors::{describe_error, is_damaged};

/// Why the file cannot be written.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The reason, and what to do about it.
    pub(super) reason: String,
    /// True if a later attempt may succeed.
    pub(super) is_temporary: bool,
    /// A connection to read the file, if it can be read.
    pub(super) reader: Option<Box<Connection>>,
}

impl Refusal {
    /// A problem that may pass.
    pub(super) fn temporary(reason: String) -> Self {
        Self { reason, is_temporary: true, reader: None }
    }

    /// A problem that only the user can solve.
    pub(super) fn permanent(reason: String) -> Self {
        Self { reason, is_temporary: false, reader: None }
    }

    /// The content of the file is not that of a store.
    pub(super) fn damaged_file(path: &Path, details: &str) -> Self {
        Self::permanent(format!(
            "the file is damaged or not a store of plenary ({details}). It was left as it is; to start \
             over, move it away: mv '{0}' '{0}.damaged'",
            path.display()
        ))
    }

    /// The error that SQLite returned for `path`.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        if is_damaged(error) {
            Self::damaged_file(path, &error.to_string())
        } else {
            Self::temporary(describe_error(error))
        }
    }
}
