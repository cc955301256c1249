//! Reads sessions from the tables: lists, ids by prefix, and (in `session`) complete sessions.
//!
//! Reads one connection, without pending changes. A file of an older format that cannot be migrated is read through
//! views that look like the newest format.

mod session;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::{RunId, SessionId, SessionSummary, TurnId};

pub(super) use session::load_session;

/// The columns that [`summary_from_row`] reads, in this order.
const SUMMARY_COLUMNS: &str = "id, title, panel, created_at, updated_at, turns, runs, answered, tags, proposed, \
     decided";

/// The numbers of all sessions, most recently changed first. By the order of the changes, not their times: a clock may be
/// wrong, and a session with a time in the future would stay the first one.
pub(super) const SESSIONS_BY_CHANGE: &str =
    "SELECT seq FROM session ORDER BY changed DESC, seq DESC";

/// True if all tables and columns that are read here exist; a newer store may have them.
pub(super) fn can_read(conn: &Connection) -> bool {
    let list = format!("SELECT {SUMMARY_COLUMNS} FROM session");
    let lists = [list.as_str(), SESSIONS_BY_CHANGE];
    lists.into_iter().chain(session::ALL_QUERIES).all(|sql| conn.prepare(sql).is_ok())
}

/// Makes a store of an older format look like the newest one, for this connection and without changing the file.
pub(super) fn adapt_older_format(conn: &Connection) -> rusqlite::Result<()> {
    let format: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    conn.pragma_update(None, "temp_store", "memory")?;
    if format == 1 {
        // Names without a schema are resolved in `temp` first.
        conn.execute_batch(
            "CREATE TEMP VIEW session AS SELECT *, '[]' AS tags, 0 AS proposed, 0 AS decided, \
                 updated_at AS changed FROM main.session; \
             CREATE TEMP VIEW turn AS SELECT *, 'question' AS kind, '' AS about FROM main.turn; \
             CREATE TEMP VIEW run AS SELECT *, 0 AS lifted, NULL AS cost_microusd FROM main.run; \
             CREATE TEMP TABLE recommendation (seq, id, run, facet, title, span_start, span_end, \
                 origin, severity, decision, comment, owner, own_title, same_as, dropped); \
             CREATE TEMP TABLE edit (seq, id, session, what, at, steps, undone, place);",
        )?;
    } else if format == 2 {
        conn.execute_batch(
            "CREATE TEMP VIEW session AS SELECT *, updated_at AS changed FROM main.session",
        )?;
    }
    Ok(())
}

/// Lists the sessions, most recently changed first.
pub(super) fn list_sessions(
    conn: &Connection,
    limit: usize,
) -> rusqlite::Result<Vec<SessionSummary>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = conn.prepare_cached(&format!(
        "SELECT {SUMMARY_COLUMNS} FROM session ORDER BY changed DESC, seq DESC LIMIT ?1"
    ))?;
    query.query_map([limit], summary_from_row)?.collect()
}

/// Loads the summary of a session by its number in the file.
pub(super) fn load_summary(conn: &Connection, session: i64) -> rusqlite::Result<SessionSummary> {
    conn.prepare_cached(&format!("SELECT {SUMMARY_COLUMNS} FROM session WHERE seq = ?1"))?
        .query_row([session], summary_from_row)
}

fn summary_from_row(row: &Row<'_>) -> rusqlite::Result<SessionSummary> {
    Ok(SessionSummary {
        id: id_from_row(row, 0, SessionId::parse)?,
        title: row.get(1)?,
        panel: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        turns: row.get(5)?,
        runs: row.get(6)?,
        answered: row.get(7)?,
        tags: parse_tags(&row.get::<_, String>(8)?),
        proposed: row.get(9)?,
        decided: row.get(10)?,
    })
}

fn parse_tags(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Finds ids of sessions that begin with `prefix` (lower-case hex digits), most recently changed first.
pub(super) fn find_ids(
    conn: &Connection,
    prefix: &str,
    limit: usize,
) -> rusqlite::Result<Vec<SessionId>> {
    // "g" sorts after all hex digits: the range is one scan of the index of ids.
    let mut query = conn.prepare_cached(
        "SELECT id FROM session WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY changed DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    query.query_map(params![prefix, limit], |row| id_from_row(row, 0, SessionId::parse))?.collect()
}

/// Returns the session of a run.
pub(super) fn session_of_run(conn: &Connection, run: RunId) -> rusqlite::Result<Option<SessionId>> {
    conn.prepare_cached(
        "SELECT session.id FROM run JOIN turn ON turn.seq = run.turn \
         JOIN session ON session.seq = turn.session WHERE run.id = ?1",
    )?
    .query_row([run.to_string()], |row| id_from_row(row, 0, SessionId::parse))
    .optional()
}

/// Returns the session of a turn.
pub(super) fn session_of_turn(
    conn: &Connection,
    turn: TurnId,
) -> rusqlite::Result<Option<SessionId>> {
    conn.prepare_cached(
        "SELECT session.id FROM turn JOIN session ON session.seq = turn.session WHERE turn.id = ?1",
    )?
    .query_row([turn.to_string()], |row| id_from_row(row, 0, SessionId::parse))
    .optional()
}

fn id_from_row<T>(
    row: &Row<'_>,
    column: usize,
    parse: fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| {
        let message = format!("\"{text}\" is not an id");
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            message.into(),
        )
    })
}

fn id_by_name<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    id_from_row(row, row.as_ref().column_index(column)?, parse)
}
