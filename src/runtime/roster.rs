//! From the configuration to what the state needs of it.

use crate::app::roster::{Answerer, Limits, Roster};
use crate::config::Setup;

/// The roster of a setup.
pub fn of(setup: &Setup) -> Roster {
    let answerer = |choice: &crate::config::ModelChoice| Answerer {
        model: choice.model.clone(),
        why: choice.why.clone(),
    };
    Roster {
        personas: setup.personas.clone(),
        panel: setup.panel.clone(),
        panels: setup.panels.clone(),
        models: setup
            .models
            .iter()
            .map(|(id, choice)| (id.clone(), choice.as_ref().map(answerer).map_err(Clone::clone)))
            .collect(),
        limits: setup
            .providers
            .iter()
            .map(|(name, spec)| {
                (name.clone(), Limits { context: spec.context, max_tokens: spec.max_tokens })
            })
            .collect(),
    }
}
