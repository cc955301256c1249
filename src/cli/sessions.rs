//! STUB: `plenary sessions …`. The author of the store replaces it.

use super::CliError;
use crate::store::Store;

/// `plenary sessions …`
#[derive(Debug, clap::Subcommand)]
pub enum Sessions {
    /// List the sessions
    List,
}

/// Runs `plenary sessions …`; the number is the exit code.
pub fn run(_command: Sessions, _store: &Store) -> Result<u8, CliError> {
    Ok(0)
}
