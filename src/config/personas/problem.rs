//! What is wrong with a persona file: file, line, key, and words.
//!
//! Every reader below collects these rather than stopping at the first; `load` shows them as notices,
//! `load_path` makes an error of those of a single file, and `plenary persona check` prints them all.

use std::fmt;
use std::path::PathBuf;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The persona loads; something in the file is not used, or should be looked at.
    Warning,
    /// The file cannot be used.
    Error,
}

/// One thing that is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: PathBuf,
    /// The line in the file, counted from 1.
    pub line: Option<usize>,
    /// The front-matter key, such as `contract.sections[2].facet`.
    pub key: Option<String>,
    /// What is wrong, what was expected, what to do.
    pub message: String,
}

impl Problem {
    /// A problem that makes the file unusable.
    pub fn error(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            file: file.into(),
            line: None,
            key: None,
            message: message.into(),
        }
    }

    /// A problem that the persona survives.
    pub fn warning(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, message) }
    }

    /// Says in which line it is.
    #[must_use]
    pub fn at(mut self, line: impl Into<Option<usize>>) -> Self {
        self.line = line.into();
        self
    }

    /// Says which key it is about.
    #[must_use]
    pub fn on(mut self, key: impl Into<String>) -> Self {
        let key = key.into();
        self.key = (!key.is_empty()).then_some(key);
        self
    }

    /// True when the file cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `FILE:LINE: KEY: message`.
impl fmt::Display for Problem {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_line_and_key() {
        let problem = Problem::error("a.md", "is wrong");
        assert_eq!(problem.to_string(), "a.md: is wrong");
        assert_eq!(problem.clone().at(3).to_string(), "a.md:3: is wrong");
        assert_eq!(problem.at(3).on("color").to_string(), "a.md:3: color: is wrong");
    }
}
