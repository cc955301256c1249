//! Changes into tables: all that waits becomes one transaction.
//!
//! Text is added as chunks, so that a long answer is not written again each time it grows; the end of a run
//! folds its chunks into the run. Everything can be applied twice without harm except text, and a
//! transaction that failed has left none. Called by the worker and by `instance`.

use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::instance::Instance;
use super::queue::Entry;
use super::trouble::{is_of_the_change, words};
use crate::domain::{Change, Ending, NewRun, RunId, TurnId, Usage};

/// Why a run is cut whose program is gone.
pub(super) const GONE: &str = "the program ended while it streamed";

/// How safe a transaction is when it has been committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Survives the end of the program, however it ends.
    Normal,
    /// Survives a power loss.
    Full,
}

/// Writes `entries` as one transaction. Returns, in words, those that can never be written; an error means
/// that none was written and that trying again may help.
pub(super) fn apply(
    conn: &mut Connection,
    instance: &mut Instance,
    entries: &[Entry],
    sync: Sync,
) -> rusqlite::Result<Vec<String>> {
    set_level(conn, sync)?;
    let starts_runs =
        entries.iter().any(|e| matches!(e.change, Change::Turn { .. } | Change::Run { .. }));
    if starts_runs {
        instance.take_lock();
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if starts_runs {
        instance.register(&tx)?;
    }
    let mut skipped = Vec::new();
    for entry in entries {
        match one(&tx, instance.id(), entry) {
            Ok(true) => {}
            Ok(false) => skipped.push(format!("{} of an unknown run or turn", name(&entry.change))),
            Err(e) if is_of_the_change(&e) => {
                skipped.push(format!("{} ({})", name(&entry.change), words(&e)));
            }
            Err(e) => return Err(e),
        }
    }
    tx.commit()?;
    if starts_runs {
        instance.registered();
    }
    Ok(skipped)
}

/// Syncs what has been committed without a sync, by a transaction that changes nothing.
pub(super) fn sync(conn: &mut Connection) -> rusqlite::Result<()> {
    set_level(conn, Sync::Full)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()
}

fn set_level(conn: &Connection, sync: Sync) -> rusqlite::Result<()> {
    let level = match sync {
        Sync::Normal => "normal",
        Sync::Full => "full",
    };
    conn.pragma_update(None, "synchronous", level)
}

/// What a change is called in a message.
fn name(change: &Change) -> &'static str {
    match change {
        Change::Turn { .. } => "a question",
        Change::Run { .. } => "the start of an answer",
        Change::Append { .. } => "part of an answer",
        Change::Note { .. } => "a note to an answer",
        Change::Ended { .. } => "the end of an answer",
        _ => "a decision",
    }
}

/// Writes one change; false when what it belongs to is not there.
fn one(tx: &Transaction<'_>, owner: &str, entry: &Entry) -> rusqlite::Result<bool> {
    match &entry.change {
        Change::Turn { session, title, panel, turn, question, at, runs } => {
            let session = session.to_string();
            tx.prepare_cached(
                "INSERT INTO session (id, title, panel, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?4) \
                 ON CONFLICT (id) DO UPDATE SET updated_at = max(updated_at, excluded.updated_at)",
            )?
            .execute(params![session, title, panel, at])?;
            tx.prepare_cached(
                "INSERT INTO turn (id, session, question, asked_at) \
                 SELECT ?1, seq, ?3, ?4 FROM session WHERE id = ?2 ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![turn.to_string(), session, question, at])?;
            for run in runs {
                start(tx, owner, *turn, run, entry.at)?;
            }
            Ok(true)
        }
        Change::Run { turn, run } => {
            let known = start(tx, owner, *turn, run, entry.at)?;
            touch(tx, run.id, entry.at)?;
            Ok(known)
        }
        Change::Append { run, text, reasoning } => {
            if text.is_empty() && reasoning.is_empty() {
                return Ok(true);
            }
            let rows = tx
                .prepare_cached(
                    "INSERT INTO chunk (run, at, text, reasoning) \
                     SELECT seq, ?2, ?3, ?4 FROM run WHERE id = ?1",
                )?
                .execute(params![run.to_string(), entry.at, text, reasoning])?;
            Ok(rows > 0)
        }
        Change::Note { run, note } => {
            let rows = tx
                .prepare_cached(
                    "UPDATE run SET notes = json_insert(notes, '$[#]', ?2) WHERE id = ?1",
                )?
                .execute(params![run.to_string(), note])?;
            Ok(rows > 0)
        }
        Change::Ended { run, ending, model, usage, elapsed } => {
            let known =
                end(tx, *run, &Outcome { ending, model: model.as_deref(), usage, elapsed })?;
            touch(tx, *run, entry.at)?;
            Ok(known)
        }
        _ => Ok(true),
    }
}

/// False when the turn is not there.
fn start(
    tx: &Transaction<'_>,
    owner: &str,
    turn: TurnId,
    run: &NewRun,
    at: i64,
) -> rusqlite::Result<bool> {
    let turn = turn.to_string();
    tx.prepare_cached(
        "INSERT INTO run (id, turn, persona, persona_name, view, model, notes, started_at, owner) \
         SELECT ?1, seq, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM turn WHERE id = ?2 \
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute(params![
        run.id.to_string(),
        turn,
        run.persona.as_str(),
        run.persona_name,
        run.view,
        run.model.to_string(),
        serde_json::to_string(&run.notes).unwrap_or_else(|_| "[]".to_owned()),
        at,
        owner,
    ])?;
    tx.prepare_cached("SELECT 1 FROM turn WHERE id = ?1")?.exists([turn])
}

