//! Builds the roster, the part of the configuration that the state needs.

use std::sync::Arc;

use super::model_files;
use crate::app::roster::{Answerer, Roster};
use crate::config::{ModelChoice, Setup};

/// The roster of a setup.
pub fn build_roster(setup: &Setup) -> Roster {
    let answerer = |choice: &ModelChoice| {
        let (model, reason) = (choice.model.clone(), choice.why.clone());
        let weights = model_files::weights_of(setup, &model).map(|(_, w)| Arc::new(w.clone()));
        let host = setup.asked_host(&model).map(|asked| asked.host.clone());
        Answerer { profile: setup.profile(&model), weights, model, reason, host }
    };
    Roster {
        personas: setup.personas.clone(),
        panel: setup.panel.clone(),
        panels: setup.panels.clone(),
        synonyms: Arc::clone(&setup.synonyms),
        models: setup
            .models
            .iter()
            .map(|(id, choice)| {
                (id.clone(), choice.as_ref().map(answerer).map_err(ToString::to_string))
            })
            .collect(),
    }
}
