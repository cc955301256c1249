//! What is sent to a model: independent of any provider's wire.
//! Built by `prompt`, put on the wire by the providers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Scaffold;

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// The user.
    User,
    /// The persona.
    Assistant,
}

/// One message of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Who said it.
    pub role: ChatRole,
    /// What was said.
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
    /// The history, oldest first, ending with the user's question.
    pub messages: Vec<ChatMessage>,
    /// Sampling temperature; none leaves it to the provider.
    pub temperature: Option<f32>,
    /// Nucleus sampling; none leaves it to the provider.
    pub top_p: Option<f32>,
    /// The most tokens the answer may have; none leaves it to the provider.
    pub max_tokens: Option<u32>,
    /// Headings that the provider writes and the model fills in; only `local` can.
    pub scaffold: Option<Scaffold>,
}
