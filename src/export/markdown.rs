//! A session as one Markdown document whose structure no answer can break.
//!
//! The session is a heading of level 1; each question, each answer and the decisions are headings of level 2. Answers are
//! embedded by `embed_markdown`, names and reasons are escaped, questions are quoted.

use std::fmt::{self, Write};

use super::embed_markdown::{embed_answer, quote_markdown};
use super::inert_markdown::escape_markdown;
use super::{ReadingInput, decisions, session_header};
use crate::domain::{Run, Session, Turn};
use crate::text::{sanitize, sanitize_line};

/// Writes the session.
pub(super) fn write_markdown(session: &Session, _: &ReadingInput<'_>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_session(session, &mut out).unwrap_or_default();
    out
}

fn write_session(session: &Session, out: &mut String) -> fmt::Result {
    writeln!(out, "# {}", escape_markdown(&sanitize_line(&session.title)))?;
    write_head(session, out)?;
    let of = session.turns.len();
    for (turn, number) in session.turns.iter().zip(1..) {
        let (answered, asked) = session_header::count_answered(turn);
        if of > 1 {
            writeln!(out, "\n## Question {number} of {of} · {answered} of {asked} answered")?;
            write_panel(turn, out)?;
        } else {
            write_panel(turn, out)?;
            writeln!(out, "\n## Question")?;
        }
        writeln!(out, "\n{}", quote_markdown(&sanitize(&turn.question), ""))?;
        for run in turn.current_answers() {
            write_run(run, out)?;
        }
    }
    decisions::write_markdown_decisions(session, out)
}

/// Writes the panel: how many answered, name of the panel, session, date; models, tokens, cost.
pub(super) fn write_head(session: &Session, out: &mut String) -> fmt::Result {
    let summary = session_header::summarize_session(session);
    let name = escape_markdown(&sanitize_line(&session.panel));
    let (id, date) = (session.id.short(), session_header::format_date(session.created_at));
    writeln!(out, "\n**{summary}** · panel {name} · session {id} · {date}")?;
    session_header::describe_models_and_usage(session, escape_markdown)
        .map_or(Ok(()), |line| writeln!(out, "\n{line}"))
}

/// Writes a table of the personas: name, view, model, state.
pub(super) fn write_panel(turn: &Turn, out: &mut String) -> fmt::Result {
    writeln!(out, "\n| Persona | View | Model | State |\n|---|---|---|---|")?;
    for run in turn.latest_runs() {
        let cells = [
            session_header::persona_name(run),
            session_header::persona_view(run),
            session_header::model_name(run),
            session_header::describe_state(run),
        ];
        let [name, view, model, state] = cells.map(|cell| escape_markdown(&cell));
        writeln!(out, "| {name} | {view} | {model} | {state} |")?;
    }
    session_header::describe_earlier_runs(turn).map_or(Ok(()), |words| writeln!(out, "\n*{words}*"))
}

fn write_run(run: &Run, out: &mut String) -> fmt::Result {
    let (name, view) = (
        escape_markdown(&session_header::persona_name(run)),
        escape_markdown(&session_header::persona_view(run)),
    );
    writeln!(out, "\n## {name} · {view} · {}", run.state.as_str())?;
    write_answer(run, 3, out)
}

/// Writes why a run is not done, what was left out of its prompt, and its text, whose highest heading gets the level `top`.
pub(super) fn write_answer(run: &Run, top: usize, out: &mut String) -> fmt::Result {
    if let Some(reason) = session_header::ending_reason(run) {
        writeln!(out, "\n*{}: {}*", run.state.as_str(), escape_markdown(reason.trim()))?;
    }
    for note in run.notes.iter() {
        writeln!(out, "\n*Note: {}*", escape_markdown(sanitize_line(note).trim()))?;
    }
    let text = sanitize(&run.text);
    let none = text.trim().is_empty();
    writeln!(out, "\n{}", if none { "*(no text)*".to_owned() } else { embed_answer(&text, top) })
}
