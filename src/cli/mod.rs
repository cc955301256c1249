//! STUB: the command line, one file a command. The author of the configuration replaces it.

pub mod persona;
pub mod sessions;

use std::io::Write;

/// Why a command ended without doing its work, and the exit code that says so.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    /// What failed, where, what to do.
    pub message: String,
    /// 2 for usage and configuration, 1 otherwise.
    pub code: u8,
}

impl CliError {
    /// A usage or configuration error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Any other failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

/// How a command prints: text or JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Writes to standard output; a closed pipe is not an error (the reader has what it wanted).
pub fn out(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}
