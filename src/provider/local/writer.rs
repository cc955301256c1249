//! What an answer does next: free text, until the model or a limit ends it.
//! Driven by `conversation`; knows no model.
use super::tokens::Tokens;
use crate::domain::{Scaffold, StopReason};
use std::sync::Arc;
pub(super) enum Step {
    Force(Vec<u32>),
    Sample,
    Rewind { tokens: usize },
    End(StopReason),
}
pub(super) struct Writer {
    tokens: Arc<Tokens>,
    answer: Vec<u32>,
    most: u32,
    over: bool,
}
impl Writer {
    pub(super) fn new(tokens: Arc<Tokens>, _: Option<Scaffold>, most: u32) -> Self {
        Self { tokens, answer: vec![], most, over: false }
    }
    pub(super) fn step(&mut self) -> Step {
        if self.over {
            Step::End(StopReason::End)
        } else if self.answer.len() as u32 >= self.most {
            Step::End(StopReason::Length)
        } else {
            Step::Sample
        }
    }
    pub(super) fn banned(&self, _id: u32) -> bool {
        false
    }
    pub(super) fn accept(&mut self, id: u32) -> String {
        if self.tokens.is_end(id) {
            self.over = true;
            return String::new();
        }
        self.answer.push(id);
        String::from_utf8_lossy(&self.tokens.piece(id)).into_owned()
    }
    pub(super) fn finish(&mut self) -> String {
        String::new()
    }
    pub(super) fn answer(&self) -> &[u32] {
        &self.answer
    }
}
