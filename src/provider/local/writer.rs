//! What the answer of one run does next: free text, or the sections of a scaffold.
//!
//! A state machine over token ids, without IO and without the model: the engine asks [`Writer::step`] what to do, feeds
//! or samples, and hands each sampled token to [`Writer::accept`], which returns the text that may be shown. Everything
//! is deterministic. `free` and `scaffold` are the two ways of writing; `decode`, `stops`, `loops`, `prose` and `rows`
//! are what they share.

mod decode;
mod free;
mod loops;
mod prose;
mod rows;
mod scaffold;
mod stops;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::tokens::Tokens;
use crate::domain::{Scaffold, StopReason};
use free::Free;
use scaffold::Scaffolded;

/// What a writer needs to know of tokens.
pub(super) trait Vocabulary: Send + Sync {
    /// The bytes of a token; none for a control token.
    fn piece(&self, id: u32) -> Vec<u8>;
    /// True for tokens that end an answer.
    fn is_end(&self, id: u32) -> bool;
    /// The ids of a text that goes on from what was written.
    fn encode(&self, text: &str) -> Vec<u32>;
}

impl Vocabulary for Tokens {
    fn piece(&self, id: u32) -> Vec<u8> {
        Self::piece(self, id)
    }

    fn is_end(&self, id: u32) -> bool {
        Self::is_end(self, id)
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        // Only a text of megabytes cannot be encoded; headings are checked where they are configured.
        self.encode_more(text).unwrap_or_default()
    }
}

/// What the engine does next.
///
/// The run's sequence is the prompt, then all tokens that were forced or accepted, in order, ends of an answer included.
/// Whether a token of it has been fed to the model yet makes no difference to the counts here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Append these tokens to the sequence.
    Force(Vec<u32>),
    /// Feed what is not fed yet, sample a token, append it to the sequence and [`Writer::accept`] it.
    Sample,
    /// Take the last tokens of the sequence back.
    Rewind {
        /// How many.
        tokens: usize,
    },
    /// The answer is over; [`Writer::finish`] gives the last of its text. Asked again, it says the same.
    End(StopReason),
}

/// Writes one answer.
pub(super) enum Writer {
    /// The model writes what it likes.
    Free(Box<Free>),
    /// The program writes headings, the model fills them in.
    Scaffolded(Box<Scaffolded>),
}

impl Writer {
    /// A writer of an answer of at most `max_tokens` sampled tokens, those that are taken back again included.
    pub(super) fn new(
        tokens: Arc<impl Vocabulary + 'static>,
        scaffold: Option<Scaffold>,
        max_tokens: u32,
    ) -> Self {
        match scaffold.filter(|scaffold| !scaffold.sections.is_empty()) {
            None => Self::Free(Box::new(Free::new(tokens, max_tokens))),
            Some(plan) => Self::Scaffolded(Box::new(Scaffolded::new(tokens, plan, max_tokens))),
        }
    }

    /// What to do next.
    pub(super) fn step(&mut self) -> Step {
        match self {
            Self::Free(free) => free.step(),
            Self::Scaffolded(scaffolded) => scaffolded.step(),
        }
    }

    /// True for tokens that may not come now.
    pub(super) fn banned(&self, id: u32) -> bool {
        match self {
            Self::Free(free) => free.banned(id),
            Self::Scaffolded(scaffolded) => scaffolded.banned(id),
        }
    }

    /// Takes a sampled token; returns the text that may be shown now.
    pub(super) fn accept(&mut self, id: u32) -> String {
        match self {
            Self::Free(free) => free.accept(id),
            Self::Scaffolded(scaffolded) => scaffolded.accept(id),
        }
    }

    /// The text that was held back and may be shown, now that nothing more comes: after [`Step::End`], or when the
    /// context is full.
    pub(super) fn finish(&mut self) -> String {
        match self {
            Self::Free(free) => free.finish(),
            Self::Scaffolded(scaffolded) => scaffolded.finish(),
        }
    }

    /// The tokens that the model wrote and that still stand, for the penalty.
    pub(super) fn answer(&self) -> &[u32] {
        match self {
            Self::Free(free) => free.answer(),
            Self::Scaffolded(scaffolded) => scaffolded.answer(),
        }
    }
}

/// Control tokens that do not end an answer are never right in one.
fn is_mute(tokens: &dyn Vocabulary, id: u32) -> bool {
    !tokens.is_end(id) && tokens.piece(id).is_empty()
}
