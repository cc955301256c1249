//! Fetching weights from the command line: the one that was named, or those that a question needs.
//!
//! Shows how it goes and obeys Ctrl-C; the fetch itself is `weights::pull`. Used by `model pull`, and by `ask` and the
//! screen before they ask.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::progress::Show;
use super::{CliError, runtime, say};
use crate::config::{Setup, local_spec};
use crate::domain::format::format_bytes;
use crate::domain::{LocalSpec, PersonaId, Weights};
use crate::runtime::headless::{StopSignal, StopSignals};
use crate::runtime::model_files;
use crate::text::sanitize_line;
use crate::weights::{self, Stored, stored};

/// How long a fetch that was stopped may take to put things in order.
const LEAVING: Duration = Duration::from_millis(500);

/// Where weights are on this machine.
pub fn spec(setup: &Setup) -> LocalSpec {
    local_spec(&setup.catalogue, &setup.paths)
}

/// Fetches `weights`, shows how it goes, and says where they are.
///
/// # Errors
/// Exit code 1 with every source's reason, or the one of the signal that stopped it; what came is kept.
pub fn fetch(spec: &LocalSpec, weights: &Weights) -> Result<PathBuf, CliError> {
    let show = Arc::new(Show::new(&weights.title));
    let to = Arc::clone(&show);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::listen();
        tokio::select! {
            pulled = weights::pull(spec.clone(), weights.clone(), move |p| to.tell(&p)) => Ok(pulled),
            stop = signals.next() => Err(stop),
        }
    });
    // A thread that was hashing puts things in order; one that looks up a name must not hold up the end.
    runtime.shutdown_timeout(LEAVING);
    show.end();
    match ended {
        Ok(Ok(path)) => Ok(path),
        Ok(Err(error)) => Err(CliError::failed(error.to_string())),
        Err(stop) => Err(stopped(spec, weights, stop)),
    }
}

fn stopped(spec: &LocalSpec, weights: &Weights, stop: StopSignal) -> CliError {
    let pull = format!("`plenary model pull {}`", weights.id);
    let message = match stored(spec, weights) {
        Stored::Partial(bytes) => {
            let (bytes, all) = (format_bytes(bytes), format_bytes(weights.bytes));
            format!("stopped; {bytes} of {all} are kept, {pull} goes on from there")
        }
        Stored::Absent | Stored::There => format!("stopped; {pull} begins again"),
    };
    CliError { message, code: stop.exit_code() }
}

/// Sees to it that the local models of those who are `asked` are there. Fetches what is missing: without a word when
/// `pull` is set, else after asking the person at the terminal.
///
/// # Errors
/// Exit code 2 where nobody can be asked or the person does not want it, else those of [`fetch`].
pub fn ensure(setup: &Setup, asked: &[PersonaId], pull: bool) -> Result<(), CliError> {
    for (spec, weights) in missing(setup, asked) {
        if !pull {
            permitted(&weights)?;
        }
        let path = fetch(&spec, &weights)?;
        say(&format!("{} is at {}", weights.title, path.display()));
    }
    Ok(())
}

/// The local models that somebody of `asked` answers with and that are not there, each once.
pub fn missing(setup: &Setup, asked: &[PersonaId]) -> Vec<(LocalSpec, Weights)> {
    let mut missing: Vec<(LocalSpec, Weights)> = Vec::new();
    for choice in asked.iter().filter_map(|id| setup.models.get(id)?.as_ref().ok()) {
        // What has no hash is a file of the person's own: nobody can fetch that.
        let local = model_files::weights_of(setup, &choice.model);
        let Some((spec, weights)) = local.filter(|(_, w)| w.sha256.is_some()) else { continue };
        let known = missing.iter().any(|(_, other)| other.id == weights.id);
        if !known && stored(spec, weights) != Stored::There {
            missing.push((spec.clone(), weights.clone()));
        }
    }
    missing
}

/// Asks the person; a script is told what to do.
fn permitted(weights: &Weights) -> Result<(), CliError> {
    let (title, size) = (sanitize_line(&weights.title), format_bytes(weights.bytes));
    let by_hand = format!("`plenary model pull {}`", weights.id);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let how = model_files::how_to_get(weights);
        return Err(CliError::usage(format!(
            "{how}; with --pull it is fetched before it is asked"
        )));
    }
    let from = weights::sources(weights).join(" or ");
    let prompt = format!("fetch {title} ({size}) from {}? [Y/n] ", sanitize_line(&from));
    let mut stderr = io::stderr().lock();
    let mut answer = String::new();
    let asked = stderr
        .write_all(prompt.as_bytes())
        .and_then(|()| stderr.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    if !answer.ends_with('\n') {
        // Ctrl-D leaves the cursor behind the question.
        drop(stderr.write_all(b"\n"));
    }
    drop(stderr);
    match (asked, answer.trim().to_lowercase().as_str()) {
        // The end of the input is no yes.
        (Ok(1..), "" | "y" | "yes") => Ok(()),
        _ => Err(CliError::usage(format!("not fetched; {by_hand} does it later"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, Machine, Paths, setup_on};

    /// A configuration in which the provider `here` runs weights.
    fn setup(folder: &std::path::Path, config: &str) -> Setup {
        let paths =
            Paths { config: folder.join("config"), data: folder.join("data"), ..Paths::default() };
        std::fs::create_dir_all(&paths.config).unwrap();
        let provider =
            "[providers.here]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:9/v1\"\n";
        std::fs::write(paths.config.join("config.toml"), format!("{config}\n{provider}")).unwrap();
        let machine = Machine { paths, ..Machine::default() };
        let mut setup = setup_on(&Flags::default(), &machine).unwrap();
        let spec = spec(&setup);
        setup.providers.get_mut("here").unwrap().local = Some(spec);
        setup
    }

    fn ids(missing: &[(LocalSpec, Weights)]) -> Vec<&str> {
        missing.iter().map(|(_, weights)| weights.id.as_str()).collect()
    }

    #[test]
    fn only_what_is_needed_and_not_there_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let config = "model = \"here:tiny\"\n[persona.edge]\nmodel = \"here:small\"\n\
                      [persona.devops]\nmodel = \"openai:tiny\"\n[persona.gitops]\nmodel = \"here:/x.gguf\"\n";
        let setup = setup(dir.path(), config);
        let asked: Vec<PersonaId> = setup.personas.iter().map(|p| p.id.clone()).collect();
        assert_eq!(ids(&missing(&setup, &asked)), ["smollm2-135m", "qwen2.5-coder-0.5b"]);
        let edge: Vec<_> = asked.iter().filter(|id| id.as_str() == "edge").cloned().collect();
        assert_eq!(ids(&missing(&setup, &edge)), ["qwen2.5-coder-0.5b"]);

        let tiny = setup.catalogue.find("tiny").unwrap();
        let path = spec(&setup).path(tiny);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(tiny.bytes).unwrap();
        assert_eq!(ids(&missing(&setup, &asked)), ["qwen2.5-coder-0.5b"]);
        let others: Vec<_> = asked.into_iter().filter(|id| id.as_str() != "edge").collect();
        ensure(&setup, &others, false).unwrap();
    }
}
