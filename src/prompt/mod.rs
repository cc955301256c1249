//! From persona, history and question to a request, and from a typed question to its addressees.
//!
//! Pure text work: `build` puts a request together within its token `budget`, `scaffold` plans an answer's headings for a
//! model that is too small to, `address` reads leading `@persona` mentions, `trigger` finds the phrases that bring a
//! persona in. Nothing is sent, read or stored here;
//! the app and the runtime call it. A persona sees its own history only: other histories are not passed in.

mod address;
mod attachment;
mod brief;
mod budget;
mod build;
mod challenge;
mod fence;
mod scaffold;
mod title;
mod trigger;

use std::sync::Arc;

use crate::domain::{ModelProfile, Persona};

pub use address::{Addressed, address};
pub use attachment::{attachment, outline};
pub use brief::{BriefQuestion, Source, brief};
pub use budget::estimate;
pub use build::{Built, build};
pub use challenge::challenge;
pub use scaffold::scaffold;
pub use title::title;
pub use trigger::triggers;

/// One earlier question with the answer this persona gave to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The question as it was sent.
    pub question: Arc<str>,
    /// The answer, partial ones included.
    pub answer: Arc<str>,
}

/// What a request is made of.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Who is asked.
    pub persona: &'a Persona,
    /// The persona's own earlier exchanges, oldest first.
    pub history: &'a [Exchange],
    /// The question, mentions removed.
    pub question: &'a str,
    /// One of the persona's triggers stands in the question.
    pub triggered: bool,
    /// The model's name at its provider.
    pub model: &'a str,
    /// Its limits, and how much help it needs.
    pub profile: &'a ModelProfile,
}
