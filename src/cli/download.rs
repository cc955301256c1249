//! Downloads of model files from the command line: a named one, or those that a question needs.
//!
//! Shows the progress and stops on signals; the download itself is the business of `weights`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::download_progress::ProgressReporter;
use super::{CliError, build_runtime, print_message, terminal};
use crate::config::{Setup, local_spec};
use crate::domain::format::format_bytes;
use crate::domain::{LocalSpec, ModelFile, PersonaId};
use crate::runtime::headless::{StopSignal, StopSignals};
use crate::runtime::model_files;
use crate::text::sanitize_line;
use crate::weights::{self, FilePresence, file_presence};

/// How long a cancelled download may take to save its state.
const CANCEL_TIMEOUT: Duration = Duration::from_millis(500);

/// Returns where this user's model files are.
pub fn model_files_spec(setup: &Setup) -> LocalSpec {
    local_spec(&setup.catalogue, &setup.paths)
}

/// Downloads a model file, shows the progress and returns the path of the file.
///
/// # Errors
/// Exit code 1 with the reason of every source, or the code of the signal that stopped the download; the bytes received
/// are kept.
pub fn download_model_file(spec: &LocalSpec, weights: &ModelFile) -> Result<PathBuf, CliError> {
    let reporter = Arc::new(ProgressReporter::new(&weights.title));
    let receiver = Arc::clone(&reporter);
    let runtime = build_runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::listen();
        tokio::select! {
            pulled = weights::download_model(spec.clone(), weights.clone(), move |p| receiver.report(&p)) => Ok(pulled),
            stop = signals.next() => Err(stop),
        }
    });
    // A hashing thread needs time to save its state; a DNS lookup must not delay the exit for longer.
    runtime.shutdown_timeout(CANCEL_TIMEOUT);
    reporter.clear();
    match ended {
        Ok(Ok(path)) => Ok(path),
        Ok(Err(error)) => Err(CliError::failed(error.to_string())),
        Err(stop) => Err(describe_stop(spec, weights, stop)),
    }
}

fn describe_stop(spec: &LocalSpec, weights: &ModelFile, stop: StopSignal) -> CliError {
    let command = format!("`plenary model pull {}`", weights.id);
    let message = match file_presence(spec, weights) {
        FilePresence::Partial(bytes) => {
            let (bytes, total) = (format_bytes(bytes), format_bytes(weights.bytes));
            format!("cancelled: {bytes} of {total} kept; {command} resumes from there")
        }
        FilePresence::Missing | FilePresence::Complete => {
            format!("cancelled; {command} starts again")
        }
    };
    CliError { message, code: stop.exit_code() }
}

/// Downloads the missing local models of the personas in `asked`: without asking if `pull` is set, else after asking the
/// user.
///
/// # Errors
/// Exit code 2 if there is no terminal to ask on or the user declines, else those of [`download_model_file`].
pub fn ensure_model_files(setup: &Setup, asked: &[PersonaId], pull: bool) -> Result<(), CliError> {
    for (spec, weights) in find_missing(setup, asked) {
        if !pull {
            confirm_download(&weights)?;
        }
        let path = download_model_file(&spec, &weights)?;
        print_message(&format!("{} is at {}", weights.title, path.display()));
    }
    Ok(())
}

/// Returns the model files that personas in `asked` need and that are not installed, each once.
pub fn find_missing(setup: &Setup, asked: &[PersonaId]) -> Vec<(LocalSpec, ModelFile)> {
    let mut missing: Vec<(LocalSpec, ModelFile)> = Vec::new();
    for choice in asked.iter().filter_map(|id| setup.models.get(id)?.as_ref().ok()) {
        // An entry without a hash is a file that the user provides: it has no source to download from.
        let local = model_files::weights_of(setup, &choice.model);
        let Some((spec, weights)) = local.filter(|(_, w)| w.sha256.is_some()) else { continue };
        let is_listed = missing.iter().any(|(_, other)| other.id == weights.id);
        if !is_listed && file_presence(spec, weights) != FilePresence::Complete {
            missing.push((spec.clone(), weights.clone()));
        }
    }
    missing
}

/// Asks the user for permission. Without a terminal, returns an error that says what to do.
fn confirm_download(weights: &ModelFile) -> Result<(), CliError> {
    if !terminal::can_prompt() {
        let how = model_files::how_to_get(weights);
        return Err(CliError::usage(format!(
            "{how}; --pull downloads it before the question is asked"
        )));
    }
    let (title, size) = (sanitize_line(&weights.title), format_bytes(weights.bytes));
    let sources = sanitize_line(&weights::source_names(weights).join(" or "));
    if terminal::confirm(&format!("download {title} ({size}) from {sources}?"), true) {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "not downloaded; `plenary model pull {}` does it later",
        weights.id
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Flags, Paths, build_setup_in};

    /// A configuration whose provider `here` runs local models.
    fn setup_in(folder: &std::path::Path, config: &str) -> Setup {
        let paths =
            Paths { config: folder.join("config"), data: folder.join("data"), ..Paths::default() };
        std::fs::create_dir_all(&paths.config).unwrap();
        let provider =
            "[providers.here]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";
        std::fs::write(paths.config.join("config.toml"), format!("{config}\n{provider}")).unwrap();
        let environment = Environment { paths, ..Environment::default() };
        let mut setup = build_setup_in(&Flags::default(), &environment).unwrap();
        let spec = model_files_spec(&setup);
        setup.providers.get_mut("here").unwrap().local = Some(spec);
        setup
    }

    fn ids(missing: &[(LocalSpec, ModelFile)]) -> Vec<&str> {
        missing.iter().map(|(_, weights)| weights.id.as_str()).collect()
    }

    #[test]
    fn only_model_files_of_asked_personas_are_missing() {
        let dir = tempfile::tempdir().unwrap();
        let config = "model = \"here:tiny\"\n[persona.edge]\nmodel = \"here:small\"\n\
                      [persona.devops]\nmodel = \"openai:tiny\"\n[persona.gitops]\nmodel = \"here:/x.gguf\"\n";
        let setup = setup_in(dir.path(), config);
        let asked: Vec<PersonaId> = setup.personas.iter().map(|p| p.id.clone()).collect();
        assert_eq!(ids(&find_missing(&setup, &asked)), ["smollm2-135m", "qwen2.5-coder-0.5b"]);
        let edge: Vec<_> = asked.iter().filter(|id| id.as_str() == "edge").cloned().collect();
        assert_eq!(ids(&find_missing(&setup, &edge)), ["qwen2.5-coder-0.5b"]);

        let tiny = setup.catalogue.find("tiny").unwrap();
        let path = model_files_spec(&setup).file_path(tiny);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(tiny.bytes).unwrap();
        assert_eq!(ids(&find_missing(&setup, &asked)), ["qwen2.5-coder-0.5b"]);
        let others: Vec<_> = asked.into_iter().filter(|id| id.as_str() != "edge").collect();
        ensure_model_files(&setup, &others, false).unwrap();
    }
}
