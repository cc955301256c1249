//! What a prompt must know of the model that it is made for: its limits, and how much help it needs.
//!
//! Read from a provider's settings, for `local` from the weights too. Used by `prompt`; made where a model is chosen.

use super::run_notes::local_model_note;
use super::{ModelFile, ProviderSpec, ScaffoldMode};

/// Tokens of context that a local model is given, unless configured: each persona's share of memory grows with them.
const LOCAL_CONTEXT: u32 = 8_192;

/// The most tokens of a local answer, unless configured: a few hundred take about a minute on an ordinary machine.
const LOCAL_ANSWER: u32 = 700;

/// What a prompt must know of the model that it is made for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelProfile {
    /// Tokens of context, where known.
    pub context: Option<u32>,
    /// The most tokens an answer may have, where configured.
    pub max_tokens: Option<u32>,
    /// It reads a persona's brief better than its full text.
    pub small: bool,
    /// The program writes the headings of the persona's contract.
    pub scaffold: bool,
    /// The note about a local model, see `RunNotes`.
    pub note: Option<String>,
}

impl ProviderSpec {
    /// The weights that `model` means; none for providers that have their weights elsewhere.
    pub fn model_file(&self, model: &str) -> Option<&ModelFile> {
        self.local.as_ref()?.catalogue.find(model)
    }

    /// What a prompt for `model` must know of it.
    pub fn model_profile(&self, model: &str) -> ModelProfile {
        let (context, max_tokens) = (self.context, self.max_tokens);
        let Some((local, weights)) = self.local.as_ref().zip(self.model_file(model)) else {
            return ModelProfile { context, max_tokens, ..ModelProfile::default() };
        };
        let small = local.catalogue.is_small(weights);
        let scaffold = match local.scaffold {
            ScaffoldMode::Auto => small,
            ScaffoldMode::On => true,
            ScaffoldMode::Off => false,
        };
        ModelProfile {
            context: Some(context.unwrap_or(LOCAL_CONTEXT).min(weights.context)),
            max_tokens: Some(max_tokens.unwrap_or(LOCAL_ANSWER)),
            small,
            scaffold,
            note: Some(describe_local_model(weights, small)),
        }
    }
}

/// The note about a local model: its name, and a caution or what small models get wrong.
fn describe_local_model(weights: &ModelFile, small: bool) -> String {
    let remark = weights.caution.as_deref();
    let remark = remark.or(small.then_some("small model: check its claims"));
    local_model_note(weights.name(), remark)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::domain::{LocalSpec, ModelCatalogue};

    fn spec(scaffold: ScaffoldMode) -> ProviderSpec {
        let weights = |id: &str, bytes: u64, caution: Option<&str>| ModelFile {
            id: id.to_owned(),
            title: id.to_owned(),
            alias: None,
            file: PathBuf::from(format!("{id}.gguf")),
            bytes,
            sha256: None,
            licence: "MIT".to_owned(),
            context: 32_768,
            memory: bytes,
            caution: caution.map(str::to_owned),
            sources: Vec::new(),
        };
        let mut own = weights("/m/own.gguf", 50, None);
        (own.title, own.file) = ("own.gguf".to_owned(), PathBuf::from("/m/own.gguf"));
        let catalogue = ModelCatalogue {
            files: vec![
                weights("big", 5_000, None),
                weights("coder", 100, None),
                ModelFile { context: 2_048, ..weights("toy", 10, Some("for demonstrations")) },
                own,
            ],
            small_below: 1_000,
        };
        let mut spec = ProviderSpec::new("local", "local", "");
        let (models, cache) = (PathBuf::new(), PathBuf::new());
        spec.local = Some(LocalSpec { catalogue: Arc::new(catalogue), models, cache, scaffold });
        spec
    }

    #[test]
    fn small_models_are_told_apart_and_say_so() {
        let of = |model: &str| spec(ScaffoldMode::Auto).model_profile(model);
        for (model, small, note) in [
            ("big", false, "local · big"),
            ("coder", true, "local · coder · small model: check its claims"),
            ("toy", true, "local · toy · for demonstrations"),
            ("/m/own.gguf", true, "local · own.gguf · small model: check its claims"),
        ] {
            let profile = of(model);
            assert_eq!((profile.small, profile.scaffold), (small, small), "{model}");
            assert_eq!(profile.note.as_deref(), Some(note));
        }
    }

    #[test]
    fn limits_are_modest_unless_configured() {
        let mut spec = spec(ScaffoldMode::Auto);
        let limits = |spec: &ProviderSpec, model: &str| {
            let profile = spec.model_profile(model);
            (profile.context, profile.max_tokens)
        };
        assert_eq!(limits(&spec, "coder"), (Some(8_192), Some(700)));
        assert_eq!(limits(&spec, "toy"), (Some(2_048), Some(700)));
        (spec.context, spec.max_tokens) = (Some(100_000), Some(2_000));
        assert_eq!(limits(&spec, "coder"), (Some(32_768), Some(2_000)));
        let mut gateway = ProviderSpec::new("gw", "openai", "https://llm.example.com/v1");
        assert_eq!(gateway.model_profile("m"), ModelProfile::default());
        gateway.context = Some(8_000);
        assert_eq!(limits(&gateway, "m"), (Some(8_000), None));
    }

    #[test]
    fn scaffolding_can_be_forced_and_forbidden() {
        for (when, big, coder) in [
            (ScaffoldMode::Auto, false, true),
            (ScaffoldMode::On, true, true),
            (ScaffoldMode::Off, false, false),
        ] {
            let spec = spec(when);
            assert_eq!(
                (spec.model_profile("big").scaffold, spec.model_profile("coder").scaffold),
                (big, coder)
            );
        }
    }
}
