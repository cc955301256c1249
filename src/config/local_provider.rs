//! Providers of kind `local`: their settings, the model that answers when none is named, the user's own model files.
//!
//! Looks at names and sizes of files and reads none. Downloading is `weights`' work, running a model `provider`'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::schema::ProviderTable;
use super::value::ConfigNode;
use super::{ConfigError, Environment, ModelError, model_catalogue};
use crate::domain::{
    LocalSpec, ModelCatalogue, ModelFile, ModelRef, ProviderSpec, ScaffoldMode, Timeouts,
};

/// The kind of models that run in this program.
pub(super) const KIND: &str = "local";

/// True when this program was built with the engine.
pub(super) const BUILT_IN: bool = cfg!(feature = "local");

/// Context of the user's own model file in tokens, until the engine reads what the file says.
const OWN_CONTEXT_TOKENS: u32 = 32_768;

/// Memory of the user's own model file besides its tensors, in bytes.
const OWN_EXTRA_BYTES: u64 = 300_000_000;

/// Settings that a local provider has no use for.
const MEANINGLESS_KEYS: [&str; 5] =
    ["base_url", "key_env", "key_cmd", "key_file", "allow_insecure"];

/// Sets the kind and its usual settings.
pub(super) fn apply_kind_defaults(spec: &mut ProviderSpec, kind: &str, local: &LocalSpec) {
    kind.clone_into(&mut spec.kind);
    if kind == KIND {
        spec.local = Some(local.clone());
        // The prompt is read before the first token: minutes on a small machine, more in a queue.
        let first_token = Duration::from_mins(15);
        spec.timeouts = Timeouts {
            first_token,
            between_tokens: Duration::from_mins(5),
            idle: first_token,
            ..Timeouts::default()
        };
        // What failed in this process fails again.
        spec.attempts = 1;
    }
}

/// Sets when the program writes headings.
///
/// # Errors
/// The provider is not local, or the word is unknown.
pub(super) fn apply_scaffold(
    spec: &mut ProviderSpec,
    table: &ProviderTable,
) -> Result<(), &'static str> {
    let Some(word) = &table.scaffold else { return Ok(()) };
    let Some(local) = &mut spec.local else {
        return Err("is only for providers of kind \"local\": others write their own headings");
    };
    local.scaffold = match word.as_str() {
        "auto" => ScaffoldMode::Auto,
        "on" => ScaffoldMode::On,
        "off" => ScaffoldMode::Off,
        _ => return Err("expected \"auto\", \"on\" or \"off\""),
    };
    Ok(())
}

/// Completes a local provider: finds the model that answers when none is named.
///
/// # Errors
/// A setting makes no sense for a local provider, or the model does not exist.
pub(super) fn complete(
    spec: &mut ProviderSpec,
    table: &ProviderTable,
    root: &ConfigNode,
    environment: &Environment,
) -> Result<(), ConfigError> {
    let Some(local) = &spec.local else { return Ok(()) };
    for key in MEANINGLESS_KEYS {
        let path = ["providers", &spec.name, key];
        if root.find(&path).is_some() {
            let message = "means nothing for kind = \"local\": the model runs in this program, without server and key";
            return Err(root.error_at(&path, message));
        }
    }
    let path = ["providers", &spec.name, "model"];
    let is_set_by_file = root.find(&path).is_some_and(|node| node.file().is_some());
    spec.default_model = match &table.model {
        Some(word) if is_set_by_file => {
            let model = resolve_model(local, word.trim(), environment);
            Some(model.map_err(|e| root.error_at(&path, e.to_string()))?)
        }
        _ => {
            let is_installed = |file: &ModelFile| {
                !local.models.as_os_str().is_empty() && has_size(&local.file_path(file), file.bytes)
            };
            preferred_file(&local.catalogue, is_installed, environment.free_memory)
                .map(|file| file.id.clone())
        }
    };
    Ok(())
}

fn has_size(path: &Path, bytes: u64) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == bytes)
}

/// The model file that is used when none is named: the first installed one that fits into the free memory; else the first
/// that should be downloaded, with some memory to spare; else the least demanding. Files with a caution come last, and are
/// never downloaded without being named.
fn preferred_file(
    catalogue: &ModelCatalogue,
    is_installed: impl Fn(&ModelFile) -> bool,
    free: Option<u64>,
) -> Option<&ModelFile> {
    let fits = |bytes: u64| free.is_none_or(|free| bytes <= free);
    let good = || catalogue.files.iter().filter(|file| file.caution.is_none());
    let others = || catalogue.files.iter().filter(|file| file.caution.is_some());
    good()
        .chain(others())
        .find(|file| fits(file.memory) && is_installed(file))
        .or_else(|| good().find(|file| fits(file.memory.saturating_add(file.memory / 3))))
        .or_else(|| good().min_by_key(|file| file.memory))
        .or_else(|| catalogue.files.first())
}

