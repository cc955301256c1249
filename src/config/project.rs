//! What a project's own files may not set: cloning a repository must not send anyone's key or other files anywhere.
//!
//! A file in `./.plenary/` may never set where a key is found, loosen the rules about keys, move a provider that has a key,
//! name a persona outside the project, or say which model files are downloaded. Without `--trust-project` only its theme is
//! used.

use std::path::Path;

use super::ConfigError;
use super::layer::ConfigLayer;
use super::value::ConfigNode;
use crate::domain::{KeySource, ProviderSpec};

/// What a project's file may not set in `[providers.NAME]`, and why.
const FORBIDDEN_KEYS: &[(&str, &str)] = &[
    ("key_env", "a project's file may not say where a key is found"),
    ("key_cmd", "a project's file may not run a command for a key"),
    ("key_file", "a project's file may not say where a key is found"),
    ("allow_insecure", "a project's file may not permit a key to travel unencrypted"),
];

/// The only top-level settings of an untrusted project that are used: they change neither who is asked nor where text goes.
const ALWAYS_ALLOWED: &[&str] = &["theme"];

const HOW_TO_TRUST: &str = "to use it, check it and add --trust-project";

const REASON: &str = "cloning a repository must not send a key anywhere";

/// Removes the settings of an untrusted project's file that decide who is asked or where text goes. Returns a warning that
/// lists them, if there are any.
pub(super) fn ignore_untrusted(layer: &mut ConfigLayer, path: &Path) -> Option<String> {
    let ignored = layer.keep_only(ALWAYS_ALLOWED);
    (!ignored.is_empty()).then(|| {
        format!(
            "{}: ignored {}, because this folder is not trusted; {HOW_TO_TRUST}",
            path.display(),
            ignored.join(", ")
        )
    })
}

/// Returns a warning about the personas of an untrusted project, if there are any.
pub(super) fn warn_ignored_personas(folder: &Path) -> Option<String> {
    let has_files = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    has_files.then(|| {
        let path = folder.display();
        format!(
            "{path}: these personas are ignored, because this folder is not trusted; {HOW_TO_TRUST}"
        )
    })
}

/// True when `path` is in `folder`, links followed.
pub(super) fn is_inside(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => false,
    }
}

/// Rejects settings of providers that a project's file may never make.
///
/// # Errors
/// The file says where a key is found, or loosens the rules about keys.
pub(super) fn check_keys(layer: &ConfigLayer) -> Result<(), ConfigError> {
    for (name, provider) in layer.root.entries(&["providers"]) {
        for (key, _) in provider.entries(&[]) {
            if let Some((_, reason)) = FORBIDDEN_KEYS.iter().find(|(word, _)| *word == key) {
                let message = format!(
                    "{reason}, because {REASON}; set it in your own config.toml (`plenary config path`)"
                );
                return Err(layer.root.error_at(&["providers", name, key], message));
            }
        }
    }
    Ok(())
}

/// Rejects every `[models.ID]` of a project: it would decide what is downloaded, and what a known name means.
///
/// # Errors
/// There is such a table.
pub(super) fn check_models(layer: &ConfigLayer) -> Result<(), ConfigError> {
    let Some((id, _)) = layer.root.entries(&["models"]).next() else { return Ok(()) };
    Err(layer.root.error_at(
        &["models", id],
        "a project's file may not add model files or say where they are downloaded from, because cloning a \
         repository must not download anything; set it in your own config.toml (`plenary config path`)",
    ))
}

/// Rejects a project's `base_url` for a provider that has a key: all keys come from outside the project.
///
/// # Errors
/// The project sets the address of a provider that has a key.
pub(super) fn check_address(root: &ConfigNode, spec: &ProviderSpec) -> Result<(), ConfigError> {
    let path = ["providers", &spec.name, "base_url"];
    if spec.key == KeySource::None || !root.find(&path).is_some_and(ConfigNode::is_project) {
        return Ok(());
    }
    let message = format!(
        "a project's file may not set the address of a provider whose key comes from outside the \
         project, because {REASON}; set it in your own config.toml (`plenary config path`), or name \
         another provider that takes no key"
    );
    Err(root.error_at(&path, message))
}

/// Says why a project's file may not name the persona at `path`: its text would be sent.
pub(super) fn reject_outside_persona(path: &Path, folder: &Path) -> Option<String> {
    let project = folder.parent().unwrap_or(folder);
    (path.exists() && !is_inside(path, project)).then(|| {
        format!(
            "{} is outside the project; a project's file may only name personas inside it, because a \
             persona's text is sent to the provider; name it in your own config.toml instead",
            path.display()
        )
    })
}
