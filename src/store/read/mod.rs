//! Tables into sessions: lists, whole sessions, ids by their beginning.
//!
//! Reads what is in the file and nothing else; what still waits to be written is added by `overlay`.
//! Called by the worker.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::overlay::{Stored, served};
use super::write::GONE;
use crate::domain::{
    Ending, History, ModelRef, PersonaId, Run, RunId, RunState, Session, SessionId, SessionSummary,
    Turn, TurnId, Usage,
};

const SUMMARIES: &str = "SELECT id, title, panel, created_at, updated_at, turns, runs, answered \
     FROM session ORDER BY updated_at DESC, seq DESC LIMIT ?1";

const RUNS: &str = "SELECT run.seq, run.turn, run.id, persona, persona_name, view, model, served_model, \
     notes, state, reason, text, reasoning, input_tokens, output_tokens, cached_tokens, \
     reasoning_tokens, owner, max(0, coalesce(elapsed_ms, \
     (SELECT max(c.at) FROM chunk c WHERE c.run = run.seq) - started_at, 0)) AS elapsed_ms \
     FROM run JOIN turn ON turn.seq = run.turn WHERE turn.session = ?1 ORDER BY run.seq";

const CHUNKS: &str = "SELECT chunk.run, chunk.text, chunk.reasoning FROM turn \
     JOIN run ON run.turn = turn.seq JOIN chunk ON chunk.run = run.seq \
     WHERE turn.session = ?1 ORDER BY chunk.seq";

/// True when the tables are there with the columns that are read here: also of a newer store, perhaps.
pub(super) fn can_read(conn: &Connection) -> bool {
    [SUMMARIES, RUNS, CHUNKS].iter().all(|sql| conn.prepare(sql).is_ok())
}

/// The sessions, the one that changed last first.
pub(super) fn list(conn: &Connection, limit: usize) -> rusqlite::Result<Vec<SessionSummary>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = conn.prepare_cached(SUMMARIES)?;
    query
        .query_map([limit], |row| {
            Ok(SessionSummary {
                id: id(row, 0, SessionId::parse)?,
                title: row.get(1)?,
                panel: row.get(2)?,
                created_at: row.get(3)?,
                updated_at: row.get(4)?,
                turns: row.get(5)?,
                runs: row.get(6)?,
                answered: row.get(7)?,
                tags: Vec::new(),
                proposed: 0,
                decided: 0,
            })
        })?
        .collect()
}

