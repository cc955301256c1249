//! `plenary man [COMMAND]`: manual pages in roff, generated from the definition of the command line and from the tables of
//! `reference` and `exit_status`.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Cli;
use super::exit_status::{ASK, GENERAL, StatusMeaning};
use super::reference::{ENVIRONMENT, FILES};
use super::{CliError, write_stdout};
use crate::text::did_you_mean;

/// Prints the manual page of the program, or of one of its commands.
pub(super) fn print_man_page(command: Option<&str>) -> Result<u8, CliError> {
    let mut root = Cli::command();
    root.build();
    let sections = match command {
        None => program_sections(),
        Some("ask") => vec![("EXIT STATUS", status_entries(ASK))],
        Some(_) => Vec::new(),
    };
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
    let roff = render_page(page, &sections)
        .map_err(|e| CliError::failed(format!("the manual page cannot be made: {e}")))?;
    write_stdout(&String::from_utf8_lossy(&roff))?;
    Ok(0)
}

/// A section of the page: its heading, and its terms with their descriptions.
type Section = (&'static str, Vec<(String, String)>);

fn program_sections() -> Vec<Section> {
    let own = |table: &[(&str, &str)]| {
        table.iter().map(|(term, text)| ((*term).to_owned(), (*text).to_owned())).collect()
    };
    let mut statuses = status_entries(GENERAL);
    statuses.push((
        "plenary ask".to_owned(),
        "See plenary-ask(1), which plenary man ask prints.".to_owned(),
    ));
    vec![("FILES", own(FILES)), ("ENVIRONMENT", own(ENVIRONMENT)), ("EXIT STATUS", statuses)]
}

fn status_entries(table: &[StatusMeaning]) -> Vec<(String, String)> {
    table.iter().map(|(code, meaning)| (code.to_string(), (*meaning).to_owned())).collect()
}

/// Renders the sections that clap knows, then `sections`. `Man::render` would put the notes of `--help` into the page.
fn render_page(command: clap::Command, sections: &[Section]) -> io::Result<Vec<u8>> {
    let has_arguments = command.get_arguments().any(|argument| !argument.is_hide_set());
    let has_commands = command.get_subcommands().any(|command| !command.is_hide_set());
    let has_version = command.get_version().is_some();
    let man = Man::new(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if has_arguments {
        man.render_options_section(&mut page)?;
    }
    if has_commands {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    for (heading, entries) in sections {
        roff.control("SH", [*heading]);
        for (term, text) in entries {
            roff.control("TP", []);
            roff.text([bold(term.as_str())]);
            roff.text([roman(text.as_str())]);
        }
    }
    roff.to_writer(&mut page)?;
    if has_version {
        man.render_version_section(&mut page)?;
    }
    Ok(page)
}
