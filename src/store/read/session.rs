//! Reads one session from the tables: its turns, runs, side turns, recommendations and triage history.
//!
//! Values of a later version (kind of a side turn, facet, decision) are skipped or read as the closest known value;
//! they are not errors.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::super::chunks::PROGRAM_ENDED;
use super::{id_by_name, id_from_row, parse_tags};
use crate::domain::{
    Decision, Ending, Facet, ModelRef, PersonaId, Recommendation, RecommendationId,
    RecommendationOrigin, Run, RunId, RunState, Session, SessionId, Severity, SideTurn,
    SideTurnKind, TriageHistory, TriageStep, TriageStepId, Turn, TurnId, Usage, Verdict,
    fill_in_default_model,
};

const SESSION: &str =
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

const RECOMMENDATIONS: &str = "SELECT run.id AS run_id, r.id, r.facet, r.title, r.span_start, r.span_end, r.origin, \
     r.severity, r.decision, r.comment, r.owner, r.own_title, r.same_as, r.dropped FROM turn \
     JOIN run ON run.turn = turn.seq JOIN recommendation r ON r.run = run.seq \
     WHERE turn.session = ?1 ORDER BY run.seq, r.span_start, r.span_end, r.seq";

const TRIAGE_STEPS: &str =
    "SELECT id, what, at, steps, undone FROM edit WHERE session = ?1 ORDER BY place, seq";

/// All queries of this file.
pub(super) const ALL_QUERIES: [&str; 6] =
    [SESSION, TURNS, RUNS, CHUNKS, RECOMMENDATIONS, TRIAGE_STEPS];

/// Loads a complete session from one snapshot. `is_owner_alive` tells whether the instance that owns a run still runs;
/// it is called once per owner.
pub(in crate::store) fn load_session(
    conn: &Connection,
    session: SessionId,
    is_owner_alive: impl Fn(&str) -> bool,
) -> rusqlite::Result<Option<Session>> {
    // One snapshot: another instance may append chunks to the text of runs between two queries.
    let tx = conn.unchecked_transaction()?;
    let row = tx.prepare_cached(SESSION)?.query_row([session.to_string()], |row| {
        let mut loaded = Session::new(session, row.get(1)?, row.get(2)?, row.get(3)?);
        loaded.updated_at = row.get(4)?;
        loaded.tags = parse_tags(&row.get::<_, String>(5)?);
        Ok((row.get::<_, i64>(0)?, loaded))
    });
    let Some((seq, mut loaded)) = row.optional()? else { return Ok(None) };
    let mut items = load_recommendations(&tx, seq)?;
    let mut runs = load_runs(&tx, seq, is_owner_alive)?;
    let mut turns = tx.prepare_cached(TURNS)?;
    let mut rows = turns.query([seq])?;
    while let Some(row) = rows.next()? {
        let mut runs = runs.remove(&row.get(0)?).unwrap_or_default();
        for run in &mut runs {
            loaded.set_recommendations(run, items.remove(&run.id).unwrap_or_default());
        }
        let kind: String = row.get(4)?;
        let (id, question, asked_at) =
            (id_from_row(row, 1, TurnId::parse)?, row.get(2)?, row.get(3)?);
        if kind == "question" {
            loaded.turns.push(Turn { id, question, asked_at, runs });
        } else if let Some(kind) = SideTurnKind::from_parts(&kind, &row.get::<_, String>(5)?)
            && let Some(run) = runs.pop()
        {
            loaded.side_turns.push(SideTurn { id, kind, question, asked_at, run });
        }
    }
    loaded.history = load_history(&tx, seq)?;
    Ok(Some(loaded))
}

/// Loads the runs of a session by the number of their turn.
fn load_runs(
    conn: &Connection,
    session: i64,
    is_owner_alive: impl Fn(&str) -> bool,
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
        let is_live = owner.is_some_and(|owner| {
            *owners.entry(owner).or_insert_with_key(|owner| is_owner_alive(owner))
        });
        let mut run = run_from_row(row, is_live)?;
        if let Some((text, reasoning)) = chunks.remove(&row.get("seq")?) {
            run.append_text(&text, &reasoning);
        }
        runs.entry(row.get("turn")?).or_default().push(run);
    }
    Ok(runs)
}

