//! `plenary sessions …`: what is in the store, for people and for programs, one file a command.
//!
//! What stands here is which session is meant, and the words when it is not there; `resume` finds its session with
//! [`resolve`] too. Exports are `cli::export`'s business.

mod delete;
mod list;
mod mark;
mod search;

use clap::builder::PossibleValuesParser;

use super::{CliError, ListFormat, export, out, say};
use crate::config::Flags;
use crate::domain::{Session, SessionId};
use crate::export::{FORMATS, find_format};
use crate::store::{Store, StoreError};
use crate::text::sanitize_line;
use crate::text::width::fit;
use list::TITLE;

/// Sessions that a message names as examples.
const EXAMPLES: usize = 8;

/// The word that stands for the newest session.
const LAST: &str = "last";

/// `plenary sessions …`
#[derive(Debug, clap::Subcommand)]
pub enum Sessions {
    /// List the sessions, the one that changed last first
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Print a session: its questions, and who answered what
    Show {
        /// The first digits of its id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// How to print it
        #[arg(
            long,
            default_value = "text",
            value_parser = PossibleValuesParser::new(FORMATS.iter().map(|f| f.name))
        )]
        format: String,
    },
    /// Write a session to standard output or to a file
    Export(export::Export),
    /// Find the sessions in which every word occurs: in title, tags, questions or answers
    Search {
        /// The words, or their beginnings
        #[arg(value_name = "WORDS", required = true)]
        words: Vec<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// How to print them
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Give a session another title
    Rename {
        /// The first digits of its id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// The title
        #[arg(value_name = "TITLE", required = true)]
        title: Vec<String>,
    },
    /// Give a session tags, take some away, or print them
    Tag {
        /// The first digits of its id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// A tag to add, or one to take away with a minus before it; without any the tags are printed
        #[arg(value_name = "+TAG|-TAG", allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Delete a session for good, and what it said from the file
    Delete {
        /// The first digits of its id as `sessions list` shows it, or `last`
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Runs `plenary sessions …`; the number is the exit code.
pub fn run(command: Sessions, store: &Store, flags: &Flags) -> Result<u8, CliError> {
    match command {
        Sessions::List { limit, format } => list::run(store, limit, format)?,
        Sessions::Show { id, format: name } => {
            let writer = find_format(&name).ok_or_else(|| {
                CliError::usage(format!("\"{name}\" is not a format of sessions show"))
            })?;
            let session = load(store, resolve(store, &id)?)?;
            let source = export::Source::wanted(writer.reads_answers, flags);
            out(&(writer.write)(&session, &source.reading()))?;
        }
        Sessions::Export(export) => {
            let session = load(store, resolve(store, &export.id)?)?;
            export::run(&export, &session, flags)?;
        }
        Sessions::Search { words, limit, format } => search::run(store, &words, limit, format)?,
        Sessions::Rename { id, title } => {
            mark::rename(store, resolve(store, &id)?, &title.join(" "))?;
        }
        Sessions::Tag { id, tags } => mark::tag(store, resolve(store, &id)?, &tags)?,
        Sessions::Delete { id, yes } => delete::run(store, resolve(store, &id)?, yes)?,
    }
    Ok(0)
}

/// Finds the session that `text` names: the first digits of its id, or `last` for the one that changed last.
///
/// Errors: nothing matches, several match (they are listed), the store cannot be read.
pub fn resolve(store: &Store, text: &str) -> Result<SessionId, CliError> {
    let text = text.trim();
    let newest = store.list(EXAMPLES).map_err(|e| failed(&e))?;
    let Some(last) = newest.first() else {
        return Err(trouble_or(store, CliError::usage("there are no sessions yet")));
    };
    if text.eq_ignore_ascii_case(LAST) {
        return Ok(last.id);
    }
    let found =
        if text.is_empty() { Vec::new() } else { store.find(text).map_err(|e| failed(&e))? };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(trouble_or(
            store,
            CliError::usage(format!(
                "no session has an id that begins with \"{}\". Give the first digits of one of these, or \
                 \"{LAST}\" (`plenary sessions list` shows all):\n{}",
                fit(&sanitize_line(text), TITLE),
                list::table(&newest, None)
            )),
        )),
        several => {
            let mut examples = Vec::new();
            for id in several.iter().take(EXAMPLES) {
                examples.extend(store.load(*id).map_err(|e| failed(&e))?);
            }
            let more = if several.len() > examples.len() { "…\n" } else { "" };
            Err(CliError::usage(format!(
                "several sessions have an id that begins with \"{text}\"; give more digits:\n{}{more}",
                list::ids(&examples)
            )))
        }
    }
}

/// Tells what is wrong with the store, if anything; an error when there is nothing to show besides.
fn troubles(store: &Store, nothing: bool) -> Result<(), CliError> {
    match store.trouble() {
        Some(trouble) if nothing => Err(failed(&trouble)),
        Some(trouble) => {
            say(&trouble.to_string());
            Ok(())
        }
        None => Ok(()),
    }
}

fn load(store: &Store, id: SessionId) -> Result<Session, CliError> {
    store
        .load(id)
        .map_err(|e| failed(&e))?
        .ok_or_else(|| CliError::failed(format!("session {} is gone", id.short())))
}

fn failed(error: &StoreError) -> CliError {
    CliError::failed(error.to_string())
}

/// What is wrong with the store explains more than that something is not in it.
fn trouble_or(store: &Store, error: CliError) -> CliError {
    store.trouble().map_or(error, |trouble| failed(&trouble))
}
