//! The definition of the command line: commands, flags and their help texts.
//!
//! Data for clap; commands are run by the other files. The global flags become `config::Flags`, the strongest layer of the
//! configuration.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{CliError, ListFormat, ask, config, model, persona, reference, sessions, trust};
use crate::config::Flags;
use crate::text::nearest_word;

/// Ask once, hear every view: one question to several personas, side by side in the terminal.
///
/// Without a command, plenary opens the screen, and asks QUESTION if there is one. A word that is a command runs that
/// command; to ask that word as a question, write `plenary -- WORD`.
#[derive(Debug, Parser)]
#[command(name = "plenary", version, max_term_width = 100, subcommand_value_name = "COMMAND")]
#[command(override_usage = "plenary [OPTIONS] [QUESTION]\n       plenary [OPTIONS] <COMMAND>")]
#[command(after_long_help = reference::program_help_notes())]
pub struct Cli {
    /// Question to ask at once, in quotes
    #[arg(value_name = "QUESTION")]
    pub question: Vec<String>,
    /// Download a missing local model without asking
    #[arg(long)]
    pub pull: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub flags: GlobalFlags,
    /// Command to run instead of opening the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The flags that every command accepts.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalFlags {
    /// Model for all personas, such as openai:gpt-5
    #[arg(long, global = true, value_name = "PROVIDER:MODEL")]
    pub model: Option<String>,
    /// Panel to ask
    #[arg(long, global = true, value_name = "NAME")]
    pub panel: Option<String>,
    /// Persona to ask instead of the panel: an id, a file or a folder (repeatable)
    #[arg(long, global = true, value_name = "ID|PATH")]
    pub persona: Vec<String>,
    /// Configuration file to read instead of the user's and the project's
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Theme: auto, dark, light or the name of a theme
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Use what is in ./.plenary without remembering that it is trusted
    #[arg(long, global = true, conflicts_with = "ignore_project")]
    pub trust_project: bool,
    /// Use nothing in ./.plenary
    #[arg(long, global = true)]
    pub ignore_project: bool,
}

impl GlobalFlags {
    /// Converts the flags into a layer of the configuration.
    pub fn to_config_flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            model: self.model.clone(),
            panel: self.panel.clone(),
            personas: self.persona.clone(),
            theme: self.theme.clone(),
            trust_project: self.trust_project,
            ignore_project: self.ignore_project,
            trusted_contents: Vec::new(),
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask without the screen and print the answers
    #[command(after_long_help = reference::ask_help_notes())]
    Ask(ask::AskArgs),
    /// Open a session in the screen again: the latest one unless an id is given
    Resume {
        /// Session id, or its first digits
        id: Option<String>,
    },
    /// List, show, export, search, rename, tag and delete sessions
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// List, show and check personas
    #[command(subcommand)]
    Persona(persona::PersonaCommand),
    /// Download, list, measure and remove local models; list the models of providers
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// List the project folders that you trust, trust one, or stop trusting one
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// Show which model answers for each persona, why, and what is missing
    Doctor {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show the configuration and its origins, or write a first file
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print the completion script of a shell
    Completions {
        /// Shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Command whose page is printed
        command: Option<String>,
    },
}

/// Returns the question that was typed without a command.
///
/// # Errors
/// A usage error for one word that is nearly a command, so that a typing error is not sent to the models, and for several
/// unquoted words, which may contain a command too.
pub fn parse_question(words: &[String]) -> Result<Option<String>, CliError> {
    let Some(first) = words.first() else { return Ok(None) };
    let is_quoted = words.len() == 1;
    if is_quoted && first.contains(char::is_whitespace) {
        return Ok(Some(first.clone()));
    }
    let command = <Cli as clap::CommandFactory>::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let near = if first.chars().count() > 3 { nearest_word(first, names) } else { None };
    match near {
        Some(near) if near != first => Err(CliError::usage(format!(
            "there is no command \"{first}\"; did you mean \"{near}\"? To ask it as a question: \
             plenary ask \"{}\"",
            words.join(" ")
        ))),
        _ if !is_quoted => Err(CliError::usage(format!(
            "put the question into quotes: plenary \"{}\"",
            words.join(" ")
        ))),
        _ => Ok(Some(first.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_args(words: &[&str]) -> Cli {
        Cli::try_parse_from(std::iter::once(&"plenary").chain(words)).unwrap()
    }

    #[test]
    fn definition_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn commands_win_over_questions() {
        assert!(parse_args(&[]).command.is_none());
        assert_eq!(parse_args(&["How many replicas?"]).question, ["How many replicas?"]);
        assert!(matches!(parse_args(&["resume"]).command, Some(Command::Resume { id: None })));
        assert!(matches!(
            parse_args(&["--model", "a:b", "ask", "x"]).command,
            Some(Command::Ask(_))
        ));
        let after = parse_args(&["ask", "x", "--model", "a:b", "--persona", "p", "--persona", "q"]);
        assert_eq!(after.flags.model.as_deref(), Some("a:b"));
        assert_eq!(after.flags.persona, ["p", "q"]);
        let escaped = parse_args(&["--", "resume"]);
        assert!(escaped.command.is_none());
        assert_eq!(escaped.question, ["resume"]);
    }

    #[test]
    fn misspelled_commands_and_unquoted_questions_are_refused() {
        let words = |text: &[&str]| text.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert!(parse_question(&words(&["sesions"])).unwrap_err().message.contains("\"sessions\""));
        assert!(
            parse_question(&words(&["sesions", "list"])).unwrap_err().message.contains("sessions")
        );
        assert!(
            parse_question(&words(&["what", "is"])).unwrap_err().message.contains("into quotes")
        );
        assert_eq!(parse_question(&words(&["resume"])).unwrap().as_deref(), Some("resume"));
        assert_eq!(parse_question(&words(&["why"])).unwrap().as_deref(), Some("why"));
        assert_eq!(parse_question(&words(&["asks what?"])).unwrap().as_deref(), Some("asks what?"));
        assert_eq!(parse_question(&[]).unwrap(), None);
    }
}
