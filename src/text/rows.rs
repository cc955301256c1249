//! One block's rows at one width: headings, paragraphs, rules, and the edges to their left.
//!
//! Tables are laid out in `table`, code lines in `code_rows`; both use the [`Frame`] here. Pure: a block and a
//! width in, rows out. Called by `Layout`.

use std::ops::Range;

use super::block::{Block, Body, Edge};
use super::inline::{Inline, push_piece};
use super::wrap::wrap;
use super::{Face, Piece, Role, Row, RowKind, table, width};

/// A grapheme wider than this does not occur; below it a row is looked at once more.
const WIDEST_GRAPHEME: usize = 24;

/// What stands to the left of a block at one width, and how many columns are left for it.
pub(super) struct Frame {
    first: Vec<Piece>,
    rest: Vec<Piece>,
    /// Columns for the block itself; 1 or more.
    pub(super) columns: usize,
    begun: bool,
}

impl Frame {
    /// The frame of `block` at `columns`: outer edges give way when they would take more than two thirds.
    pub(super) fn new(block: &Block, columns: usize) -> Self {
        let edges = fitting(&block.edges, columns);
        let taken: usize = edges.iter().map(Edge::width).sum();
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for edge in edges {
            match edge {
                Edge::Quote => {
                    push_piece(&mut first, "│ ", Face::of(Role::QuoteBar));
                    push_piece(&mut rest, "│ ", Face::of(Role::QuoteBar));
                }
                Edge::Item { width, marker } => {
                    let blank = " ".repeat(usize::from(*width));
                    match marker {
                        Some(marker) => push_piece(&mut first, marker, Face::of(Role::Marker)),
                        None => push_piece(&mut first, &blank, Face::default()),
                    }
                    push_piece(&mut rest, &blank, Face::default());
                }
            }
        }
        Self { first, rest, columns: columns.saturating_sub(taken).max(1), begun: false }
    }

    /// The pieces that the next row begins with.
    pub(super) fn next(&mut self) -> Vec<Piece> {
        if std::mem::replace(&mut self.begun, true) {
            self.rest.clone()
        } else {
            std::mem::take(&mut self.first)
        }
    }
}

/// The innermost edges that leave a third of the width for the text.
fn fitting(edges: &[Edge], columns: usize) -> &[Edge] {
    let room = columns * 2 / 3;
    let mut taken = 0;
    let kept = edges
        .iter()
        .rev()
        .take_while(|e| {
            taken += e.width();
            taken <= room
        })
        .count();
    edges.get(edges.len() - kept..).unwrap_or_default()
}

/// The blank row above `block`: the bars of quotes that go on run through it.
pub(super) fn gap(block: &Block, shared: usize, columns: usize) -> Row {
    let fitting = fitting(&block.edges, columns);
    let dropped = block.edges.len() - fitting.len();
    let mut pieces = Vec::new();
    let running =
        fitting.get(..shared.saturating_sub(dropped).min(fitting.len())).unwrap_or_default();
    let last_bar = running.iter().rposition(|e| matches!(e, Edge::Quote)).map_or(0, |i| i + 1);
    for (i, edge) in running.iter().take(last_bar).enumerate() {
        match edge {
            Edge::Quote if i + 1 == last_bar => {
                push_piece(&mut pieces, "│", Face::of(Role::QuoteBar));
            }
            Edge::Quote => push_piece(&mut pieces, "│ ", Face::of(Role::QuoteBar)),
            Edge::Item { width, .. } => {
                push_piece(&mut pieces, &" ".repeat(usize::from(*width)), Face::default());
            }
        }
    }
    Row { pieces, kind: RowKind::Blank, source: block.span.start..block.span.start }
}

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

/// Level 1 has a line below and level 2 a bar, so that they are told apart without colours.
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

/// Replaces text that cannot be made narrow enough: one wide grapheme where a single column is left.
pub(super) fn guard(pieces: &mut Vec<Piece>, room: usize) {
    if room >= WIDEST_GRAPHEME {
        return;
    }
    if pieces.iter().map(|p| width::width(&p.text)).sum::<usize>() > room {
        let face = pieces.first().map_or_else(Face::default, |p| p.face);
        *pieces = vec![Piece { text: "…".into(), face }];
    }
}
