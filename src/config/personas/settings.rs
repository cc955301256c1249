//! The settings of a persona: what front matter sets and `[persona.ID]` of `config.toml` overrides.
//!
//! One struct for both. Values are checked by `validate`; from YAML, unknown keys are passed over here, because
//! `front_matter` warns about them.

use serde::Deserialize;

use super::infer_name;
use crate::domain::lenient::optional_string_or_list;
use crate::domain::{Contract, IntakeField, ModelRef, Persona};

/// The settings of a persona; none of them is required.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PersonaSettings {
    /// `Kael Voss`
    pub name: Option<String>,
    /// `Principal Infrastructure Engineer`
    pub title: Option<String>,
    /// `infra`
    pub view: Option<String>,
    /// Name of a theme colour, or `#rrggbb`.
    pub color: Option<String>,
    /// Tokens for prompt, exchanges and answer together.
    pub context_limit: Option<u32>,
    /// `PROVIDER:MODEL`
    pub model: Option<String>,
    /// 0 to 2
    pub temperature: Option<f32>,
    /// 0 to 1
    pub top_p: Option<f32>,
    /// Phrases in a question that add this persona.
    #[serde(deserialize_with = "optional_string_or_list")]
    pub triggers: Option<Vec<String>>,
    /// What its pane shows then.
    pub mode: Option<String>,
    /// Areas of knowledge.
    #[serde(deserialize_with = "optional_string_or_list")]
    pub tags: Option<Vec<String>>,
    /// What the persona needs to know first.
    pub intake: Option<Vec<IntakeField>>,
    /// What its answers promise.
    pub contract: Option<Contract>,
    /// Short prompt of 120 to 250 words.
    pub brief: Option<String>,
}

impl PersonaSettings {
    /// Sets the values on a persona; what is not set stays. The values must be valid.
    pub(super) fn apply_to(&self, persona: &mut Persona) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        let settings = self.clone();
        if let Some(name) = &settings.name {
            persona.name = infer_name::clean_name(name);
        }
        set(&mut persona.title, settings.title.as_ref());
        set(&mut persona.view, settings.view.as_ref());
        set(&mut persona.triggers, settings.triggers.as_ref());
        set(&mut persona.tags, settings.tags.as_ref());
        set(&mut persona.intake, settings.intake.as_ref());
        set(&mut persona.contract, settings.contract.as_ref());
        persona.color = settings.color.or(persona.color.take());
        persona.context_limit = settings.context_limit.or(persona.context_limit);
        persona.temperature = settings.temperature.or(persona.temperature);
        persona.top_p = settings.top_p.or(persona.top_p);
        persona.mode = settings.mode.or(persona.mode.take());
        persona.short_prompt =
            settings.brief.map(|b| b.trim_end().to_owned()).or(persona.short_prompt.take());
        let model = settings.model.as_deref().and_then(|m| ModelRef::parse(m).ok());
        persona.model = model.or(persona.model.take());
    }
}
