//! Writes questions, answers and side turns.
//!
//! Text is inserted as chunks, so that a growing answer is not rewritten. The end of a run appends its chunks to the
//! run, where a trigger indexes the text.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::super::chunks::fold_chunks;
use super::{ChangeOutcome, ChangeWriter};
use crate::domain::{Change, Ending, NewRun, NewSideTurn, RunId, SessionId, TurnId, Usage};

/// Writes a question and the runs that will answer it. Creates the session for its first question.
pub(super) fn write_turn(
    writer: &ChangeWriter<'_>,
    change: &Change,
) -> rusqlite::Result<ChangeOutcome> {
    let Change::Turn { session, title, panel, turn, question, at, runs } = change else {
        return Ok(ChangeOutcome::Done);
    };
    let session = session.to_string();
    writer
        .conn
        .prepare_cached(
            "INSERT INTO session (id, title, panel, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?4) \
             ON CONFLICT (id) DO UPDATE SET updated_at = max(updated_at, excluded.updated_at)",
        )?
        .execute(params![session, title, panel, at])?;
    let inserted = writer
        .conn
        .prepare_cached(
            "INSERT INTO turn (id, session, question, asked_at) \
             SELECT ?1, seq, ?3, ?4 FROM session WHERE id = ?2 ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![turn.to_string(), session, question, at])?;
    if inserted > 0 {
        for run in runs {
            insert_run(writer, *turn, run)?;
        }
    }
    Ok(ChangeOutcome::Done)
}

/// Writes another run of a question; a side turn has one run only. Its recommendations replace those of the persona's
/// previous run, so they are counted again.
pub(super) fn write_run(
    writer: &mut ChangeWriter<'_>,
    turn: TurnId,
    run: &NewRun,
) -> rusqlite::Result<ChangeOutcome> {
    let is_known = writer
        .conn
        .prepare_cached("SELECT 1 FROM turn WHERE id = ?1 AND kind = 'question'")?
        .exists([turn.to_string()])?;
    if is_known {
        insert_run(writer, turn, run)?;
        touch_session(writer, run.id)?;
        writer.recount.extend(session_of_run(writer.conn, run.id)?);
    }
    Ok(ChangeOutcome::from_target_exists(is_known))
}

/// Writes a challenge or a brief, and the run that answers it.
pub(super) fn write_side_turn(
    writer: &ChangeWriter<'_>,
    session: SessionId,
    side_turn: &NewSideTurn,
) -> rusqlite::Result<ChangeOutcome> {
    let session = session.to_string();
    let sessions = writer
        .conn
        .prepare_cached("UPDATE session SET updated_at = max(updated_at, ?2) WHERE id = ?1")?
        .execute(params![session, side_turn.at])?;
    let inserted = writer
        .conn
        .prepare_cached(
            "INSERT INTO turn (id, session, question, asked_at, kind, about) \
             SELECT ?1, seq, ?3, ?4, ?5, ?6 FROM session WHERE id = ?2 ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            side_turn.id.to_string(),
            session,
            side_turn.question,
            side_turn.at,
            side_turn.kind.as_str(),
            side_turn.kind.target_id(),
        ])?;
    if inserted > 0 {
        insert_run(writer, side_turn.id, &side_turn.run)?;
    }
    Ok(ChangeOutcome::from_target_exists(sessions > 0))
}

/// Appends text that arrived.
pub(super) fn append_text(
    writer: &ChangeWriter<'_>,
    run: RunId,
    text: &str,
    reasoning: &str,
) -> rusqlite::Result<ChangeOutcome> {
    if text.is_empty() && reasoning.is_empty() {
        return Ok(ChangeOutcome::Done);
    }
    let rows = writer
        .conn
        .prepare_cached(
            "INSERT INTO chunk (run, at, text, reasoning) \
             SELECT seq, ?2, ?3, ?4 FROM run WHERE id = ?1",
        )?
        .execute(params![run.to_string(), writer.at, text, reasoning])?;
    Ok(ChangeOutcome::from_target_exists(rows > 0))
}

/// Appends a note.
pub(super) fn append_note(
    writer: &ChangeWriter<'_>,
    run: RunId,
    note: &str,
) -> rusqlite::Result<ChangeOutcome> {
    let rows = writer
        .conn
        .prepare_cached("UPDATE run SET notes = json_insert(notes, '$[#]', ?2) WHERE id = ?1")?
        .execute(params![run.to_string(), note])?;
    Ok(ChangeOutcome::from_target_exists(rows > 0))
}

/// Writes how a run ended.
pub(super) fn write_run_end(
    writer: &ChangeWriter<'_>,
    change: &Change,
) -> rusqlite::Result<ChangeOutcome> {
    let Change::Ended { run, ending, model, usage, elapsed } = change else {
        return Ok(ChangeOutcome::Done);
    };
    let is_known = end_run(writer.conn, *run, ending, model.as_deref(), usage.as_ref(), *elapsed)?;
    touch_session(writer, *run)?;
    Ok(ChangeOutcome::from_target_exists(is_known))
}

fn insert_run(writer: &ChangeWriter<'_>, turn: TurnId, run: &NewRun) -> rusqlite::Result<()> {
    writer
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
            writer.at,
            writer.instance.id().as_str(),
        ])?;
    Ok(())
}

/// Ends a run; false if it does not exist.
fn end_run(
    conn: &Connection,
    run: RunId,
    ending: &Ending,
    model: Option<&str>,
    usage: Option<&Usage>,
    elapsed: Duration,
) -> rusqlite::Result<bool> {
    let run = run.to_string();
    let integer = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let tokens = |field: fn(&Usage) -> u64| usage.map(|usage| integer(field(usage)));
    let rows = conn
        .prepare_cached(
            "UPDATE run SET state = ?2, reason = ?3, served_model = ?4, input_tokens = ?5, \
             output_tokens = ?6, cached_tokens = ?7, reasoning_tokens = ?8, elapsed_ms = ?9, \
             cost_microusd = ?10, owner = NULL WHERE id = ?1",
        )?
        .execute(params![
            run,
            ending.as_str(),
            ending.reason(),
            model,
            tokens(|u| u.input),
            tokens(|u| u.output),
            tokens(|u| u.cached),
            tokens(|u| u.reasoning),
            i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
            usage.and_then(|usage| usage.cost_microusd).map(integer),
        ])?;
    fold_chunks(conn, "id", &run)?;
    Ok(rows > 0)
}

/// Returns the number of the session of a run.
pub(super) fn session_of_run(conn: &Connection, run: RunId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached(
        "SELECT turn.session FROM run JOIN turn ON turn.seq = run.turn WHERE run.id = ?1",
    )?
    .query_row([run.to_string()], |row| row.get(0))
    .optional()
}

/// Moves the session of `run` to the top of the list.
pub(super) fn touch_session(writer: &ChangeWriter<'_>, run: RunId) -> rusqlite::Result<()> {
    writer
        .conn
        .prepare_cached(
            "UPDATE session SET updated_at = max(updated_at, ?2) WHERE seq = \
             (SELECT turn.session FROM run JOIN turn ON turn.seq = run.turn WHERE run.id = ?1)",
        )?
        .execute(params![run.to_string(), writer.at])?;
    Ok(())
}
