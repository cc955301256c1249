//! The parsed form of an answer: leaves (paragraphs, headings, code, tables, rules) in reading order.
//!
//! Lists and quotes are not nodes of a tree: each leaf carries the [`Edge`]s that stand to its left. So a leaf
//! can be compared, kept and wrapped on its own, and a long list costs no more than its last item.
//! Nothing here knows a width. Made by `parse`, kept by `Document`, read by `Layout`.

use std::ops::Range;

use super::inline::Inline;

/// One leaf of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// Names the content: a leaf that changes gets a new one (code that only grows keeps its own).
    pub(crate) id: u64,
    /// Its source bytes, with the list marker or quote sign that opens it.
    pub(crate) span: Range<usize>,
    /// What stands to its left, outermost first.
    pub(crate) edges: Box<[Edge]>,
    /// A blank row stands above it, through which this many of its edges run.
    pub(crate) gap: Option<u8>,
    /// What it is.
    pub(crate) body: Body,
}

/// What a leaf is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Running text; literal HTML too.
    Paragraph(Inline),
    /// A heading and its level.
    Heading(u8, Inline),
    /// A rule across.
    Rule,
    /// A code block: index into the document's codes.
    Code(usize),
    /// A table.
    Table(Box<Table>),
}

/// A container that a leaf stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A quote: its bar is drawn on every row.
    Quote,
    /// A list item or a note: its marker stands on the first row of its first leaf.
    Item {
        /// Columns that the marker takes and the rows below leave free.
        width: u8,
        /// Present in the first leaf only.
        marker: Option<Box<str>>,
    },
}

impl Edge {
    /// Columns that it takes.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Quote => 2,
            Self::Item { width, .. } => usize::from(*width),
        }
    }
}

/// How a column stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Align {
    /// Left, also when nothing is said.
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
    /// Columns beyond what is drawn.
    pub(crate) left_out: usize,
    /// Source bytes of the heading row.
    pub(crate) head_source: Range<usize>,
}

/// A row of a table below its heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableRow {
    pub(crate) cells: Vec<Inline>,
    pub(crate) source: Range<usize>,
}
