//! STUB: the interface of the highlighter. The text layer's author replaces it.

/// Whole code lines that want colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighlightJob {
    /// Which code block of the document.
    pub block: u64,
    /// Language token of the fence.
    pub language: String,
    /// Number of the first line (0 is the first of the block).
    pub first: usize,
    /// Whole lines, each with its line end.
    pub text: String,
}

/// The answer to a [`HighlightJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlighted {
    /// Which code block of the document.
    pub block: u64,
    /// Number of the first line.
    pub first: usize,
}

/// Turns code lines into roles with syntect; keeps the parser state of every open block. Lives on a worker thread.
#[derive(Debug, Default)]
pub struct Highlighter {}

impl Highlighter {
    /// Loads nothing yet: the first job does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Colours the lines of one job of document `doc` (any number that names the document).
    pub fn run(&mut self, _doc: u128, job: &HighlightJob) -> Highlighted {
        Highlighted { block: job.block, first: job.first }
    }

    /// Document `doc` is gone: its states are dropped.
    pub fn forget(&mut self, _doc: u128) {}

    /// Compiles the regexes of the languages that answers use most, so that no first block waits for them.
    pub fn warm_up(&mut self) {}
}
