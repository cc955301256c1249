//! The sentences and table cells of an answer with their byte ranges, without code and quotes.
//!
//! Code and addresses inside them are masked byte for byte, so that offsets in the masked text are offsets in the answer.

use std::ops::Range;

use super::Section;
use crate::text::{OutlineKind, OutlinePart, ParsedMarkdown, collapse_whitespace, split_sentences};

/// Bytes of a sentence that are shown before and after what was found in it.
const SHOWN_AROUND_BYTES: usize = 300;

/// Bytes of a column's heading or a row's first cell that are kept with each cell.
const MAX_PLACEMENT_BYTES: usize = 200;

/// Where a sentence is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClausePlacement {
    /// In running text.
    Prose,
    /// In a table cell: the heading of its column, and the first cell of its row.
    Cell { heading: String, subject: String },
}

/// A sentence, which semicolons divide into clauses; or a table cell.
#[derive(Debug, Clone)]
pub(super) struct MaskedSentence {
    /// Byte range of the answer.
    pub(super) span: Range<usize>,
    /// The text of that range with code and addresses masked.
    pub(super) masked: String,
    /// Where it is.
    pub(super) placement: ClausePlacement,
}

impl MaskedSentence {
    /// The clauses, as byte ranges of `masked`.
    pub(super) fn clauses(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let mut clauses = Vec::new();
        for (semicolon, _) in self.masked.match_indices(';') {
            clauses.push(start..semicolon);
            start = semicolon + 1;
        }
        clauses.push(start..self.masked.len());
        clauses
    }

    /// The sentence without Markdown on one line, with the row and the column of a cell. A very long sentence is reduced to
    /// what is around `span`, a byte range of the answer.
    pub(super) fn describe(&self, source: &str, span: &Range<usize>) -> String {
        let range = window_around(source, &self.span, span, SHOWN_AROUND_BYTES);
        let text = strip_markdown(source.get(range).unwrap_or_default());
        match &self.placement {
            ClausePlacement::Prose => text,
            ClausePlacement::Cell { heading, subject } if subject.is_empty() => {
                format!("{heading}: {text}")
            }
            ClausePlacement::Cell { heading, subject } => format!("{subject} · {heading}: {text}"),
        }
    }
}

/// The byte range `outer` of `text`, limited to `margin` bytes before and after `inner`.
pub(super) fn window_around(
    text: &str,
    outer: &Range<usize>,
    inner: &Range<usize>,
    margin: usize,
) -> Range<usize> {
    let start = text.ceil_char_boundary(inner.start.saturating_sub(margin).max(outer.start));
    let end = text.floor_char_boundary(inner.end.saturating_add(margin).min(outer.end));
    start.min(end)..end
}

/// The text of a piece of Markdown, on one line.
fn strip_markdown(markdown: &str) -> String {
    let document = ParsedMarkdown::from_raw(markdown);
    let words: Vec<&str> =
        document.parts().flat_map(|part| part.text().split_whitespace()).collect();
    // A sentence cut out of bold text has only one half of the marks.
    let text = words.join(" ").replace("**", "").trim().to_owned();
    if text.is_empty() { collapse_whitespace(markdown) } else { text }
}

/// The sentences and cells of `section` in order, without its heading, code and quotes.
pub(super) fn sentences_of_section(
    document: &ParsedMarkdown,
    section: &Section,
) -> Vec<MaskedSentence> {
    let mut sentences = Vec::new();
    for part in section.blocks.clone().filter_map(|index| document.part(index)) {
        if Some(part.index()) == section.heading || part.is_quoted() {
            continue;
        }
        match part.kind() {
            OutlineKind::Paragraph => {
                push_sentences(document.source(), part.span(), &mut sentences);
            }
            OutlineKind::Table => push_cells(document.source(), &part, &mut sentences),
            OutlineKind::Heading(_)
            | OutlineKind::Code(_)
            | OutlineKind::Rule
            | OutlineKind::Plain => {}
        }
    }
    sentences
}

fn push_sentences(source: &str, span: Range<usize>, sentences: &mut Vec<MaskedSentence>) {
    let Some(text) = source.get(span.clone()) else { return };
    let masked = mask_code(text);
    for range in split_sentences(&masked) {
        let text = masked.get(range.clone()).unwrap_or_default().to_owned();
        let span = span.start + range.start..span.start + range.end;
        let placement = ClausePlacement::Prose;
        sentences.push(MaskedSentence { span, masked: text, placement });
    }
}

fn push_cells(source: &str, part: &OutlinePart<'_>, sentences: &mut Vec<MaskedSentence>) {
    let headings: Vec<&str> = part.columns().into_iter().map(shorten_cell).collect();
    for row in part.rows() {
        let Some(text) = source.get(row.span.clone()) else { continue };
        let subject = row.cells.first().copied().map(shorten_cell).unwrap_or_default();
        for (column, range) in cell_ranges(text).into_iter().enumerate() {
            let heading = headings.get(column).copied().unwrap_or_default().to_owned();
            let subject = if column == 0 { String::new() } else { subject.to_owned() };
            let masked = mask_code(text.get(range.clone()).unwrap_or_default());
            let span = row.span.start + range.start..row.span.start + range.end;
            let placement = ClausePlacement::Cell { heading, subject };
            sentences.push(MaskedSentence { span, masked, placement });
        }
    }
}

fn shorten_cell(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_PLACEMENT_BYTES)).unwrap_or_default()
}

/// The byte ranges of the cells of a row's source, without the whitespace around them.
fn cell_ranges(row: &str) -> Vec<Range<usize>> {
    let mut bars: Vec<usize> = Vec::new();
    let mut escaped = false;
    for (offset, c) in row.char_indices() {
        if c == '|' && !escaped {
            bars.push(offset);
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

/// The text on one line, with code and addresses replaced by as many underscores as they have bytes.
fn mask_code(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    // Bytes of the text before its last closing mark: beyond, a search would read to the end for each opening one.
    let last_tick = text.rfind('`').unwrap_or(0);
    let last_bracket = text.rfind(')').unwrap_or(0);
    while let Some(c) = rest.chars().next() {
        let offset = text.len() - rest.len();
        let hidden = if c == '`' && offset < last_tick {
            rest.get(1..).and_then(|inner| inner.find('`')).map(|end| end + 2)
        } else if rest.starts_with("](") && offset < last_bracket {
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
    fn offsets_stay_offsets_of_the_answer() {
        let source = "See `x = 5 ms` and [it](http://a/5)\nfor 3 s; then. Next 漢.";
        let mut sentences = Vec::new();
        push_sentences(source, 0..source.len(), &mut sentences);
        assert_eq!(sentences.len(), 2);
        for sentence in &sentences {
            assert_eq!(sentence.masked.len(), sentence.span.len());
        }
        assert!(!sentences[0].masked.contains('5'), "{}", sentences[0].masked);
        assert_eq!(sentences[0].clauses().len(), 2);
        assert_eq!(
            sentences[0].describe(source, &sentences[0].span),
            "See x = 5 ms and it (a) for 3 s; then."
        );
        let row = "| a \\| b | 5 ms |  | c |";
        let texts: Vec<&str> =
            cell_ranges(row).into_iter().filter_map(|cell| row.get(cell)).collect();
        assert_eq!(texts, ["a \\| b", "5 ms", "", "c"]);
    }
}
