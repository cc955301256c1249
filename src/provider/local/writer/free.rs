//! An answer that the model writes alone.
//!
//! It ends at a token that ends it, at a mark of a template written as text, at the limit of tokens, or when the model
//! goes round in circles. Text that may be the beginning of a mark waits.

use std::sync::Arc;

use super::decode::Decoder;
use super::loops::{self, Loops};
use super::{Step, Vocabulary, is_mute, stops};
use crate::domain::StopReason;

pub(in crate::provider::local) struct Free {
    tokens: Arc<dyn Vocabulary>,
    max_tokens: usize,
    answer: Vec<u32>,
    decoder: Decoder,
    /// What may be the beginning of a mark.
    held: String,
    loops: Loops,
    ended: Option<StopReason>,
}

impl Free {
    pub(super) fn new(tokens: Arc<dyn Vocabulary>, max_tokens: u32) -> Self {
        Self {
            tokens,
            max_tokens: usize::try_from(max_tokens).unwrap_or(usize::MAX),
            answer: Vec::new(),
            decoder: Decoder::default(),
            held: String::new(),
            loops: Loops::new(loops::FREE),
            ended: None,
        }
    }

    pub(super) fn step(&mut self) -> Step {
        if self.ended.is_none() && self.answer.len() >= self.max_tokens {
            self.ended = Some(StopReason::Length);
        }
        self.ended.clone().map_or(Step::Sample, Step::End)
    }

    pub(super) fn banned(&self, id: u32) -> bool {
        is_mute(&*self.tokens, id)
    }

    pub(super) fn accept(&mut self, id: u32) -> String {
        if self.ended.is_some() {
            return String::new();
        }
        if self.tokens.is_end(id) {
            self.ended = Some(StopReason::End);
            return String::new();
        }
        self.answer.push(id);
        let text = self.decoder.push(&self.tokens.piece(id));
        if self.loops.push(id, &text) {
            self.ended = Some(StopReason::Other("repeating itself".into()));
        }
        self.held.push_str(&text);
        self.release()
    }

    /// What is held back and cannot be the beginning of a mark.
    fn release(&mut self) -> String {
        let free = if let Some(at) = stops::find(&self.held) {
            self.ended = Some(StopReason::End);
            self.decoder = Decoder::default();
            self.held.truncate(at);
            at
        } else {
            self.held.len() - stops::beginning(&self.held)
        };
        let held = self.held.split_off(free);
        std::mem::replace(&mut self.held, held)
    }

    pub(super) fn finish(&mut self) -> String {
        self.held.push_str(self.decoder.finish());
        std::mem::take(&mut self.held)
    }

    pub(super) fn answer(&self) -> &[u32] {
        &self.answer
    }
}
