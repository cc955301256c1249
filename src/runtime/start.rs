//! How the TUI starts, and why it could not.

use std::io;

use crate::domain::SessionId;
use crate::ui::theme::ThemeError;

/// How the program starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A question to ask at once.
    pub question: Option<String>,
    /// A session to resume.
    pub session: Option<SessionId>,
    /// Missing local models are downloaded without asking.
    pub pull: bool,
}

/// Why the screen could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The configuration has an error: file, line, what to do.
    #[error("{0}")]
    Config(String),
    /// The theme cannot be loaded.
    #[error("{0}")]
    Theme(#[from] ThemeError),
    /// The terminal could not be set up or written to.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}
