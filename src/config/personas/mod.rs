//! STUB: personas from Markdown files. The author of the personas replaces this file and splits it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::ConfigError;
use crate::domain::{Contract, IntakeField, Persona, PersonaId};

/// Settings of a persona that front matter gives and `[persona.ID]` overrides.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `Kael Voss`
    pub name: Option<String>,
    /// `Principal Infrastructure Engineer`
    pub title: Option<String>,
    /// `infra`
    pub view: Option<String>,
    /// A theme colour name.
    pub color: Option<String>,
    /// Tokens for prompt, history and answer together.
    pub context_limit: Option<u32>,
    /// `PROVIDER:MODEL`
    pub model: Option<String>,
    /// 0 to 2
    pub temperature: Option<f32>,
    /// 0 to 1
    pub top_p: Option<f32>,
    /// Phrases in a question that bring this persona in.
    pub triggers: Option<Vec<String>>,
    /// What its pane shows then.
    pub mode: Option<String>,
    /// Areas of knowledge.
    pub tags: Option<Vec<String>>,
    /// What it needs to know first.
    pub intake: Option<Vec<IntakeField>>,
    /// What its answers promise.
    pub contract: Option<Contract>,
    /// The persona in 120 to 250 words.
    pub brief: Option<String>,
}

/// What was found: personas in lookup order (later ones replaced earlier ones of the same id), and words about skipped files.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The personas.
    pub personas: Vec<Arc<Persona>>,
    /// One line for each file that was skipped, and for each unknown key.
    pub notices: Vec<String>,
}

/// Loads built-in personas, then those of the folders in order. A bad file is skipped with a notice.
pub fn load(_user: &Path, _project: &Path) -> Loaded {
    Loaded::default()
}

/// Loads what `--persona PATH` names: a file, or all files of a folder. Here a bad file is an error.
pub fn load_path(_path: &Path) -> Result<Vec<(Persona, Vec<String>)>, ConfigError> {
    Err(ConfigError("stub".into()))
}

/// Applies `[persona.ID]` of `file` to a persona.
pub fn apply(
    _persona: &mut Persona,
    _settings: &Settings,
    _file: &PathBuf,
) -> Result<(), ConfigError> {
    Ok(())
}

/// The built-in persona of this id.
pub fn built_in(_id: &PersonaId) -> Option<Arc<Persona>> {
    None
}
