//! The row cache: a document's rows at one width, kept block by block.
//!
//! Only changed blocks are wrapped again, code is appended to, and a height index finds rows in O(log blocks). Of plain text
//! only the rows that are asked for are built. Draws nothing and knows no scroll position.

use std::borrow::Cow;
use std::ops::Range;

use super::block::{BlockBody, LeafBlock};
use super::block_rows::push_block_rows;
use super::code_rows::{CodeRows, CodeRowsInput};
use super::plain_rows::PlainRows;
use super::row_margin::gap_row;
use super::{ParsedMarkdown, Row, RowKind, inline};

/// Rows of plain text that are built with every update.
const FIRST_PLAIN_ROWS: usize = 64;

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
    /// All rows, or those of plain text that have been built.
    rows: Vec<Row>,
    code: Option<CodeRows>,
    plain: Option<PlainWindow>,
}

/// Plain text and the first row of it that has been built.
#[derive(Debug)]
struct PlainWindow {
    text: PlainRows,
    first: usize,
}

impl BlockRows {
    fn height(&self) -> usize {
        self.plain.as_ref().map_or(self.rows.len(), |plain| plain.text.height())
    }

    /// The rows that have been built, from row `from` on; none when that one has not been built.
    fn rows_from(&self, from: usize) -> &[Row] {
        let first = self.plain.as_ref().map_or(0, |plain| plain.first);
        from.checked_sub(first).and_then(|from| self.rows.get(from..)).unwrap_or_default()
    }
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

    /// Row `index`, 0-based. A row of plain text is built if it has not been. `doc` is the document of the last update.
    pub fn row<'a>(&'a self, doc: &ParsedMarkdown, index: usize) -> Option<Cow<'a, Row>> {
        let Anchor { block, row } = self.find_anchor(index)?;
        let laid = self.blocks.get(block)?;
        match (laid.rows_from(row).first(), &laid.plain) {
            (Some(built), _) => Some(Cow::Borrowed(built)),
            (None, Some(plain)) => {
                plain.text.build(doc.source(), row..row + 1).pop().map(Cow::Owned)
            }
            (None, None) => None,
        }
    }

    /// The rows from `from` on; of plain text those that have been built, see [`MarkdownRows::build_plain_rows`].
    pub fn rows_from(&self, from: usize) -> impl Iterator<Item = &Row> {
        let at = self.find_anchor(from).unwrap_or(Anchor { block: self.blocks.len(), row: 0 });
        let mut blocks = self.blocks.get(at.block..).unwrap_or_default().iter();
        let first = blocks.next().map(|block| block.rows_from(at.row)).unwrap_or_default();
        first.iter().chain(blocks.flat_map(|block| block.rows_from(0)))
    }

    /// Builds the rows in `rows` that show plain text for [`MarkdownRows::rows_from`], in place of those built before. `doc` is
    /// the document of the last update. Without this it has only the first few.
    pub fn build_plain_rows(&mut self, doc: &ParsedMarkdown, rows: Range<usize>) {
        let start = self.blocks.len().checked_sub(1).map_or(0, |last| self.start_row(last));
        let Some(BlockRows { plain: Some(plain), rows: built, .. }) = self.blocks.last_mut() else {
            return;
        };
        let wanted = rows.start.saturating_sub(start)..rows.end.saturating_sub(start);
        if !wanted.is_empty() {
            plain.first = wanted.start;
            *built = plain.text.build(doc.source(), wanted);
        }
    }

    /// The range of rows of these blocks.
    pub fn rows_of(&self, blocks: Range<usize>) -> Range<usize> {
        let last = self.blocks.len();
        let (start, end) = (blocks.start.min(last), blocks.end.min(last));
        self.start_row(start)..self.start_row(end.max(start))
    }

    /// The first row that shows byte `at` of the source, or a byte after it. `doc` is the document of the last update.
    pub fn row_at(&self, doc: &ParsedMarkdown, at: usize) -> usize {
        let shows = |row: &Row| row.kind != RowKind::Blank && row.source.end > at;
        for (index, laid) in self.blocks.iter().enumerate() {
            let row = match &laid.plain {
                Some(plain) => Some(plain.text.row_at(doc.source(), at)),
                None => laid.rows.iter().position(shows),
            };
            if let Some(row) = row {
                return self.start_row(index) + row;
            }
        }
        self.height().saturating_sub(1)
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
        self.start_row(anchor.block) + anchor.row.min(block.height().saturating_sub(1))
    }

    /// The next (`forward`) or previous row after row `from` whose kind is `wanted`.
    pub fn find_row(
        &self,
        from: usize,
        forward: bool,
        wanted: fn(RowKind) -> bool,
    ) -> Option<usize> {
        // No jump ends in plain text.
        let last =
            self.blocks.len() - usize::from(self.blocks.last().is_some_and(|b| b.plain.is_some()));
        if forward {
            let at = self.find_anchor(from + 1)?;
            let mut skip = at.row;
            for (index, laid) in self.blocks.iter().enumerate().take(last).skip(at.block) {
                let rows = laid.rows_from(std::mem::take(&mut skip));
                if let Some(hit) = rows.iter().position(|row| wanted(row.kind)) {
                    let row = laid.rows.len() - rows.len() + hit;
                    return Some(self.start_row(index) + row);
                }
            }
            return None;
        }
        let at = self.find_anchor(from).unwrap_or(Anchor { block: self.blocks.len(), row: 0 });
        for (index, laid) in self.blocks.iter().enumerate().take((at.block + 1).min(last)).rev() {
            let end = if index == at.block { at.row } else { laid.rows.len() };
            let rows = laid.rows.get(..end).unwrap_or_default();
            if let Some(hit) = rows.iter().rposition(|row| wanted(row.kind)) {
                return Some(self.start_row(index) + hit);
            }
        }
        None
    }

    fn lay_out(&mut self, doc: &ParsedMarkdown, index: usize, block: &LeafBlock) {
        let code = match &block.body {
            BlockBody::Code(code) => {
                doc.code_block(*code).map(|c| (inline::to_offset(code + 1), c))
            }
            _ => None,
        };
        if block.body == BlockBody::Plain {
            return self.lay_out_plain(doc, index, block);
        }
        let view = code.map(|(number, code)| CodeRowsInput {
            source: doc.source(),
            block,
            code,
            number,
            columns: self.columns,
            wrap: self.options.wrap_code,
        });
        match (self.blocks.get_mut(index), &view) {
            (Some(BlockRows { id, rows, code: Some(state), .. }), Some(view))
                if *id == block.id =>
            {
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
        self.put_rows(index, BlockRows { id: block.id, rows, code: state, plain: None });
    }

    fn lay_out_plain(&mut self, doc: &ParsedMarkdown, index: usize, block: &LeafBlock) {
        let known = self.blocks.get_mut(index).filter(|laid| laid.id == block.id);
        let known = known.and_then(|laid| laid.plain.take());
        let mut text = known.map_or_else(
            || {
                let gap = block.gap.filter(|_| index > 0);
                let gap = gap.map(|shared| gap_row(block, usize::from(shared), self.columns));
                PlainRows::new(gap, block.span.start, self.columns)
            },
            |known| known.text,
        );
        text.extend(doc.source());
        let rows = text.build(doc.source(), 0..FIRST_PLAIN_ROWS);
        let plain = Some(PlainWindow { text, first: 0 });
        self.put_rows(index, BlockRows { id: block.id, rows, code: None, plain });
    }

    fn put_rows(&mut self, index: usize, laid: BlockRows) {
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
            end += laid.height();
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
