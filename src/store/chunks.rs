//! The end of a run in the tables: the chunks of its text become the text of the run.
//!
//! Also for runs of programs that have ended, which are stored as cut.

use rusqlite::Connection;

/// Why a run is cut whose program has ended.
pub(super) const PROGRAM_ENDED: &str = "the program ended while it streamed";

/// Appends the chunks of the runs whose `column` (`id` or `owner`) is `value` to the text of the runs.
pub(super) fn fold_chunks(
    conn: &Connection,
    column: &'static str,
    value: &str,
) -> rusqlite::Result<()> {
    conn.prepare_cached(&format!(
        "UPDATE run SET \
         text = text || (SELECT coalesce(group_concat(c.text, '' ORDER BY c.seq), '') \
                         FROM chunk c WHERE c.run = run.seq), \
         reasoning = reasoning || (SELECT coalesce(group_concat(c.reasoning, '' ORDER BY c.seq), '') \
                                   FROM chunk c WHERE c.run = run.seq) \
         WHERE {column} = ?1 AND EXISTS (SELECT 1 FROM chunk c WHERE c.run = run.seq)"
    ))?
    .execute([value])?;
    conn.prepare_cached(&format!(
        "DELETE FROM chunk WHERE run IN (SELECT seq FROM run WHERE {column} = ?1)"
    ))?
    .execute([value])?;
    Ok(())
}

/// Stores the live runs of an instance that has ended as cut, with the text received so far.
pub(super) fn cut_runs_of(conn: &Connection, owner: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE run SET state = 'cut', reason = ?2, elapsed_ms = max(0, coalesce( \
         (SELECT max(c.at) FROM chunk c WHERE c.run = run.seq) - started_at, 0)) WHERE owner = ?1",
    )?
    .execute([owner, PROGRAM_ENDED])?;
    fold_chunks(conn, "owner", owner)?;
    conn.prepare_cached("UPDATE run SET owner = NULL WHERE owner = ?1")?.execute([owner])?;
    Ok(())
}
