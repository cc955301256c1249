//! `plenary sessions list`: one line or JSON row per session.
//!
//! Also formats the sessions that other commands list.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::super::table::align_columns;
use super::super::terminal::stdout_columns;
use super::super::{CliError, ListFormat, counted, to_json_text, write_stdout};
use super::{report_store_error, to_cli_error};
use crate::domain::{Session, SessionSummary};
use crate::store::Store;
use crate::text::sanitize_line;
use crate::text::width::{fit, width};

/// Maximum width of a title if standard output is not a terminal, in columns.
pub(super) const MAX_TITLE_COLUMNS: usize = 72;

/// Minimum width of a title, however narrow the terminal is, in columns.
const MIN_TITLE_COLUMNS: usize = 24;

/// Maximum width of the panel's name and of the list of tags, in columns.
const MAX_CELL_COLUMNS: usize = 24;

/// Prints the sessions.
pub(super) fn print_sessions(
    store: &Store,
    limit: usize,
    format: ListFormat,
) -> Result<(), CliError> {
    let sessions = store.list_sessions(limit).map_err(|e| to_cli_error(&e))?;
    report_store_error(store, sessions.is_empty())?;
    match format {
        ListFormat::Json => write_stdout(&to_json_text(
            &sessions.iter().map(SessionListRow::new).collect::<Vec<_>>(),
        )?),
        ListFormat::Text if sessions.is_empty() && limit > 0 => {
            write_stdout("No sessions yet. `plenary \"your question\"` begins one.\n")
        }
        ListFormat::Text => write_stdout(&format_table(&sessions, stdout_columns())),
    }
}

/// Formats one line per session: id, date, questions, answers, decisions, panel, tags, title. Empty columns are left out.
/// `columns` is the width of the terminal, if there is one.
pub(super) fn format_table(sessions: &[SessionSummary], columns: Option<usize>) -> String {
    let zone = TimeZone::system();
    let rows: Vec<_> = sessions.iter().map(|s| row_cells(s, &zone)).collect();
    append_titles(&rows, sessions.iter().map(|s| s.title.as_str()), columns)
}

fn row_cells(s: &SessionSummary, zone: &TimeZone) -> Vec<String> {
    let tags: Vec<String> = s.tags.iter().map(|tag| format!("#{tag}")).collect();
    vec![
        s.id.short(),
        format_local_time(s.updated_at, zone),
        counted(s.turns as usize, "question"),
        format!("{} of {} answered", s.answered, s.runs),
        format_decisions(s),
        truncate_line(&s.panel, MAX_CELL_COLUMNS),
        truncate_line(&tags.join(" "), MAX_CELL_COLUMNS),
    ]
}

/// Formats the number of decisions: `3 of 12 decided`; empty if there are no recommendations.
fn format_decisions(s: &SessionSummary) -> String {
    if s.proposed == 0 { String::new() } else { format!("{} of {} decided", s.decided, s.proposed) }
}

/// Formats one line per session with its full id, for sessions whose short ids may be equal.
pub(super) fn format_full_ids(sessions: &[Session]) -> String {
    let zone = TimeZone::system();
    let to_cells = |s: &Session| vec![s.id.to_string(), format_local_time(s.created_at, &zone)];
    let rows: Vec<_> = sessions.iter().map(to_cells).collect();
    append_titles(&rows, sessions.iter().map(|s| s.title.as_str()), None)
}

/// Aligns the cells of each row and appends its title, truncated to what is left of `columns`.
fn append_titles<'a>(
    rows: &[Vec<String>],
    titles: impl Iterator<Item = &'a str>,
    columns: Option<usize>,
) -> String {
    let lines = align_columns(rows, false);
    let used = lines.first().map_or(0, |line| width(line));
    let left = columns
        .map_or(MAX_TITLE_COLUMNS, |columns| columns.saturating_sub(used).max(MIN_TITLE_COLUMNS));
    let mut text = String::new();
    for (line, title) in lines.iter().zip(titles) {
        text.push_str(line);
        text.push_str(&truncate_line(title, left));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

/// Returns `text` as one sanitised line of at most `columns` columns.
pub(super) fn truncate_line(text: &str, columns: usize) -> String {
    let line = sanitize_line(text);
    if width(&line) <= columns {
        return line;
    }
    format!("{}…", fit(&line, columns.saturating_sub(1)).trim_end())
}

/// Formats a time (ms since the Unix epoch): `2026-11-21 09:00`.
pub(super) fn format_local_time(ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

/// JSON of a session in a list. Times are in RFC 3339.
#[derive(Debug, Serialize)]
pub(super) struct SessionListRow {
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

impl SessionListRow {
    /// Creates the row of a session, with sanitised texts.
    pub(super) fn new(s: &SessionSummary) -> Self {
        let to_time = |ms| Timestamp::from_millisecond(ms).ok().map(|at| at.to_string());
        Self {
            id: s.id.to_string(),
            title: sanitize_line(&s.title),
            panel: sanitize_line(&s.panel),
            created_at: to_time(s.created_at),
            updated_at: to_time(s.updated_at),
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
    fn columns_are_aligned_and_titles_are_truncated_by_width() {
        let long = "日本語の設計".repeat(9);
        let sessions = [summary(1 << 100, "Which database?", 1), summary(2 << 100, &long, 12)];
        let text = format_table(&sessions, Some(100));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let panel = |line: &str| line.split("design-review").next().map(width);
        assert_eq!(panel(lines[0]), panel(lines[1]));
        assert!(lines[0].ends_with("Which database?"), "{text}");
        assert!(lines[1].ends_with('…') && width(lines[1]) <= 100, "{text}");
        assert!(lines[1].contains("12 questions  3 of 48 answered"), "{text}");
    }

    #[test]
    fn columns_of_decisions_and_tags_are_left_out_if_empty() {
        let mut sessions = [summary(1 << 100, "one", 1), summary(2 << 100, "two", 1)];
        let plain = format_table(&sessions, None);
        assert!(plain.contains("answered  design-review  one"), "{plain}");
        (sessions[1].proposed, sessions[1].decided) = (12, 3);
        sessions[0].tags = vec!["q3".to_owned(), "a\u{1b}[1m".to_owned()];
        let text = format_table(&sessions, None);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].contains("answered  3 of 12 decided  design-review  "), "{text}");
        assert!(lines[0].ends_with("design-review  #q3 #a␛[1m  one"), "{text}");
        let title = |line: &str, word| line.find(word);
        assert_eq!(title(&lines[0].replace('␛', "x"), "one"), title(lines[1], "two"), "{text}");
    }

    #[test]
    fn narrow_terminals_still_show_the_beginning_of_a_title() {
        let text = format_table(&[summary(1, "A question that is longer than that", 1)], Some(20));
        assert!(text.contains("A question that is long"), "{text}");
    }

    #[test]
    fn json_rows_have_rfc_3339_times_and_sanitised_texts() {
        let mut session = summary(1 << 100, "t", 1);
        (session.tags, session.proposed, session.decided) = (vec!["a\u{1b}".to_owned()], 12, 3);
        let value = serde_json::to_value(SessionListRow::new(&session)).unwrap();
        assert_eq!(value["created_at"], "1970-01-01T00:00:00Z");
        assert_eq!(value["turns"], 1);
        assert_eq!(value["id"], SessionId::from_number(1 << 100).to_string());
        assert_eq!(value["tags"], serde_json::json!(["a␛"]));
        assert_eq!((&value["proposed"], &value["decided"]), (&12.into(), &3.into()));
    }
}
