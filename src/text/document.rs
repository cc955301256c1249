//! STUB: the interface that `app` and `ui` are written against. The text layer's author replaces it.

use std::ops::Range;

use super::{HighlightJob, Highlighted, Sanitizer};

/// An answer's Markdown: neutralised source and parsed blocks.
#[derive(Debug, Default)]
pub struct Document {
    source: String,
    sanitizer: Sanitizer,
    revision: u64,
}

impl Document {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// A finished document of `raw`.
    pub fn of(raw: &str) -> Self {
        let mut doc = Self::new();
        doc.push(raw);
        doc.finish();
        doc
    }

    /// Appends raw model text: neutralises it and parses the last block again. Called at most once a frame.
    pub fn push(&mut self, raw: &str) {
        self.sanitizer.push(raw, &mut self.source);
        self.revision += 1;
    }

    /// The stream is over: what was held back (half a CRLF, a late link definition) is settled.
    pub fn finish(&mut self) {
        self.sanitizer.finish(&mut self.source);
        self.revision += 1;
    }

    /// The neutralised source; everything that is copied or written out comes from here.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Grows with every change that can be seen, late highlighting included.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// True when there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Code lines that have come in since the last call and want colours; hand them to a [`super::Highlighter`].
    pub fn take_jobs(&mut self) -> Vec<HighlightJob> {
        Vec::new()
    }

    /// Colours for code lines; results for lines that no longer exist are ignored.
    pub fn apply(&mut self, _done: Highlighted) {}

    /// Source of code block `number` (1 is the first) without its fences, exactly as written.
    pub fn code(&self, _number: u32) -> Option<&str> {
        None
    }

    /// Byte range of the section (heading and all below it down to the next heading of its level or higher) at `offset`.
    pub fn section(&self, _offset: usize) -> Range<usize> {
        0..self.source.len()
    }
}
