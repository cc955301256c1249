//! `plenary sessions list | show`: what is in the store, for people and for programs.
//!
//! Reads only. `resume` finds its session with [`resolve`] too. Exports are `export`'s business; what
//! stands here is the list, the search by id, and the words when there is nothing to show.

use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{CliError, ListFormat, counted, json_text, out, say};
use crate::domain::{Session, SessionId, SessionSummary};
use crate::export::{FORMATS, format};
use crate::store::{Store, StoreError};
use crate::text::sanitize_line;
use crate::text::width::{fit, width};

/// Widest title in a list whose reader is not a terminal, in columns.
const TITLE: usize = 72;

/// What is left of a title however narrow the terminal is.
const SHORTEST_TITLE: usize = 24;

/// Widest name of a panel in a list.
const PANEL: usize = 24;

/// Blanks between two columns.
const GAP: usize = 2;

/// Sessions that a message names as examples.
const EXAMPLES: usize = 8;

/// The word that stands for the newest session.
const LAST: &str = "last";

/// `plenary sessions …`
#[derive(Debug, clap::Subcommand)]
pub enum Sessions {
    /// List the sessions, the one that changed last first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Print a session: its questions, and who answered what
    Show {
        /// The first digits of its id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// How to print it
        #[arg(
            long,
            default_value = "text",
            value_parser = PossibleValuesParser::new(FORMATS.iter().map(|f| f.name))
        )]
        format: String,
    },
}

/// Runs `plenary sessions …`; the number is the exit code.
pub fn run(command: Sessions, store: &Store) -> Result<u8, CliError> {
    match command {
        Sessions::List { limit, format } => list(store, limit, format)?,
        Sessions::Show { id, format: name } => {
            let writer = format(&name).ok_or_else(|| {
                CliError::usage(format!("\"{name}\" is not a format of sessions show"))
            })?;
            let session = load(store, resolve(store, &id)?)?;
            out(&(writer.write)(&session))?;
        }
    }
    Ok(0)
}

/// Finds the session that `text` names: the first digits of its id, or `last` for the one that changed last.
///
/// Errors: nothing matches, several match (they are listed), the store cannot be read.
pub fn resolve(store: &Store, text: &str) -> Result<SessionId, CliError> {
    let text = text.trim();
    let newest = store.list(EXAMPLES).map_err(|e| failed(&e))?;
    let Some(last) = newest.first() else {
        return Err(trouble_or(store, CliError::usage("there are no sessions yet")));
    };
    if text.eq_ignore_ascii_case(LAST) {
        return Ok(last.id);
    }
    let found =
        if text.is_empty() { Vec::new() } else { store.find(text).map_err(|e| failed(&e))? };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(trouble_or(
            store,
            CliError::usage(format!(
                "no session has an id that begins with \"{}\". Give the first digits of one of these, or \
                 \"{LAST}\" (`plenary sessions list` shows all):\n{}",
                fit(&sanitize_line(text), TITLE),
                table(&newest, None)
            )),
        )),
        several => {
            let mut examples = Vec::new();
            for id in several.iter().take(EXAMPLES) {
                examples.extend(store.load(*id).map_err(|e| failed(&e))?);
            }
            let more = if several.len() > examples.len() { "…\n" } else { "" };
            Err(CliError::usage(format!(
                "several sessions have an id that begins with \"{text}\"; give more digits:\n{}{more}",
                ids(&examples)
            )))
        }
    }
}

fn load(store: &Store, id: SessionId) -> Result<Session, CliError> {
    store
        .load(id)
        .map_err(|e| failed(&e))?
        .ok_or_else(|| CliError::failed(format!("session {} is gone", id.short())))
}

fn list(store: &Store, limit: usize, format: ListFormat) -> Result<(), CliError> {
    let sessions = store.list(limit).map_err(|e| failed(&e))?;
    if let Some(trouble) = store.trouble() {
        if sessions.is_empty() {
            return Err(failed(&trouble));
        }
        say(&trouble.to_string());
    }
    match format {
        ListFormat::Json => out(&json(&sessions)?),
        ListFormat::Text if sessions.is_empty() && limit > 0 => {
            out("No sessions yet. `plenary \"your question\"` begins one.\n")
        }
        ListFormat::Text => out(&table(&sessions, terminal_columns())),
    }
}

fn failed(error: &StoreError) -> CliError {
    CliError::failed(error.to_string())
}

/// What is wrong with the store explains more than that something is not in it.
fn trouble_or(store: &Store, error: CliError) -> CliError {
    store.trouble().map_or(error, |trouble| failed(&trouble))
}

