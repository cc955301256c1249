//! The rows of plain text of any size: only those that are shown are built, the others are only counted.
//!
//! A row is cut after a fixed number of bytes, not of columns, so that any row is found without measuring those above it. A
//! byte is never wider than a column, so that every row fits. Parses nothing.

use std::ops::Range;

use super::inline::InlineBuilder;
use super::row_margin::limit_width;
use super::wrap::wrap_lines;
use super::{Face, Role, Row, RowKind, RowPiece};

/// Bytes of text after which a position is remembered.
const MARK_STEP_BYTES: usize = 1024;
/// What is written above the text.
const NOTE: &str = "… too much Markdown: the rest of this answer is shown as plain text";

/// The rows of plain text at one width. All rows are counted from the first one of the note.
#[derive(Debug)]
pub(super) struct PlainRows {
    /// Blank row and note.
    head: Vec<Row>,
    columns: usize,
    /// Bytes of a row.
    step: usize,
    /// Starts of lines with their rows, every few kilobytes.
    marks: Vec<LineMark>,
    /// The unfinished last line.
    last: LineMark,
    /// End of the text.
    end: usize,
}

/// Start of a line and its row, counted after the note.
#[derive(Debug, Clone, Copy)]
struct LineMark {
    byte: usize,
    row: usize,
}

impl PlainRows {
    /// For the text of the source from byte `start` on, at `columns`. `gap` is the blank row above it.
    pub(super) fn new(gap: Option<Row>, start: usize, columns: usize) -> Self {
        let mut head: Vec<Row> = gap.into_iter().collect();
        for line in wrap_lines(NOTE, columns) {
            let text = NOTE.get(line).unwrap_or_default();
            let mut pieces = vec![RowPiece { text: text.into(), face: Face::of(Role::Muted) }];
            limit_width(&mut pieces, columns);
            head.push(Row { pieces, kind: RowKind::Prose, source: start..start });
        }
        let first = LineMark { byte: start, row: 0 };
        // The last character of a row may begin before its end and take two columns.
        let step = columns.saturating_sub(1).max(1);
        Self { head, columns, step, marks: vec![first], last: first, end: start }
    }

    /// Counts the rows of the text that was appended to `source`.
    pub(super) fn extend(&mut self, source: &str) {
        let mut from = self.end.max(self.last.byte);
        while let Some(at) = source.get(from..).and_then(|rest| rest.find('\n')) {
            let line_end = from + at;
            self.last.row += self.count_rows(line_end - self.last.byte);
            self.last.byte = line_end + 1;
            from = self.last.byte;
            let marked = self.marks.last().map_or(0, |mark| mark.byte);
            if self.last.byte - marked >= MARK_STEP_BYTES {
                self.marks.push(self.last);
            }
        }
        self.end = source.len();
    }

    /// Number of rows.
    pub(super) fn height(&self) -> usize {
        let unfinished = self.end - self.last.byte;
        let rows = if unfinished > 0 { self.count_rows(unfinished) } else { 0 };
        self.head.len() + self.last.row + rows
    }

    /// Builds rows `rows`.
    pub(super) fn build(&self, source: &str, rows: Range<usize>) -> Vec<Row> {
        let rows = rows.start..rows.end.min(self.height());
        let mut built: Vec<Row> =
            self.head.iter().take(rows.end).skip(rows.start).cloned().collect();
        let wanted =
            rows.start.saturating_sub(self.head.len())..rows.end.saturating_sub(self.head.len());
        let mut line = self.mark_before(|mark| mark.row <= wanted.start);
        while line.row < wanted.end && line.byte < self.end {
            let length = self.line_end(source, line.byte) - line.byte;
            let count = self.count_rows(length);
            for row in wanted.start.max(line.row)..wanted.end.min(line.row + count) {
                built.push(self.build_row(source, line.byte..line.byte + length, row - line.row));
            }
            line = LineMark { byte: line.byte + length + 1, row: line.row + count };
        }
        built
    }