/// Ids of sessions that begin with `prefix` (lower-case hex digits), the one that changed last first.
pub(super) fn find(
    conn: &Connection,
    prefix: &str,
    limit: usize,
) -> rusqlite::Result<Vec<SessionId>> {
    // Hex digits end before "g": the range is one walk along the index of ids.
    let mut query = conn.prepare_cached(
        "SELECT id FROM session WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY updated_at DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    query.query_map(params![prefix, limit], |row| id(row, 0, SessionId::parse))?.collect()
}

/// The session that a run belongs to.
pub(super) fn session_of_run(conn: &Connection, run: RunId) -> rusqlite::Result<Option<SessionId>> {
    conn.prepare_cached(
        "SELECT session.id FROM run JOIN turn ON turn.seq = run.turn \
         JOIN session ON session.seq = turn.session WHERE run.id = ?1",
    )?
    .query_row([run.to_string()], |row| id(row, 0, SessionId::parse))
    .optional()
}

/// The session that a turn belongs to.
pub(super) fn session_of_turn(
    conn: &Connection,
    turn: TurnId,
) -> rusqlite::Result<Option<SessionId>> {
    conn.prepare_cached(
        "SELECT session.id FROM turn JOIN session ON session.seq = turn.session WHERE turn.id = ?1",
    )?
    .query_row([turn.to_string()], |row| id(row, 0, SessionId::parse))
    .optional()
}

/// A session with all its turns and runs, as it is at one moment. `alive` says whether the instance that
/// owns a run still runs; it is asked once for each owner.
pub(super) fn load(
    conn: &Connection,
    session: SessionId,
    alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Option<Stored>> {
    // One snapshot: another instance may be folding chunks into runs right now.
    let tx = conn.unchecked_transaction()?;
    let head = tx
        .prepare_cached(
            "SELECT seq, title, panel, created_at, updated_at FROM session WHERE id = ?1",
        )?
        .query_row([session.to_string()], |row| {
            let stored = Stored {
                session: Session {
                    id: session,
                    title: row.get(1)?,
                    panel: row.get(2)?,
                    created_at: row.get(3)?,
                    tags: Vec::new(),
                    turns: Vec::new(),
                    asides: Vec::new(),
                    history: History::default(),
                },
                updated_at: row.get(4)?,
            };
            Ok((row.get::<_, i64>(0)?, stored))
        })
        .optional()?;
    let Some((seq, mut stored)) = head else { return Ok(None) };
    let mut runs = runs(&tx, seq, alive)?;
    let mut turns = tx.prepare_cached(
        "SELECT seq, id, question, asked_at FROM turn WHERE session = ?1 ORDER BY seq",
    )?;
    let turns = turns.query_map([seq], |row| {
        let turn = Turn {
            id: id(row, 1, TurnId::parse)?,
            question: row.get(2)?,
            asked_at: row.get(3)?,
            runs: Vec::new(),
        };
        Ok((row.get::<_, i64>(0)?, turn))
    })?;
    for turn in turns {
        let (turn_seq, mut turn) = turn?;
        turn.runs = runs.remove(&turn_seq).unwrap_or_default();
        stored.session.turns.push(turn);
    }
    Ok(Some(stored))
}

/// The runs of a session by the number of their turn.
fn runs(
    conn: &Connection,
    session: i64,
    alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<HashMap<i64, Vec<Run>>> {
    let mut chunks: HashMap<i64, (String, String)> = HashMap::new();
    let mut query = conn.prepare_cached(CHUNKS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let (text, reasoning) = chunks.entry(row.get(0)?).or_default();
        text.push_str(&row.get::<_, String>(1)?);
        reasoning.push_str(&row.get::<_, String>(2)?);
    }
    let mut owners: HashMap<String, bool> = HashMap::new();
    let mut runs: HashMap<i64, Vec<Run>> = HashMap::new();
    let mut query = conn.prepare_cached(RUNS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let owner: Option<String> = row.get("owner")?;
        let live = owner
            .is_some_and(|owner| *owners.entry(owner).or_insert_with_key(|owner| alive(owner)));
        let mut run = run(row, live)?;
        if let Some((text, reasoning)) = chunks.remove(&row.get("seq")?) {
            run.text.push_str(&text);
            run.reasoning.push_str(&reasoning);
        }
        runs.entry(row.get("turn")?).or_default().push(run);
    }
    Ok(runs)
}

fn run(row: &Row<'_>, live: bool) -> rusqlite::Result<Run> {
    let state: String = row.get("state")?;
    let state = match state.as_str() {
        "streaming" if live => RunState::Streaming,
        "streaming" => RunState::Ended(Ending::Cut(GONE.to_owned())),
        word => {
            let reason: Option<String> = row.get("reason")?;
            RunState::Ended(Ending::from_parts(word, reason.as_deref()))
        }
    };
    let model: String = row.get("model")?;
    let (provider, model) = model.split_once(':').unwrap_or((&model, ""));
    let mut model = ModelRef { provider: provider.to_owned(), model: model.to_owned() };
    served(&mut model, row.get::<_, Option<String>>("served_model")?.as_deref());
    let notes: String = row.get("notes")?;
    Ok(Run {
        id: id_named(row, "id", RunId::parse)?,
        persona: persona(&row.get::<_, String>("persona")?),
        persona_name: row.get("persona_name")?,
        view: row.get("view")?,
        model,
        state,
        text: row.get("text")?,
        reasoning: row.get("reasoning")?,
        usage: usage(row)?,
        elapsed: Duration::from_millis(count(row, "elapsed_ms")?.unwrap_or_default()),
        notes: serde_json::from_str(&notes).unwrap_or_default(),
        recommendations: None,
    })
}

/// The persona's id exactly as it was written, also where it is longer than ids are nowadays.
fn persona(text: &str) -> PersonaId {
    let value: StrDeserializer<'_, ValueError> = text.into_deserializer();
    PersonaId::deserialize(value).unwrap_or_else(|_| PersonaId::from_name(text))
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Option<Usage>> {
    let Some(input) = count(row, "input_tokens")? else { return Ok(None) };
    Ok(Some(Usage {
        input,
        output: count(row, "output_tokens")?.unwrap_or_default(),
        cached: count(row, "cached_tokens")?.unwrap_or_default(),
        reasoning: count(row, "reasoning_tokens")?.unwrap_or_default(),
        cost_microusd: None,
    }))
}

fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.map(|n| u64::try_from(n).unwrap_or_default()))
}

fn id<T>(row: &Row<'_>, column: usize, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| {
        let what = format!("\"{text}\" is not an id");
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.into())
    })
}

fn id_named<T>(row: &Row<'_>, column: &str, parse: fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    id(row, row.as_ref().column_index(column)?, parse)
}
