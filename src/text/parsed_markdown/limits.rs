//! The limits of what is parsed: how heavy the tail is, where it becomes too heavy, and the plain text after that.
//!
//! Every limit is reached at the same byte however the text was split. Parses nothing.

use super::ParsedMarkdown;
use crate::text::block::{BlockBody, LeafBlock};
use crate::text::parse::{BlockBoundary, OpenList};
use crate::text::weight::{
    ParseLimits, REPARSE_STEP_UNITS, SMALL_TAIL_UNITS, line_weight, opens_too_many_containers,
    text_weight,
};

/// The weight of the answer so far.
#[derive(Debug, Default)]
pub(super) struct TailWeight {
    pub(super) limits: ParseLimits,
    /// Weight of the frozen blocks.
    frozen: usize,
    /// Weight of the complete lines of the tail, up to byte `line`.
    lines: usize,
    line: usize,
    /// Weight of the tail when it was parsed last.
    parsed: usize,
    /// Weight of the whole tail.
    tail: usize,
}

/// The rest of an answer that is shown as plain text.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlainRest {
    /// Its first byte, at the start of a line.
    pub(super) start: usize,
    /// Id of its block.
    pub(super) id: u64,
}

impl TailWeight {
    /// Nothing yet.
    pub(super) fn new(limits: ParseLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a complete line of the open fence.
    pub(super) fn add_line(&mut self, line: &str) {
        self.lines += line_weight(line);
    }

    /// True when frozen blocks and the open fence are all that may be parsed.
    pub(super) fn is_answer_full(&self) -> bool {
        self.frozen + self.lines > self.limits.answer_units
    }

    /// True when `more` units after the frozen blocks make the answer full.
    pub(super) fn is_full_after(&self, more: usize) -> bool {
        self.frozen + more > self.limits.answer_units
    }

    /// True when a light tail has grown, or a heavy one has grown by a part of its weight.
    pub(super) fn is_parse_due(&self) -> bool {
        self.tail <= SMALL_TAIL_UNITS
            || self.tail.saturating_sub(self.parsed) >= REPARSE_STEP_UNITS + self.parsed / 8
    }

    /// The tail is parsed to its end.
    pub(super) fn on_tail_parsed(&mut self) {
        self.parsed = self.tail;
    }
}

impl ParsedMarkdown {
    /// Freezes the blank lines that the tail begins with: they are no part of its first block.
    pub(super) fn skip_blank_lines(&mut self) {
        let tail = self.source.get(self.frozen.byte..).unwrap_or_default();
        let blank = tail.len() - tail.trim_start().len();
        let lines = tail.get(..blank).and_then(|blank| blank.rfind('\n'));
        if let Some(last) = lines.filter(|_| blank < tail.len()) {
            let byte = self.frozen.byte + last + 1;
            self.move_frozen(BlockBoundary { byte, ..self.frozen }, None);
        }
    }

    /// Weighs the new lines of the tail. Returns the start of the line that makes it too heavy to be parsed.
    pub(super) fn weigh_tail(&mut self) -> Option<usize> {
        let weight = &mut self.weight;
        let new = self.source.get(weight.line..).unwrap_or_default();
        let mut unfinished = 0;
        for line in new.split_inclusive('\n') {
            let units = line_weight(line);
            let is_line_refused =
                line.len() > weight.limits.line_bytes || opens_too_many_containers(line);
            if is_line_refused || weight.lines + units > weight.limits.block_units {
                return Some(weight.line);
            }
            if line.ends_with('\n') {
                weight.lines += units;
                weight.line += line.len();
            } else {
                unfinished = units;
            }
        }
        weight.tail = weight.lines + unfinished;
        None
    }

    /// Freezes all before `end`. The tail after it continues `list`, if any. What exceeds the answer's limit is plain text.
    pub(super) fn move_frozen(&mut self, end: BlockBoundary, list: Option<OpenList>) {
        let new = self.source.get(self.frozen.byte..end.byte).unwrap_or_default();
        let frozen = self.weight.frozen + text_weight(new);
        let limits = self.weight.limits;
        self.weight = TailWeight { limits, frozen, line: end.byte, ..TailWeight::default() };
        self.frozen = end;
        self.parsed = end;
        self.guarded = self.guarded.max(end.byte);
        self.open_list = list;
        if self.weight.is_answer_full() {
            self.blocks.truncate(end.block);
            self.codes.truncate(end.code);
            self.begin_plain_rest(end.byte);
        }
    }

    /// Shows everything from byte `start` on, the start of a line, as plain text. What is before it is frozen.
    pub(super) fn begin_plain_rest(&mut self, start: usize) {
        let (block, code) = (self.blocks.len(), self.codes.len());
        self.frozen = BlockBoundary { byte: start, block, code };
        self.parsed = self.frozen;
        self.open = None;
        self.plain = Some(PlainRest { start, id: self.fresh_id() });
        self.show_plain_rest();
    }

    /// Makes the plain text the last block, up to the end of the source.
    pub(super) fn show_plain_rest(&mut self) {
        let Some(PlainRest { start, id }) = self.plain else { return };
        let span = start..self.source.len();
        match self.blocks.last_mut() {
            Some(last) if last.body == BlockBody::Plain => last.span = span,
            _ => {
                let (edges, gap) = (Box::default(), Some(0));
                self.blocks.push(LeafBlock { id, span, edges, gap, body: BlockBody::Plain });
            }
        }
    }

    /// End of the text that is parsed.
    pub(super) fn markdown_end(&self) -> usize {
        self.plain.map_or(self.source.len(), |plain| plain.start)
    }
}
