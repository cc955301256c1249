//! `plenary sessions search WORDS…`: the sessions that contain all words, each with an excerpt.
//!
//! Searching is the business of `store`. Matches are bold on a terminal.

use serde::Serialize;

use super::super::terminal::{can_show_bold, stdout_columns};
use super::super::{CliError, ListFormat, to_json_text, write_stdout};
use super::list::{self, SessionListRow};
use super::{report_store_error, to_cli_error};
use crate::domain::SearchHit;
use crate::store::Store;
use crate::text::sanitize_line;
use crate::text::width::{fit, width};

/// Indentation of an excerpt.
const EXCERPT_INDENT: &str = "          ";

/// Characters that the store puts before and after each match in an excerpt.
const MATCH_MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Searches the store and prints the sessions found.
pub(super) fn search_sessions(
    store: &Store,
    words: &[String],
    limit: usize,
    format: ListFormat,
) -> Result<(), CliError> {
    let words = words.join(" ");
    if !words.contains(char::is_alphanumeric) {
        return Err(CliError::usage(format!(
            "there is no word to search for in \"{}\": a word has a letter or a digit",
            sanitize_line(&words)
        )));
    }
    let hits = store.search_sessions(&words, limit).map_err(|e| to_cli_error(&e))?;
    report_store_error(store, hits.is_empty())?;
    match format {
        ListFormat::Json => {
            write_stdout(&to_json_text(&hits.iter().map(SearchResultRow::new).collect::<Vec<_>>())?)
        }
        ListFormat::Text if hits.is_empty() && limit > 0 => write_stdout(
            "No session holds every one of these words. `plenary sessions list` shows all.\n",
        ),
        ListFormat::Text => write_stdout(&format_hits(&hits, stdout_columns(), can_show_bold())),
    }
}

/// Formats each session as a line, with the speaker and the excerpt below it.
fn format_hits(hits: &[SearchHit], columns: Option<usize>, bold: bool) -> String {
    let sessions: Vec<_> = hits.iter().map(|hit| hit.session.clone()).collect();
    let mut text = String::new();
    for (line, hit) in list::format_table(&sessions, columns).lines().zip(hits) {
        text.push_str(line);
        text.push('\n');
        text.push_str(EXCERPT_INDENT);
        let mut speaker = sanitize_line(&hit.who);
        if !speaker.is_empty() {
            speaker.push_str(": ");
        }
        let left = columns
            .map(|columns| columns.saturating_sub(EXCERPT_INDENT.len() + width(&speaker)).max(1));
        text.push_str(&speaker);
        text.push_str(&format_excerpt(&hit.excerpt, left, bold));
        text.push('\n');
    }
    text
}

/// Sanitises an excerpt, truncates it to `columns` and sets the matches in bold if `bold` is set.
fn format_excerpt(raw: &str, columns: Option<usize>, bold: bool) -> String {
    let mut out = String::new();
    let mut left = columns.unwrap_or(usize::MAX);
    for (index, piece) in raw.split(MATCH_MARKS).enumerate() {
        let piece = sanitize_line(piece);
        let is_complete = width(&piece) <= left;
        let piece = if is_complete { piece.as_str() } else { fit(&piece, left.saturating_sub(1)) };
        // Marks come in pairs: every second piece is a match.
        let is_bold = bold && index % 2 == 1 && !piece.is_empty();
        out.push_str(if is_bold { "\u{1b}[1m" } else { "" });
        out.push_str(piece);
        out.push_str(if is_bold { "\u{1b}[22m" } else { "" });
        if !is_complete {
            out.push('…');
            break;
        }
        left = left.saturating_sub(width(piece));
    }
    out
}

/// JSON of a search result.
#[derive(Serialize)]
struct SearchResultRow {
    #[serde(flatten)]
    session: SessionListRow,
    /// Name of the persona that wrote the text; empty for a question, a title or a tag.
    who: String,
    excerpt: String,
}

impl SearchResultRow {
    fn new(hit: &SearchHit) -> Self {
        Self {
            session: SessionListRow::new(&hit.session),
            who: sanitize_line(&hit.who),
            excerpt: format_excerpt(&hit.excerpt, None, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_bold_and_other_escapes_are_sanitised() {
        let raw = "…a \u{1b}[31m \u{2}quorum\u{3} of \u{2}th\u{202e}ree\u{3} nodes";
        assert_eq!(format_excerpt(raw, None, false), "…a ␛[31m quorum of th‹U+202E›ree nodes");
        let bold = "…a ␛[31m \u{1b}[1mquorum\u{1b}[22m of \u{1b}[1mth‹U+202E›ree\u{1b}[22m nodes";
        assert_eq!(format_excerpt(raw, None, true), bold);
    }

    #[test]
    fn excerpts_are_truncated_by_width_and_bold_is_closed() {
        let raw = "some \u{2}日本語の設計\u{3} behind";
        assert_eq!(format_excerpt(raw, Some(10), true), "some \u{1b}[1m日本\u{1b}[22m…");
        assert_eq!(format_excerpt(raw, Some(24), false), "some 日本語の設計 behind");
        assert_eq!(format_excerpt(raw, Some(1), true), "…");
    }
}
