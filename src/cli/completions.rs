//! `plenary completions SHELL`: completion scripts, generated from the definition of the command line.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::args::Cli;
use super::{CliError, write_stdout};

/// Prints the completion script of `shell`.
pub(super) fn print_completions(shell: Shell) -> Result<u8, CliError> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "plenary", &mut script);
    write_stdout(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
