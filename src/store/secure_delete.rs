//! Erases the text of deleted sessions from the bytes of the file.
//!
//! SQLite overwrites deleted rows (`secure_delete`), and FTS5 removes their words from the index (`secure-delete`). The
//! journal still holds the previous pages. Stores written before these settings have text in free pages, too: such a
//! file is vacuumed once.

use std::time::Duration;

use rusqlite::Connection;

use super::open::BUSY_TIMEOUT;

/// Where deleted text may still be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EraseScope {
    /// Nowhere.
    Nothing,
    /// In the write-ahead log.
    Journal,
    /// In free pages of the file, and in the log.
    FreePages,
}

/// Erases deleted text, waiting `timeout` for other readers of the journal, and leaves in `scope` what remains.
pub(super) fn erase_deleted_text(
    conn: &Connection,
    scope: &mut EraseScope,
    timeout: Duration,
) -> rusqlite::Result<()> {
    if *scope == EraseScope::FreePages {
        conn.execute_batch("VACUUM; UPDATE session SET unwiped = 0 WHERE unwiped")?;
        *scope = EraseScope::Journal;
    }
    conn.busy_timeout(timeout)?;
    // In the other journal mode this does nothing: the journal is already deleted.
    let busy = conn.query_row("PRAGMA wal_checkpoint (TRUNCATE)", [], |row| row.get::<_, bool>(0));
    conn.busy_timeout(BUSY_TIMEOUT)?;
    if !busy? {
        *scope = EraseScope::Nothing;
    }
    Ok(())
}
