//! An answer as it grows: sanitised source and parsed blocks.
//!
//! Top-level blocks are frozen once the next one has begun; only the rest is parsed again, and the lines of an open code
//! fence are only appended. The result equals one parse of the complete text, however the text was split, up to limits that
//! are counted in bytes and signs: the rest of a larger answer is plain text. Independent of widths, colours and threads:
//! colours are requested with jobs and come back as results.

mod limits;
mod tail;

use std::ops::Range;

use super::block::{BlockBody, LeafBlock};
use super::code::CodeBlock;
use super::parse::{BlockBoundary, OpenList};
use super::{HighlightJob, Highlighted, Sanitizer, fence};
use limits::{PlainRest, TailWeight};

/// An answer's Markdown: sanitised source and parsed blocks.
#[derive(Debug, Default)]
pub struct ParsedMarkdown {
    source: String,
    sanitizer: Sanitizer,
    revision: u64,
    /// Grows when frozen blocks were replaced, so that caches look at them again.
    epoch: u64,
    blocks: Vec<LeafBlock>,
    codes: Vec<CodeBlock>,
    /// Start of the part that may be parsed again.
    frozen: BlockBoundary,
    /// End of the last parse of the tail; the text after it was parsed separately.
    parsed: BlockBoundary,
    /// Bytes that have been searched for a block to freeze.
    guarded: usize,
    /// The last block is a fence whose lines are appended.
    open: Option<fence::OpenFence>,
    /// The list that the part after `frozen` continues.
    open_list: Option<OpenList>,
    weight: TailWeight,
    /// The rest of the answer that is too large to be parsed.
    plain: Option<PlainRest>,
    /// A definition was added that earlier text may refer to.
    defines: bool,
    next_id: u64,
    /// Number of code blocks, from the first, that have handed out all their jobs.
    asked: usize,
    work: u64,
    finished: bool,
}

impl ParsedMarkdown {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// A finished document of `raw`.
    pub fn from_raw(raw: &str) -> Self {
        let mut doc = Self::new();
        doc.push(raw);
        doc.finish();
        doc
    }

    /// Appends raw model text: sanitises it and parses the last block again. To be called at most once a frame.
    pub fn push(&mut self, raw: &str) {
        let before = self.source.len();
        self.sanitizer.push(raw, &mut self.source);
        if self.source.len() > before {
            if std::mem::take(&mut self.finished) && self.plain.is_none() {
                self.unfreeze_blocks();
            }
            self.advance_parse(false);
            self.revision += 1;
        }
    }

    /// Appends raw model text without parsing it: [`ParsedMarkdown::finish`] parses all at once. For answers that are displayed
    /// only when they are complete.
    pub fn push_unparsed(&mut self, raw: &str) {
        self.sanitizer.push(raw, &mut self.source);
        self.revision += 1;
    }

    /// Ends the text: resolves what was held back (half a CRLF, a late link definition).
    pub fn finish(&mut self) {
        self.sanitizer.finish(&mut self.source);
        self.advance_parse(true);
        self.finish_parse();
        self.finished = true;
        self.source.shrink_to_fit();
        self.revision += 1;
    }

    /// The sanitised source; everything that is copied or exported comes from it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Grows with every visible change, including late highlighting.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// True when there is nothing to display.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// Number of bytes parsed so far, including repeated parsing: the cost of streaming in a unit that does not depend on the
    /// load of the machine.
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Code lines that are new since the last call and need colours, for a [`super::Highlighter`].
    pub fn take_jobs(&mut self) -> Vec<HighlightJob> {
        let mut jobs = Vec::new();
        for code in self.codes.iter_mut().skip(self.asked) {
            code.take_jobs(&self.source, &mut jobs);
        }
        self.asked = self.frozen.code.min(self.codes.len());
        jobs
    }

    /// Applies colours to code lines; results for lines that no longer exist are ignored.
    pub fn apply(&mut self, done: Highlighted) {
        if let Ok(at) = self.codes.binary_search_by_key(&done.block, |c| c.id)
            && let Some(code) = self.codes.get_mut(at)
            && code.apply_colours(done)
        {
            self.revision += 1;
        }
    }

    /// Number of code blocks; they are numbered from 1.
    pub fn code_count(&self) -> u32 {
        super::inline::to_offset(self.codes.len())
    }

    /// Source of code block `number` (1-based), verbatim, without its fences and without the indentation and quote signs of its
    /// containers.
    pub fn code(&self, number: u32) -> Option<&str> {
        Some(self.code_at(number)?.text(&self.source))
    }

    /// Language token of code block `number`; empty when it has none.
    pub fn code_language(&self, number: u32) -> Option<&str> {
        Some(&self.code_at(number)?.language)
    }

    /// Title of code block `number`: the file named in its info string or its first line.
    pub fn code_title(&self, number: u32) -> Option<&str> {
        self.code_at(number)?.title.as_deref()
    }

    /// Start of the plain text that the source ends with; none when all of it is parsed.
    pub fn plain_start(&self) -> Option<usize> {
        self.plain.map(|plain| plain.start).filter(|start| *start < self.source.len())
    }

    /// Number of blocks: the index of an [`super::Anchor`] is below it.
    pub fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// Byte range of block `index`, with list marker and quote sign.
    pub fn block(&self, index: usize) -> Option<Range<usize>> {
        self.blocks.get(index).map(|b| b.span.clone())
    }

    /// Byte range of the section at `offset`: a heading and the text up to the next heading of its level or higher, or the text
    /// before the first heading.
    pub fn section(&self, offset: usize) -> Range<usize> {
        let headings = || {
            self.blocks.iter().filter_map(|b| match &b.body {
                BlockBody::Heading(level, _) if b.edges.is_empty() => Some((b.span.start, *level)),
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

    pub(super) fn blocks(&self) -> &[LeafBlock] {
        &self.blocks
    }

    pub(super) fn code_block(&self, index: usize) -> Option<&CodeBlock> {
        self.codes.get(index)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// True when block `index` is final.
    pub(super) fn is_settled(&self, index: usize) -> bool {
        index < self.frozen.block
            && self.blocks.get(index).is_some_and(|b| match b.body {
                BlockBody::Code(code) => self.codes.get(code).is_some_and(CodeBlock::is_coloured),
                _ => true,
            })
    }

    fn code_at(&self, number: u32) -> Option<&CodeBlock> {
        self.codes.get((number as usize).checked_sub(1)?)
    }
}
