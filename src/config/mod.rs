//! What the program is told: files, environment, flags; personas and panels; which model answers.
//!
//! [`setup`] puts everything together. One concern a file: `paths` (where things are), `file` (one
//! `config.toml`), `layers` (which one wins), `project` (what a cloned repository may not say), `presets` and
//! `providers`, `local` (those that run in this program), `weights` (what they can be made of), `panels`, `models`,
//! `origin` (where a value came from), [`personas`]. Asks nobody anything, but for one probe of a local Ollama when
//! nothing else says which model answers.

pub mod facets;
pub mod file;
mod layers;
mod local;
pub(crate) mod models;
pub mod nearest;
pub mod origin;
mod panels;
pub mod paths;
pub mod personas;
mod presets;
mod project;
mod providers;
pub mod read;
mod schema;
pub mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use file::ConfigFile;
pub use layers::{FileSeen, Machine};
pub use origin::{Ledger, Origin};
pub use paths::Paths;

use crate::domain::{
    Catalogue, LocalSpec, ModelProfile, ModelRef, Panel, Persona, PersonaId, ProviderSpec,
    Scaffolding,
};
use crate::review::HeadingSynonyms;
use models::{Choosing, Said};
use panels::People;

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
    /// `--trust-project`: what `./.plenary` says about providers, models, panels and personas is used.
    pub trust_project: bool,
}

/// What is wrong with the configuration: file, line, key, what was expected. Exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

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
    /// All weights that local models can be made of, the preferred ones first.
    pub catalogue: Arc<Catalogue>,
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
    /// What headings are called: plenary's phrases with the user's `facets.toml` laid over.
    pub synonyms: Arc<HeadingSynonyms>,
    /// Warnings to be shown: unknown keys, skipped files (many of one folder in one line).
    pub notices: Vec<String>,
    /// How it came about, for `config show` and `doctor`.
    pub report: Report,
}

impl Setup {
    /// The persona of this id.
    pub fn persona(&self, id: &PersonaId) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|persona| persona.id == *id)
    }

    /// What a prompt for `model` must know of it.
    pub fn profile(&self, model: &ModelRef) -> ModelProfile {
        self.providers.get(&model.provider).map(|s| s.profile(&model.model)).unwrap_or_default()
    }
}

/// How a configuration came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every value with its origin.
    pub ledger: Ledger,
    /// The files that were looked for, weakest first.
    pub files: Vec<FileSeen>,
    /// Keys that are there but cannot be used by this version.
    pub skipped: Vec<String>,
    /// The warnings of [`Setup::notices`], with a line for every skipped file.
    pub notices: Vec<String>,
}

/// Puts the configuration together. Reads files and the environment; does not touch the network but for one probe of a
/// local Ollama when nothing else says which model answers.
pub fn setup(flags: &Flags) -> Result<Setup, ConfigError> {
    setup_on(flags, &Machine::here())
}

