//! Providers of kind `local`: what they may be told, which weights answer when none are named, files of the user's own.
//!
//! Looks at files' names and sizes and reads none; fetching is `weights`' work and running `provider`'s, neither of which is
//! seen here. Called by `providers` and `models`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::file::ProviderTable;
use super::layers::Machine;
use super::models::Choices;
use super::{ConfigError, ConfigFile, weights};
use crate::domain::{
    Catalogue, KeySource, LocalSpec, ProviderSpec, Scaffolding, Timeouts, Weights,
};

/// The word for models that run in this program.
pub(super) const KIND: &str = "local";

/// Whether this program was built with the engine.
pub(super) const BUILT_IN: bool = cfg!(feature = "local");

/// What is said where it was not.
pub(super) const NOT_BUILT_IN: &str = "the local model is not built in (cargo feature local)";

/// Context of a file of the user's own, until the engine reads what the file says.
const OWN_CONTEXT: u32 = 32_768;

/// Gives `spec` the usual settings of its kind, and takes away what the kind before had.
pub(super) fn become_kind(spec: &mut ProviderSpec, kind: &str, template: &LocalSpec) {
    kind.clone_into(&mut spec.kind);
    let usual = ProviderSpec::new(&spec.name, kind, "");
    (spec.timeouts, spec.attempts, spec.local) = (usual.timeouts, usual.attempts, None);
    if kind == KIND {
        (spec.base_url, spec.key) = (String::new(), KeySource::None);
        spec.local = Some(template.clone());
        // A question and its prompt are read before the first word: minutes on a small machine, longer when it waits its
        // turn. What failed here would fail again.
        let first_token = Duration::from_mins(15);
        spec.timeouts = Timeouts {
            first_token,
            between_tokens: Duration::from_mins(5),
            idle: first_token,
            ..Timeouts::default()
        };
        spec.attempts = 1;
    }
}

/// Takes `scaffold` of a table into `spec`.
pub(super) fn scaffold(
    spec: &mut ProviderSpec,
    file: &ConfigFile,
    table: &ProviderTable,
) -> Result<(), ConfigError> {
    let Some(word) = &table.scaffold else { return Ok(()) };
    let error = |what: &str| Err(file.error(&format!("providers.{}.scaffold", spec.name), what));
    let Some(local) = &mut spec.local else {
        return error("is only for providers of kind \"local\": others write their own headings");
    };
    local.scaffold = match word.as_str() {
        "auto" => Scaffolding::Auto,
        "on" => Scaffolding::On,
        "off" => Scaffolding::Off,
        _ => return error("expected \"auto\", \"on\" or \"off\""),
    };
    Ok(())
}

/// Refuses what makes no sense for a model in this program, and finds the one that answers when none is named.
pub(super) fn complete(
    spec: &mut ProviderSpec,
    files: &[ConfigFile],
    machine: &Machine,
) -> Result<(), ConfigError> {
    let name = spec.name.clone();
    let Some(local) = &spec.local else { return Ok(()) };
    for (file, table) in files.iter().filter_map(|f| Some((f, f.schema.providers.get(&name)?))) {
        for (key, set) in [
            ("base_url", table.base_url.is_some()),
            ("key_env", table.key_env.is_some()),
            ("key_cmd", table.key_cmd.is_some()),
            ("key_file", table.key_file.is_some()),
            ("allow_insecure", table.allow_insecure.is_some()),
        ] {
            if set {
                let what = "means nothing for kind = \"local\": the model runs in this program, without server and key";
                return Err(file.error(&format!("providers.{name}.{key}"), what));
            }
        }
    }
    let said = files
        .iter()
        .rev()
        .find(|file| file.schema.providers.get(&name).is_some_and(|table| table.model.is_some()));
    spec.default_model = if let (Some(word), Some(file)) = (&spec.default_model, said) {
        let error = |what: String| file.error(&format!("providers.{name}.model"), what);
        Some(resolve(local, word, machine).map_err(error)?)
    } else {
        let known = !local.models.as_os_str().is_empty();
        let there = |w: &Weights| known && is_there(&local.path(w), w.bytes);
        let free = machine.free_memory;
        preferred(&local.catalogue, there, free).map(|weights| weights.id.clone())
    };
    Ok(())
}

fn is_there(path: &Path, bytes: u64) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == bytes)
}

