//! The parsed form of an answer: leaf blocks (paragraphs, headings, code, tables, rules) in reading order.
//!
//! Lists and quotes are not nodes of a tree: each leaf has the [`Edge`]s to its left. So a leaf can be compared, kept and
//! wrapped alone, and a long list costs no more than its last item. Independent of the width.

use std::ops::Range;

use super::inline::Inline;

/// A leaf block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeafBlock {
    /// Identifies the content: a leaf that changes gets a new id (code that only grows keeps its own).
    pub(crate) id: u64,
    /// Byte range of the source, with the list marker or quote sign that opens it.
    pub(crate) span: Range<usize>,
    /// The edges to its left, outermost first.
    pub(crate) edges: Box<[Edge]>,
    /// The number of its edges that continue through the blank row above it; none when there is no blank row.
    pub(crate) gap: Option<u8>,
    /// Its content.
    pub(crate) body: BlockBody,
}

/// The content of a leaf block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlockBody {
    /// Running text; also raw HTML.
    Paragraph(Inline),
    /// A heading and its level.
    Heading(u8, Inline),
    /// A horizontal rule.
    Rule,
    /// A code block: index in the document's code blocks.
    Code(usize),
    /// A table.
    Table(Box<Table>),
    /// The rest of an answer that is too large to be parsed; always the last block.
    Plain,
}

/// A container around a leaf block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A quote: its bar is drawn on every row.
    Quote,
    /// A list item or a footnote: its marker is drawn on the first row of its first leaf.
    Item {
        /// Columns of the marker, left free on the rows below.
        width: u8,
        /// Only in the first leaf.
        marker: Option<Box<str>>,
    },
}

impl Edge {
    /// Width in columns.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Quote => 2,
            Self::Item { width, .. } => usize::from(*width),
        }
    }
}

/// Alignment of a table column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Align {
    /// Left, the default.
    #[default]
    Left,
    /// Centred.
    Centre,
    /// Right.
    Right,
}

/// A table; every row has as many cells as there are columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) aligns: Vec<Align>,
    pub(crate) head: Vec<Inline>,
    pub(crate) rows: Vec<TableRow>,
    /// Number of columns that are not drawn.
    pub(crate) left_out: usize,
    /// Byte range of the heading row.
    pub(crate) head_source: Range<usize>,
}

/// A row of a table below its heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableRow {
    pub(crate) cells: Vec<Inline>,
    pub(crate) source: Range<usize>,
}
