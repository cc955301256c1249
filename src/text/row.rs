//! One line on the screen at a given width, and the pieces it is made of. Made by `layout`, drawn by `ui`; knows no
//! colours.

use std::ops::Range;

use super::Face;

/// A run of text in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Clean text: no control characters, no line ends.
    pub text: Box<str>,
    /// What it is.
    pub face: Face,
}

/// What kind of line it is: decides whether it scrolls sideways and where jumps land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Prose, lists, quotes, tables: never wider than the pane.
    Prose,
    /// First line of a heading of this level: `[` and `]` stop here.
    Heading(u8),
    /// Header line of code block number `n` of its answer (1 is the first): `{` and `}` stop here.
    CodeHeader(u32),
    /// A line of code block number `n`: may be wider than the pane, scrolls sideways.
    Code(u32),
    /// An empty line between blocks.
    Blank,
}

/// One line on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its pieces, left to right.
    pub pieces: Vec<Piece>,
    /// What kind of line it is.
    pub kind: RowKind,
    /// Which bytes of the document's source it shows.
    pub source: Range<usize>,
}
