//! References to models, written `PROVIDER:MODEL` in configuration, flags and persona files.
//!
//! Only the syntax: whether the provider exists is not checked here.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `PROVIDER:MODEL`, for example `gateway:large` or `openai:gpt-5`.
///
/// The provider is a preset or a table of the user's configuration; the model is the name at that provider and may
/// contain colons (`ollama:qwen2.5:7b`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelRef {
    /// Name of the provider, before the first colon.
    pub provider: String,
    /// The model's name at that provider; empty for the provider's default.
    pub model: String,
}

/// The text is not `PROVIDER:MODEL`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not PROVIDER:MODEL (for example openai:gpt-5)")]
pub struct ModelRefError(String);

impl ModelRef {
    /// The value that is stored for a run without a usable model.
    pub fn none() -> Self {
        Self { provider: "none".to_owned(), model: "none".to_owned() }
    }

    /// Parses `PROVIDER:MODEL`.
    pub fn parse(text: &str) -> Result<Self, ModelRefError> {
        match text.trim().split_once(':') {
            Some((provider, model)) if !provider.is_empty() && !model.starts_with("//") => {
                Ok(Self { provider: provider.to_owned(), model: model.trim().to_owned() })
            }
            _ => Err(ModelRefError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.provider, self.model)
    }
}

impl TryFrom<String> for ModelRef {
    type Error = ModelRefError;
    fn try_from(text: String) -> Result<Self, ModelRefError> {
        Self::parse(&text)
    }
}

impl From<ModelRef> for String {
    fn from(model: ModelRef) -> Self {
        model.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_colon_separates() {
        let m = ModelRef::parse("ollama:qwen2.5:7b").unwrap();
        assert_eq!((m.provider.as_str(), m.model.as_str()), ("ollama", "qwen2.5:7b"));
        assert_eq!(m.to_string(), "ollama:qwen2.5:7b");
        assert!(ModelRef::parse("gpt-5").is_err());
        assert!(ModelRef::parse(":x").is_err());
        assert!(ModelRef::parse("http://x").is_err());
    }
}
