//! `plenary sessions list`: one line a session, for people and for programs.
//!
//! Lines and rows of it serve the other commands too. Called by [`super`] and its files.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::{CliError, ListFormat, json_text, out};
use super::{failed, troubles};
use crate::domain::format::format_quantity;
use crate::domain::{Session, SessionSummary};
use crate::store::Store;
use crate::text::sanitize_line;
use crate::text::width::{fit, width};

/// Widest title in a list whose reader is not a terminal, in columns.
pub(super) const TITLE: usize = 72;

/// What is left of a title however narrow the terminal is.
const SHORTEST_TITLE: usize = 24;

/// Widest name of a panel, and widest list of tags.
const PANEL: usize = 24;

/// Blanks between two columns.
const GAP: usize = 2;

/// Prints the sessions.
pub(super) fn run(store: &Store, limit: usize, format: ListFormat) -> Result<(), CliError> {
    let sessions = store.list(limit).map_err(|e| failed(&e))?;
    troubles(store, sessions.is_empty())?;
    match format {
        ListFormat::Json => out(&json_text(&sessions.iter().map(Row::new).collect::<Vec<_>>())?),
        ListFormat::Text if sessions.is_empty() && limit > 0 => {
            out("No sessions yet. `plenary \"your question\"` begins one.\n")
        }
        ListFormat::Text => out(&table(&sessions, terminal_columns())),
    }
}

/// One line a session: id, date, questions, answers, decisions, panel, tags, title. A column in which nothing stands
/// is left out.
pub(super) fn table(sessions: &[SessionSummary], columns: Option<usize>) -> String {
    let zone = TimeZone::system();
    let mut rows: Vec<(Vec<String>, &str)> =
        sessions.iter().map(|s| (cells(s, &zone), s.title.as_str())).collect();
    let count = rows.first().map_or(0, |(cells, _)| cells.len());
    for column in (0..count).rev() {
        if rows.iter().all(|(cells, _)| cells.get(column).is_none_or(String::is_empty)) {
            for (cells, _) in &mut rows {
                cells.remove(column);
            }
        }
    }
    aligned(&rows, columns)
}

fn cells(s: &SessionSummary, zone: &TimeZone) -> Vec<String> {
    let tags: Vec<String> = s.tags.iter().map(|tag| format!("#{tag}")).collect();
    vec![
        s.id.short(),
        local(s.updated_at, zone),
        format_quantity(s.turns, "question"),
        format!("{} of {} answered", s.answered, s.runs),
        decisions(s),
        fitted(&s.panel, PANEL),
        fitted(&tags.join(" "), PANEL),
    ]
}

/// `3 of 12 decided`, or nothing when there is nothing to decide on.
fn decisions(s: &SessionSummary) -> String {
    if s.proposed == 0 { String::new() } else { format!("{} of {} decided", s.decided, s.proposed) }
}

/// One line a session, with the whole id: for sessions whose short ids may be equal.
pub(super) fn ids(sessions: &[Session]) -> String {
    let zone = TimeZone::system();
    let rows: Vec<(Vec<String>, &str)> = sessions
        .iter()
        .map(|s| (vec![s.id.to_string(), local(s.created_at, &zone)], s.title.as_str()))
        .collect();
    aligned(&rows, None)
}

/// Aligned cells, then the title, cut to what is left of `columns`.
fn aligned(rows: &[(Vec<String>, &str)], columns: Option<usize>) -> String {
    let mut widths = vec![0; rows.first().map_or(0, |(cells, _)| cells.len())];
    for (cells, _) in rows {
        for (widest, cell) in widths.iter_mut().zip(cells) {
            *widest = width(cell).max(*widest);
        }
    }
    let taken: usize = widths.iter().map(|widest| widest + GAP).sum();
    let left = columns.map_or(TITLE, |columns| columns.saturating_sub(taken).max(SHORTEST_TITLE));
    let mut text = String::new();
    for (cells, title) in rows {
        for (cell, widest) in cells.iter().zip(&widths) {
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
pub(super) fn fitted(text: &str, columns: usize) -> String {
    let line = sanitize_line(text);
    if width(&line) <= columns {
        return line;
    }
    format!("{}…", fit(&line, columns.saturating_sub(1)).trim_end())
}

/// Columns of the terminal; none when standard output is not one.
pub(super) fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// `2026-11-21 09:00` in the time zone of this machine.
pub(super) fn local(ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

/// A session for programs; times as RFC 3339.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    id: String,
    title: String,
    panel: String,
    created_at: Option<String>,
    updated_at: Option<String>,
    turns: u32,
    runs: u32,
    answered: u32,
    tags: Vec<String>,
    proposed: u32,
    decided: u32,
}

impl Row {
    /// The session as a row.
    pub(super) fn new(s: &SessionSummary) -> Self {
        let time = |ms| Timestamp::from_millisecond(ms).ok().map(|at| at.to_string());
        Self {
            id: s.id.to_string(),
            title: sanitize_line(&s.title),
            panel: sanitize_line(&s.panel),
            created_at: time(s.created_at),
            updated_at: time(s.updated_at),
            turns: s.turns,
            runs: s.runs,
            answered: s.answered,
            tags: s.tags.iter().map(|tag| sanitize_line(tag)).collect(),
            proposed: s.proposed,
            decided: s.decided,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::SessionId;

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
    fn decisions_and_tags_have_columns_where_there_are_any() {
        let mut sessions = [summary(1 << 100, "one", 1), summary(2 << 100, "two", 1)];
        let plain = table(&sessions, None);
        assert!(plain.contains("answered  design-review  one"), "{plain}");
        (sessions[1].proposed, sessions[1].decided) = (12, 3);
        sessions[0].tags = vec!["q3".to_owned(), "a\u{1b}[1m".to_owned()];
        let text = table(&sessions, None);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("answered  3 of 12 decided  design-review  "), "{text}");
        assert!(lines[0].ends_with("design-review  #q3 #a␛[1m  one"), "{text}");
        let title = |line: &str, word| line.find(word);
        assert_eq!(title(&lines[0].replace('␛', "x"), "one"), title(lines[1], "two"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_still_shows_the_beginning_of_a_title() {
        let text = table(&[summary(1, "A question that is longer than that", 1)], Some(20));
        assert!(text.contains("A question that is long"), "{text}");
    }

    #[test]
    fn a_list_in_json_has_times_that_programs_read() {
        let mut session = summary(1 << 100, "t", 1);
        (session.tags, session.proposed, session.decided) = (vec!["a\u{1b}".to_owned()], 12, 3);
        let value = serde_json::to_value(Row::new(&session)).unwrap();
        assert_eq!(value["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(value["turns"], 1);
        assert_eq!(value["id"], SessionId::from_number(1 << 100).to_string());
        assert_eq!(value["tags"], serde_json::json!(["a␛"]));
        assert_eq!((&value["proposed"], &value["decided"]), (&12.into(), &3.into()));
    }
}