/// The model that `word` names: the id of a model file in the catalogue, or the path of the user's own file as written.
///
/// # Errors
/// Says that no such model exists, and what to write.
pub(super) fn resolve_model(
    local: &LocalSpec,
    word: &str,
    environment: &Environment,
) -> Result<String, ModelError> {
    if let Some(file) = local.catalogue.find(word) {
        return Ok(file.id.clone());
    }
    if !is_path(word) {
        let message = model_catalogue::unknown_model_message(&local.catalogue, word);
        return Err(ModelError::UnknownLocal(message));
    }
    let path = own_path(word, environment);
    let shown: String = word.escape_debug().take(200).collect();
    match path.metadata() {
        Ok(meta) if meta.is_file() => Ok(word.to_owned()),
        Ok(_) => Err(ModelError::NotAFile(shown)),
        Err(e) => Err(ModelError::unreadable(shown, &path, &e)),
    }
}

pub(super) fn is_path(word: &str) -> bool {
    let extension = Path::new(word).extension();
    word.contains('/') || extension.is_some_and(|ext| ext.eq_ignore_ascii_case("gguf"))
}

fn own_path(word: &str, environment: &Environment) -> PathBuf {
    let folder = environment.paths.project.parent().unwrap_or_else(|| Path::new("."));
    environment.expand_path(word, folder)
}

/// Adds the user's own model files that were chosen to the catalogues of their providers.
pub(super) fn add_own_files<'a>(
    specs: &mut BTreeMap<String, ProviderSpec>,
    chosen: impl Iterator<Item = &'a ModelRef>,
    environment: &Environment,
) {
    for ModelRef { provider, model } in chosen {
        let local = specs.get_mut(provider).and_then(|spec| spec.local.as_mut());
        if let Some(local) = local.filter(|local| local.catalogue.find(model).is_none()) {
            Arc::make_mut(&mut local.catalogue).files.push(own_file(model, environment));
        }
    }
}

/// What is known of the user's own model file without reading it.
fn own_file(word: &str, environment: &Environment) -> ModelFile {
    let file = own_path(word, environment);
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    ModelFile {
        id: word.to_owned(),
        title: name.unwrap_or_else(|| word.to_owned()),
        alias: None,
        file,
        bytes,
        sha256: None,
        licence: "unknown".to_owned(),
        context: OWN_CONTEXT_TOKENS,
        // The tensors, requantised copies, and the conversations of four personas.
        memory: (bytes / 5).saturating_mul(12).saturating_add(OWN_EXTRA_BYTES),
        caution: None,
        sources: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn catalogue() -> ModelCatalogue {
        let weights = |id: &str, memory: u64, caution: bool| ModelFile {
            id: id.to_owned(),
            title: id.to_owned(),
            alias: None,
            file: PathBuf::from(format!("{id}.gguf")),
            bytes: memory / 3,
            sha256: None,
            licence: "MIT".to_owned(),
            context: 4_096,
            memory,
            caution: caution.then(|| "toy".to_owned()),
            sources: Vec::new(),
        };
        let weights = vec![
            weights("toy", GB, true),
            weights("good", 3 * GB, false),
            weights("better", 6 * GB, false),
        ];
        ModelCatalogue { files: weights, small_below: GB }
    }

    #[test]
    fn the_default_model_is_installed_and_fits() {
        let catalogue = catalogue();
        for (installed, free, chosen) in [
            (&[][..], None, "good"),
            (&[], Some(4 * GB), "good"),
            (&[], Some(4 * GB - 1), "good"),
            (&[], Some(0), "good"),
            (&["toy"], Some(2 * GB), "toy"),
            (&["toy"], Some(0), "good"),
            (&["toy", "good"], Some(3 * GB), "good"),
            (&["toy", "good"], Some(2 * GB), "toy"),
            (&["better"], Some(6 * GB), "better"),
            (&["better"], Some(5 * GB), "good"),
            (&["better"], None, "better"),
        ] {
            let is_installed = |file: &ModelFile| installed.contains(&file.id.as_str());
            let found = preferred_file(&catalogue, is_installed, free).unwrap();
            assert_eq!(found.id, chosen, "{installed:?} {free:?}");
        }
        let only_toys = ModelCatalogue { files: catalogue.files[..1].to_vec(), small_below: GB };
        assert_eq!(preferred_file(&only_toys, |_| false, None).unwrap().id, "toy");
        assert_eq!(preferred_file(&ModelCatalogue::default(), |_| false, None), None);
    }

    #[test]
    fn paths_differ_from_ids() {
        for path in ["/m/x.gguf", "./x", "~/x.gguf", "x.GGUF", "a/b"] {
            assert!(is_path(path), "{path}");
        }
        for id in ["qwen2.5-coder-1.5b", "small", "x.bin", ""] {
            assert!(!is_path(id), "{id}");
        }
    }
}
