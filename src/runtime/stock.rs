//! Which local models are there: asked of `weights` for those that a setup needs, and said in words.
//!
//! Fetches nothing (`pulls` does). Used by the screen, the headless `ask` and `doctor`.

use crate::config::Setup;
use crate::domain::format::format_bytes;
use crate::domain::{LocalSpec, ModelRef, Weights};
use crate::weights::{self, Stored};

/// The weights that `model` means, with the settings of its provider; none for models that answer elsewhere.
pub fn weights_of<'a>(setup: &'a Setup, model: &ModelRef) -> Option<(&'a LocalSpec, &'a Weights)> {
    let spec = setup.providers.get(&model.provider)?;
    spec.local.as_ref().zip(spec.weights(&model.model))
}

/// Why `model` cannot answer yet, when its weights are not there.
pub fn missing(setup: &Setup, model: &ModelRef) -> Option<String> {
    let (spec, weights) = weights_of(setup, model)?;
    (weights::stored(spec, weights) != Stored::There).then(|| how_to_get(weights))
}

/// What to do about weights that are not there.
pub fn how_to_get(weights: &Weights) -> String {
    format!(
        "{} is not on this machine yet: `plenary model pull {}` gets it ({}, once); or another model answers: export \
         OPENAI_API_KEY=… or OPENROUTER_API_KEY=…, or --model PROVIDER:MODEL",
        weights.title,
        weights.id,
        format_bytes(weights.bytes)
    )
}
