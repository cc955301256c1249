//! STUB: from persona, history and question to a request. The author of the personas replaces the bodies and splits the file.

use std::sync::Arc;

use crate::domain::{ChatRequest, Persona, PersonaId};

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
    /// The model's context in tokens, where it is known.
    pub context: Option<u32>,
    /// The most tokens the answer may have, where it is configured.
    pub max_tokens: Option<u32>,
}

/// A request that fits its budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// What is sent.
    pub request: ChatRequest,
    /// What had to be left out, in words for the pane.
    pub notes: Vec<String>,
    /// Estimated tokens of what is sent.
    pub tokens: u32,
}

/// Builds the request: persona, history, question; trims the oldest turns first, then takes the persona's brief.
pub fn build(_ask: Ask<'_>) -> Built {
    Built {
        request: ChatRequest {
            model: String::new(),
            system: Arc::from(""),
            messages: Vec::new(),
            temperature: None,
            top_p: None,
            max_tokens: None,
        },
        notes: Vec::new(),
        tokens: 0,
    }
}

/// Estimated tokens of `text`: a token is about four characters.
pub fn estimate(text: &str) -> u32 {
    u32::try_from(text.chars().count().div_ceil(4)).unwrap_or(u32::MAX)
}

/// A question split into its addressees and its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addressed {
    /// Personas named by leading `@id`s, in order, each once.
    pub targets: Vec<PersonaId>,
    /// Leading `@words` that name nobody.
    pub unknown: Vec<String>,
    /// The question without the leading mentions.
    pub text: String,
}

/// Splits leading `@persona` mentions off a question. An `@` further inside is text.
pub fn address(question: &str, _known: &[PersonaId]) -> Addressed {
    Addressed { text: question.to_owned(), ..Addressed::default() }
}

/// True when one of the persona's triggers stands in the question: any case, whole words.
pub fn triggers(_persona: &Persona, _question: &str) -> bool {
    false
}
