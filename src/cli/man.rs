//! `plenary man [COMMAND]`: a manual page in roff, made from the definition of the command line.

use clap::CommandFactory;
use clap_mangen::Man;

use super::args::Cli;
use super::{CliError, out};
use crate::text::did_you_mean;

/// Prints the page of the program, or of one of its commands.
pub(super) fn run(command: Option<&str>) -> Result<u8, CliError> {
    let mut root = Cli::command();
    root.build();
    let page = match command.map(|name| (name, root.find_subcommand(name).cloned())) {
        None => root,
        Some((_, Some(page))) => page,
        Some((name, None)) => {
            let names: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
            let hint = did_you_mean(name, names.iter().copied());
            let known = names.join(", ");
            let what = format!("there is no command \"{name}\"{hint} (known: {known})");
            return Err(CliError::usage(what));
        }
    };
    let mut roff = Vec::new();
    Man::new(page)
        .render(&mut roff)
        .map_err(|e| CliError::failed(format!("the manual page cannot be made: {e}")))?;
    out(&String::from_utf8_lossy(&roff))?;
    Ok(0)
}
