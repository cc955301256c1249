//! One screen line at a given width, and its pieces. Independent of colours.

use std::ops::Range;

use super::Face;

/// A piece of text in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPiece {
    /// Sanitised text: no control characters, no line ends.
    pub text: Box<str>,
    /// Role and emphasis.
    pub face: Face,
}

/// The kind of a row: whether it scrolls sideways, and where jumps stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Prose, lists, quotes, tables: never wider than the pane.
    Prose,
    /// First line of a heading of this level: `[` and `]` stop here.
    Heading(u8),
    /// Header of code block number `n` of its answer (1-based): `{` and `}` stop here.
    CodeHeader(u32),
    /// A line of code block number `n`: may be wider than the pane, scrolls sideways.
    Code(u32),
    /// A blank row between blocks.
    Blank,
}

/// One screen line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its pieces, left to right.
    pub pieces: Vec<RowPiece>,
    /// Its kind.
    pub kind: RowKind,
    /// The byte range of the source that it shows.
    pub source: Range<usize>,
}
