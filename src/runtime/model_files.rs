//! Which model files a configuration needs, and which of them are missing. Downloads nothing.

use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{LocalSpec, ModelFile, ModelRef};
use crate::weights::{self, FilePresence};

/// The model file of `model`, with the settings of its provider; none for models that are not local.
pub fn weights_of<'a>(
    setup: &'a Setup,
    model: &ModelRef,
) -> Option<(&'a LocalSpec, &'a ModelFile)> {
    let spec = setup.providers.get(&model.provider)?;
    spec.local.as_ref().zip(spec.model_file(&model.model))
}

/// Why `model` cannot answer: its model file is missing. None when it is present.
pub fn missing_reason(setup: &Setup, model: &ModelRef) -> Option<String> {
    let (spec, weights) = weights_of(setup, model)?;
    (weights::file_presence(spec, weights) != FilePresence::Complete).then(|| how_to_get(weights))
}

/// How to get a missing model file.
pub fn how_to_get(weights: &ModelFile) -> String {
    format!(
        "{} is not on this machine yet: `plenary model pull {}` downloads it ({}, once); or another model answers: export \
         OPENAI_API_KEY=… or OPENROUTER_API_KEY=…, or --model PROVIDER:MODEL",
        weights.title,
        weights.id,
        format_bytes(weights.bytes)
    )
}