/// The weights that answer when none are named: the first that are there and fit into the free memory; else the first
/// that should be fetched, with some memory left for everything else; else the least demanding. Those with a word of
/// caution come last, and are never fetched unasked.
fn preferred(
    catalogue: &Catalogue,
    there: impl Fn(&Weights) -> bool,
    free: Option<u64>,
) -> Option<&Weights> {
    let fits = |bytes: u64| free.is_none_or(|free| bytes <= free);
    let good = || catalogue.weights.iter().filter(|w| w.caution.is_none());
    let others = || catalogue.weights.iter().filter(|w| w.caution.is_some());
    good()
        .chain(others())
        .find(|w| fits(w.memory) && there(w))
        .or_else(|| good().find(|w| fits(w.memory.saturating_add(w.memory / 3))))
        .or_else(|| good().min_by_key(|w| w.memory))
        .or_else(|| catalogue.weights.first())
}

/// What `word` names: the id of known weights, or a file of the user's own, which keeps its path as it was written.
pub(super) fn resolve(local: &LocalSpec, word: &str, machine: &Machine) -> Result<String, String> {
    if let Some(weights) = local.catalogue.find(word) {
        return Ok(weights.id.clone());
    }
    if !is_path(word) {
        let what = weights::unknown(&local.catalogue, word);
        return Err(format!("{what}; a file of your own is named by its path: local:./model.gguf"));
    }
    let path = own_path(word, machine);
    let shown: String = word.escape_debug().take(200).collect();
    match path.metadata() {
        Ok(meta) if meta.is_file() => Ok(word.to_owned()),
        Ok(_) => Err(format!("local model \"{shown}\": not a file; name a .gguf file")),
        Err(e) => {
            let (path, why) = (path.display(), super::read::why(&e));
            Err(format!("local model \"{shown}\": {path}: {why}; name a .gguf file"))
        }
    }
}

fn is_path(word: &str) -> bool {
    let extension = Path::new(word).extension();
    word.contains('/') || extension.is_some_and(|ext| ext.eq_ignore_ascii_case("gguf"))
}

fn own_path(word: &str, machine: &Machine) -> PathBuf {
    let here = machine.paths.project.parent().unwrap_or_else(|| Path::new("."));
    machine.path(word, here)
}

/// Puts the files of the user's own that were chosen into the catalogues of their providers.
pub(super) fn add_own_files(
    specs: &mut BTreeMap<String, ProviderSpec>,
    choices: &Choices,
    machine: &Machine,
) {
    for choice in choices.values().flatten() {
        let word = &choice.model.model;
        let local = specs.get_mut(&choice.model.provider).and_then(|spec| spec.local.as_mut());
        if let Some(local) = local.filter(|local| local.catalogue.find(word).is_none()) {
            Arc::make_mut(&mut local.catalogue).weights.push(own_file(word, machine));
        }
    }
}

/// What can be known of a file of the user's own without reading it.
fn own_file(word: &str, machine: &Machine) -> Weights {
    let file = own_path(word, machine);
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    Weights {
        id: word.to_owned(),
        title: name.unwrap_or_else(|| word.to_owned()),
        alias: None,
        file,
        bytes,
        sha256: None,
        licence: "unknown".to_owned(),
        context: OWN_CONTEXT,
        // Weights, what is requantised of them, and the conversations of four personas.
        memory: (bytes / 5).saturating_mul(12).saturating_add(300_000_000),
        caution: None,
        sources: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn catalogue() -> Catalogue {
        let weights = |id: &str, memory: u64, caution: bool| Weights {
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
        Catalogue { weights, small_below: GB }
    }

    #[test]
    fn the_model_that_answers_unnamed_is_there_and_fits() {
        let catalogue = catalogue();
        for (there, free, chosen) in [
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
            let is_there = |w: &Weights| there.contains(&w.id.as_str());
            let found = preferred(&catalogue, is_there, free).unwrap();
            assert_eq!(found.id, chosen, "{there:?} {free:?}");
        }
        let only_toys = Catalogue { weights: catalogue.weights[..1].to_vec(), small_below: GB };
        assert_eq!(preferred(&only_toys, |_| false, None).unwrap().id, "toy");
        assert_eq!(preferred(&Catalogue::default(), |_| false, None), None);
    }

    #[test]
    fn a_path_is_told_from_an_id() {
        for path in ["/m/x.gguf", "./x", "~/x.gguf", "x.GGUF", "a/b"] {
            assert!(is_path(path), "{path}");
        }
        for id in ["qwen2.5-coder-1.5b", "small", "x.bin", ""] {
            assert!(!is_path(id), "{id}");
        }
    }
}
