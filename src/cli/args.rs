//! What may be typed: commands, flags, and what the help says about them.
//!
//! Data for clap; no command does anything here. The flags that every command takes become
//! `config::Flags`, the last layer of the configuration.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{CliError, ListFormat, ask, config, model, persona, sessions};
use crate::config::{Flags, nearest};

/// Ask once, hear every view: one question to several personas, side by side in the terminal.
///
/// Without a command, the screen opens; with a question it opens and asks. A word that is a command is the
/// command: to ask exactly that word, write `plenary -- WORD`.
#[derive(Debug, Parser)]
#[command(name = "plenary", version, max_term_width = 100, subcommand_value_name = "COMMAND")]
#[command(override_usage = "plenary [OPTIONS] [QUESTION]\n       plenary [OPTIONS] <COMMAND>")]
pub struct Cli {
    /// A question to be asked at once, in quotes
    #[arg(value_name = "QUESTION")]
    pub question: Vec<String>,
    /// Fetch the local model without asking when it is not there
    #[arg(long)]
    pub pull: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub flags: GlobalFlags,
    /// What to do instead of opening the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The flags that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalFlags {
    /// The model that answers for everybody, such as openai:gpt-5
    #[arg(long, global = true, value_name = "PROVIDER:MODEL")]
    pub model: Option<String>,
    /// The panel that is asked
    #[arg(long, global = true, value_name = "NAME")]
    pub panel: Option<String>,
    /// A persona instead of the panel: an id, a file or a folder; may be repeated
    #[arg(long, global = true, value_name = "ID|PATH")]
    pub persona: Vec<String>,
    /// This configuration file instead of the usual ones
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The theme: auto, dark, light or a name
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Use the providers, models, panels and personas of this folder's .plenary
    #[arg(long, global = true)]
    pub trust_project: bool,
}

impl GlobalFlags {
    /// The same as a layer of the configuration.
    pub fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            model: self.model.clone(),
            panel: self.panel.clone(),
            personas: self.persona.clone(),
            theme: self.theme.clone(),
            trust_project: self.trust_project,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask without a screen; answers go to standard output
    Ask(ask::Ask),
    /// Open a session again, the latest one unless an id is given
    Resume {
        /// The session's id, or its first digits
        id: Option<String>,
    },
    /// List, show, search, rename, tag and delete what was asked before
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// List, show and check personas
    #[command(subcommand)]
    Persona(persona::Persona),
    /// Fetch, list and remove local models; list those that providers offer
    #[command(subcommand)]
    Model(model::Model),
    /// Say what would answer, why, and what is missing
    Doctor {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show where the configuration is and what it says
    #[command(subcommand)]
    Config(config::Config),
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// The page of this command
        command: Option<String>,
    },
}

/// The question that was typed without a command.
///
/// One word that is nearly a command was meant as one: it is not sent to four models. Several words that
/// nobody quoted may hide a command too.
pub fn question(words: &[String]) -> Result<Option<String>, CliError> {
    let Some(first) = words.first() else { return Ok(None) };
    let quoted = words.len() == 1;
    if quoted && first.contains(char::is_whitespace) {
        return Ok(Some(first.clone()));
    }
    let command = <Cli as clap::CommandFactory>::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let near = if first.chars().count() > 3 { nearest::nearest(first, names) } else { None };
    match near {
        Some(near) if near != first => Err(CliError::usage(format!(
            "there is no command \"{first}\"; did you mean \"{near}\"? To ask it as a question: \
             plenary ask \"{}\"",
            words.join(" ")
        ))),
        _ if !quoted => Err(CliError::usage(format!(
            "put the question into quotes: plenary \"{}\"",
            words.join(" ")
        ))),
        _ => Ok(Some(first.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Cli {
        Cli::try_parse_from(std::iter::once(&"plenary").chain(words)).unwrap()
    }

    #[test]
    fn the_definition_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn questions_and_commands_live_together() {
        assert!(parsed(&[]).command.is_none());
        assert_eq!(parsed(&["How many replicas?"]).question, ["How many replicas?"]);
        assert!(matches!(parsed(&["resume"]).command, Some(Command::Resume { id: None })));
        assert!(matches!(parsed(&["--model", "a:b", "ask", "x"]).command, Some(Command::Ask(_))));
        let after = parsed(&["ask", "x", "--model", "a:b", "--persona", "p", "--persona", "q"]);
        assert_eq!(after.flags.model.as_deref(), Some("a:b"));
        assert_eq!(after.flags.persona, ["p", "q"]);
        let escaped = parsed(&["--", "resume"]);
        assert!(escaped.command.is_none());
        assert_eq!(escaped.question, ["resume"]);
    }

    #[test]
    fn a_slip_is_no_question() {
        let words = |text: &[&str]| text.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert!(question(&words(&["sesions"])).unwrap_err().message.contains("\"sessions\""));
        assert!(question(&words(&["sesions", "list"])).unwrap_err().message.contains("sessions"));
        assert!(question(&words(&["what", "is"])).unwrap_err().message.contains("into quotes"));
        assert_eq!(question(&words(&["resume"])).unwrap().as_deref(), Some("resume"));
        assert_eq!(question(&words(&["why"])).unwrap().as_deref(), Some("why"));
        assert_eq!(question(&words(&["asks what?"])).unwrap().as_deref(), Some("asks what?"));
        assert_eq!(question(&[]).unwrap(), None);
    }
}
