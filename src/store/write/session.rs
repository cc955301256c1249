//! Writes title and tags of a session, and deletes sessions.
//!
//! Neither title nor tags move a session to the top of the list.

use rusqlite::{OptionalExtension, params};

use super::super::secure_delete::EraseScope;
use super::{ChangeOutcome, ChangeWriter};
use crate::domain::SessionId;

/// Replaces the title.
pub(super) fn write_title(
    writer: &ChangeWriter<'_>,
    session: SessionId,
    title: &str,
) -> rusqlite::Result<ChangeOutcome> {
    let rows = writer
        .conn
        .prepare_cached("UPDATE session SET title = ?2 WHERE id = ?1")?
        .execute(params![session.to_string(), title])?;
    Ok(ChangeOutcome::from_target_exists(rows > 0))
}

/// Replaces the tags.
pub(super) fn write_tags(
    writer: &ChangeWriter<'_>,
    session: SessionId,
    tags: &[String],
) -> rusqlite::Result<ChangeOutcome> {
    let tags = serde_json::to_string(tags)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let rows = writer
        .conn
        .prepare_cached("UPDATE session SET tags = ?2 WHERE id = ?1")?
        .execute(params![session.to_string(), tags])?;
    Ok(ChangeOutcome::from_target_exists(rows > 0))
}

/// Deletes the session from all tables; triggers delete it from the indexes. Refused while an instance writes an answer
/// of it.
pub(super) fn delete_session(
    writer: &mut ChangeWriter<'_>,
    session: SessionId,
) -> rusqlite::Result<ChangeOutcome> {
    let id = session.to_string();
    let row: Option<(i64, bool)> = writer
        .conn
        .prepare_cached("SELECT seq, unwiped FROM session WHERE id = ?1")?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, unwiped)) = row else { return Ok(ChangeOutcome::UnknownTarget) };
    let owners: Vec<String> = writer
        .conn
        .prepare_cached(
            "SELECT DISTINCT owner FROM run JOIN turn ON turn.seq = run.turn \
             WHERE turn.session = ?1 AND owner IS NOT NULL",
        )?
        .query_map([number], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for owner in owners {
        if writer.instance.id().is_alive(writer.conn, &owner) {
            return Ok(ChangeOutcome::Refused(live_session_message(
                session,
                owner == writer.instance.id().as_str(),
            )));
        }
    }
    for sql in [
        "DELETE FROM chunk WHERE run IN \
         (SELECT run.seq FROM run JOIN turn ON turn.seq = run.turn WHERE turn.session = ?1)",
        "DELETE FROM recommendation WHERE run IN \
         (SELECT run.seq FROM run JOIN turn ON turn.seq = run.turn WHERE turn.session = ?1)",
        "DELETE FROM run WHERE turn IN (SELECT seq FROM turn WHERE session = ?1)",
        "DELETE FROM turn WHERE session = ?1",
        "DELETE FROM edit WHERE session = ?1",
        "DELETE FROM session WHERE seq = ?1",
    ] {
        writer.conn.prepare_cached(sql)?.execute([number])?;
    }
    let scope = if unwiped { EraseScope::FreePages } else { EraseScope::Journal };
    *writer.erase_scope = scope.max(*writer.erase_scope);
    Ok(ChangeOutcome::Done)
}

/// Says why a session with a live run, of this instance (`is_own`) or another one, is not deleted.
fn live_session_message(session: SessionId, is_own: bool) -> String {
    let session = session.short();
    if is_own {
        format!(
            "session {session} is not deleted: one of its answers is still streaming; stop it first"
        )
    } else {
        format!(
            "session {session} is not deleted: another plenary is writing one of its answers; wait for its \
             end, or end that plenary"
        )
    }
}
