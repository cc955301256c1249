//! A session as plain text for a terminal or a pipe: the panel, the question, the answers one after the other, the decisions.
//! No colours and no wrapping.

use std::fmt::{self, Write};

use super::{ReadingInput, decisions, session_header};
use crate::domain::{Run, Session, Turn};
use crate::text::width::width;
use crate::text::{sanitize, sanitize_line};

/// Width of the rules above and below the heading of an answer, in columns.
const RULE: usize = 72;

/// Writes the session.
pub(super) fn write_text(session: &Session, _: &ReadingInput<'_>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_session(session, &mut out).unwrap_or_default();
    out
}

fn write_session(session: &Session, out: &mut String) -> fmt::Result {
    let (summary, name) =
        (session_header::summarize_session(session), sanitize_line(&session.panel));
    let (id, date) = (session.id.short(), session_header::format_date(session.created_at));
    writeln!(out, "{summary} · panel {name} · session {id} · {date}")?;
    if let Some(line) = session_header::describe_models_and_usage(session, str::to_owned) {
        writeln!(out, "{line}")?;
    }
    let of = session.turns.len();
    for (turn, number) in session.turns.iter().zip(1..) {
        if of > 1 {
            let (answered, asked) = session_header::count_answered(turn);
            writeln!(out, "\nQuestion {number} of {of} · {answered} of {asked} answered")?;
        }
        write_panel(turn, out)?;
        writeln!(out, "\n{}", session_header::quote_question(turn))?;
        for run in turn.current_answers() {
            write_run(run, out)?;
        }
    }
    decisions::write_text_decisions(session, &"─".repeat(RULE), out)
}

fn write_panel(turn: &Turn, out: &mut String) -> fmt::Result {
    let rows: Vec<(String, String, String)> = turn
        .latest_runs()
        .iter()
        .map(|run| {
            (
                name_with_view(run),
                session_header::model_name(run),
                session_header::describe_state(run),
            )
        })
        .collect();
    let names = rows.iter().map(|(who, ..)| width(who)).max().unwrap_or_default();
    let models = rows.iter().map(|(_, model, _)| width(model)).max().unwrap_or_default();
    for (who, model, state) in &rows {
        writeln!(out, "  {}  {}  {state}", pad_to(who, names), pad_to(model, models))?;
    }
    session_header::describe_earlier_runs(turn).map_or(Ok(()), |words| writeln!(out, "  ({words})"))
}

fn write_run(run: &Run, out: &mut String) -> fmt::Result {
    let rule = "─".repeat(RULE);
    writeln!(
        out,
        "\n{rule}\n{}, {}\n{rule}",
        name_with_view(run),
        session_header::describe_state(run)
    )?;
    for note in run.notes.iter() {
        writeln!(out, "note: {}", sanitize_line(note))?;
    }
    let text = sanitize(&run.text);
    let text = text.trim_end();
    writeln!(out, "\n{}", if text.is_empty() { "(no text)" } else { text })
}

/// `Kael Voss (infra)`
fn name_with_view(run: &Run) -> String {
    format!("{} ({})", session_header::persona_name(run), session_header::persona_view(run))
}

fn pad_to(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blanks))
}
