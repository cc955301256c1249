//! `plenary completions SHELL`: made from the definition of the command line, to standard output.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::args::Cli;
use super::{CliError, out};

/// Prints the completions of `shell`.
pub(super) fn run(shell: Shell) -> Result<u8, CliError> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "plenary", &mut script);
    out(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