    /// The row that shows byte `at` of the source.
    pub(super) fn row_at(&self, source: &str, at: usize) -> usize {
        let at = source.floor_char_boundary(at);
        let mut line = self.mark_before(|mark| mark.byte <= at);
        while let Some(length) = source.get(line.byte..at).and_then(|before| before.find('\n')) {
            let row = line.row + self.count_rows(length);
            line = LineMark { byte: line.byte + length + 1, row };
        }
        let row = self.head.len() + line.row + at.saturating_sub(line.byte) / self.step;
        row.min(self.height().saturating_sub(1))
    }

    /// End of the line that begins at byte `start`. Reads no more than the distance of two marks, however long the line is.
    fn line_end(&self, source: &str, start: usize) -> usize {
        let after = self.marks.partition_point(|mark| mark.byte <= start);
        let marked = after.checked_sub(1).and_then(|last| self.marks.get(last));
        let near = marked.map_or(start, |mark| mark.byte) + MARK_STEP_BYTES;
        let bytes = source.as_bytes().get(start..near.min(self.end).max(start)).unwrap_or_default();
        if let Some(length) = bytes.iter().position(|byte| *byte == b'\n') {
            return start + length;
        }
        // A line that ends later is followed by a mark, or it is the last one.
        self.marks.get(after).map_or(self.end, |mark| mark.byte - 1)
    }

    /// The last mark for which `is_before` holds.
    fn mark_before(&self, is_before: impl Fn(&LineMark) -> bool) -> LineMark {
        let after = self.marks.partition_point(is_before);
        let mark = self.marks.get(after.saturating_sub(1)).copied();
        mark.unwrap_or(LineMark { byte: self.end, row: 0 })
    }

    /// Number of rows of a line of `length` bytes.
    fn count_rows(&self, length: usize) -> usize {
        length.div_ceil(self.step).max(1)
    }

    /// Row `index` of the line at `line`.
    fn build_row(&self, source: &str, line: Range<usize>, index: usize) -> Row {
        let cut = |row: usize| {
            let at = (line.start + row * self.step).min(line.end);
            source.ceil_char_boundary(at)
        };
        let range = cut(index)..cut(index + 1);
        let mut text = InlineBuilder::default();
        text.push(source.get(range.clone()).unwrap_or_default(), Face::default(), range.clone());
        let text = text.take();
        let mut pieces = Vec::new();
        text.slicer().cut_pieces(0..text.text.len(), &mut pieces);
        limit_width(&mut pieces, self.columns);
        Row { pieces, kind: RowKind::Prose, source: range }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width::width;

    fn text_of(row: &Row) -> String {
        row.pieces.iter().map(|piece| &*piece.text).collect()
    }

    #[test]
    fn rows_are_the_same_however_the_text_came_and_whichever_are_built() {
        let line = "a few words, 漢字 and 👩🏻 é\n";
        let source = format!("head\n{}{}\n\nlast", line.repeat(900), "x".repeat(9_000));
        for columns in [1, 2, 7, 40] {
            let mut whole = PlainRows::new(None, 5, columns);
            whole.extend(&source);
            let mut parts = PlainRows::new(None, 5, columns);
            for end in (5..source.len()).step_by(333).chain([source.len()]) {
                parts.extend(source.get(..source.ceil_char_boundary(end)).unwrap());
            }
            assert_eq!(parts.height(), whole.height());
            let all = whole.build(&source, 0..usize::MAX);
            assert_eq!(all.len(), whole.height());
            let middle = all.len() / 2..all.len() / 2 + 30;
            assert_eq!(parts.build(&source, middle.clone()), all[middle]);
            assert!(all.iter().all(|row| width(&text_of(row)) <= columns), "at {columns}");
            if columns > 2 {
                let head = whole.head.len();
                let shown: String = all.iter().skip(head).map(text_of).collect();
                assert_eq!(shown, source.get(5..).unwrap().replace('\n', ""));
                for (n, row) in all.iter().enumerate().skip(head) {
                    if !row.source.is_empty() {
                        assert_eq!(whole.row_at(&source, row.source.end - 1).abs_diff(n) / 2, 0);
                    }
                }
            }
        }
    }
}
