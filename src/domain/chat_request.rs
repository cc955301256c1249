//! The request to a model, independent of any provider's wire.
//!
//! Types only: `prompt` decides what a request contains.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Scaffold;

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// The user.
    User,
    /// The persona.
    Assistant,
}

/// One message of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Its author.
    pub role: ChatRole,
    /// Its text.
    pub text: Arc<str>,
}

impl ChatMessage {
    /// A message of the user.
    pub fn user(text: impl Into<Arc<str>>) -> Self {
        Self { role: ChatRole::User, text: text.into() }
    }

    /// A message of the persona.
    pub fn assistant(text: impl Into<Arc<str>>) -> Self {
        Self { role: ChatRole::Assistant, text: text.into() }
    }
}

/// One request to one model.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model's name at its provider.
    pub model: String,
    /// The system prompt.
    pub system: Arc<str>,
    /// Earlier exchanges, oldest first, then the user's question.
    pub messages: Vec<ChatMessage>,
    /// Sampling temperature; none for the provider's default.
    pub temperature: Option<f32>,
    /// Nucleus sampling; none for the provider's default.
    pub top_p: Option<f32>,
    /// Token limit of the answer; none for the provider's default.
    pub max_tokens: Option<u32>,
    /// Headings that the provider writes itself. Only the provider `local` supports it.
    pub scaffold: Option<Scaffold>,
}
