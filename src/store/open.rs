//! Opens the store's file, or says in words why it cannot be used and whether it can at least be read.
//!
//! Nothing here repairs, replaces or removes a file: what is damaged, newer or somebody else's stays as it
//! is, byte for byte. Called by the worker, at the start and again while a passing problem lasts.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::file;
use super::migrate::{self, APPLICATION};
use super::read;
use super::refusal::Refusal;
use super::trouble::{is_busy, is_damaged};

/// How long another program may hold the file before that is a problem.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a store that is not brought up to date within a second or two.
const LARGE: u64 = 64 << 20;

/// Statements that are kept for the next time: all that writing needs.
const STATEMENTS: usize = 64;

/// The first SQLite that does not corrupt a write-ahead log which several processes write.
const OLDEST_SQLITE: i32 = 3_051_003;

/// Opens the store at `path` for writing; makes or migrates it where needed. Says when that takes long.
pub(super) fn open(path: &Path, say: impl Fn(&str)) -> Result<Connection, Refusal> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(Refusal::forever(format!(
            "this build carries SQLite {}, which can damage a store that two instances share; build it \
             with 3.51.3 or later",
            rusqlite::version()
        )));
    }
    let real = file::prepare(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let opened = Connection::open_with_flags(&real, flags)
        .and_then(|conn| state(&conn).map(|found| (conn, found)));
    let (mut conn, found) = match opened {
        Ok(opened) => opened,
        Err(e) => {
            let mut refusal = Refusal::of(&real, &e);
            if !is_damaged(&e) && !is_busy(&e) {
                refusal.reader = reader(&real).map(Box::new);
            }
            return Err(refusal);
        }
    };
    match found {
        Found::Ours | Found::Older => {}
        Found::Foreign => {
            return Err(Refusal::forever(
                "it is the database of another program; use another file".to_owned(),
            ));
        }
        Found::Newer(version) => {
            drop(conn);
            let reader = reader(&real);
            let use_now =
                if reader.is_some() { "can be read but not written" } else { "was left alone" };
            return Err(Refusal {
                why: format!(
                    "it was made by a newer plenary (format {version}, this one knows {}) and {use_now}; \
                     update plenary",
                    migrate::newest()
                ),
                again: false,
                reader: reader.map(Box::new),
            });
        }
    }
    if conn.is_readonly(MAIN_DB).unwrap_or(false) {
        let reader = read::as_newest(&conn).is_ok().then(|| Box::new(conn));
        return Err(Refusal {
            why: "the file or its folder is read-only; make both writable".to_owned(),
            again: false,
            reader,
        });
    }
    if let Found::Older = found
        && std::fs::metadata(&real).is_ok_and(|file| file.len() > LARGE)
    {
        say("the store is brought up to date, once; as it is large, that takes a while");
    }
    match set_up(&mut conn, file::is_remote(&real)) {
        Ok(()) => Ok(conn),
        Err(e) => {
            let mut refusal = Refusal::of(&real, &e);
            if !is_damaged(&e) && !is_busy(&e) {
                // It could not be brought up to date. What it holds can be read all the same.
                drop(conn);
                refusal.reader = reader(&real).map(Box::new);
            }
            Err(refusal)
        }
    }
}

enum Found {
    /// Empty, or a store of this format.
    Ours,
    /// A store that this program can bring up to date.
    Older,
    /// Another program's database.
    Foreign,
    /// A store of a later format.
    Newer(i64),
}

/// Looks at the file without changing it.
fn state(conn: &Connection) -> rusqlite::Result<Found> {
    conn.busy_timeout(PATIENCE)?;
    // Closing a file that turns out not to be ours must not move its journal into it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    patiently(|| {
        // One snapshot: another instance may be making the tables right now, and what is half before and half
        // after that looks like nothing of ours.
        let tx = conn.unchecked_transaction()?;
        let tables: i64 =
            tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let application: i64 = tx.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok(match (tables, application) {
            (0, 0) if version == 0 => Found::Ours,
            (_, APPLICATION) if version > migrate::newest() => Found::Newer(version),
            (_, APPLICATION) if version < migrate::newest() => Found::Older,
            (_, APPLICATION) => Found::Ours,
            _ => Found::Foreign,
        })
    })
}

fn set_up(conn: &mut Connection, remote: bool) -> rusqlite::Result<()> {
    // Plans that do not depend on the values: else a statement is planned anew for every value.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is overwritten, not only forgotten.
    conn.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0))?;
    let journal = if remote { "delete" } else { "wal" };
    patiently(|| {
        conn.pragma_update_and_check(None, "journal_mode", journal, |row| row.get::<_, String>(0))
    })?;
    patiently(|| migrate::migrate(conn))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Does `step` again while somebody else holds the file: SQLite's own patience does not cover the change of
/// the journal's mode.
fn patiently<T>(mut step: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match step() {
            Err(e) if is_busy(&e) && Instant::now() < end => {
                std::thread::park_timeout(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// A connection that only reads; none when the tables cannot be read by this version.
fn reader(path: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let application = |conn: &Connection| -> rusqlite::Result<i64> {
        conn.busy_timeout(PATIENCE)?;
        conn.pragma_query_value(None, "application_id", |row| row.get(0))
    };
    let mut conn =
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW).ok()?;
    let mut found = application(&conn);
    let journal = std::fs::metadata(file::beside(path, "-wal")).map_or(0, |m| m.len());
    if found.is_err() && journal == 0 {
        // On a read-only file system SQLite cannot make the side files that even a reader needs. Nobody
        // else writes there, and there is no journal that reading without them would miss.
        let uri = format!("file:{}?immutable=1", percent_encoded(path));
        conn = Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI).ok()?;
        found = application(&conn);
    }
    let ours = found.is_ok_and(|id| id == APPLICATION) && read::as_newest(&conn).is_ok();
    (ours && read::can_read(&conn)).then_some(conn)
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
    fn a_path_in_a_uri_cannot_end_it() {
        assert_eq!(percent_encoded(Path::new("/a b/ä?x#%.db")), "/a%20b/%C3%A4%3Fx%23%25.db");
    }
}