/// How a run ended, for its row.
struct Outcome<'a> {
    ending: &'a Ending,
    model: Option<&'a str>,
    usage: &'a Option<Usage>,
    elapsed: &'a Duration,
}

/// False when the run is not there.
fn end(tx: &Transaction<'_>, run: RunId, outcome: &Outcome<'_>) -> rusqlite::Result<bool> {
    let run = run.to_string();
    let count = |of: fn(&Usage) -> u64| {
        outcome.usage.as_ref().map(|usage| i64::try_from(of(usage)).unwrap_or(i64::MAX))
    };
    let rows = tx
        .prepare_cached(
            "UPDATE run SET state = ?2, reason = ?3, served_model = ?4, input_tokens = ?5, \
             output_tokens = ?6, cached_tokens = ?7, reasoning_tokens = ?8, elapsed_ms = ?9, \
             owner = NULL WHERE id = ?1",
        )?
        .execute(params![
            run,
            outcome.ending.word(),
            outcome.ending.reason(),
            outcome.model,
            count(|u| u.input),
            count(|u| u.output),
            count(|u| u.cached),
            count(|u| u.reasoning),
            i64::try_from(outcome.elapsed.as_millis()).unwrap_or(i64::MAX),
        ])?;
    fold(tx, "id", &run)?;
    Ok(rows > 0)
}

/// Puts the chunks of the runs whose `column` (`id` or `owner`) is `value` into the runs themselves.
fn fold(tx: &Transaction<'_>, column: &'static str, value: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(&format!(
        "UPDATE run SET \
         text = text || (SELECT coalesce(group_concat(c.text, '' ORDER BY c.seq), '') \
                         FROM chunk c WHERE c.run = run.seq), \
         reasoning = reasoning || (SELECT coalesce(group_concat(c.reasoning, '' ORDER BY c.seq), '') \
                                   FROM chunk c WHERE c.run = run.seq) \
         WHERE {column} = ?1 AND EXISTS (SELECT 1 FROM chunk c WHERE c.run = run.seq)"
    ))?
    .execute([value])?;
    tx.prepare_cached(&format!(
        "DELETE FROM chunk WHERE run IN (SELECT seq FROM run WHERE {column} = ?1)"
    ))?
    .execute([value])?;
    Ok(())
}

/// Stores the live runs of an instance that has ended as cut, with the text that came.
pub(super) fn cut_runs_of(tx: &Transaction<'_>, owner: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE run SET state = 'cut', reason = ?2, elapsed_ms = max(0, coalesce( \
         (SELECT max(c.at) FROM chunk c WHERE c.run = run.seq) - started_at, 0)) WHERE owner = ?1",
    )?
    .execute([owner, GONE])?;
    fold(tx, "owner", owner)?;
    tx.prepare_cached("UPDATE run SET owner = NULL WHERE owner = ?1")?.execute([owner])?;
    Ok(())
}

/// Moves the session of `run` to the top of the list.
fn touch(tx: &Transaction<'_>, run: RunId, at: i64) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE session SET updated_at = max(updated_at, ?2) WHERE seq = \
         (SELECT turn.session FROM run JOIN turn ON turn.seq = run.turn WHERE run.id = ?1)",
    )?
    .execute(params![run.to_string(), at])?;
    Ok(())
}
