//! A session for reading in a terminal or a pipe: the panel, question and answers one below the other, the decisions.
//! What it does not do: colours and wrapping, which are the terminal's. Called through `FORMATS` and by `ask`.

use std::fmt::{self, Write};

use super::{Reading, decisions, panel};
use crate::domain::{Run, Session, Turn};
use crate::text::width::width;
use crate::text::{sanitize, sanitize_line};

/// Width of the rules above and below the line that names an answer.
const RULE: usize = 72;

/// Writes the session.
pub(super) fn write(session: &Session, _: &Reading<'_>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_session(session, &mut out).unwrap_or_default();
    out
}

fn write_session(session: &Session, out: &mut String) -> fmt::Result {
    let (summary, name) = (panel::summary(session), sanitize_line(&session.panel));
    let (id, date) = (session.id.short(), panel::date(session.created_at));
    writeln!(out, "{summary} · panel {name} · session {id} · {date}")?;
    if let Some(means) = panel::means(session, str::to_owned) {
        writeln!(out, "{means}")?;
    }
    let of = session.turns.len();
    for (turn, number) in session.turns.iter().zip(1..) {
        if of > 1 {
            let (answered, asked) = panel::count(turn);
            writeln!(out, "\nQuestion {number} of {of} · {answered} of {asked} answered")?;
        }
        write_panel(turn, out)?;
        writeln!(out, "\n{}", panel::question(turn))?;
        for run in turn.answers() {
            write_run(run, out)?;
        }
    }
    decisions::text(session, &"─".repeat(RULE), out)
}

fn write_panel(turn: &Turn, out: &mut String) -> fmt::Result {
    let rows: Vec<(String, String, String)> =
        turn.latest().iter().map(|run| (who(run), panel::model(run), panel::state(run))).collect();
    let names = rows.iter().map(|(who, ..)| width(who)).max().unwrap_or_default();
    let models = rows.iter().map(|(_, model, _)| width(model)).max().unwrap_or_default();
    for (who, model, state) in &rows {
        writeln!(out, "  {}  {}  {state}", padded(who, names), padded(model, models))?;
    }
    panel::tries(turn).map_or(Ok(()), |words| writeln!(out, "  ({words})"))
}

fn write_run(run: &Run, out: &mut String) -> fmt::Result {
    let rule = "─".repeat(RULE);
    writeln!(out, "\n{rule}\n{}, {}\n{rule}", who(run), panel::state(run))?;
    for note in &run.notes {
        writeln!(out, "note: {}", sanitize_line(note))?;
    }
    let text = sanitize(&run.text);
    let text = text.trim_end();
    writeln!(out, "\n{}", if text.is_empty() { "(no text)" } else { text })
}

/// `Kael Voss (infra)`
fn who(run: &Run) -> String {
    format!("{} ({})", panel::name(run), panel::view(run))
}

fn padded(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(blanks))
}
