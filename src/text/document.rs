//! An answer as it grows: neutralised source and parsed blocks.
//!
//! Top-level blocks are frozen once the next one has begun; only what follows is parsed again, and an open code
//! fence is not even that: its lines are appended. What arrives at the end equals one parse of the whole,
//! however it was cut. Knows no widths (`Layout`), no colours' values, no threads: colours are asked for with
//! jobs and come back as results. `app` keeps one per run.

mod tail;

use std::ops::Range;

use super::block::{Block, Body};
use super::code::Code;
use super::parse::Top;
use super::{HighlightJob, Highlighted, Sanitizer, fence};

/// An answer's Markdown: neutralised source and parsed blocks.
#[derive(Debug, Default)]
pub struct Document {
    source: String,
    sanitizer: Sanitizer,
    revision: u64,
    /// Grows when frozen blocks were replaced: caches must look at them again.
    epoch: u64,
    blocks: Vec<Block>,
    codes: Vec<Code>,
    /// Everything before this will not be parsed again.
    frozen: Top,
    /// How far the last parse of the tail went; what follows was parsed apart.
    parsed: Top,
    /// Bytes before this one have been looked at for a block to freeze.
    guarded: usize,
    /// The last block is a fence that is appended to.
    open: Option<fence::OpenFence>,
    /// Something was defined that earlier text may refer to.
    defines: bool,
    next_id: u64,
    /// Code blocks before this one have handed out all their jobs.
    asked: usize,
    work: u64,
    finished: bool,
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
        let before = self.source.len();
        self.sanitizer.push(raw, &mut self.source);
        if self.source.len() > before {
            if std::mem::take(&mut self.finished) {
                self.thaw();
            }
            self.advance();
            self.revision += 1;
        }
    }

    /// Appends raw model text without parsing it: [`Document::finish`] parses all at once. For answers that are displayed
    /// only when they are complete.
    pub fn push_unparsed(&mut self, raw: &str) {
        self.sanitizer.push(raw, &mut self.source);
        self.revision += 1;
    }

    /// The stream is over: what was held back (half a CRLF, a late link definition) is settled.
    pub fn finish(&mut self) {
        self.sanitizer.finish(&mut self.source);
        self.settle();
        self.finished = true;
        self.source.shrink_to_fit();
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

    /// Bytes that were parsed so far, those parsed again included: what streaming has cost, in a unit that no
    /// busy machine can change.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Code lines that have come in since the last call and want colours; hand them to a [`super::Highlighter`].
    pub fn take_jobs(&mut self) -> Vec<HighlightJob> {
        let mut jobs = Vec::new();
        for code in self.codes.iter_mut().skip(self.asked) {
            code.take_jobs(&self.source, &mut jobs);
        }
        self.asked = self.frozen.code.min(self.codes.len());
        jobs
    }

    /// Colours for code lines; results for lines that no longer exist are ignored.
    pub fn apply(&mut self, done: Highlighted) {
        if let Ok(at) = self.codes.binary_search_by_key(&done.block, |c| c.id)
            && let Some(code) = self.codes.get_mut(at)
            && code.apply(done)
        {
            self.revision += 1;
        }
    }

    /// How many code blocks there are; they are numbered from 1.
    pub fn code_count(&self) -> u32 {
        super::inline::small(self.codes.len())
    }

    /// Source of code block `number` (1 is the first) without its fences, exactly as written (without the
    /// indentation of a list or the signs of a quote that it stands in).
    pub fn code(&self, number: u32) -> Option<&str> {
        Some(self.code_at(number)?.text(&self.source))
    }

    /// Language token of code block `number`; empty when it names none.
    pub fn code_language(&self, number: u32) -> Option<&str> {
        Some(&self.code_at(number)?.language)
    }

    /// Title of code block `number`: the file that it names, from its info string or its first line.
    pub fn code_title(&self, number: u32) -> Option<&str> {
        self.code_at(number)?.title.as_deref()
    }

    /// How many blocks there are: the index of an [`super::Anchor`] is below it.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Source bytes of block `index`, list marker and quote sign included.
    pub fn block(&self, index: usize) -> Option<Range<usize>> {
        self.blocks.get(index).map(|b| b.span.clone())
    }

    /// Byte range of the section (heading and all below it down to the next heading of its level or higher) at
    /// `offset`. Before the first heading it is what stands there.
    pub fn section(&self, offset: usize) -> Range<usize> {
        let headings = || {
            self.blocks.iter().filter_map(|b| match &b.body {
                Body::Heading(level, _) if b.edges.is_empty() => Some((b.span.start, *level)),
                _ => None,
            })
        };
        let end = self.source.len();
        let Some((start, level)) = headings().take_while(|(at, _)| *at <= offset).last() else {
            return 0..headings().next().map_or(end, |(at, _)| at);
        };
        let next = headings().find(|(at, l)| *at > start && *l <= level);
        start..next.map_or(end, |(at, _)| at)
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(super) fn code_block(&self, index: usize) -> Option<&Code> {
        self.codes.get(index)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// True when block `index` can never look different again.
    pub(super) fn is_settled(&self, index: usize) -> bool {
        index < self.frozen.block
            && self.blocks.get(index).is_some_and(|b| match b.body {
                Body::Code(code) => self.codes.get(code).is_some_and(Code::is_coloured),
                _ => true,
            })
    }

    fn code_at(&self, number: u32) -> Option<&Code> {
        self.codes.get((number as usize).checked_sub(1)?)
    }
}