fn run_from_row(row: &Row<'_>, is_live: bool) -> rusqlite::Result<Run> {
    let state: String = row.get("state")?;
    let state = match state.as_str() {
        // Without text yet; `Run::append` makes it streaming.
        "streaming" if is_live => RunState::Queued,
        "streaming" => RunState::Ended(Ending::Cut(PROGRAM_ENDED.to_owned())),
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
    let is_searched: bool = row.get("lifted")?;
    Ok(Run {
        id: id_by_name(row, "id", RunId::parse)?,
        persona: parse_persona_id(&row.get::<_, String>("persona")?),
        persona_name: row.get("persona_name")?,
        view: row.get("view")?,
        model,
        state,
        text: row.get("text")?,
        reasoning: row.get("reasoning")?,
        usage: usage_from_row(row)?,
        elapsed: Duration::from_millis(count_column(row, "elapsed_ms")?.unwrap_or_default()),
        notes: serde_json::from_str(&notes).unwrap_or_default(),
        recommendations: is_searched.then(Vec::new),
    })
}

/// Returns the id exactly as it was stored, even if it is longer than ids may be now.
fn parse_persona_id(text: &str) -> PersonaId {
    let value: StrDeserializer<'_, ValueError> = text.into_deserializer();
    PersonaId::deserialize(value).unwrap_or_else(|_| PersonaId::from_name(text))
}

fn usage_from_row(row: &Row<'_>) -> rusqlite::Result<Option<Usage>> {
    let Some(input) = count_column(row, "input_tokens")? else { return Ok(None) };
    Ok(Some(Usage {
        input,
        output: count_column(row, "output_tokens")?.unwrap_or_default(),
        cached: count_column(row, "cached_tokens")?.unwrap_or_default(),
        reasoning: count_column(row, "reasoning_tokens")?.unwrap_or_default(),
        cost_microusd: count_column(row, "cost_microusd")?,
    }))
}

fn count_column(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.map(|n| u64::try_from(n).unwrap_or_default()))
}

/// Loads the recommendations of a session by run, in the order of the text.
fn load_recommendations(
    conn: &Connection,
    session: i64,
) -> rusqlite::Result<HashMap<RunId, Vec<Recommendation>>> {
    let mut items: HashMap<RunId, Vec<Recommendation>> = HashMap::new();
    let mut query = conn.prepare_cached(RECOMMENDATIONS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let run = id_by_name(row, "run_id", RunId::parse)?;
        items.entry(run).or_default().push(recommendation_from_row(row, run)?);
    }
    Ok(items)
}

fn recommendation_from_row(row: &Row<'_>, run: RunId) -> rusqlite::Result<Recommendation> {
    let word = |column: &str| row.get::<_, Option<String>>(column);
    let offset = |column: &str| -> rusqlite::Result<usize> {
        Ok(usize::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
    };
    Ok(Recommendation {
        id: id_by_name(row, "id", RecommendationId::parse)?,
        run,
        facet: word("facet")?.and_then(|word| Facet::parse(&word)).unwrap_or(Facet::Other),
        title: row.get("title")?,
        span: offset("span_start")?..offset("span_end")?,
        origin: RecommendationOrigin::parse(&word("origin")?.unwrap_or_default()),
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

/// Loads the triage history. A step of a later version that cannot be parsed keeps its position and changes nothing.
fn load_history(conn: &Connection, session: i64) -> rusqlite::Result<TriageHistory> {
    let mut history = TriageHistory::default();
    let mut query = conn.prepare_cached(TRIAGE_STEPS)?;
    let mut rows = query.query([session])?;
    while let Some(row) = rows.next()? {
        let step = TriageStep {
            id: id_from_row(row, 0, TriageStepId::parse)?,
            what: row.get(1)?,
            at: row.get(2)?,
            updates: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
        };
        if row.get(4)? { history.undone.push(step) } else { history.done.push(step) }
    }
    Ok(history)
}
