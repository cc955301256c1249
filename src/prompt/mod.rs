//! Builds the requests for models, and splits a typed question into mentions and text.
//!
//! Pure text processing: nothing is sent, read or stored. A request contains only exchanges of the persona that is asked.

mod address;
mod brief;
mod budget;
mod build;
mod challenge;
mod document;
mod fence;
mod scaffold;
mod title;
mod trigger;

use std::sync::Arc;

use crate::domain::{ModelProfile, Persona};

pub use address::{AddressedQuestion, split_mentions};
pub use brief::{BriefQuestion, BriefSource, brief_question};
pub use budget::estimate_tokens;
pub use build::{BuiltPrompt, build_prompt};
pub use challenge::challenge_question;
pub use document::{format_documents, outline_question};
pub use scaffold::plan_scaffold;
pub use title::title_from_question;
pub use trigger::is_triggered;

/// An earlier question with this persona's answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The question as it was sent.
    pub question: Arc<str>,
    /// The answer, possibly incomplete.
    pub answer: Arc<str>,
}

/// What a request is built from.
#[derive(Debug, Clone, Copy)]
pub struct PromptInput<'a> {
    /// The persona that is asked.
    pub persona: &'a Persona,
    /// The persona's earlier exchanges, oldest first.
    pub history: &'a [Exchange],
    /// The question without mentions.
    pub question: &'a str,
    /// The question contains one of the persona's triggers.
    pub triggered: bool,
    /// Name of the model at its provider.
    pub model: &'a str,
    /// Limits of the model, and how much help it needs.
    pub profile: &'a ModelProfile,
}
