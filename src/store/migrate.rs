//! The store's format and its history: one SQL file a step, only ever added.
//!
//! `PRAGMA user_version` counts the steps that a store has seen. Each is one transaction with its count, so
//! that a store killed in the middle of a step has either seen it whole or not at all. Called by `open`.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as a store of plenary (`PRAGMA application_id`): "plen" in ASCII.
pub(super) const APPLICATION: i64 = 0x706C_656E;

/// Every step, oldest first. A step that has been released is never changed.
const STEPS: &[&str] = &[include_str!("migrations/0001_init.sql")];

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
}
