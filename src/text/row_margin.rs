//! The left margin of a block's rows at one width: quote bars, list markers, and the columns left for the block.
//!
//! Quote bars and list markers are dropped where a pane is narrow. Lays out no text.

use super::block::{Edge, LeafBlock};
use super::inline::push_piece;
use super::{Face, Role, Row, RowKind, RowPiece, width};

/// Longest grapheme, in columns; rows with less room are measured again.
const WIDEST_GRAPHEME: usize = 24;

/// The left margin of a block at one width.
pub(super) struct RowMargin {
    first: Vec<RowPiece>,
    rest: Vec<RowPiece>,
    /// Columns for the block, at least 1.
    pub(super) columns: usize,
    begun: bool,
}

impl RowMargin {
    /// The margin of `block` at `columns`: outer edges are dropped when they would take more than two thirds.
    pub(super) fn new(block: &LeafBlock, columns: usize) -> Self {
        let edges = fitting_edges(&block.edges, columns);
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
    pub(super) fn next(&mut self) -> Vec<RowPiece> {
        if std::mem::replace(&mut self.begun, true) {
            self.rest.clone()
        } else {
            std::mem::take(&mut self.first)
        }
    }
}

/// The innermost edges that leave a third of the width for the text.
fn fitting_edges(edges: &[Edge], columns: usize) -> &[Edge] {
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

/// The blank row above `block`: the bars of quotes that continue run through it.
pub(super) fn gap_row(block: &LeafBlock, shared: usize, columns: usize) -> Row {
    let fitting = fitting_edges(&block.edges, columns);
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

/// Replaces text that is too wide in any case: a wide grapheme in a single column.
pub(super) fn limit_width(pieces: &mut Vec<RowPiece>, room: usize) {
    if room >= WIDEST_GRAPHEME {
        return;
    }
    if pieces.iter().map(|p| width::width(&p.text)).sum::<usize>() > room {
        let face = pieces.first().map_or_else(Face::default, |p| p.face);
        *pieces = vec![RowPiece { text: "…".into(), face }];
    }
}
