//! Examines the store's file for `doctor`: reads it, and changes nothing.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::errors::describe_error;
use super::{open, store_file};

/// Faults that are listed of a damaged file.
const MAX_FAULTS: u32 = 3;

/// What is known about the file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreCheck {
    /// SQLite found every page as it should be.
    Sound,
    /// Some pages are not what SQLite wrote: the first faults.
    Damaged(Vec<String>),
    /// It took too long, or could not be read; why.
    Unchecked(String),
    /// It cannot be opened for reading. [`Store::open`](super::Store::open) says why.
    Unreadable,
}

/// Checks the pages of the store at `path`, for at most `limit`.
pub fn check_store(path: &Path, limit: Duration) -> StoreCheck {
    let Ok(real) = std::fs::canonicalize(path) else { return StoreCheck::Unreadable };
    // SQLite would wait for the other end of a pipe.
    if !std::fs::metadata(&real).is_ok_and(|file| file.is_file()) {
        return StoreCheck::Unreadable;
    }
    let Some(conn) = open::open_reader(&real) else { return StoreCheck::Unreadable };
    match check_pages(&conn, limit) {
        Ok(faults) if faults.is_empty() => StoreCheck::Sound,
        Ok(faults) => StoreCheck::Damaged(faults),
        Err(e) => match e.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => StoreCheck::Unchecked(format!(
                "it is so large that {} s were not enough to check it",
                limit.as_secs()
            )),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                StoreCheck::Damaged(vec![e.to_string()])
            }
            _ => StoreCheck::Unchecked(describe_error(&e)),
        },
    }
}

/// True if the store is on a file system that several machines may share.
pub fn is_on_network(path: &Path) -> bool {
    store_file::is_remote(path)
}

fn check_pages(conn: &Connection, limit: Duration) -> rusqlite::Result<Vec<String>> {
    let interrupt = conn.get_interrupt_handle();
    let (done, is_done) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let mut query = conn.prepare(&format!("PRAGMA quick_check({MAX_FAULTS})"))?;
        let found = query.query_map([], |row| row.get::<_, String>(0))?;
        let found: rusqlite::Result<Vec<String>> = found.collect();
        // Ends the thread, also after an error.
        drop(done);
        let found = found?;
        // Each row may have several lines, the first of which is a heading.
        let faults = found.iter().flat_map(|row| row.lines());
        let faults = faults.filter(|line| *line != "ok" && !line.starts_with("***"));
        Ok(faults.map(str::to_owned).collect())
    })
}
