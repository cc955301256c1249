//! The roster: all personas and panels, with the model chosen for each persona.
//!
//! Personas and models are fixed while the program runs; only the current panel changes with the session.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Submission;
use crate::domain::{ModelFile, ModelProfile, ModelRef, Panel, Persona, PersonaId};
use crate::prompt;
use crate::review::HeadingSynonyms;

/// The model that answers for a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerer {
    /// The model.
    pub model: ModelRef,
    /// Why this model was chosen, human-readable.
    pub reason: String,
    /// Its model profile.
    pub profile: ModelProfile,
    /// The model file of a local model.
    pub weights: Option<Arc<ModelFile>>,
    /// The host that is asked, unless the name of a built-in provider says so already.
    pub host: Option<String>,
}

impl Answerer {
    /// The model, with the host where it is not the usual one: `openai:gpt-5 at gateway.example.com`.
    pub fn describe_model(&self) -> String {
        match &self.host {
            Some(host) => format!("{} at {host}", self.model),
            None => self.model.to_string(),
        }
    }
}

/// A persona to ask.
#[derive(Debug, Clone)]
pub struct AskTarget {
    /// The persona.
    pub persona: Arc<Persona>,
    /// A trigger in the question switches the persona into its mode.
    pub triggered: bool,
}

/// All personas and panels, and their models.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    /// All known personas.
    pub personas: Vec<Arc<Persona>>,
    /// The panel that is asked when the question names no persona.
    pub panel: Panel,
    /// All panels: a resumed session restores its own.
    pub panels: Vec<Panel>,
    /// Heading synonyms of the facets.
    pub synonyms: Arc<HeadingSynonyms>,
    /// The model chosen for each persona, or an error that says how to configure one.
    pub models: BTreeMap<PersonaId, Result<Answerer, String>>,
}

impl Roster {
    /// The persona of this id.
    pub fn persona(&self, id: &PersonaId) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|p| p.id == *id)
    }

    /// The personas of the panel, in order.
    pub fn panel_personas(&self) -> impl Iterator<Item = &Arc<Persona>> {
        self.panel.personas.iter().filter_map(|id| self.persona(id))
    }

    /// The personas to ask: those that `submission` names, else the panel and the personas that a trigger adds. Triggers of
    /// `dismissed` personas are ignored.
    pub fn find_targets(&self, submission: &Submission, dismissed: &[PersonaId]) -> Vec<AskTarget> {
        let is_triggered = |persona: &Persona| {
            prompt::is_triggered(persona, &submission.trigger_text)
                && !dismissed.contains(&persona.id)
        };
        let mut ids = submission.targets.clone();
        if ids.is_empty() {
            ids.clone_from(&self.panel.personas);
            if !submission.panel_only {
                let added = self.personas.iter().filter(|persona| is_triggered(persona));
                let added: Vec<PersonaId> =
                    added.map(|p| p.id.clone()).filter(|id| !ids.contains(id)).collect();
                ids.extend(added);
            }
        }
        ids.iter()
            .filter_map(|id| self.persona(id).cloned())
            .map(|persona| AskTarget { triggered: is_triggered(&persona), persona })
            .collect()
    }

    /// The model that answers for `id`, or why there is none.
    pub fn answerer(&self, id: &PersonaId) -> Result<&Answerer, String> {
        match self.models.get(id) {
            Some(Ok(answerer)) => Ok(answerer),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(format!("no model is chosen for {id}; run `plenary doctor`")),
        }
    }

    /// What answers for all personas of the panel, when they share one model.
    pub fn common_answerer(&self) -> Option<&Answerer> {
        let mut answerers = self.panel.personas.iter().map(|id| match self.models.get(id) {
            Some(Ok(answerer)) => Some(answerer),
            _ => None,
        });
        let first = answerers.next()??;
        answerers
            .all(|other| other.is_some_and(|other| other.model == first.model))
            .then_some(first)
    }

    /// The hosts that personas of the panel are asked at, where they are not the usual ones; each once.
    pub fn unusual_hosts(&self) -> Vec<&str> {
        let mut hosts = Vec::new();
        for answerer in self.panel.personas.iter().filter_map(|id| self.answerer(id).ok()) {
            if let Some(host) = answerer.host.as_deref().filter(|host| !hosts.contains(host)) {
                hosts.push(host);
            }
        }
        hosts
    }
}
