//! `plenary model`: the weights of local models, and the models that providers offer.
//!
//! Finds out which weights are meant; `list` prints, `fetch` (beside this folder) fetches.

mod bench;
mod list;

use clap::Subcommand;

use super::{CliError, ListFormat, configure, fetch, out, say};
use crate::config::weights::unknown;
use crate::config::{Flags, Setup};
use crate::domain::Weights;
use crate::domain::format::format_bytes;
use crate::text::sanitize_line;
use crate::weights::{self, RemoveError, Stored, stored};

pub use list::list;

/// `plenary model …`
#[derive(Debug, Clone, Subcommand)]
pub enum Model {
    /// List local models, then the providers and the models they offer
    List {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Fetch a local model and print where it is; goes on where an earlier fetch stopped
    Pull {
        /// Which one; the one that would answer without it
        id: Option<String>,
    },
    /// Print where a local model is
    Path {
        /// Which one
        id: String,
    },
    /// Measure how fast a local model reads and writes here, alone and with four personas
    Bench {
        /// Which one; the one that would answer without it
        id: Option<String>,
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Remove a local model, and what a cut fetch left of it
    Remove {
        /// Which one
        id: String,
    },
}

/// Runs `plenary model …`; the number is the exit code.
pub fn run(command: &Model, flags: &Flags) -> Result<u8, CliError> {
    let setup = configure(flags)?;
    for notice in &setup.notices {
        say(notice);
    }
    match command {
        Model::List { format } => list::run(setup, *format),
        Model::Pull { id } => pull(&setup, id.as_deref()),
        Model::Path { id } => path(&setup, id),
        Model::Bench { id, format } => bench::run(&setup, id.as_deref(), *format),
        Model::Remove { id } => remove(&setup, id),
    }
}

/// The weights of this id or alias; `local:` in front is as good.
fn find<'a>(setup: &'a Setup, id: &str) -> Result<&'a Weights, CliError> {
    let id = id.trim();
    let id = id.strip_prefix("local:").unwrap_or(id);
    setup.catalogue.find(id).ok_or_else(|| CliError::usage(unknown(&setup.catalogue, id)))
}

/// The weights that were named; without a name those that would answer.
fn find_or_default<'a>(setup: &'a Setup, id: Option<&str>) -> Result<&'a Weights, CliError> {
    if let Some(id) = id {
        return find(setup, id);
    }
    let usual = setup.providers.values().find(|spec| spec.local.is_some());
    usual
        .and_then(|spec| setup.catalogue.find(spec.default_model.as_ref()?))
        .or_else(|| setup.catalogue.weights.first())
        .ok_or_else(|| CliError::failed("this program knows no local models"))
}

fn pull(setup: &Setup, id: Option<&str>) -> Result<u8, CliError> {
    let weights = find_or_default(setup, id)?;
    if let Some(caution) = &weights.caution {
        say(&format!("{}: {}", sanitize_line(&weights.title), sanitize_line(caution)));
    }
    let path = fetch::fetch(&fetch::spec(setup), weights)?;
    out(&format!("{}\n", path.display()))?;
    Ok(0)
}

fn path(setup: &Setup, id: &str) -> Result<u8, CliError> {
    let weights = find(setup, id)?;
    let spec = fetch::spec(setup);
    if stored(&spec, weights) == Stored::There {
        out(&format!("{}\n", spec.path(weights).display()))?;
        return Ok(0);
    }
    let (id, size) = (&weights.id, format_bytes(weights.bytes));
    Err(CliError::failed(format!(
        "{id} is not there; `plenary model pull {id}` fetches it ({size})"
    )))
}

fn remove(setup: &Setup, id: &str) -> Result<u8, CliError> {
    let weights = find(setup, id)?;
    match weights::remove(&fetch::spec(setup), weights) {
        Ok(true) => say(&format!("{} was removed", weights.id)),
        Ok(false) => say(&format!("{} is not there", weights.id)),
        Err(error @ RemoveError::Io { .. }) => return Err(CliError::failed(error.to_string())),
        Err(error) => return Err(CliError::failed(format!("{} {error}", weights.id))),
    }
    Ok(0)
}
