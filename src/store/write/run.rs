//! Questions, answers and asides into tables.
//!
//! Text is added as chunks, so that a long answer is not written again each time it grows; the end of a run folds
//! its chunks into the run (`chunks`), where a trigger indexes it.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::chunks::fold_chunks;
use super::{Outcome, Place};
use crate::domain::{Change, Ending, NewAside, NewRun, RunId, SessionId, TurnId, Usage};

/// A question and the runs that will answer it; makes the session when it is its first.
pub(super) fn turn(place: &Place<'_>, change: &Change) -> rusqlite::Result<Outcome> {
    let Change::Turn { session, title, panel, turn, question, at, runs } = change else {
        return Ok(Outcome::Done);
    };
    let session = session.to_string();
    place
        .conn
        .prepare_cached(
            "INSERT INTO session (id, title, panel, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?4) \
             ON CONFLICT (id) DO UPDATE SET updated_at = max(updated_at, excluded.updated_at)",
        )?
        .execute(params![session, title, panel, at])?;
    let fresh = place
        .conn
        .prepare_cached(
            "INSERT INTO turn (id, session, question, asked_at) \
             SELECT ?1, seq, ?3, ?4 FROM session WHERE id = ?2 ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![turn.to_string(), session, question, at])?;
    if fresh > 0 {
        for run in runs {
            start(place, *turn, run)?;
        }
    }
    Ok(Outcome::Done)
}

/// One more run of a question; an aside has one run only. It takes the place of that persona's run before it: what
/// is recommended is counted again.
pub(super) fn again(
    place: &mut Place<'_>,
    turn: TurnId,
    run: &NewRun,
) -> rusqlite::Result<Outcome> {
    let known = place
        .conn
        .prepare_cached("SELECT 1 FROM turn WHERE id = ?1 AND kind = 'question'")?
        .exists([turn.to_string()])?;
    if known {
        start(place, turn, run)?;
        touch(place, run.id)?;
        place.recount.extend(session_of(place.conn, run.id)?);
    }
    Ok(Outcome::known(known))
}

/// A challenge or a brief, and the run that answers it.
pub(super) fn aside(
    place: &Place<'_>,
    session: SessionId,
    aside: &NewAside,
) -> rusqlite::Result<Outcome> {
    let session = session.to_string();
    let known = place
        .conn
        .prepare_cached("UPDATE session SET updated_at = max(updated_at, ?2) WHERE id = ?1")?
        .execute(params![session, aside.at])?;
    let fresh = place
        .conn
        .prepare_cached(
            "INSERT INTO turn (id, session, question, asked_at, kind, about) \
             SELECT ?1, seq, ?3, ?4, ?5, ?6 FROM session WHERE id = ?2 ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            aside.id.to_string(),
            session,
            aside.question,
            aside.at,
            aside.kind.word(),
            aside.kind.about(),
        ])?;
    if fresh > 0 {
        start(place, aside.id, &aside.run)?;
    }
    Ok(Outcome::known(known > 0))
}

/// Text that arrived.
pub(super) fn append(
    place: &Place<'_>,
    run: RunId,
    text: &str,
    reasoning: &str,
) -> rusqlite::Result<Outcome> {
    if text.is_empty() && reasoning.is_empty() {
        return Ok(Outcome::Done);
    }
    let rows = place
        .conn
        .prepare_cached(
            "INSERT INTO chunk (run, at, text, reasoning) \
             SELECT seq, ?2, ?3, ?4 FROM run WHERE id = ?1",
        )?
        .execute(params![run.to_string(), place.at, text, reasoning])?;
    Ok(Outcome::known(rows > 0))
}

/// One more note.
pub(super) fn note(place: &Place<'_>, run: RunId, note: &str) -> rusqlite::Result<Outcome> {
    let rows = place
        .conn
        .prepare_cached("UPDATE run SET notes = json_insert(notes, '$[#]', ?2) WHERE id = ?1")?
        .execute(params![run.to_string(), note])?;
    Ok(Outcome::known(rows > 0))
}

/// How a run ended.
pub(super) fn ended(place: &Place<'_>, change: &Change) -> rusqlite::Result<Outcome> {
    let Change::Ended { run, ending, model, usage, elapsed } = change else {
        return Ok(Outcome::Done);
    };
    let known = end(place.conn, *run, ending, model.as_deref(), usage.as_ref(), *elapsed)?;
    touch(place, *run)?;
    Ok(Outcome::known(known))
}

fn start(place: &Place<'_>, turn: TurnId, run: &NewRun) -> rusqlite::Result<()> {
    place
        .conn
        .prepare_cached(
            "INSERT INTO run (id, turn, persona, persona_name, view, model, notes, started_at, owner) \
             SELECT ?1, seq, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM turn WHERE id = ?2 \
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            run.id.to_string(),
            turn.to_string(),
            run.persona.as_str(),
            run.persona_name,
            run.view,
            run.model.to_string(),
            serde_json::to_string(&run.notes).unwrap_or_else(|_| "[]".to_owned()),
            place.at,
            place.instance.id(),
        ])?;
    Ok(())
}

/// False when the run is not there.
fn end(
    conn: &Connection,
    run: RunId,
    ending: &Ending,
    model: Option<&str>,
    usage: Option<&Usage>,
    elapsed: Duration,
) -> rusqlite::Result<bool> {
    let run = run.to_string();
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let count = |of: fn(&Usage) -> u64| usage.map(|usage| whole(of(usage)));
    let rows = conn
        .prepare_cached(
            "UPDATE run SET state = ?2, reason = ?3, served_model = ?4, input_tokens = ?5, \
             output_tokens = ?6, cached_tokens = ?7, reasoning_tokens = ?8, elapsed_ms = ?9, \
             cost_microusd = ?10, owner = NULL WHERE id = ?1",
        )?
        .execute(params![
            run,
            ending.word(),
            ending.reason(),
            model,
            count(|u| u.input),
            count(|u| u.output),
            count(|u| u.cached),
            count(|u| u.reasoning),
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
            usage.and_then(|usage| usage.cost_microusd).map(whole),
        ])?;
    fold_chunks(conn, "id", &run)?;
    Ok(rows > 0)
}

/// The session of a run, by its number in the file.
pub(super) fn session_of(conn: &Connection, run: RunId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "SELECT turn.session FROM run JOIN turn ON turn.seq = run.turn WHERE run.id = ?1",
    )?
    .query_row([run.to_string()], |row| row.get(0))
    .optional()
}

/// Moves the session of `run` to the top of the list.
pub(super) fn touch(place: &Place<'_>, run: RunId) -> rusqlite::Result<()> {
    place
        .conn
        .prepare_cached(
            "UPDATE session SET updated_at = max(updated_at, ?2) WHERE seq = \
             (SELECT turn.session FROM run JOIN turn ON turn.seq = run.turn WHERE run.id = ?1)",
        )?
        .execute(params![run.to_string(), place.at])?;
    Ok(())
}
