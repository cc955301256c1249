//! One session out of the tables: its turns, runs, asides, recommendations and steps of triage.
//!
//! What a later version wrote and nobody here understands is left out or read as the nearest thing, never an
//! error: an aside of an unknown kind, a facet, a decision. Called by [`super`]'s callers.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::super::chunks::GONE;
use super::{id, id_named, tags};
use crate::domain::{
    Aside, AsideKind, Decision, Edit, EditId, Ending, Facet, History, ModelRef, Origin, PersonaId,
    Recommendation, RecommendationId, Run, RunId, RunState, Session, SessionId, Severity, Turn,
    TurnId, Usage, Verdict, fill_in_default_model,
};

const HEAD: &str =
    "SELECT seq, title, panel, created_at, updated_at, tags FROM session WHERE id = ?1";

const TURNS: &str =
    "SELECT seq, id, question, asked_at, kind, about FROM turn WHERE session = ?1 ORDER BY seq";

const RUNS: &str = "SELECT run.seq, run.turn, run.id, persona, persona_name, view, model, served_model, \
     notes, state, reason, text, reasoning, input_tokens, output_tokens, cached_tokens, \
     reasoning_tokens, cost_microusd, lifted, owner, max(0, coalesce(elapsed_ms, \
     (SELECT max(c.at) FROM chunk c WHERE c.run = run.seq) - started_at, 0)) AS elapsed_ms \
     FROM run JOIN turn ON turn.seq = run.turn WHERE turn.session = ?1 ORDER BY run.seq";

const CHUNKS: &str = "SELECT chunk.run, chunk.text, chunk.reasoning FROM turn \
     JOIN run ON run.turn = turn.seq JOIN chunk ON chunk.run = run.seq \
     WHERE turn.session = ?1 ORDER BY chunk.seq";

const ITEMS: &str = "SELECT run.id AS run_id, r.id, r.facet, r.title, r.span_start, r.span_end, r.origin, \
     r.severity, r.decision, r.comment, r.owner, r.own_title, r.same_as, r.dropped FROM turn \
     JOIN run ON run.turn = turn.seq JOIN recommendation r ON r.run = run.seq \
     WHERE turn.session = ?1 ORDER BY run.seq, r.span_start, r.span_end, r.seq";

const EDITS: &str =
    "SELECT id, what, at, steps, undone FROM edit WHERE session = ?1 ORDER BY place, seq";

/// Every query of this file.
pub(super) const ALL: [&str; 6] = [HEAD, TURNS, RUNS, CHUNKS, ITEMS, EDITS];

/// A session with all that belongs to it, as it is at one moment. `alive` says whether the instance that owns a run
/// still runs; it is asked once for each owner.
pub(in crate::store) fn load(
    conn: &Connection,
    session: SessionId,
    alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Option<Session>> {
    // One snapshot: another instance may be folding chunks into runs right now.
    let tx = conn.unchecked_transaction()?;
    let head = tx.prepare_cached(HEAD)?.query_row([session.to_string()], |row| {
        let mut loaded = Session::new(session, row.get(1)?, row.get(2)?, row.get(3)?);
        loaded.updated_at = row.get(4)?;
        loaded.tags = tags(&row.get::<_, String>(5)?);
        Ok((row.get::<_, i64>(0)?, loaded))
    });
    let Some((seq, mut loaded)) = head.optional()? else { return Ok(None) };
    let mut items = items(&tx, seq)?;
    let mut runs = runs(&tx, seq, alive)?;
    let mut turns = tx.prepare_cached(TURNS)?;
    let mut rows = turns.query([seq])?;
    while let Some(row) = rows.next()? {
        let mut runs = runs.remove(&row.get(0)?).unwrap_or_default();
        for run in &mut runs {
            loaded.set_recommendations(run, items.remove(&run.id).unwrap_or_default());
        }
        let kind: String = row.get(4)?;
        let (id, question, asked_at) = (id(row, 1, TurnId::parse)?, row.get(2)?, row.get(3)?);
        if kind == "question" {
            loaded.turns.push(Turn { id, question, asked_at, runs });
        } else if let Some(kind) = AsideKind::from_parts(&kind, &row.get::<_, String>(5)?)
            && let Some(run) = runs.pop()
        {
            loaded.asides.push(Aside { id, kind, question, asked_at, run });
        }
    }
    loaded.history = history(&tx, seq)?;
    Ok(Some(loaded))
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
            run.append(&text, &reasoning);
        }
        runs.entry(row.get("turn")?).or_default().push(run);
    }
    Ok(runs)
}

fn run(row: &Row<'_>, live: bool) -> rusqlite::Result<Run> {
    let state: String = row.get("state")?;
    let state = match state.as_str() {
        // Queued until text has arrived.
        "streaming" if live => RunState::Queued,
        "streaming" => RunState::Ended(Ending::Cut(GONE.to_owned())),
        word => {
            let reason: Option<String> = row.get("reason")?;
            RunState::Ended(Ending::from_parts(word, reason.as_deref()))
        }
    };
    let model: String = row.get("model")?;
    let (provider, model) = model.split_once(':').unwrap_or((&model, ""));
    let mut model = ModelRef { provider: provider.to_owned(), model: model.to_owned() };
    fill_in_default_model(&mut model, row.get::<_, Option<String>>("served_model")?.as_deref());
    let notes: String = row.get("notes")?;
    let lifted: bool = row.get("lifted")?;
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
        recommendations: lifted.then(Vec::new),
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
        cost_microusd: count(row, "cost_microusd")?,
    }))
}

fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.map(|n| u64::try_from(n).unwrap_or_default()))
}

/// The recommendations of a session by their run, in the order of the text.
fn items(conn: &Connection, session: i64) -> rusqlite::Result<HashMap<RunId, Vec<Recommendation>>> {
    let mut items: HashMap<RunId, Vec<Recommendation>> = HashMap::new();
    let mut query = conn.prepare_cached(ITEMS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let run = id_named(row, "run_id", RunId::parse)?;
        items.entry(run).or_default().push(item(row, run)?);
    }
    Ok(items)
}

fn item(row: &Row<'_>, run: RunId) -> rusqlite::Result<Recommendation> {
    let word = |column: &str| row.get::<_, Option<String>>(column);
    let place = |column: &str| -> rusqlite::Result<usize> {
        Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
    };
    Ok(Recommendation {
        id: id_named(row, "id", RecommendationId::parse)?,
        run,
        facet: word("facet")?.and_then(|word| Facet::parse(&word)).unwrap_or(Facet::Other),
        title: row.get("title")?,
        span: place("span_start")?..place("span_end")?,
        origin: Origin::parse(&word("origin")?.unwrap_or_default()),
        severity: word("severity")?.and_then(|word| Severity::parse(&word)),
        verdict: Verdict {
            decision: word("decision")?.and_then(|word| Decision::parse(&word)),
            comment: row.get("comment")?,
            owner: row.get("owner")?,
            title: row.get("own_title")?,
            same_as: word("same_as")?.and_then(|id| RecommendationId::parse(&id)),
            dropped: row.get("dropped")?,
        },
    })
}

/// The steps of triage. One whose steps cannot be understood keeps its place and changes nothing.
fn history(conn: &Connection, session: i64) -> rusqlite::Result<History> {
    let mut history = History::default();
    let mut query = conn.prepare_cached(EDITS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let edit = Edit {
            id: id(row, 0, EditId::parse)?,
            what: row.get(1)?,
            at: row.get(2)?,
            steps: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
        };
        if row.get(4)? { history.undone.push(edit) } else { history.done.push(edit) }
    }
    Ok(history)
}
