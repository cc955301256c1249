//! `plenary sessions export`: a session as a document, on standard output or in a file.
//!
//! Collects what is needed to read answers (`ExportInputs`), for `sessions show` and `ask` too. The formats belong to
//! `export`, writing files to `runtime::export_files`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser};

use super::{CliError, print_message, print_messages, write_stdout};
use crate::config::{self, Flags, Setup, facets, personas};
use crate::domain::{Persona, PersonaId, RunState, Session};
use crate::export::{ReadingInput, TARGETS, find_target};
use crate::review::{HeadingSynonyms, extract_missing};
use crate::runtime::export_files::{ExportAccess, ExportError, write_export};

/// Arguments of `plenary sessions export`.
#[derive(Debug, Clone, clap::Args)]
pub struct ExportArgs {
    /// First digits of the session's id as `sessions list` shows it, or `last`
    #[arg(value_name = "ID")]
    pub id: String,
    /// Output format
    #[arg(
        long,
        default_value = "markdown",
        value_parser = PossibleValuesParser::new(
            TARGETS.iter().map(|target| PossibleValue::new(target.name).help(target.about))
        )
    )]
    pub format: String,
    /// File, or folder for a file named after the session; without it, all formats but `folder` go to standard output
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
}

/// Writes the session, and reports the path of a file on standard error.
pub(super) fn export_session(
    args: &ExportArgs,
    session: &mut Session,
    flags: &Flags,
) -> Result<(), CliError> {
    let name = &args.format;
    let target =
        find_target(name).ok_or_else(|| CliError::usage(format!("\"{name}\" is not a format")))?;
    let reads_answers = target.format.is_none_or(|format| format.reads_answers);
    let inputs = ExportInputs::load_for(session, reads_answers, flags);
    let reading = inputs.as_reading();
    let path = args.out.as_deref().filter(|path| *path != Path::new("-"));
    if let (Some(format), None) = (target.format, path) {
        return write_stdout(&(format.write)(session, &reading));
    }
    let access = if path.is_some() { ExportAccess::Umask } else { ExportAccess::Owner };
    let written = write_export(session, &reading, target, path, args.force, access)
        .map_err(|e| describe_error(&e))?;
    print_message(&format!("wrote {}", written.display()));
    Ok(())
}

fn describe_error(error: &ExportError) -> CliError {
    CliError::failed(match error {
        ExportError::Exists(_) => format!("{error}; --force replaces it"),
        _ => error.to_string(),
    })
}

/// What `export` needs to read answers: personas, heading synonyms and the project's context.
pub(super) struct ExportInputs {
    personas: Vec<Arc<Persona>>,
    synonyms: Arc<HeadingSynonyms>,
    context: Option<String>,
}

impl ExportInputs {
    /// Loads the inputs from the configuration if they are `needed`, else returns the built-in ones. An invalid
    /// configuration is reported and then ignored: it must not prevent an export.
    fn load_if(needed: bool, flags: &Flags) -> Self {
        if !needed {
            return Self::built_in();
        }
        match config::build_setup(flags) {
            Ok(setup) => {
                print_messages(&setup.project.describe_unused());
                Self::from_setup(&setup)
            }
            Err(e) => {
                print_message(&format!("answers are read with the built-in personas: {e}"));
                Self::built_in()
            }
        }
    }

    /// Loads the inputs for `session`, and extracts the recommendations of runs that have none: the program ended before it had
    /// read them. They are not stored; the TUI does that when it opens the session.
    pub(super) fn load_for(session: &mut Session, reads_answers: bool, flags: &Flags) -> Self {
        let mut runs = session.turns.iter().flat_map(|turn| &turn.runs);
        let has_missing = runs.any(|run| {
            let has_ended = matches!(run.state, RunState::Ended(_));
            has_ended && run.recommendations.is_none() && !run.text.is_empty()
        });
        let inputs = Self::load_if(reads_answers || has_missing, flags);
        if has_missing {
            let personas = &inputs.personas;
            let contract =
                |id: &PersonaId| personas.iter().find(|p| p.id == *id).map(|p| &p.contract);
            extract_missing(session, contract, &inputs.synonyms);
        }
        inputs
    }

    /// Takes the inputs from a loaded configuration.
    pub(super) fn from_setup(setup: &Setup) -> Self {
        Self {
            personas: setup.personas.clone(),
            synonyms: Arc::clone(&setup.synonyms),
            context: setup.context.clone(),
        }
    }

    fn built_in() -> Self {
        let no_folder = Path::new("");
        Self {
            personas: personas::load(no_folder).personas,
            synonyms: facets::built_in(),
            context: None,
        }
    }

    /// Borrows the inputs in the form that `export` takes.
    pub(super) fn as_reading(&self) -> ReadingInput<'_> {
        ReadingInput {
            personas: &self.personas,
            synonyms: &self.synonyms,
            context: self.context.as_deref(),
        }
    }
}
