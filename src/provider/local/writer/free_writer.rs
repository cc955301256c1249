//! Writes an answer without a scaffold.
//!
//! The answer ends at an end token, at a stop mark, at the limit of tokens, or when the model repeats itself. Text that
//! may be the beginning of a stop mark is held back.

use std::sync::Arc;

use super::loop_detector::{FREE_LIMITS, LoopDetector};
use super::stop_marks::{find_stop_mark, partial_mark_len};
use super::utf8_assembler::Utf8Assembler;
use super::{Vocabulary, WriterStep, is_other_control};
use crate::domain::StopReason;

pub(in crate::provider::local) struct FreeWriter {
    tokens: Arc<dyn Vocabulary>,
    max_tokens: usize,
    answer: Vec<u32>,
    utf8: Utf8Assembler,
    /// Text that may be the beginning of a stop mark.
    held: String,
    loops: LoopDetector,
    ended: Option<StopReason>,
}

impl FreeWriter {
    pub(super) fn new(tokens: Arc<dyn Vocabulary>, max_tokens: u32) -> Self {
        Self {
            tokens,
            max_tokens: usize::try_from(max_tokens).unwrap_or(usize::MAX),
            answer: Vec::new(),
            utf8: Utf8Assembler::default(),
            held: String::new(),
            loops: LoopDetector::new(FREE_LIMITS),
            ended: None,
        }
    }

    pub(super) fn next_step(&mut self) -> WriterStep {
        if self.ended.is_none() && self.answer.len() >= self.max_tokens {
            self.ended = Some(StopReason::Length);
        }
        self.ended.clone().map_or(WriterStep::Sample, WriterStep::End)
    }

    pub(super) fn is_banned(&self, id: u32) -> bool {
        is_other_control(&*self.tokens, id)
    }

    pub(super) fn accept_token(&mut self, id: u32) -> String {
        if self.ended.is_some() {
            return String::new();
        }
        if self.tokens.is_end(id) {
            self.ended = Some(StopReason::End);
            return String::new();
        }
        self.answer.push(id);
        let text = self.utf8.push(&self.tokens.token_bytes(id));
        if self.loops.push(id, &text) {
            self.ended = Some(StopReason::Other("repeating itself".into()));
        }
        self.held.push_str(&text);
        self.release_text()
    }

    /// Returns the held text up to a possible stop mark.
    fn release_text(&mut self) -> String {
        let release_len = if let Some(mark_start) = find_stop_mark(&self.held) {
            self.ended = Some(StopReason::End);
            self.utf8 = Utf8Assembler::default();
            self.held.truncate(mark_start);
            mark_start
        } else {
            self.held.len() - partial_mark_len(&self.held)
        };
        let held = self.held.split_off(release_len);
        std::mem::replace(&mut self.held, held)
    }

    pub(super) fn finish(&mut self) -> String {
        self.held.push_str(self.utf8.finish());
        std::mem::take(&mut self.held)
    }

    pub(super) fn answer(&self) -> &[u32] {
        &self.answer
    }
}
