//! Opens the store's file, or says why it cannot be used and whether it can at least be read.
//!
//! Never repairs, replaces or removes a file: a damaged, newer or foreign file stays as it is, byte for byte.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::errors::{is_busy, is_damaged};
use super::migrate::{self, APPLICATION};
use super::read;
use super::refusal::Refusal;
use super::store_file;

/// How long another program may hold the file before that is reported.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Size in bytes above which a migration takes longer than a second or two.
const LARGE_FILE_BYTES: u64 = 64 << 20;

/// Number of cached prepared statements: all that writing needs.
const MAX_CACHED_STATEMENTS: usize = 64;

/// The first version of SQLite that does not corrupt a write-ahead log with several writing processes.
const MIN_SQLITE_VERSION: i32 = 3_051_003;

/// Opens the store at `path` for writing; creates or migrates it if needed. Calls `report` before a long migration.
pub(super) fn open_store_file(path: &Path, report: impl Fn(&str)) -> Result<Connection, Refusal> {
    if rusqlite::version_number() < MIN_SQLITE_VERSION {
        return Err(Refusal::permanent(format!(
            "this build carries SQLite {}, which can damage a store that two instances share; build it \
             with 3.51.3 or later",
            rusqlite::version()
        )));
    }
    let real = store_file::prepare_file(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = Connection::open_with_flags(&real, flags)
        .and_then(|conn| inspect_file(&conn).map(|kind| (conn, kind)));
    let (mut conn, kind) = match opened {
        Ok(opened) => opened,
        Err(e) => {
            let mut refusal = Refusal::from_sqlite(&real, &e);
            if !is_damaged(&e) && !is_busy(&e) {
                refusal.reader = open_reader(&real).map(Box::new);
            }
            return Err(refusal);
        }
    };
    match kind {
        StoreFileKind::Ours | StoreFileKind::Older => {}
        StoreFileKind::Foreign => {
            return Err(Refusal::permanent(
                "it is the database of another program; use another file".to_owned(),
            ));
        }
        StoreFileKind::Newer(version) => {
            drop(conn);
            let reader = open_reader(&real);
            let access =
                if reader.is_some() { "can be read but not written" } else { "was left alone" };
            return Err(Refusal {
                reason: format!(
                    "it was made by a newer plenary (format {version}, this one knows {}) and {access}; \
                     update plenary",
                    migrate::newest_version()
                ),
                is_temporary: false,
                reader: reader.map(Box::new),
            });
        }
    }
    if conn.is_readonly(MAIN_DB).unwrap_or(false) {
        let reader = read::adapt_older_format(&conn).is_ok().then(|| Box::new(conn));
        return Err(Refusal {
            reason: "the file or its folder is read-only; make both writable".to_owned(),
            is_temporary: false,
            reader,
        });
    }
    if let StoreFileKind::Older = kind
        && std::fs::metadata(&real).is_ok_and(|file| file.len() > LARGE_FILE_BYTES)
    {
        report("the store is brought up to date, once; as it is large, that takes a while");
    }
    match set_up_writer(&mut conn, store_file::is_remote(&real)) {
        Ok(()) => Ok(conn),
        Err(e) => {
            let mut refusal = Refusal::from_sqlite(&real, &e);
            if !is_damaged(&e) && !is_busy(&e) {
                // The migration failed, but the tables may still be readable.
                drop(conn);
                refusal.reader = open_reader(&real).map(Box::new);
            }
            Err(refusal)
        }
    }
}

/// What kind of file was found.
enum StoreFileKind {
    /// An empty file, or a store of the newest format.
    Ours,
    /// A store that this program can migrate.
    Older,
    /// The database of another program.
    Foreign,
    /// A store of a later format.
    Newer(i64),
}

/// Inspects the file without changing it.
fn inspect_file(conn: &Connection) -> rusqlite::Result<StoreFileKind> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // Closing a foreign file must not move its journal into it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    retry_while_busy(|| {
        // One snapshot: if another instance creates the tables between two queries, the file would look foreign.
        let tx = conn.unchecked_transaction()?;
        let tables: i64 =
            tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let application: i64 = tx.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(match (tables, application) {
            (0, 0) if version == 0 => StoreFileKind::Ours,
            (_, APPLICATION) if version > migrate::newest_version() => {
                StoreFileKind::Newer(version)
            }
            (_, APPLICATION) if version < migrate::newest_version() => StoreFileKind::Older,
            (_, APPLICATION) => StoreFileKind::Ours,
            _ => StoreFileKind::Foreign,
        })
    })
}

/// Opens an empty store in memory, with the tables of the newest format.
pub(super) fn open_in_memory() -> rusqlite::Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    configure_writer(&conn)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    migrate::migrate_to_newest(&mut conn)?;
    Ok(conn)
}

/// Settings of every connection that writes, on disk and in memory.
fn configure_writer(conn: &Connection) -> rusqlite::Result<()> {
    // Plans that do not depend on the values: otherwise a statement is planned again for every value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)
}

fn set_up_writer(conn: &mut Connection, remote: bool) -> rusqlite::Result<()> {
    configure_writer(conn)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // Overwrites deleted rows.
    conn.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0))?;
    let journal = if remote { "delete" } else { "wal" };
    retry_while_busy(|| {
        conn.pragma_update_and_check(None, "journal_mode", journal, |row| row.get::<_, String>(0))
    })?;
    retry_while_busy(|| migrate::migrate_to_newest(conn))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Repeats `step` while another connection holds the file: SQLite's own timeout does not cover a change of the journal
/// mode.
fn retry_while_busy<T>(mut step: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let end = Instant::now() + BUSY_TIMEOUT;
    loop {
        match step() {
            Err(e) if is_busy(&e) && Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Opens a connection that only reads. None if this version cannot read the tables.
pub(super) fn open_reader(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let application = |conn: &Connection| -> rusqlite::Result<i64> {
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_query_value(None, "application_id", |row| row.get(0))
    };
    let mut conn =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW).ok()?;
    let mut id = application(&conn);
    let journal = std::fs::metadata(store_file::side_file(path, "-wal")).map_or(0, |m| m.len());
    if id.is_err() && journal == 0 {
        // On a read-only file system SQLite cannot create the side files that even a reader needs. Without them no
        // change is missed: no other program writes there, and there is no journal.
        let uri = format!("file:{}?immutable=1", percent_encoded(path));
        conn = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).ok()?;
        id = application(&conn);
    }
    let is_ours = id.is_ok_and(|id| id == APPLICATION) && read::adapt_older_format(&conn).is_ok();
    (is_ours && read::can_read(&conn)).then_some(conn)
}

/// Opens another connection that only reads, of a file that [`open_store_file`] has opened for writing.
pub(super) fn open_second_reader(real: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let conn = Connection::open_with_flags(real, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    Ok(conn)
}

fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut out = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                out.push(char::from(*byte));
            }
            _ => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_every_character_that_could_end_a_uri_path() {
        assert_eq!(percent_encoded(Path::new("/a b/ä?x#%.db")), "/a%20b/%C3%A4%3Fx%23%25.db");
    }
}
