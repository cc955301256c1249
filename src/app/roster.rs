//! Who can be asked, and with which model: the part of the configuration that the state needs.
//!
//! Made once by `runtime` from `config::Setup`; never changes while the program runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Submission;
use crate::domain::{ModelProfile, ModelRef, Panel, Persona, PersonaId, Weights};
use crate::prompt;
use crate::review::HeadingSynonyms;

/// The model that answers for a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerer {
    /// The model.
    pub model: ModelRef,
    /// Why this one, in words.
    pub why: String,
    /// Its limits, and how much help it needs.
    pub profile: ModelProfile,
    /// Its weights, when it runs in this program.
    pub weights: Option<Arc<Weights>>,
}

/// One persona to be asked.
#[derive(Debug, Clone)]
pub struct AskTarget {
    /// Who.
    pub persona: Arc<Persona>,
    /// A trigger in the question switches the persona into its mode.
    pub triggered: bool,
}

/// Who can be asked, and with which model.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    /// All known personas.
    pub personas: Vec<Arc<Persona>>,
    /// Who is asked when nobody is named.
    pub panel: Panel,
    /// All panels: a session that is gone on with brings its own back.
    pub panels: Vec<Panel>,
    /// What headings are called.
    pub synonyms: Arc<HeadingSynonyms>,
    /// Which model answers for whom; the error says what to do about it.
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

    /// Who is asked: those that `submission` names, or the panel and those whom a trigger adds, but for `dismissed`.
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

    /// The model that answers for `id`, or why none does.
    pub fn answerer(&self, id: &PersonaId) -> Result<&Answerer, String> {
        match self.models.get(id) {
            Some(Ok(answerer)) => Ok(answerer),
            Some(Err(why)) => Err(why.clone()),
            None => Err(format!("no model is chosen for {id}; run `plenary doctor`")),
        }
    }

    /// The one model that answers for the whole panel, when it is one.
    pub fn common_model(&self) -> Option<&ModelRef> {
        let mut models = self.panel.personas.iter().map(|id| match self.models.get(id) {
            Some(Ok(answerer)) => Some(&answerer.model),
            _ => None,
        });
        let first = models.next()??;
        models.all(|m| m == Some(first)).then_some(first)
    }
}
