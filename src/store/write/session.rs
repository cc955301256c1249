//! What happens to a whole session: another title, other tags, its end.
//!
//! Neither title nor tags move a session to the top of the list: nothing was asked or decided in it. Called by
//! `write`.

use rusqlite::{OptionalExtension, params};

use super::super::wipe::Wipe;
use super::{Outcome, Place};
use crate::domain::SessionId;

/// Another title.
pub(super) fn renamed(
    place: &Place<'_>,
    session: SessionId,
    title: &str,
) -> rusqlite::Result<Outcome> {
    let rows = place
        .conn
        .prepare_cached("UPDATE session SET title = ?2 WHERE id = ?1")?
        .execute(params![session.to_string(), title])?;
    Ok(Outcome::known(rows > 0))
}

/// These tags and no others.
pub(super) fn tagged(
    place: &Place<'_>,
    session: SessionId,
    tags: &[String],
) -> rusqlite::Result<Outcome> {
    let tags = serde_json::to_string(tags)
        .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let rows = place
        .conn
        .prepare_cached("UPDATE session SET tags = ?2 WHERE id = ?1")?
        .execute(params![session.to_string(), tags])?;
    Ok(Outcome::known(rows > 0))
}

/// Takes the session and all that belongs to it out of every table; triggers take it out of the indexes. Not
/// while somebody writes an answer of it.
pub(super) fn deleted(place: &mut Place<'_>, session: SessionId) -> rusqlite::Result<Outcome> {
    let id = session.to_string();
    let found: Option<(i64, bool)> = place
        .conn
        .prepare_cached("SELECT seq, unwiped FROM session WHERE id = ?1")?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, unwiped)) = found else { return Ok(Outcome::Unknown) };
    let owners: Vec<String> = place
        .conn
        .prepare_cached(
            "SELECT DISTINCT owner FROM run JOIN turn ON turn.seq = run.turn \
             WHERE turn.session = ?1 AND owner IS NOT NULL",
        )?
        .query_map([number], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for owner in owners {
        if place.instance.is_alive(place.conn, &owner) {
            return Ok(Outcome::Refused(being_answered(session, owner == place.instance.id())));
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
        place.conn.prepare_cached(sql)?.execute([number])?;
    }
    let wipe = if unwiped { Wipe::FreePages } else { Wipe::Journal };
    *place.wipe = wipe.max(*place.wipe);
    Ok(Outcome::Done)
}

/// Why a session that is being answered, by this instance (`here`) or another one, is not deleted.
pub(in crate::store) fn being_answered(session: SessionId, here: bool) -> String {
    let session = session.short();
    if here {
        format!(
            "session {session} is not deleted: an answer of it is still streaming; stop it first"
        )
    } else {
        format!(
            "session {session} is not deleted: another plenary is writing an answer of it; wait for its \
             end, or end that plenary"
        )
    }
}
