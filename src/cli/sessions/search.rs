//! `plenary sessions search WORDS…`: the sessions that hold every word, and the words around the first place.
//!
//! Finding is the store's work; here it is printed. What was found is bold on a terminal. Called by [`super`].

use std::io::IsTerminal;

use serde::Serialize;

use super::super::{CliError, ListFormat, json_text, out};
use super::list::{self, Row, terminal_columns};
use super::{failed, troubles};
use crate::domain::SearchHit;
use crate::store::Store;
use crate::text::sanitize_line;
use crate::text::width::{fit, width};

/// Blanks before an excerpt.
const INDENT: &str = "          ";

/// Stands in an excerpt before what was found, and behind it.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Prints what is found.
pub(super) fn run(
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
    let hits = store.search_sessions(&words, limit).map_err(|e| failed(&e))?;
    troubles(store, hits.is_empty())?;
    match format {
        ListFormat::Json => out(&json_text(&hits.iter().map(Hit::new).collect::<Vec<_>>())?),
        ListFormat::Text if hits.is_empty() && limit > 0 => {
            out("No session holds every one of these words. `plenary sessions list` shows all.\n")
        }
        ListFormat::Text => out(&text(&hits, terminal_columns(), is_bold())),
    }
}

/// True when standard output is a terminal that shows bold letters, and nobody forbids it.
fn is_bold() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !dumb && !set("NO_COLOR")
}

/// The line of each session, and below it who said what.
fn text(hits: &[SearchHit], columns: Option<usize>, bold: bool) -> String {
    let sessions: Vec<_> = hits.iter().map(|hit| hit.session.clone()).collect();
    let mut text = String::new();
    for (line, hit) in list::table(&sessions, columns).lines().zip(hits) {
        text.push_str(line);
        text.push('\n');
        text.push_str(INDENT);
        let who = sanitize_line(&hit.who);
        let who = if who.is_empty() { who } else { format!("{who}: ") };
        let left = columns.map(|columns| columns.saturating_sub(INDENT.len() + width(&who)).max(1));
        text.push_str(&who);
        text.push_str(&excerpt(&hit.excerpt, left, bold));
        text.push('\n');
    }
    text
}

/// An excerpt neutralised and cut to `columns`, with what was found in bold letters, or as it is.
fn excerpt(raw: &str, columns: Option<usize>, bold: bool) -> String {
    let mut out = String::new();
    let mut left = columns.unwrap_or(usize::MAX);
    for (at, piece) in raw.split(MARKS).enumerate() {
        let piece = sanitize_line(piece);
        let whole = width(&piece) <= left;
        let piece = if whole { piece.as_str() } else { fit(&piece, left.saturating_sub(1)) };
        // Marks come in pairs: every second piece is what was found.
        let found = bold && at % 2 == 1 && !piece.is_empty();
        out.push_str(if found { "\u{1b}[1m" } else { "" });
        out.push_str(piece);
        out.push_str(if found { "\u{1b}[22m" } else { "" });
        if !whole {
            out.push('…');
            break;
        }
        left = left.saturating_sub(width(piece));
    }
    out
}

/// A hit for programs.
#[derive(Serialize)]
struct Hit {
    #[serde(flatten)]
    session: Row,
    /// Whose words: a persona's name, or nothing for a question, a title or a tag.
    who: String,
    excerpt: String,
}

impl Hit {
    fn new(hit: &SearchHit) -> Self {
        Self {
            session: Row::new(&hit.session),
            who: sanitize_line(&hit.who),
            excerpt: excerpt(&hit.excerpt, None, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_bold_and_nothing_else_is_obeyed() {
        let raw = "…a \u{1b}[31m \u{2}quorum\u{3} of \u{2}th\u{202e}ree\u{3} nodes";
        assert_eq!(excerpt(raw, None, false), "…a ␛[31m quorum of th‹U+202E›ree nodes");
        let bold = "…a ␛[31m \u{1b}[1mquorum\u{1b}[22m of \u{1b}[1mth‹U+202E›ree\u{1b}[22m nodes";
        assert_eq!(excerpt(raw, None, true), bold);
    }

    #[test]
    fn an_excerpt_is_cut_by_what_it_shows_and_bold_ends_with_it() {
        let raw = "some \u{2}日本語の設計\u{3} behind";
        assert_eq!(excerpt(raw, Some(10), true), "some \u{1b}[1m日本\u{1b}[22m…");
        assert_eq!(excerpt(raw, Some(24), false), "some 日本語の設計 behind");
        assert_eq!(excerpt(raw, Some(1), true), "…");
    }
}
