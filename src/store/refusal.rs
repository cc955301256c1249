//! Why the store's file cannot be written, and whether trying again or reading may still work.
//!
//! Only the reasons: `file` and `open` look at the file.

use std::path::Path;

use rusqlite::Connection;

use super::trouble::{is_damaged, words};

/// Why the file cannot be written.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Why, and what to do.
    pub(super) why: String,
    /// Trying again later may help.
    pub(super) again: bool,
    /// A connection to read what is there, if that is possible.
    pub(super) reader: Option<Box<Connection>>,
}

impl Refusal {
    /// A problem that may pass.
    pub(super) fn for_now(why: String) -> Self {
        Self { why, again: true, reader: None }
    }

    /// A problem that only the user can end.
    pub(super) fn forever(why: String) -> Self {
        Self { why, again: false, reader: None }
    }

    /// The content is not what it should be.
    pub(super) fn damaged(path: &Path, how: &str) -> Self {
        Self::forever(format!(
            "the file is damaged or not a store of plenary ({how}). It was left as it is; to start \
             afresh, move it away: mv '{0}' '{0}.damaged'",
            path.display()
        ))
    }

    /// What SQLite said when it was asked to open `path`.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        if is_damaged(error) {
            Self::damaged(path, &error.to_string())
        } else {
            Self::for_now(words(error))
        }
    }
}
