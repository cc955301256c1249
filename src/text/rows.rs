//! The rows of one block at one width: headings, paragraphs, rules.
//!
//! Pure: a block and a width in, rows out. Tables are laid out in `table`, code in `code_rows`, the left margin in `frame`.

use std::ops::Range;

use super::block::{Block, Body};
use super::frame::{Frame, guard};
use super::inline::{Inline, push_piece};
use super::wrap::wrap;
use super::{Face, Role, Row, RowKind, table, width};

/// Appends the rows of a block that is not code.
pub(super) fn prose(block: &Block, columns: usize, rows: &mut Vec<Row>) {
    let mut frame = Frame::new(block, columns);
    match &block.body {
        Body::Paragraph(text) => {
            let lines = Lines { text, span: &block.span, kind: RowKind::Prose, lead: "" };
            lines.push(&mut frame, rows);
        }
        Body::Heading(level, text) => heading(*level, text, block, &mut frame, rows),
        Body::Rule => {
            let mut pieces = frame.next();
            push_piece(&mut pieces, &"─".repeat(frame.columns), Face::of(Role::Rule));
            rows.push(Row { pieces, kind: RowKind::Prose, source: block.span.clone() });
        }
        Body::Table(table) => table::rows(table, &block.span, &mut frame, rows),
        Body::Code(_) => {}
    }
}

/// Level 1 is underlined and level 2 has a bar, so that they differ without colours.
fn heading(level: u8, text: &Inline, block: &Block, frame: &mut Frame, rows: &mut Vec<Row>) {
    let lead = if level == 2 && frame.columns > 8 { "▌ " } else { "" };
    let first = rows.len();
    let lines = Lines { text, span: &block.span, kind: RowKind::Heading(level), lead };
    lines.push(frame, rows);
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
struct Lines<'a> {
    text: &'a Inline,
    span: &'a Range<usize>,
    /// Kind of the first row; the others are prose.
    kind: RowKind,
    /// Drawn at the left of every row, in the heading's role.
    lead: &'a str,
}

impl Lines<'_> {
    fn push(&self, frame: &mut Frame, rows: &mut Vec<Row>) {
        let room = frame.columns.saturating_sub(width::width(self.lead)).max(1);
        let mut slicer = self.text.slicer();
        let mut kind = self.kind;
        for line in wrap(&self.text.text, room) {
            let mut pieces = frame.next();
            push_piece(&mut pieces, self.lead, Face { bold: true, ..Face::of(Role::Heading2) });
            let mut shown = Vec::new();
            let source = slicer.cut(line, &mut shown).unwrap_or_else(|| self.span.clone());
            guard(&mut shown, room);
            pieces.append(&mut shown);
            rows.push(Row { pieces, kind, source });
            kind = RowKind::Prose;
        }
    }
}
