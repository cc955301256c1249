//! The store's format and its history: one SQL file a step, only ever added.
//!
//! `PRAGMA user_version` counts the steps that a store has seen. Each is one transaction with its count, so
//! that a store killed in the middle of a step has either seen it whole or not at all. Called by `open`.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as a store of plenary (`PRAGMA application_id`): "plen" in ASCII.
pub(super) const APPLICATION: i64 = 0x706C_656E;

/// Every step, oldest first. A step that has been released is never changed.
const STEPS: &[&str] =
    &[include_str!("migrations/0001_init.sql"), include_str!("migrations/0002_review.sql")];

/// The format that this program writes.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings the store to the newest format. Two instances may do this at once.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    run(conn, STEPS)
}

fn run(conn: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    loop {
        let seen: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if usize::try_from(seen).is_ok_and(|seen| seen >= steps.len()) {
            return Ok(());
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Asked again under the lock: another instance may have been quicker.
        let seen: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if let Some(step) = usize::try_from(seen).ok().and_then(|seen| steps.get(seen)) {
            tx.execute_batch(step)?;
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", seen + 1)?;
        }
        tx.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn version(conn: &Connection) -> i64 {
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn steps_are_done_once_each_and_in_order() {
        let mut conn = Connection::open_in_memory().unwrap();
        let one = "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('one')";
        let two = "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a || ' two'";
        run(&mut conn, &[one]).unwrap();
        run(&mut conn, &[one, two]).unwrap();
        run(&mut conn, &[one, two]).unwrap();
        assert_eq!(version(&conn), 2);
        let b: String = conn.query_row("SELECT b FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(b, "one two");
    }

    #[test]
    fn a_step_that_breaks_in_the_middle_leaves_nothing_behind() {
        let mut conn = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE a (x); CREATE TABLE b (y); CREATE TABLE a (z)";
        assert!(run(&mut conn, &[broken]).is_err());
        assert_eq!(version(&conn), 0);
        let tables: i64 =
            conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
    }

    #[test]
    fn the_real_steps_give_the_newest_format() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn), newest());
        let id: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, APPLICATION);
    }

    /// A store of the first format with a session in it, in the file `path`.
    fn old(path: &std::path::Path) -> Connection {
        let mut conn = Connection::open(path).unwrap();
        run(&mut conn, &STEPS[..1]).unwrap();
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

    fn as_it_was(conn: &Connection) {
        assert!(read::can_read(conn));
        let listed = read::list(conn, 9).unwrap();
        assert_eq!((listed.len(), listed[0].runs, listed[0].proposed), (1, 1, 0));
        let stored = read::load(conn, listed[0].id, |_| false).unwrap().unwrap();
        let run = &stored.turns[0].runs[0];
        assert_eq!((run.text.len(), run.recommendations.is_none()), (50_000, true));
        assert_eq!(read::find(conn, "00", 9).unwrap(), [listed[0].id]);
    }

    #[test]
    fn a_store_that_cannot_be_brought_up_to_date_for_want_of_room_can_be_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("x.db");
        let mut conn = old(&path);
        let pages: i64 = conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        conn.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
        let error = migrate(&mut conn).unwrap_err();
        assert!(crate::store::trouble::words(&error).contains("full"), "{error}");
        assert_eq!(version(&conn), 1);
        drop(conn);
        let before = std::fs::read(&path).unwrap();
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let reader = Connection::open_with_flags(&path, flags).unwrap();
        read::as_newest(&reader).unwrap();
        as_it_was(&reader);
        assert!(!crate::store::search::is_indexed(&reader));
        drop(reader);
        assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
        // With room, it is.
        let mut conn = Connection::open(&path).unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn), newest());
        as_it_was(&conn);
        read::as_newest(&conn).unwrap();
        as_it_was(&conn);
    }
}
