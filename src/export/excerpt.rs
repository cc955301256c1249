//! The source of a recommendation as Markdown that can be quoted: without the indentation of its surroundings, a table row
//! with its column headings, a long passage shortened with a note.
//!
//! Each format quotes it in its own way.

use std::ops::Range;

use super::session_reading::{ReadAnswer, clamp_span};
use crate::text::OutlineKind;

/// Lines of an excerpt at most.
const LINES: usize = 24;

/// The source at `span` of `answer`.
pub(super) fn quote_span(answer: &ReadAnswer<'_>, span: &Range<usize>) -> String {
    let text = answer.text();
    let span = clamp_span(text, span);
    let words = text.get(span.clone()).unwrap_or_default().trim_end();
    let whole = match table_head(answer, &span) {
        Some(head) => format!("{head}\n{}", words.trim_start()),
        None => dedent(words, column_of(text, span.start)),
    };
    limit_lines(&whole)
}

/// The first two lines of the table, if `span` is one or more whole rows of it.
fn table_head(answer: &ReadAnswer<'_>, span: &Range<usize>) -> Option<String> {
    let part = answer.part_before(span.start)?;
    let table = part.span();
    if part.kind() != OutlineKind::Table || table.end < span.end {
        return None;
    }
    let above = answer.text().get(table.start..span.start)?;
    let mut lines = above.split_inclusive('\n');
    let (head, rule) = (lines.next()?, lines.next()?);
    // A row begins on a new line below the head.
    rule.ends_with('\n').then(|| format!("{}\n{}", head.trim(), rule.trim()))
}

/// The column at which byte `at` is on its line, 0-based: the indentation of what begins there.
fn column_of(text: &str, at: usize) -> usize {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    line.chars().count()
}

/// `text` with up to `columns` spaces removed from the beginning of each line but the first.
fn dedent(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, line) in text.lines().enumerate() {
        if n > 0 {
            out.push('\n');
        }
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let drop = if n == 0 { 0 } else { blanks.min(columns) };
        out.push_str(line.get(drop..).unwrap_or_default());
    }
    out.trim_start_matches(' ').to_owned()
}

/// The first [`LINES`] lines, and the number of lines when that is not all.
pub(super) fn limit_lines(text: &str) -> String {
    let lines = text.lines().count();
    if lines <= LINES + 1 {
        return text.to_owned();
    }
    let first: Vec<&str> = text.lines().take(LINES).collect();
    let mut first = first.join("\n");
    // An open fence would make the next line code.
    if let Some(fence) = super::embed_markdown::closing_fence(&first) {
        first.push('\n');
        first.push_str(&fence);
    }
    format!("{first}\n\n[… {} more lines in the answer]", lines - LINES)
}
