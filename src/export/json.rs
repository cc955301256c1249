//! A session for programs. Fields may be added, never renamed.
//!
//! `runs` are those that count, one for each persona; what a retry replaced is in `earlier`. Text is
//! neutralised as in every export: it ends in terminals and browsers just as well.

use jiff::Timestamp;
use serde::Serialize;

use super::panel;
use crate::domain::{Run, Session, Turn, Usage};
use crate::text::{sanitize, sanitize_line};

#[derive(Serialize)]
struct Document {
    version: u32,
    id: String,
    title: String,
    panel: String,
    summary: String,
    created_at: Option<String>,
    turns: Vec<TurnObject>,
}

#[derive(Serialize)]
struct TurnObject {
    question: String,
    asked_at: Option<String>,
    asked: usize,
    answered: usize,
    runs: Vec<RunObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<RunObject>,
}

#[derive(Serialize)]
struct RunObject {
    persona: String,
    persona_name: String,
    view: String,
    model: String,
    state: &'static str,
    reason: Option<String>,
    elapsed_ms: u64,
    text: String,
    reasoning: String,
    usage: Option<Usage>,
    notes: Vec<String>,
}

/// Writes the session.
pub(super) fn write(session: &Session) -> String {
    let document = Document {
        version: 1,
        id: session.id.to_string(),
        title: sanitize_line(&session.title),
        panel: sanitize_line(&session.panel),
        summary: panel::summary(session),
        created_at: rfc3339(session.created_at),
        turns: session.turns.iter().map(turn).collect(),
    };
    let mut out = serde_json::to_string_pretty(&document)
        .unwrap_or_else(|e| serde_json::json!({ "error": e.to_string() }).to_string());
    out.push('\n');
    out
}

fn turn(turn: &Turn) -> TurnObject {
    let latest = turn.latest();
    let (answered, asked) = panel::count(turn);
    let earlier = turn.runs.iter().filter(|run| latest.iter().all(|last| last.id != run.id));
    TurnObject {
        question: sanitize(&turn.question),
        asked_at: rfc3339(turn.asked_at),
        asked,
        answered,
        runs: latest.iter().map(|r| run(r)).collect(),
        earlier: earlier.map(run).collect(),
    }
}

fn run(run: &Run) -> RunObject {
    RunObject {
        persona: run.persona.to_string(),
        persona_name: panel::name(run),
        view: sanitize_line(&run.view),
        model: sanitize_line(&run.model.to_string()),
        state: run.state.word(),
        reason: panel::reason(run),
        elapsed_ms: u64::try_from(run.elapsed.as_millis()).unwrap_or(u64::MAX),
        text: sanitize(&run.text),
        reasoning: sanitize(&run.reasoning),
        usage: run.usage,
        notes: run.notes.iter().map(|note| sanitize_line(note)).collect(),
    }
}

fn rfc3339(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms).ok().map(|at| at.to_string())
}
