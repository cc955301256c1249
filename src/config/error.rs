//! What is wrong with the configuration: where, which key, and what was expected.
//!
//! Structured, so that nothing parses a message. The messages are worded where a value is read.

use std::fmt;
use std::path::PathBuf;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    /// Line, 1-based.
    pub line: usize,
    /// Column in characters, 1-based.
    pub column: usize,
}

/// What is wrong with the configuration. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct ConfigError {
    /// What set the value or named the file: `--model`, `environment variable PLENARY_MODEL`.
    pub context: Option<Box<str>>,
    /// The file.
    pub path: Option<PathBuf>,
    /// Line in the file, 1-based.
    pub line: Option<usize>,
    /// Column in characters, 1-based.
    pub column: Option<usize>,
    /// The dotted key: `providers.gateway.base_url`.
    pub key: Option<Box<str>>,
    /// What is wrong, what was expected, what to do.
    pub message: String,
}

impl ConfigError {
    /// An error of no particular file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// An error of the file at `path`.
    pub fn in_file(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::new(message) }
    }

    /// Several errors as one, each on its own line.
    pub fn join(errors: &[Self]) -> Self {
        Self::new(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    /// Names what set the value or named the file.
    #[must_use]
    pub fn with_context(self, context: impl fmt::Display) -> Self {
        Self { context: Some(context.to_string().into()), ..self }
    }

    /// Names the dotted key, unless it is empty.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { key: (!key.is_empty()).then(|| key.into()), ..self }
    }

    /// Names the line, 1-based.
    #[must_use]
    pub fn at_line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Names line and column.
    #[must_use]
    pub fn at_position(self, position: TextPosition) -> Self {
        Self { line: Some(position.line), column: Some(position.column), ..self }
    }
}

/// `CONTEXT: FILE:LINE:COLUMN: KEY: message`, each part where it is known.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(context) = &self.context {
            write!(f, "{context}: ")?;
        }
        if let Some(path) = &self.path {
            write!(f, "{}", path.display())?;
            for number in [self.line, self.column].into_iter().flatten() {
                write!(f, ":{number}")?;
            }
            f.write_str(": ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_what_is_known() {
        let error = ConfigError::new("is wrong");
        assert_eq!(error.to_string(), "is wrong");
        assert_eq!(error.with_key("a.b").to_string(), "a.b: is wrong");
        let in_file = ConfigError::in_file("c.toml", "is wrong");
        assert_eq!(in_file.clone().at_line(3).to_string(), "c.toml:3: is wrong");
        let position = TextPosition { line: 3, column: 7 };
        let error = in_file.at_position(position).with_key("a.b").with_context("--config");
        assert_eq!(error.to_string(), "--config: c.toml:3:7: a.b: is wrong");
    }
}
