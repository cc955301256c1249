//! `plenary sessions …`: the sessions in the store, one file per command.
//!
//! Resolves which session is meant and explains why it cannot be found. Exports are written by `cli::export`.

mod delete;
mod list;
mod rename_tag;
mod search;

use clap::builder::PossibleValuesParser;

use super::{CliError, ListFormat, export, print_message, write_stdout};
use crate::config::Flags;
use crate::domain::{Session, SessionId};
use crate::export::{FORMATS, find_format};
use crate::store::{Store, StoreError};
use crate::text::sanitize_line;
use crate::text::width::fit;
use list::MAX_TITLE_COLUMNS;

/// How many sessions an error message lists as examples.
const MAX_EXAMPLES: usize = 8;

/// The word for the session that was changed last.
pub(super) const LAST: &str = "last";

/// `plenary sessions …`
#[derive(Debug, clap::Subcommand)]
pub enum SessionsCommand {
    /// List the sessions, the last changed one first
    List {
        /// Maximum number of sessions
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Print the questions and answers of a session
    Show {
        /// First digits of the session's id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// Output format
        #[arg(
            long,
            default_value = "text",
            value_parser = PossibleValuesParser::new(FORMATS.iter().map(|f| f.name))
        )]
        format: String,
    },
    /// Write a session to standard output or to a file
    Export(export::ExportArgs),
    /// Find the sessions that contain all words, in title, tags, questions or answers
    Search {
        /// Words, or their beginnings
        #[arg(value_name = "WORDS", required = true)]
        words: Vec<String>,
        /// Maximum number of sessions
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Give a session another title
    Rename {
        /// First digits of the session's id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// New title
        #[arg(value_name = "TITLE", required = true)]
        title: Vec<String>,
    },
    /// Add tags to a session, remove tags, or print them
    Tag {
        /// First digits of the session's id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// Tag to add, or with a leading minus, tag to remove; if omitted, the tags are only printed
        #[arg(value_name = "+TAG|-TAG", allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Delete a session permanently, and wipe its text from the file
    Delete {
        /// First digits of the session's id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask for confirmation
        #[arg(short, long)]
        yes: bool,
    },
}

/// Runs `plenary sessions …` and returns the exit code.
pub fn run_sessions_command(
    command: SessionsCommand,
    store: &Store,
    flags: &Flags,
) -> Result<u8, CliError> {
    match command {
        SessionsCommand::List { limit, format } => list::print_sessions(store, limit, format)?,
        SessionsCommand::Show { id, format: name } => {
            let writer = find_format(&name).ok_or_else(|| {
                CliError::usage(format!("\"{name}\" is not a format of sessions show"))
            })?;
            let mut session = load_session(store, find_session(store, &id)?)?;
            let inputs = export::ExportInputs::load_for(&mut session, writer.reads_answers, flags);
            write_stdout(&(writer.write)(&session, &inputs.as_reading()))?;
        }
        SessionsCommand::Export(args) => {
            let mut session = load_session(store, find_session(store, &args.id)?)?;
            export::export_session(&args, &mut session, flags)?;
        }
        SessionsCommand::Search { words, limit, format } => {
            search::search_sessions(store, &words, limit, format)?;
        }
        SessionsCommand::Rename { id, title } => {
            rename_tag::rename_session(store, find_session(store, &id)?, &title.join(" "))?;
        }
        SessionsCommand::Tag { id, tags } => {
            rename_tag::edit_tags(store, find_session(store, &id)?, &tags)?;
        }
        SessionsCommand::Delete { id, yes } => {
            delete::delete_session(store, find_session(store, &id)?, yes)?;
        }
    }
    Ok(0)
}

/// Finds a session by the first digits of its id, or by `last` for the one that was changed last.
///
/// # Errors
/// No session matches, several match (they are listed), or the store cannot be read.
pub fn find_session(store: &Store, text: &str) -> Result<SessionId, CliError> {
    let text = text.trim();
    let latest = store.list_sessions(MAX_EXAMPLES).map_err(|e| to_cli_error(&e))?;
    let Some(last) = latest.first() else {
        return Err(prefer_store_error(store, CliError::usage("there are no sessions yet")));
    };
    if text.eq_ignore_ascii_case(LAST) {
        return Ok(last.id);
    }
    let matches = if text.is_empty() {
        Vec::new()
    } else {
        store.find_sessions(text).map_err(|e| to_cli_error(&e))?
    };
    match matches.as_slice() {
        [one] => Ok(*one),
        [] => Err(prefer_store_error(
            store,
            CliError::usage(format!(
                "no session has an id that begins with \"{}\". Give the first digits of one of these, or \
                 \"{LAST}\" (`plenary sessions list` shows all):\n{}",
                fit(&sanitize_line(text), MAX_TITLE_COLUMNS),
                list::format_table(&latest, None)
            )),
        )),
        several => {
            let mut examples = Vec::new();
            for id in several.iter().take(MAX_EXAMPLES) {
                examples.extend(store.load_session(*id).map_err(|e| to_cli_error(&e))?);
            }
            let more = if several.len() > examples.len() { "…\n" } else { "" };
            Err(CliError::usage(format!(
                "several sessions have an id that begins with \"{text}\"; give more digits:\n{}{more}",
                list::format_full_ids(&examples)
            )))
        }
    }
}

/// Reports an error of the store: as a message beside the output, or as an error if the output is empty.
fn report_store_error(store: &Store, is_empty: bool) -> Result<(), CliError> {
    match store.take_error() {
        Some(error) if is_empty => Err(to_cli_error(&error)),
        Some(error) => {
            print_message(&error.to_string());
            Ok(())
        }
        None => Ok(()),
    }
}

fn load_session(store: &Store, id: SessionId) -> Result<Session, CliError> {
    store
        .load_session(id)
        .map_err(|e| to_cli_error(&e))?
        .ok_or_else(|| CliError::failed(format!("session {} no longer exists", id.short())))
}

fn to_cli_error(error: &StoreError) -> CliError {
    CliError::failed(error.to_string())
}

/// Returns the error of the store, if there is one: it explains why something is missing. Else returns `error`.
fn prefer_store_error(store: &Store, error: CliError) -> CliError {
    store.take_error().map_or(error, |store_error| to_cli_error(&store_error))
}
