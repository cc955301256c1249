//! Decides how an answer continues: as free text, or as the sections of a scaffold.
//!
//! A deterministic state machine over token ids, without IO and without the model: the engine does what
//! [`AnswerWriter::next_step`] returns and passes each sampled token to [`AnswerWriter::accept_token`], which returns
//! the text that may be shown.

mod free_writer;
mod loop_detector;
mod prose_scan;
mod scaffold_writer;
mod stop_marks;
mod table_scan;
#[cfg(test)]
mod tests;
mod utf8_assembler;

use std::sync::Arc;

use super::tokenizer::Tokenizer;
use crate::domain::{Scaffold, StopReason};
use free_writer::FreeWriter;
use scaffold_writer::ScaffoldWriter;

/// The parts of a tokenizer that a writer uses.
pub(super) trait Vocabulary: Send + Sync {
    /// The bytes of a token; empty for a control token.
    fn token_bytes(&self, id: u32) -> Vec<u8>;
    /// True for tokens that end an answer.
    fn is_end(&self, id: u32) -> bool;
    /// The ids of a text that continues the answer.
    fn encode(&self, text: &str) -> Vec<u32>;
}

impl Vocabulary for Tokenizer {
    fn token_bytes(&self, id: u32) -> Vec<u8> {
        Self::token_bytes(self, id)
    }

    fn is_end(&self, id: u32) -> bool {
        Self::is_end(self, id)
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        // Fails only for a text of megabytes, and the configuration limits headings.
        self.encode_continuation(text).unwrap_or_default()
    }
}

/// The next step of an answer.
///
/// The sequence of an answer is the prompt and all tokens that were forced or accepted, in order, including end tokens,
/// whether or not the model has read them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WriterStep {
    /// Append these tokens to the sequence.
    Force(Vec<u32>),
    /// Read the rest of the sequence, sample a token, append it, and pass it to [`AnswerWriter::accept_token`].
    Sample,
    /// Remove the last tokens of the sequence.
    Rewind {
        /// Number of tokens.
        tokens: usize,
    },
    /// The answer has ended; [`AnswerWriter::finish`] returns the rest of its text. All further steps are the same.
    End(StopReason),
}

/// Writes one answer.
pub(super) enum AnswerWriter {
    /// The model writes the whole answer.
    Free(Box<FreeWriter>),
    /// plenary writes headings, and the model fills the sections.
    Scaffolded(Box<ScaffoldWriter>),
}

impl AnswerWriter {
    /// A writer for an answer of at most `max_tokens` sampled tokens, including those that are removed again.
    pub(super) fn new(
        tokens: Arc<impl Vocabulary + 'static>,
        scaffold: Option<Scaffold>,
        max_tokens: u32,
    ) -> Self {
        match scaffold.filter(|scaffold| !scaffold.sections.is_empty()) {
            None => Self::Free(Box::new(FreeWriter::new(tokens, max_tokens))),
            Some(scaffold) => {
                Self::Scaffolded(Box::new(ScaffoldWriter::new(tokens, scaffold, max_tokens)))
            }
        }
    }

    /// The next step.
    pub(super) fn next_step(&mut self) -> WriterStep {
        match self {
            Self::Free(writer) => writer.next_step(),
            Self::Scaffolded(writer) => writer.next_step(),
        }
    }

    /// True for tokens that are not allowed next.
    pub(super) fn is_banned(&self, id: u32) -> bool {
        match self {
            Self::Free(writer) => writer.is_banned(id),
            Self::Scaffolded(writer) => writer.is_banned(id),
        }
    }

    /// Accepts a sampled token and returns the text that may be shown now.
    pub(super) fn accept_token(&mut self, id: u32) -> String {
        match self {
            Self::Free(writer) => writer.accept_token(id),
            Self::Scaffolded(writer) => writer.accept_token(id),
        }
    }

    /// Ends the answer, after [`WriterStep::End`] or when the context is full, and returns the text that was held back.
    pub(super) fn finish(&mut self) -> String {
        match self {
            Self::Free(writer) => writer.finish(),
            Self::Scaffolded(writer) => writer.finish(),
        }
    }

    /// The tokens that the model wrote, without those that were removed, for the repetition penalty.
    pub(super) fn answer(&self) -> &[u32] {
        match self {
            Self::Free(writer) => writer.answer(),
            Self::Scaffolded(writer) => writer.answer(),
        }
    }
}

/// True for control tokens that do not end an answer. They have no place in one.
fn is_other_control(tokens: &dyn Vocabulary, id: u32) -> bool {
    !tokens.is_end(id) && tokens.token_bytes(id).is_empty()
}