/// One line a session: id, date, questions, answers, panel, title.
fn table(sessions: &[SessionSummary], columns: Option<usize>) -> String {
    let zone = TimeZone::system();
    let rows: Vec<([String; 5], &str)> = sessions
        .iter()
        .map(|s| {
            let cells = [
                s.id.short(),
                local(s.updated_at, &zone),
                counted(s.turns as usize, "question"),
                format!("{} of {} answered", s.answered, s.runs),
                fitted(&s.panel, PANEL),
            ];
            (cells, s.title.as_str())
        })
        .collect();
    aligned(&rows, columns)
}

/// One line a session, with the whole id: for sessions whose short ids may be equal.
fn ids(sessions: &[Session]) -> String {
    let zone = TimeZone::system();
    let rows: Vec<([String; 2], &str)> = sessions
        .iter()
        .map(|s| ([s.id.to_string(), local(s.created_at, &zone)], s.title.as_str()))
        .collect();
    aligned(&rows, None)
}

/// Aligned cells, then the title, cut to what is left of `columns`.
fn aligned<const N: usize>(rows: &[([String; N], &str)], columns: Option<usize>) -> String {
    let mut widths = [0; N];
    for (cells, _) in rows {
        for (widest, cell) in widths.iter_mut().zip(cells) {
            *widest = width(cell).max(*widest);
        }
    }
    let taken: usize = widths.iter().map(|widest| widest + GAP).sum();
    let left = columns.map_or(TITLE, |columns| columns.saturating_sub(taken).max(SHORTEST_TITLE));
    let mut text = String::new();
    for (cells, title) in rows {
        for (cell, widest) in cells.iter().zip(widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(widest.saturating_sub(width(cell)) + GAP));
        }
        text.push_str(&fitted(title, left));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// On one line, neutralised, and not wider than `columns`.
fn fitted(text: &str, columns: usize) -> String {
    let line = sanitize_line(text);
    if width(&line) <= columns {
        return line;
    }
    format!("{}…", fit(&line, columns.saturating_sub(1)).trim_end())
}

/// Columns of the terminal; none when standard output is not one.
fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// `2026-11-21 09:00` in the time zone of this machine.
fn local(ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    panel: String,
    created_at: Option<String>,
    updated_at: Option<String>,
    turns: u32,
    runs: u32,
    answered: u32,
}

/// The list as an array of objects; times as RFC 3339.
fn json(sessions: &[SessionSummary]) -> Result<String, CliError> {
    let time = |ms| Timestamp::from_millisecond(ms).ok().map(|at| at.to_string());
    let rows: Vec<Row> = sessions
        .iter()
        .map(|s| Row {
            id: s.id.to_string(),
            title: sanitize_line(&s.title),
            panel: sanitize_line(&s.panel),
            created_at: time(s.created_at),
            updated_at: time(s.updated_at),
            turns: s.turns,
            runs: s.runs,
            answered: s.answered,
        })
        .collect();
    json_text(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: u128, title: &str, turns: u32) -> SessionSummary {
        SessionSummary {
            id: SessionId::from_number(id),
            title: title.to_owned(),
            panel: "design-review".to_owned(),
            created_at: 0,
            updated_at: 0,
            turns,
            runs: 4 * turns,
            answered: 3,
            tags: Vec::new(),
            proposed: 0,
            decided: 0,
        }
    }

    #[test]
    fn columns_line_up_and_titles_are_cut_by_what_they_show() {
        let long = "日本語の設計".repeat(9);
        let sessions = [summary(1 << 100, "Which database?", 1), summary(2 << 100, &long, 12)];
        let text = table(&sessions, Some(100));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let panel = |line: &str| line.split("design-review").next().map(width);
        assert_eq!(panel(lines[0]), panel(lines[1]));
        assert!(lines[0].ends_with("Which database?"), "{text}");
        assert!(lines[1].ends_with('…') && width(lines[1]) <= 100, "{text}");
        assert!(lines[1].contains("12 questions  3 of 48 answered"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_still_shows_the_beginning_of_a_title() {
        let text = table(&[summary(1, "A question that is longer than that", 1)], Some(20));
        assert!(text.contains("A question that is long"), "{text}");
    }

    #[test]
    fn a_list_in_json_has_times_that_programs_read() {
        let text = json(&[summary(1 << 100, "t", 1)]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(value[0]["turns"], 1);
        assert_eq!(value[0]["id"], SessionId::from_number(1 << 100).to_string());
    }
}
