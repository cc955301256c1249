//! STUB: `plenary persona …`. The author of the personas replaces it.

use super::CliError;
use crate::config::Flags;

/// `plenary persona …`
#[derive(Debug, clap::Subcommand)]
pub enum Persona {
    /// List the personas
    List,
}

/// Runs `plenary persona …`; the number is the exit code.
pub fn run(_command: Persona, _flags: &Flags) -> Result<u8, CliError> {
    Ok(0)
}