/// The same for a given environment and given folders.
pub fn setup_on(flags: &Flags, machine: &Machine) -> Result<Setup, ConfigError> {
    let mut ledger = Ledger::default();
    let found = layers::read(flags, machine)?;
    let files = &found.files;
    let top = layers::top(flags, machine, files, &mut ledger);
    let catalogue = Arc::new(weights::catalogue(files, &mut ledger)?);
    let presets = presets::presets()?;
    let local = local_spec(&catalogue, &machine.paths);
    let mut merged = providers::merge(&presets.provider, files, machine, local, &mut ledger)?;
    let choosing = Choosing {
        providers: &merged.specs,
        automatic: &presets.automatic,
        machine,
        config_file: config_file(&found, machine),
    };

    let project_personas = machine.paths.project_personas();
    let trusted = flags.trust_project.then_some(project_personas.as_path());
    let loaded = personas::load(&machine.paths.user_personas(), trusted);
    let mut people = People::of(loaded.personas);
    if !flags.trust_project {
        people.notices.extend(project::ignored_personas(&project_personas));
    }
    let read_model = |text: &str| choosing.read(text);
    let context = (&mut people, &mut ledger, &read_model as &panels::ReadModel<'_>);
    let panels = panels::resolve(flags, &top.panel, files, machine, context)?;

    let place = |key: &str| ledger.origin(key).map(Origin::short).unwrap_or_default();
    let mut said = Said {
        flag: flags.model.clone(),
        top: top.model.zip(ledger.origin("model").cloned()).map(|(text, origin)| (origin, text)),
        panel: place(&format!("panels.{}.model", panels.asked.name)),
        personas: BTreeMap::new(),
    };
    override_personas(files, &mut people, &mut said, &mut ledger)?;
    let models = choosing.choose(&people.personas, &panels.asked, &said)?;
    if let Some(text) = &flags.model {
        ledger.set("model", format!("{text:?}"), Origin::Flag("--model"));
    }

    let usual = "the usual keys are in force";
    let keys = beside(&found, machine, "keys.toml", usual, &mut people.notices);
    let usual = "headings are read with plenary's own phrases";
    let synonyms = match beside(&found, machine, "facets.toml", usual, &mut people.notices) {
        Some((path, text)) => facets::with_user(&text, &path.display().to_string())?,
        None => facets::built_in(),
    };
    let with = |folders: &[String]| {
        [found.notices.as_slice(), &merged.notices, folders, &people.notices].concat()
    };
    let (notices, in_full) = (with(&loaded.brief), with(&loaded.notices));
    let skipped = choosing.skipped();
    local::add_own_files(&mut merged.specs, &models, machine);
    Ok(Setup {
        paths: machine.paths.clone(),
        providers: merged.specs,
        catalogue,
        personas: people.personas,
        panels: panels.all,
        panel: panels.asked,
        models,
        theme: top.theme,
        keys,
        synonyms,
        notices,
        report: Report { ledger, files: found.seen, skipped, notices: in_full },
    })
}

/// What a provider of kind `local` begins with: all weights, and where they are on this machine.
pub fn local_spec(catalogue: &Arc<Catalogue>, paths: &Paths) -> LocalSpec {
    LocalSpec {
        catalogue: Arc::clone(catalogue),
        models: paths.models().unwrap_or_default(),
        cache: paths.cache.clone(),
        scaffold: Scaffolding::default(),
    }
}

/// Where the person may write what is missing.
fn config_file(found: &layers::Found, machine: &Machine) -> String {
    let path = found.named.clone().or_else(|| machine.paths.config_file());
    path.map_or_else(|| "config.toml".to_owned(), |path| path.display().to_string())
}

/// Lays `[persona.ID]` of every file over the personas.
fn override_personas(
    files: &[ConfigFile],
    people: &mut People,
    said: &mut Said,
    ledger: &mut Ledger,
) -> Result<(), ConfigError> {
    for file in files {
        for (id, settings) in &file.schema.persona {
            let Some(at) = people.personas.iter().position(|p| p.id.as_str() == id) else {
                let ids = people.personas.iter().map(|p| p.id.as_str());
                if let Some(near) = nearest::nearest(id, ids) {
                    let what = format!("there is no such persona; did you mean \"{near}\"?");
                    people.notices.push(file.error(&format!("persona.{id}"), what).0);
                }
                continue;
            };
            if let Some(persona) = people.personas.get_mut(at) {
                personas::apply(Arc::make_mut(persona), settings, &file.path)?;
                if settings.model.is_some() {
                    let place = file.origin(&format!("persona.{id}.model")).short();
                    said.personas.insert(persona.id.clone(), place);
                }
            }
        }
        for (key, shown) in file.below("persona.") {
            ledger.set(key, shown, file.origin(key));
        }
    }
    Ok(())
}

/// The user's file of this name: beside the configuration that was named, else in the user's folder. `without` says what
/// holds when it cannot be read.
fn beside(
    found: &layers::Found,
    machine: &Machine,
    name: &str,
    without: &str,
    notices: &mut Vec<String>,
) -> Option<(PathBuf, String)> {
    let beside = found.named.as_deref().and_then(Path::parent).map(|dir| dir.join(name));
    let usual = machine.paths.config_file().map(|file| file.with_file_name(name));
    let path = beside.filter(|path| path.exists()).or(usual)?;
    match read::text(&path) {
        Ok(text) => Some((path, text)),
        Err(e)
            if matches!(
                e.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            None
        }
        Err(e) => {
            let what = read::why(&e);
            notices.push(format!("{}: {what}; {without}", path.display()));
            None
        }
    }
}
