//! The rows of one block at one width: headings, paragraphs, rules.
//!
//! Pure: a block and a width in, rows out. Tables are laid out in `table`, code in `code_rows`, plain text in
//! `plain_rows`, the left margin in `row_margin`.

use std::ops::Range;

use super::block::{BlockBody, LeafBlock};
use super::inline::{Inline, push_piece};
use super::row_margin::{RowMargin, limit_width};
use super::wrap::wrap_lines;
use super::{Face, Role, Row, RowKind, table, width};

/// Appends the rows of a block that is not code.
pub(super) fn push_block_rows(block: &LeafBlock, columns: usize, rows: &mut Vec<Row>) {
    let mut frame = RowMargin::new(block, columns);
    match &block.body {
        BlockBody::Paragraph(text) => {
            let lines = WrapInput { text, span: &block.span, kind: RowKind::Prose, lead: "" };
            lines.push_rows(&mut frame, rows);
        }
        BlockBody::Heading(level, text) => push_heading(*level, text, block, &mut frame, rows),
        BlockBody::Rule => {
            let mut pieces = frame.next();
            push_piece(&mut pieces, &"─".repeat(frame.columns), Face::of(Role::Rule));
            rows.push(Row { pieces, kind: RowKind::Prose, source: block.span.clone() });
        }
        BlockBody::Table(table) => table::push_table_rows(table, &block.span, &mut frame, rows),
        BlockBody::Code(_) | BlockBody::Plain => {}
    }
}

/// Level 1 is underlined and level 2 has a bar, so that they differ without colours.
fn push_heading(
    level: u8,
    text: &Inline,
    block: &LeafBlock,
    frame: &mut RowMargin,
    rows: &mut Vec<Row>,
) {
    let lead = if level == 2 && frame.columns > 8 { "▌ " } else { "" };
    let first = rows.len();
    let lines = WrapInput { text, span: &block.span, kind: RowKind::Heading(level), lead };
    lines.push_rows(frame, rows);
    if level == 1 {
        let text_width =
            |row: &Row| row.pieces.iter().map(|p| width::width(&p.text)).sum::<usize>();
        let widest = rows.iter().skip(first).map(text_width).max().unwrap_or(0);
        let mut pieces = frame.next();
        let taken: usize = pieces.iter().map(|p| width::width(&p.text)).sum();
        let line = "━".repeat(widest.saturating_sub(taken).max(1));
        push_piece(&mut pieces, &line, Face::of(Role::Heading1));
        rows.push(Row { pieces, kind: RowKind::Prose, source: block.span.clone() });
    }
}

/// Inline text to be wrapped.
struct WrapInput<'a> {
    text: &'a Inline,
    span: &'a Range<usize>,
    /// Kind of the first row; the others are prose.
    kind: RowKind,
    /// Drawn at the left of every row, in the heading's role.
    lead: &'a str,
}

impl WrapInput<'_> {
    fn push_rows(&self, frame: &mut RowMargin, rows: &mut Vec<Row>) {
        let room = frame.columns.saturating_sub(width::width(self.lead)).max(1);
        let mut slicer = self.text.slicer();
        let mut kind = self.kind;
        for line in wrap_lines(&self.text.text, room) {
            let mut pieces = frame.next();
            push_piece(&mut pieces, self.lead, Face { bold: true, ..Face::of(Role::Heading2) });
            let mut shown = Vec::new();
            let source = slicer.cut_pieces(line, &mut shown).unwrap_or_else(|| self.span.clone());
            limit_width(&mut shown, room);
            pieces.append(&mut shown);
            rows.push(Row { pieces, kind, source });
            kind = RowKind::Prose;
        }
    }
}
