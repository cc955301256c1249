//! STUB: the interface of the row cache. The text layer's author replaces it.

use super::{Document, Face, Piece, Row, RowKind};

/// A place in a document that survives growth and resize: a block and a row in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Index of the block.
    pub block: usize,
    /// Row inside the block at the current width.
    pub row: usize,
}

/// What changes rows besides the width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LayoutOptions {
    /// Code is wrapped instead of scrolled sideways.
    pub wrap_code: bool,
}

/// The rows of one document at one width; only blocks that changed are wrapped again.
#[derive(Debug, Default)]
pub struct Layout {
    rows: Vec<Row>,
    seen: (u64, u16),
}

impl Layout {
    /// No rows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Brings the rows up to date with `doc` at `width` columns (1 or more).
    pub fn update(&mut self, doc: &Document, width: u16, _options: LayoutOptions) {
        if self.seen == (doc.revision(), width) {
            return;
        }
        self.seen = (doc.revision(), width);
        self.rows = doc
            .source()
            .lines()
            .map(|line| Row {
                pieces: vec![Piece { text: line.into(), face: Face::default() }],
                kind: RowKind::Prose,
                source: 0..0,
            })
            .collect();
    }

    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Row `index`, counted from the top.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index)
    }

    /// Rows from `from` on.
    pub fn rows_from(&self, from: usize) -> impl Iterator<Item = &Row> {
        self.rows.iter().skip(from)
    }

    /// The place that row `index` shows.
    pub fn anchor_at(&self, index: usize) -> Anchor {
        Anchor { block: index, row: 0 }
    }

    /// The row that shows `anchor` now, or the nearest one.
    pub fn row_of(&self, anchor: Anchor) -> usize {
        anchor.block.min(self.rows.len().saturating_sub(1))
    }

    /// Row of the next (`forward`) or previous heading or code header from row `from`; `wanted` chooses.
    pub fn find(&self, from: usize, forward: bool, wanted: fn(RowKind) -> bool) -> Option<usize> {
        let hit = |i: &usize| self.rows.get(*i).is_some_and(|r| wanted(r.kind));
        if forward { (from + 1..self.rows.len()).find(hit) } else { (0..from).rev().find(hit) }
    }
}
