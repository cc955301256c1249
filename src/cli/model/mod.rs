//! `plenary model`: local models, and the models that providers offer.
//!
//! Resolves which local model is meant; downloading is the business of `cli::download`.

mod bench;
mod list;

use clap::Subcommand;

use super::{
    CliError, ListFormat, download, load_setup, print_message, print_messages, write_stdout,
};
use crate::config::model_catalogue::unknown_model_message;
use crate::config::{Flags, Setup};
use crate::domain::ModelFile;
use crate::domain::format::format_bytes;
use crate::text::sanitize_line;
use crate::weights::{self, FilePresence, RemoveError, file_presence};

pub use list::list_provider_models;

/// `plenary model …`
#[derive(Debug, Clone, Subcommand)]
pub enum ModelCommand {
    /// List local models, then the providers and the models they offer
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Download a local model and print its path; an interrupted download is resumed
    Pull {
        /// Local model; the default one if omitted
        id: Option<String>,
    },
    /// Print the path of a local model
    Path {
        /// Local model
        id: String,
    },
    /// Measure how fast a local model reads and writes, with one and with four personas
    Bench {
        /// Local model; the default one if omitted
        id: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Remove a local model, including a partial download
    Remove {
        /// Local model
        id: String,
    },
}

/// Runs `plenary model …` and returns the exit code.
pub fn run_model_command(command: &ModelCommand, flags: &Flags) -> Result<u8, CliError> {
    let setup = load_setup(flags)?;
    print_messages(&setup.warnings);
    match command {
        ModelCommand::List { format } => list::print_models(setup, *format),
        ModelCommand::Pull { id } => pull_model(&setup, id.as_deref()),
        ModelCommand::Path { id } => print_model_path(&setup, id),
        ModelCommand::Bench { id, format } => bench::run_bench(&setup, id.as_deref(), *format),
        ModelCommand::Remove { id } => remove_model(&setup, id),
    }
}

/// Finds a local model by id or alias, with or without the prefix `local:`.
fn find_model<'a>(setup: &'a Setup, id: &str) -> Result<&'a ModelFile, CliError> {
    let id = id.trim();
    let id = id.strip_prefix("local:").unwrap_or(id);
    setup
        .catalogue
        .find(id)
        .ok_or_else(|| CliError::usage(unknown_model_message(&setup.catalogue, id)))
}

/// Finds the local model `id`; without `id`, the one that the local provider uses by default.
fn find_model_or_default<'a>(
    setup: &'a Setup,
    id: Option<&str>,
) -> Result<&'a ModelFile, CliError> {
    if let Some(id) = id {
        return find_model(setup, id);
    }
    let provider = setup.providers.values().find(|spec| spec.local.is_some());
    provider
        .and_then(|spec| setup.catalogue.find(spec.default_model.as_ref()?))
        .or_else(|| setup.catalogue.files.first())
        .ok_or_else(|| CliError::failed("this program knows no local models"))
}

fn pull_model(setup: &Setup, id: Option<&str>) -> Result<u8, CliError> {
    let weights = find_model_or_default(setup, id)?;
    if let Some(caution) = &weights.caution {
        let (title, caution) = (sanitize_line(&weights.title), sanitize_line(caution));
        print_message(&format!("{title}: {caution}"));
    }
    let path = download::download_model_file(&download::model_files_spec(setup), weights)?;
    write_stdout(&format!("{}\n", path.display()))?;
    Ok(0)
}

fn print_model_path(setup: &Setup, id: &str) -> Result<u8, CliError> {
    let weights = find_model(setup, id)?;
    let spec = download::model_files_spec(setup);
    if file_presence(&spec, weights) == FilePresence::Complete {
        write_stdout(&format!("{}\n", spec.file_path(weights).display()))?;
        return Ok(0);
    }
    let (id, size) = (&weights.id, format_bytes(weights.bytes));
    Err(CliError::failed(format!(
        "{id} is not installed; `plenary model pull {id}` downloads it ({size})"
    )))
}

fn remove_model(setup: &Setup, id: &str) -> Result<u8, CliError> {
    let weights = find_model(setup, id)?;
    match weights::remove_model_file(&download::model_files_spec(setup), weights) {
        Ok(true) => print_message(&format!("{} was removed", weights.id)),
        Ok(false) => print_message(&format!("{} is not installed", weights.id)),
        Err(error @ RemoveError::Io { .. }) => return Err(CliError::failed(error.to_string())),
        Err(error) => return Err(CliError::failed(format!("{} {error}", weights.id))),
    }
    Ok(0)
}
