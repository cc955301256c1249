//! The format of the store and its migrations: one SQL file each, never changed once released.
//!
//! `PRAGMA user_version` is the number of migrations that a store has seen. Each is one transaction together with its
//! number, so a store whose migration was killed has either all of it or nothing.

use rusqlite::{Connection, TransactionBehavior};

/// Identifies the file as a store of plenary (`PRAGMA application_id`): "plen" in ASCII.
pub(super) const APPLICATION: i64 = 0x706C_656E;

/// All migrations, oldest first. A released migration is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_init.sql"),
    include_str!("migrations/0002_review.sql"),
    include_str!("migrations/0003_order.sql"),
];

/// Version of the format that this program writes.
pub(super) fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Migrates the store to the newest format. Several instances may do this at once.
pub(super) fn migrate_to_newest(conn: &mut Connection) -> rusqlite::Result<()> {
    run_migrations(conn, MIGRATIONS)
}

fn run_migrations(conn: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    loop {
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if usize::try_from(version).is_ok_and(|version| version >= migrations.len()) {
            return Ok(());
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read again under the lock: another instance may have migrated the store.
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if let Some(sql) = usize::try_from(version).ok().and_then(|version| migrations.get(version))
        {
            tx.execute_batch(sql)?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", version + 1)?;
        }
        tx.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn user_version(conn: &Connection) -> i64 {
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn migrations_run_once_each_and_in_order() {
        let mut conn = Connection::open_in_memory().unwrap();
        let one = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('one')";
        let two = "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a || ' two'";
        run_migrations(&mut conn, &[one]).unwrap();
        run_migrations(&mut conn, &[one, two]).unwrap();
        run_migrations(&mut conn, &[one, two]).unwrap();
        assert_eq!(user_version(&conn), 2);
        let b: String = conn.query_row("SELECT b FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(b, "one two");
    }

    #[test]
    fn failed_migration_leaves_nothing_behind() {
        let mut conn = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE a (x); CREATE TABLE b (y); CREATE TABLE a (z)";
        assert!(run_migrations(&mut conn, &[broken]).is_err());
        assert_eq!(user_version(&conn), 0);
        let tables: i64 =
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn real_migrations_lead_to_the_newest_version() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate_to_newest(&mut conn).unwrap();
        assert_eq!(user_version(&conn), newest_version());
        let id: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION);
    }

    /// A store of the first format with one session, in the file `path`.
    fn first_format_store(path: &std::path::Path) -> Connection {
        store_of_format(path, 1)
    }

    /// A store of this format with one session, in the file `path`.
    fn store_of_format(path: &std::path::Path, format: usize) -> Connection {
        let mut conn = Connection::open(path).unwrap();
        run_migrations(&mut conn, &MIGRATIONS[..format]).unwrap();
        let text = "word ".repeat(10_000);
        conn.execute_batch(&format!(
            "INSERT INTO session (id, title, panel, created_at, updated_at) \
                 VALUES ('000000000000000000000000000000aa', 't', 'p', 1, 2); \
             INSERT INTO turn (id, session, question, asked_at) \
                 VALUES ('00000000000000000000000000000001', 1, 'q', 1); \
             INSERT INTO run (id, turn, persona, persona_name, view, model, text, state, started_at) \
                 VALUES ('00000000000000000000000000000011', 1, 'a', 'A', '', 'm:', '{text}', 'done', 1)"
        ))
        .unwrap();
        conn
    }

    fn assert_readable(conn: &Connection) {
        assert!(read::can_read(conn));
        let listed = read::list_sessions(conn, 9).unwrap();
        assert_eq!((listed.len(), listed[0].runs, listed[0].proposed), (1, 1, 0));
        let stored = read::load_session(conn, listed[0].id, |_| false).unwrap().unwrap();
        let run = &stored.turns[0].runs[0];
        assert_eq!((run.text.len(), run.recommendations.is_none()), (50_000, true));
        assert_eq!(read::find_ids(conn, "00", 9).unwrap(), [listed[0].id]);
    }

    #[test]
    fn store_of_every_older_format_can_be_read_without_a_migration() {
        for format in 1..MIGRATIONS.len() {
            let home = tempfile::tempdir().unwrap();
            let conn = store_of_format(&home.path().join("x.db"), format);
            assert!(!read::can_read(&conn), "format {format}");
            read::adapt_older_format(&conn).unwrap();
            assert_readable(&conn);
        }
    }

    #[test]
    fn store_that_cannot_be_migrated_on_a_full_disk_can_be_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.db");
        let mut conn = first_format_store(&path);
        let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        conn.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
        let error = migrate_to_newest(&mut conn).unwrap_err();
        assert!(crate::store::errors::describe_error(&error).contains("full"), "{error}");
        assert_eq!(user_version(&conn), 1);
        drop(conn);
        let before = std::fs::read(&path).unwrap();
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reader = Connection::open_with_flags(&path, flags).unwrap();
        read::adapt_older_format(&reader).unwrap();
        assert_readable(&reader);
        assert!(!crate::store::search::is_indexed(&reader));
        drop(reader);
        assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
        // With free space the migration succeeds.
        let mut conn = Connection::open(&path).unwrap();
        migrate_to_newest(&mut conn).unwrap();
        assert_eq!(user_version(&conn), newest_version());
        assert_readable(&conn);
        read::adapt_older_format(&conn).unwrap();
        assert_readable(&conn);
    }
}
