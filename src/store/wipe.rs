//! What a deleted session said is taken out of the file: nobody who reads its bytes shall find it.
//!
//! SQLite overwrites what is deleted (`secure_delete`), and FTS5 takes the words out of the index
//! (`secure-delete`). What is left is the journal, which still holds the pages as they were. Stores that were
//! written before that was so have text in free pages too: there the file is packed once. Called by the worker.

use std::time::Duration;

use rusqlite::Connection;

use super::open::PATIENCE;

/// What deleted text may still stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wipe {
    /// Nothing.
    Nothing,
    /// The write-ahead log.
    Journal,
    /// Free pages of the file, and the log.
    FreePages,
}

/// Wipes `what`, waiting `patience` for others who read the journal, and leaves in it what must be tried again.
pub(super) fn wipe(conn: &Connection, what: &mut Wipe, patience: Duration) -> rusqlite::Result<()> {
    if *what == Wipe::FreePages {
        conn.execute_batch("VACUUM; UPDATE session SET unwiped = 0 WHERE unwiped")?;
        *what = Wipe::Journal;
    }
    conn.busy_timeout(patience)?;
    // In the other journal mode this does nothing, and the journal is gone already.
    let busy = conn.query_row("PRAGMA wal_checkpoint (TRUNCATE)", [], |row| row.get::<_, bool>(0));
    conn.busy_timeout(PATIENCE)?;
    if !busy? {
        *what = Wipe::Nothing;
    }
    Ok(())
}
