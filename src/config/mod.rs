//! STUB: what the program is told: files, environment, flags; personas and panels; which model answers.
//!
//! The author of the configuration replaces this file and splits it (paths, file, layers, presets, model choice).

pub mod personas;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::{ModelRef, Panel, Persona, PersonaId, ProviderSpec};

/// What the command line says; the last and strongest layer.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config FILE`: instead of the usual files.
    pub config: Option<PathBuf>,
    /// `--model PROVIDER:MODEL`
    pub model: Option<String>,
    /// `--panel NAME`
    pub panel: Option<String>,
    /// `--persona ID|PATH`, several: instead of a panel.
    pub personas: Vec<String>,
    /// `--theme NAME`
    pub theme: Option<String>,
}

/// What is wrong with the configuration: file, line, key, what was expected. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// Where things are on this machine.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    /// `$XDG_CONFIG_HOME/plenary`
    pub config: PathBuf,
    /// `$XDG_DATA_HOME/plenary`
    pub data: PathBuf,
    /// `$XDG_STATE_HOME/plenary`
    pub state: PathBuf,
    /// `./.plenary`
    pub project: PathBuf,
}

/// Which model answers for a persona, and why that one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// The model.
    pub model: ModelRef,
    /// `--model`, `config.toml line 3`, `OPENAI_API_KEY is set` …
    pub why: String,
}

/// Everything the program needs to ask: configuration, personas and panel put together.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where things are.
    pub paths: Paths,
    /// Providers by name: presets and the user's own.
    pub providers: BTreeMap<String, ProviderSpec>,
    /// All known personas, built-in ones first.
    pub personas: Vec<Arc<Persona>>,
    /// All known panels.
    pub panels: Vec<Panel>,
    /// Who is asked.
    pub panel: Panel,
    /// Which model answers, for every known persona; the error says what to do.
    pub models: BTreeMap<PersonaId, Result<ModelChoice, String>>,
    /// `auto`, `dark`, `light` or the name of a theme.
    pub theme: String,
    /// Text of the user's `keys.toml` and its path, if there is one.
    pub keys: Option<(PathBuf, String)>,
    /// Warnings to be shown: unknown keys, skipped files.
    pub notices: Vec<String>,
}

/// Puts the configuration together. Reads files and the environment; does not touch the network but for one probe of a
/// local Ollama when nothing else says which model answers.
pub fn setup(_flags: &Flags) -> Result<Setup, ConfigError> {
    Err(ConfigError("stub".into()))
}
