//! What is wrong with a persona file: file, line, key and message.
//!
//! Files are read completely and all problems are collected; whether they are warnings or errors for the user is decided by
//! the caller.

use std::fmt;
use std::path::PathBuf;

/// How serious a [`PersonaProblem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemLevel {
    /// The persona loads; something in the file is not used or should be checked.
    Warning,
    /// The file cannot be used.
    Error,
}

/// A problem of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonaProblem {
    /// How serious the problem is.
    pub level: ProblemLevel,
    /// The file.
    pub file: PathBuf,
    /// Line in the file, 1-based.
    pub line: Option<usize>,
    /// The front-matter key, such as `contract.sections[2].facet`.
    pub key: Option<String>,
    /// What is wrong, what was expected, what to do.
    pub message: String,
}

impl PersonaProblem {
    /// A problem that makes the file unusable.
    pub fn error(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            level: ProblemLevel::Error,
            file: file.into(),
            line: None,
            key: None,
            message: message.into(),
        }
    }

    /// A problem that does not prevent the persona from loading.
    pub fn warning(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { level: ProblemLevel::Warning, ..Self::error(file, message) }
    }

    /// Names the line.
    #[must_use]
    pub fn at_line(mut self, line: impl Into<Option<usize>>) -> Self {
        self.line = line.into();
        self
    }

    /// Names the key, unless it is empty.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.key = (!key.is_empty()).then_some(key);
        self
    }

    /// True when the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.level == ProblemLevel::Error
    }
}

/// `FILE:LINE: KEY: message`.
impl fmt::Display for PersonaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// The beginning of a value on one line, for a message.
pub(super) fn shorten_value(text: &str) -> String {
    let mut out: String =
        text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_file_line_and_key() {
        let problem = PersonaProblem::error("a.md", "is wrong");
        assert_eq!(problem.to_string(), "a.md: is wrong");
        assert_eq!(problem.clone().at_line(3).to_string(), "a.md:3: is wrong");
        assert_eq!(problem.at_line(3).with_key("color").to_string(), "a.md:3: color: is wrong");
    }
}
