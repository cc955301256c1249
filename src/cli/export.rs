//! `plenary sessions export`: a session as a document, on standard output or in a file.
//!
//! Finds what reading answers takes (`Source`), for `sessions show` and `ask` too; what is written is `export`'s, how it gets
//! to the disk is `runtime::export_files`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::{CliError, out, say};
use crate::config::{self, Flags, Paths, Setup, facets, personas};
use crate::domain::{Persona, Session};
use crate::export::{ReadingInput, TARGETS, find_target};
use crate::review::HeadingSynonyms;
use crate::runtime::export_files::{ExportError, project_context, write_export};
use crate::text::sanitize;

/// `plenary sessions export`
#[derive(Debug, Clone, clap::Args)]
pub struct Export {
    /// The first digits of its id as `sessions list` shows it, or `last`
    #[arg(value_name = "ID")]
    pub id: String,
    /// What it is written as
    #[arg(
        long,
        default_value = "markdown",
        value_parser = PossibleValuesParser::new(
            TARGETS.iter().map(|target| PossibleValue::new(target.name).help(target.about))
        )
    )]
    pub format: String,
    /// The file, or a folder for a file named after the session; standard output without it, but for `folder`
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}

/// Writes the session, and says on standard error where.
pub(super) fn run(export: &Export, session: &Session, flags: &Flags) -> Result<(), CliError> {
    let name = &export.format;
    let target =
        find_target(name).ok_or_else(|| CliError::usage(format!("\"{name}\" is not a format")))?;
    let source = Source::wanted(target.format.is_none_or(|format| format.reads_answers), flags);
    let reading = source.reading();
    let to = export.out.as_deref().filter(|path| *path != Path::new("-"));
    if let (Some(format), None) = (target.format, to) {
        return out(&(format.write)(session, &reading));
    }
    let path = write_export(session, &reading, target, to, export.force).map_err(|e| failed(&e))?;
    say(&format!("wrote {}", path.display()));
    Ok(())
}

fn failed(error: &ExportError) -> CliError {
    CliError::failed(match error {
        ExportError::Exists(_) => format!("{error}; --force replaces it"),
        _ => error.to_string(),
    })
}

/// What reading answers takes, as far as this machine has it.
pub(super) struct Source {
    personas: Vec<Arc<Persona>>,
    synonyms: Arc<HeadingSynonyms>,
    context: Option<String>,
}

impl Source {
    /// What the configuration says when it is wanted; a broken one is said and passed over: it must not stop an export.
    pub(super) fn wanted(wanted: bool, flags: &Flags) -> Self {
        if !wanted {
            return Self::built_in();
        }
        match config::setup(flags) {
            Ok(setup) => Self::of(&setup),
            Err(e) => {
                say(&format!("answers are read with the built-in personas: {e}"));
                Self { context: context(&Paths::here()), ..Self::built_in() }
            }
        }
    }

    /// What the configuration says.
    pub(super) fn of(setup: &Setup) -> Self {
        Self {
            personas: setup.personas.clone(),
            synonyms: Arc::clone(&setup.synonyms),
            context: context(&setup.paths),
        }
    }

    fn built_in() -> Self {
        let nowhere = Path::new("");
        Self {
            personas: personas::load(nowhere, None).personas,
            synonyms: facets::built_in(),
            context: None,
        }
    }

    /// The same for `export`.
    pub(super) fn reading(&self) -> ReadingInput<'_> {
        ReadingInput {
            personas: &self.personas,
            synonyms: &self.synonyms,
            context: self.context.as_deref(),
        }
    }
}

fn context(paths: &Paths) -> Option<String> {
    project_context(paths).unwrap_or_else(|why| {
        say(&sanitize(&why));
        None
    })
}
