//! What a project's own files may not say: cloning a repository must not send anyone's key, or any other
//! file of theirs, anywhere.
//!
//! A file in `./.plenary/` may never set where a key is found, nor loosen the rules about keys, nor move a
//! provider whose key comes from elsewhere, nor name a persona outside the project, nor say which weights are
//! downloaded.

use std::path::Path;

use super::{ConfigError, ConfigFile, Ledger};
use crate::domain::{KeySource, ProviderSpec};

/// What a project's file may not set in `[providers.NAME]`, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("key_env", "a project's file may not say where a key is found"),
    ("key_cmd", "a project's file may not run a command for a key"),
    ("key_file", "a project's file may not say where a key is found"),
    ("allow_insecure", "a project's file may not permit a key to travel unencrypted"),
];

/// The only top-level setting that the file of a project which is not trusted may make: it changes neither who is
/// asked nor where text goes.
const HARMLESS: &[&str] = &["theme"];

const TRUST: &str = "to use it, check it and add --trust-project";

const REASON: &str = "whoever clones a repository must not send a key anywhere by it";

/// Drops the settings of a project's file that decide who is asked or where text goes. Returns a notice that lists
/// them, when there are any.
pub(super) fn ignore_untrusted(file: &mut ConfigFile) -> Option<String> {
    let dropped = file.keep_only(HARMLESS);
    (!dropped.is_empty()).then(|| {
        let path = file.path.display();
        format!(
            "{path}: ignored {}, because this folder is not trusted; {TRUST}",
            dropped.join(", ")
        )
    })
}

/// A notice about the personas of a project that is not trusted, when there are any.
pub(super) fn ignored_personas(folder: &Path) -> Option<String> {
    let has_files = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    has_files.then(|| {
        let path = folder.display();
        format!("{path}: these personas are ignored, because this folder is not trusted; {TRUST}")
    })
}

/// True when `path` lies in the project's folder, links followed.
pub(super) fn is_inside(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// Refuses what a project's file may never set, whatever the other files say.
pub(super) fn check_keys(file: &ConfigFile) -> Result<(), ConfigError> {
    if !file.project {
        return Ok(());
    }
    for (key, _) in file.below("providers.") {
        let word = key.rsplit('.').next().unwrap_or_default();
        if let Some((_, what)) = FORBIDDEN.iter().find(|(name, _)| *name == word) {
            return Err(file.error(
                key,
                format!("{what}, because {REASON}; set it in your own config.toml (`plenary config path`)"),
            ));
        }
    }
    Ok(())
}

/// Refuses every `[models.ID]` of a project: it would decide what is downloaded, and what a known name means.
pub(super) fn check_models(file: &ConfigFile) -> Result<(), ConfigError> {
    match file.schema.models.keys().next() {
        Some(id) if file.project => Err(file.error(
            &format!("models.{id}"),
            "a project's file may not say which weights there are or where they are fetched from, because \
             whoever clones a repository must not download anything by it; set it in your own config.toml \
             (`plenary config path`)",
        )),
        _ => Ok(()),
    }
}

/// Refuses a project's `base_url` for a provider whose key comes from outside the project: all keys do.
pub(super) fn check_address(
    spec: &ProviderSpec,
    ledger: &Ledger,
    files: &[ConfigFile],
) -> Result<(), ConfigError> {
    let key = format!("providers.{}.base_url", spec.name);
    let from_project = ledger.origin(&key).is_some_and(super::Origin::is_project);
    if !from_project || spec.key == KeySource::None {
        return Ok(());
    }
    let what = format!(
        "a project's file may not set the address of a provider whose key comes from outside the \
         project, because {REASON}; set it in your own config.toml (`plenary config path`), or name \
         another provider that takes no key"
    );
    Err(files
        .iter()
        .rev()
        .find(|file| file.project)
        .map_or_else(|| ConfigError(format!("{key}: {what}")), |file| file.error(&key, &what)))
}

/// Refuses a persona outside the project when the project's file names it: its text would be sent.
pub(super) fn check_persona(
    file: &ConfigFile,
    key: &str,
    path: &Path,
    folder: &Path,
) -> Result<(), ConfigError> {
    let root = folder.parent().unwrap_or(folder);
    if !file.project || !path.exists() || is_inside(path, root) {
        return Ok(());
    }
    Err(file.error(
        key,
        format!(
            "{} lies outside the project; a project's file may only name personas inside it, because a \
             persona's text is sent to the provider; name it in your own config.toml instead",
            path.display()
        ),
    ))
}
