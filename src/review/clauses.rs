//! The clauses of an answer with their bytes: sentences of prose and list items, cells of tables. Without code and quotes.
//!
//! What may not be read for words or numbers (code, addresses) is masked, byte for byte, so that places stay places of the
//! answer. Used by `ledger` and `assumptions`.

use std::ops::Range;

use super::Section;
use crate::text::{Document, Part, PartKind, collapse_whitespace, split_sentences};

/// Bytes of a sentence that are shown before and behind what was found in it.
const LONG: usize = 300;

/// Where a clause stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// In running text.
    Prose,
    /// In a cell: heading of its column, and the first cell of its row.
    Cell { heading: String, subject: String },
}

/// A sentence, with the clauses that it is parted into by semicolons; or the cell of a table.
#[derive(Debug, Clone)]
pub(super) struct Sentence {
    /// Its bytes of the answer.
    pub(super) span: Range<usize>,
    /// Its bytes with code and addresses masked.
    pub(super) masked: String,
    /// Where it stands.
    pub(super) place: Place,
}

impl Sentence {
    /// The clauses, as bytes of `masked`.
    pub(super) fn clauses(&self) -> Vec<Range<usize>> {
        let mut from = 0;
        let mut clauses = Vec::new();
        for (at, _) in self.masked.match_indices(';') {
            clauses.push(from..at);
            from = at + 1;
        }
        clauses.push(from..self.masked.len());
        clauses
    }

    /// What it says around the bytes `at` of the answer, without marks, on one line: all of it unless it is very long.
    pub(super) fn words(&self, source: &str, at: &Range<usize>) -> String {
        let said = plain(source.get(window(source, &self.span, at, LONG)).unwrap_or_default());
        match &self.place {
            Place::Prose => said,
            Place::Cell { heading, subject } if subject.is_empty() => format!("{heading}: {said}"),
            Place::Cell { heading, subject } => format!("{subject} · {heading}: {said}"),
        }
    }
}

/// The bytes of `text` within `whole`, at most `room` before and behind `at`.
pub(super) fn window(
    text: &str,
    whole: &Range<usize>,
    at: &Range<usize>,
    room: usize,
) -> Range<usize> {
    let from = text.ceil_char_boundary(at.start.saturating_sub(room).max(whole.start));
    let to = text.floor_char_boundary(at.end.saturating_add(room).min(whole.end));
    from.min(to)..to
}

/// Markdown without marks, on one line.
pub(super) fn plain(text: &str) -> String {
    let alone = Document::of(text);
    let words: Vec<&str> = alone.parts().flat_map(|part| part.text().split_whitespace()).collect();
    // A sentence cut out of bold text has one half of its marks.
    let said = words.join(" ").replace("**", "").trim().to_owned();
    if said.is_empty() { collapse_whitespace(text) } else { said }
}

/// The sentences of `section` of `document` in order; its heading, code and quotes are left out.
pub(super) fn of_section(document: &Document, section: &Section) -> Vec<Sentence> {
    let mut found = Vec::new();
    for part in section.blocks.clone().filter_map(|index| document.part(index)) {
        if Some(part.index()) == section.heading || part.is_quoted() {
            continue;
        }
        match part.kind() {
            PartKind::Paragraph => of_text(document.source(), part.span(), &mut found),
            PartKind::Table => of_table(document.source(), &part, &mut found),
            PartKind::Heading(_) | PartKind::Code(_) | PartKind::Rule => {}
        }
    }
    found
}

/// The sentences within the bytes `span`.
pub(super) fn of_text(source: &str, span: Range<usize>, found: &mut Vec<Sentence>) {
    let Some(text) = source.get(span.clone()) else { return };
    let masked = mask(text);
    for range in split_sentences(&masked) {
        let words = masked.get(range.clone()).unwrap_or_default().to_owned();
        let span = span.start + range.start..span.start + range.end;
        found.push(Sentence { span, masked: words, place: Place::Prose });
    }
}

fn of_table(source: &str, part: &Part<'_>, found: &mut Vec<Sentence>) {
    let headings = part.columns();
    for row in part.rows() {
        let Some(text) = source.get(row.span.clone()) else { continue };
        let subject = row.cells.first().copied().unwrap_or_default();
        for (column, range) in cells(text).into_iter().enumerate() {
            let heading = headings.get(column).copied().unwrap_or_default().to_owned();
            let subject = if column == 0 { String::new() } else { subject.to_owned() };
            let masked = mask(text.get(range.clone()).unwrap_or_default());
            let span = row.span.start + range.start..row.span.start + range.end;
            found.push(Sentence { span, masked, place: Place::Cell { heading, subject } });
        }
    }
}

/// The cells of a row's source, without blanks around them.
fn cells(row: &str) -> Vec<Range<usize>> {
    let mut bars: Vec<usize> = Vec::new();
    let mut escaped = false;
    for (at, c) in row.char_indices() {
        if c == '|' && !escaped {
            bars.push(at);
        }
        escaped = c == '\\' && !escaped;
    }
    let mut cells = Vec::new();
    let mut from = 0;
    for end in bars.into_iter().chain([row.len()]) {
        let cell = row.get(from..end).unwrap_or_default();
        let start = from + (cell.len() - cell.trim_start().len());
        let outside = (from == 0 || end == row.len()) && cell.trim().is_empty();
        if !outside {
            cells.push(start..start + cell.trim().len());
        }
        from = end + 1;
    }
    cells
}

/// The text with what is code or an address replaced by as many underscores as it has bytes, and on one line.
fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hidden = if c == '`' {
            rest.get(1..).and_then(|inner| inner.find('`')).map(|end| end + 2)
        } else if rest.starts_with("](") {
            rest.find(')').map(|end| end + 1)
        } else if rest.starts_with("http://") || rest.starts_with("https://") {
            Some(rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len()))
        } else {
            None
        };
        let len = hidden.unwrap_or(c.len_utf8());
        if hidden.is_some() {
            masked.extend(std::iter::repeat_n('_', len));
        } else {
            masked.push(if c == '\n' { ' ' } else { c });
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_places_of_the_answer() {
        let source = "See `x = 5 ms` and [it](http://a/5)\nfor 3 s; then. Next 漢.";
        let mut found = Vec::new();
        of_text(source, 0..source.len(), &mut found);
        assert_eq!(found.len(), 2);
        for sentence in &found {
            assert_eq!(sentence.masked.len(), sentence.span.len());
        }
        assert!(!found[0].masked.contains('5'), "{}", found[0].masked);
        assert_eq!(found[0].clauses().len(), 2);
        assert_eq!(
            found[0].words(source, &found[0].span),
            "See x = 5 ms and it (a) for 3 s; then."
        );
        let row = "| a \\| b | 5 ms |  | c |";
        let texts: Vec<&str> = cells(row).into_iter().filter_map(|cell| row.get(cell)).collect();
        assert_eq!(texts, ["a \\| b", "5 ms", "", "c"]);
    }
}
