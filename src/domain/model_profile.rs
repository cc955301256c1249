//! Model profiles: the limits of a model, and how much help a prompt for it needs.
//!
//! Derived from the settings of the provider and, for `local`, from the model file's entry in the catalogue.

use super::run_notes::local_model_note;
use super::{ModelFile, ProviderSpec, ScaffoldMode};

/// Default context of a local model in tokens. The memory for each run grows with it.
const LOCAL_CONTEXT_TOKENS: u32 = 8_192;

/// Default token limit of a local answer: a few hundred take about a minute on an ordinary machine.
const LOCAL_ANSWER_TOKENS: u32 = 700;

/// Properties of a model that a prompt depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelProfile {
    /// Context in tokens, if known.
    pub context: Option<u32>,
    /// Token limit of an answer, if configured.
    pub max_tokens: Option<u32>,
    /// The model follows the short prompt of a persona better than the full one.
    pub small: bool,
    /// The program writes the headings of the persona's contract itself.
    pub scaffold: bool,
    /// The note about a local model, see `RunNotes`.
    pub note: Option<String>,
}

impl ProviderSpec {
    /// The model file of `model`; none for providers that run no models in this process.
    pub fn model_file(&self, model: &str) -> Option<&ModelFile> {
        self.local.as_ref()?.catalogue.find(model)
    }

    /// The profile of `model` at this provider.
    pub fn model_profile(&self, model: &str) -> ModelProfile {
        let (context, max_tokens) = (self.context, self.max_tokens);
        let Some((local, file)) = self.local.as_ref().zip(self.model_file(model)) else {
            return ModelProfile { context, max_tokens, ..ModelProfile::default() };
        };
        let small = local.catalogue.is_small(file);
        let scaffold = match local.scaffold {
            ScaffoldMode::Auto => small,
            ScaffoldMode::On => true,
            ScaffoldMode::Off => false,
        };
        ModelProfile {
            context: Some(context.unwrap_or(LOCAL_CONTEXT_TOKENS).min(file.context)),
            max_tokens: Some(max_tokens.unwrap_or(LOCAL_ANSWER_TOKENS)),
            small,
            scaffold,
            note: Some(describe_local_model(file, small)),
        }
    }
}

/// The note about a local model: its name and its caution, or the general one for small models.
fn describe_local_model(file: &ModelFile, small: bool) -> String {
    let remark = file.caution.as_deref();
    let remark = remark.or(small.then_some("small model: check its claims"));
    local_model_note(file.name(), remark)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::domain::{LocalSpec, ModelCatalogue};

    fn spec(scaffold: ScaffoldMode) -> ProviderSpec {
        let file = |id: &str, bytes: u64, caution: Option<&str>| ModelFile {
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
        let mut own = file("/m/own.gguf", 50, None);
        (own.title, own.file) = ("own.gguf".to_owned(), PathBuf::from("/m/own.gguf"));
        let catalogue = ModelCatalogue {
            files: vec![
                file("big", 5_000, None),
                file("coder", 100, None),
                ModelFile { context: 2_048, ..file("toy", 10, Some("for demonstrations")) },
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
    fn small_models_have_a_note_and_a_scaffold() {
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
    fn local_models_have_default_limits() {
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
