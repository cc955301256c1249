//! The row cache: a document's rows at one width, kept block by block.
//!
//! Only changed blocks are wrapped again, code is appended to, and a height index finds rows in O(log blocks). Draws nothing
//! and knows no scroll position.

use std::ops::Range;

use super::block::{BlockBody, LeafBlock};
use super::block_rows::push_block_rows;
use super::code_rows::{CodeRows, CodeRowsInput};
use super::row_margin::gap_row;
use super::{ParsedMarkdown, Row, RowKind, inline};

/// A position in a document that survives growth and resizing: a block and a row in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Index of the block.
    pub block: usize,
    /// Row in the block at the current width.
    pub row: usize,
}

/// What changes rows besides the width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowOptions {
    /// Wrap code instead of scrolling it sideways.
    pub wrap_code: bool,
}

/// The rows of one document at one width; only changed blocks are wrapped again.
#[derive(Debug, Default)]
pub struct MarkdownRows {
    blocks: Vec<BlockRows>,
    /// Number of rows up to the end of each block.
    ends: Vec<usize>,
    columns: usize,
    options: RowOptions,
    revision: u64,
    epoch: u64,
    /// Number of blocks, from the first, that are final.
    settled: usize,
}

/// A block's rows, with the blank row above it.
#[derive(Debug)]
struct BlockRows {
    id: u64,
    rows: Vec<Row>,
    code: Option<CodeRows>,
}

impl MarkdownRows {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// Updates the rows to `doc` at `width` columns (1 or more).
    pub fn update(&mut self, doc: &ParsedMarkdown, width: u16, options: RowOptions) {
        let columns = usize::from(width).max(1);
        if (self.columns, self.options) != (columns, options) {
            *self = Self { columns, options, ..Self::default() };
        } else if self.revision == doc.revision() {
            return;
        }
        if self.epoch != doc.epoch() {
            self.settled = 0;
        }
        (self.revision, self.epoch) = (doc.revision(), doc.epoch());
        let first = self.settled;
        for (index, block) in doc.blocks().iter().enumerate().skip(first) {
            self.lay_out(doc, index, block);
            if self.settled == index && doc.is_settled(index) {
                self.settled += 1;
            }
        }
        self.blocks.truncate(doc.blocks().len());
        self.update_ends(first);
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Row `index`, 0-based.
    pub fn row(&self, index: usize) -> Option<&Row> {
        let Anchor { block, row } = self.find_anchor(index)?;
        self.blocks.get(block)?.rows.get(row)
    }

    /// The rows from `from` on.
    pub fn rows_from(&self, from: usize) -> impl Iterator<Item = &Row> {
        let at = self.find_anchor(from).unwrap_or(Anchor { block: self.blocks.len(), row: 0 });
        let blocks = self.blocks.get(at.block..).unwrap_or_default();
        blocks.iter().flat_map(|b| &b.rows).skip(at.row)
    }

    /// The range of rows of these blocks.
    pub fn rows_of(&self, blocks: Range<usize>) -> Range<usize> {
        let last = self.blocks.len();
        let (start, end) = (blocks.start.min(last), blocks.end.min(last));
        self.start_row(start)..self.start_row(end.max(start))
    }

    /// The first row that shows byte `at` of the source, or a byte after it.
    pub fn row_at(&self, at: usize) -> usize {
        let shows = |row: &Row| row.kind != RowKind::Blank && row.source.end > at;
        let block = self.blocks.iter().position(|laid| laid.rows.iter().any(shows));
        let Some(block) = block else { return self.height().saturating_sub(1) };
        let row = self.blocks.get(block).and_then(|laid| laid.rows.iter().position(shows));
        self.start_row(block) + row.unwrap_or(0)
    }

    /// The position of row `index`.
    pub fn anchor_at(&self, index: usize) -> Anchor {
        let last = self.height().saturating_sub(1);
        self.find_anchor(index.min(last)).unwrap_or_default()
    }

    /// The row at `anchor`, or the nearest one.
    pub fn row_of(&self, anchor: Anchor) -> usize {
        let Some(block) = self.blocks.get(anchor.block) else {
            return self.height().saturating_sub(1);
        };
        self.start_row(anchor.block) + anchor.row.min(block.rows.len().saturating_sub(1))
    }

    /// The next (`forward`) or previous row after row `from` whose kind is `wanted`.
    pub fn find_row(
        &self,
        from: usize,
        forward: bool,
        wanted: fn(RowKind) -> bool,
    ) -> Option<usize> {
        if forward {
            let hit = self.rows_from(from + 1).position(|r| wanted(r.kind))?;
            return Some(from + 1 + hit);
        }
        let from = from.min(self.height());
        let at = self.anchor_at(from);
        let blocks = self.blocks.get(..=at.block).unwrap_or(&self.blocks);
        let rows = blocks.iter().flat_map(|b| &b.rows).rev();
        let below = self.ends.get(at.block).map_or(0, |end| end - from);
        let hit = rows.skip(below).position(|r| wanted(r.kind))?;
        Some(from - 1 - hit)
    }

    fn lay_out(&mut self, doc: &ParsedMarkdown, index: usize, block: &LeafBlock) {
        let code = match &block.body {
            BlockBody::Code(code) => {
                doc.code_block(*code).map(|c| (inline::to_offset(code + 1), c))
            }
            _ => None,
        };
        let view = code.map(|(number, code)| CodeRowsInput {
            source: doc.source(),
            block,
            code,
            number,
            columns: self.columns,
            wrap: self.options.wrap_code,
        });
        match (self.blocks.get_mut(index), &view) {
            (Some(BlockRows { id, rows, code: Some(state) }), Some(view)) if *id == block.id => {
                return view.extend(state, rows);
            }
            (Some(laid), _) if laid.id == block.id => return,
            _ => {}
        }
        let mut rows = Vec::new();
        if let Some(shared) = block.gap.filter(|_| index > 0) {
            rows.push(gap_row(block, usize::from(shared), self.columns));
        }
        let state = view.map(|view| view.lay_out(&mut rows));
        if state.is_none() {
            push_block_rows(block, self.columns, &mut rows);
            rows.shrink_to_fit();
        }
        let laid = BlockRows { id: block.id, rows, code: state };
        match self.blocks.get_mut(index) {
            Some(slot) => *slot = laid,
            None => self.blocks.push(laid),
        }
    }

    /// Updates heights from block `first` on.
    fn update_ends(&mut self, first: usize) {
        self.ends.truncate(first);
        let mut end = self.height();
        for laid in self.blocks.iter().skip(first) {
            end += laid.rows.len();
            self.ends.push(end);
        }
    }

    fn start_row(&self, block: usize) -> usize {
        block.checked_sub(1).and_then(|b| self.ends.get(b)).copied().unwrap_or(0)
    }

    fn find_anchor(&self, index: usize) -> Option<Anchor> {
        let block = self.ends.partition_point(|end| *end <= index);
        (index < self.height()).then(|| Anchor { block, row: index - self.start_row(block) })
    }
}
