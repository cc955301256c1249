//! The configuration: files, environment and flags; personas and panels; which model answers.
//!
//! [`build_setup`] reads the layers (`files`, `environment`, `presets`), merges them (`stack`), reads the result into Rust
//! types (`deserialize`, `schema`) and builds providers, model files, panels and personas. Contacts nothing, except for one
//! probe of a local Ollama when nothing else says which model answers.

mod deserialize;
mod effective;
mod environment;
mod error;
pub mod facets;
mod files;
mod layer;
mod local_provider;
pub mod model_catalogue;
pub(crate) mod model_choice;
mod model_error;
mod panels;
pub mod paths;
pub mod personas;
mod presets;
pub mod project;
mod project_keys;
mod providers;
mod schema;
mod stack;
pub mod text_file;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use effective::{EffectiveConfig, EffectiveValue, Origin};
pub use environment::Environment;
pub use error::{ConfigError, TextPosition};
pub use files::{FileSeen, FileStatus};
pub use model_error::ModelError;
pub use paths::Paths;

use crate::domain::{
    LocalSpec, ModelCatalogue, ModelProfile, ModelRef, Panel, Persona, PersonaId, ProviderSpec,
    ScaffoldMode, host_of,
};
use crate::machine::register_key_variables;
use crate::review::HeadingSynonyms;
use crate::text::{ascii_host, nearest_word};
use deserialize::deserialize;
use files::ConfigFiles;
use layer::ConfigLayer;
use model_catalogue::BuiltInModels;
use model_choice::{ModelChooser, overrides_files};
use panels::{PanelBuilder, PersonaSet};
use presets::Presets;
pub use project::ProjectStatus;
use project::{NamedConfig, Project, ProjectContent, ProjectInput, examine_project};
use providers::ProviderBuilder;
use schema::ConfigSchema;
use stack::StackedConfig;
use value::{ConfigNode, ConfigValue, LayerSource};

/// What the command line sets: the strongest layer.
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
    /// `--trust-project`: what is in `./.plenary` is used, without being remembered.
    pub trust_project: bool,
    /// `--ignore-project`: nothing in `./.plenary` is used.
    pub ignore_project: bool,
    /// SHA-256 of contents of `./.plenary` that the user trusted in this process.
    pub trusted_contents: Vec<String>,
}

/// The host that a provider is asked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedHost {
    /// The host, with its port if the address names one.
    pub host: String,
    /// True when the provider's name suggests another host, or the project chose the host.
    pub may_mislead: bool,
}

/// The model that answers for a persona, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    /// The model.
    pub model: ModelRef,
    /// `--model`, `config.toml line 3`, `OPENAI_API_KEY is set` …
    pub why: String,
}

/// Everything that is needed to ask a question.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Folders of the program.
    pub paths: Paths,
    /// Providers by name: presets and the user's own.
    pub providers: BTreeMap<String, ProviderSpec>,
    /// All model files for local models, the preferred ones first.
    pub catalogue: Arc<ModelCatalogue>,
    /// All known personas, built-in ones first.
    pub personas: Vec<Arc<Persona>>,
    /// All known panels.
    pub panels: Vec<Panel>,
    /// The panel that is asked.
    pub panel: Panel,
    /// The model of every known persona, or what to do to get one.
    pub models: BTreeMap<PersonaId, Result<ModelChoice, ModelError>>,
    /// `auto`, `dark`, `light` or the name of a theme.
    pub theme: String,
    /// Path and text of the user's `keys.toml`, if it exists.
    pub keys: Option<(PathBuf, String)>,
    /// Heading synonyms: the built-in ones and the user's `facets.toml`.
    pub synonyms: Arc<HeadingSynonyms>,
    /// The project's context, `./.plenary/context.md`, if it is trusted.
    pub context: Option<String>,
    /// What of the project is used and what is not.
    pub project: ProjectStatus,
    /// The host of each provider that is not asked at the usual host of a built-in provider.
    pub hosts: BTreeMap<String, AskedHost>,
    /// Warnings for the user: unknown keys, skipped files (many of one folder in one line).
    pub warnings: Vec<String>,
    /// How the setup came about, for `config show` and `doctor`.
    pub report: ConfigReport,
}

impl Setup {
    /// The persona of this id.
    pub fn persona(&self, id: &PersonaId) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|persona| persona.id == *id)
    }

    /// The host that `model` is asked at, unless its name says so already.
    pub fn asked_host(&self, model: &ModelRef) -> Option<&AskedHost> {
        self.hosts.get(&model.provider)
    }

    /// What a prompt for `model` must take into account.
    pub fn profile(&self, model: &ModelRef) -> ModelProfile {
        self.providers
            .get(&model.provider)
            .map(|s| s.model_profile(&model.model))
            .unwrap_or_default()
    }
}

/// How a configuration came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigReport {
    /// Every value with its origin.
    pub values: EffectiveConfig,
    /// The files that were looked for, weakest first.
    pub files: Vec<FileSeen>,
    /// Messages about keys of providers that this version cannot use.
    pub skipped: Vec<String>,
    /// The warnings of [`Setup::warnings`], with a line for every skipped file.
    pub warnings: Vec<String>,
}

/// Builds the configuration of this process. Reads files and the environment; contacts nothing, except for one probe of a
/// local Ollama when nothing else says which model answers.
///
/// # Errors
/// A file, variable or flag is invalid.
pub fn build_setup(flags: &Flags) -> Result<Setup, ConfigError> {
    build_setup_in(flags, &Environment::of_process())
}

/// Builds the configuration for a given environment.
///
/// # Errors
/// A file, variable or flag is invalid.
pub fn build_setup_in(flags: &Flags, environment: &Environment) -> Result<Setup, ConfigError> {
    let foundation = Foundation::read(flags, environment)?;
    let Foundation { mut files, presets, models, mut stack, mut loaded, project } = foundation;
    note_project_file(&mut files, &project, environment);
    project.add_personas(&mut loaded);
    project.layer.iter().cloned().for_each(|layer| stack.push(layer));
    add_stronger_layers(&mut stack, &presets, environment, flags);
    let mut root = stack.merge();
    providers::remove_unused_addresses(&mut root);
    let schema: ConfigSchema = deserialize(&root)?;

    let ids = stack.keys_of("models");
    let catalogue = Arc::new(models.build_catalogue(&ids, &schema.models, &root)?);
    let local = local_spec(&catalogue, &environment.paths);
    let kinds = presets.provider.iter().map(|preset| preset.kind.clone()).collect();
    let builder = ProviderBuilder { root: &root, kinds, local, environment };
    let mut providers = builder.build(&schema.providers)?;
    let of_specs = providers.specs.values().filter_map(|spec| spec.key.variable());
    register_key_variables(presets.key_variables().chain(of_specs));
    let chooser = ModelChooser {
        providers: &providers.specs,
        automatic: &presets.automatic,
        environment,
        root: &root,
        config_file: files.editable_file(),
    };

    let mut personas = PersonaSet::new(loaded.personas);
    let read_model = |text: &str| chooser.read_model(text);
    let builder =
        PanelBuilder { root: &root, environment, read_model: &read_model, project: &project };
    let wanted = schema.panel.unwrap_or_default();
    let panel_names = stack.keys_of("panels");
    let panels = builder.build(flags, &wanted, &panel_names, &schema.panels, &mut personas)?;
    override_personas(&schema.persona, &root, &mut personas)?;
    let choices = chooser.choose(&personas.personas, &panels.asked)?;
    let skipped = chooser.list_skipped();
    let chosen = choices.values().flatten().map(|choice| &choice.model);
    local_provider::add_own_files(&mut providers.specs, chosen, environment);
    let (keys, synonyms) = read_companions(&files, &mut personas.warnings)?;
    let all_warnings = |of_folders: &[String]| {
        let before = [files.warnings.as_slice(), &project.warnings, &providers.warnings].concat();
        [before.as_slice(), of_folders, &personas.warnings].concat()
    };
    let (warnings, in_full) = (all_warnings(&loaded.brief), all_warnings(&loaded.warnings));
    Ok(Setup {
        paths: environment.paths.clone(),
        hosts: list_hosts(&providers.specs, &presets, &root),
        providers: providers.specs,
        catalogue,
        personas: personas.personas,
        panels: panels.all,
        panel: panels.asked,
        models: choices,
        theme: schema.theme.unwrap_or_default(),
        keys,
        synonyms,
        context: project.context,
        project: project.status,
        warnings,
        report: ConfigReport {
            values: list_values(&root),
            files: files.seen,
            skipped,
            warnings: in_full,
        },
    })
}

/// What of the project's folder is trusted. Does not depend on flags and variables that name models, panels or personas: they
/// may name those of a project that is not trusted yet.
///
/// # Errors
/// A file is invalid.
pub fn read_project_status(flags: &Flags) -> Result<ProjectStatus, ConfigError> {
    let environment = Environment::of_process();
    // Usually there is no such folder, and nothing needs to be read.
    if std::fs::symlink_metadata(&environment.paths.project).is_err() {
        return Ok(ProjectStatus::default());
    }
    Ok(Foundation::read(flags, &environment)?.project.status)
}

/// What is read before the layers are complete.
struct Foundation {
    files: ConfigFiles,
    presets: Presets,
    models: BuiltInModels,
    /// The layers below the project's.
    stack: StackedConfig,
    /// Built-in personas and those of the user.
    loaded: personas::LoadedPersonas,
    project: Project,
}

impl Foundation {
    fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let files = ConfigFiles::read(flags, environment)?;
        let presets = Presets::load()?;
        let models = BuiltInModels::load()?;
        let stack = stack_weaker_layers(&files, &presets, &models);
        let loaded = personas::load(&environment.paths.user_personas());
        let input = ProjectInput {
            weaker: &stack.merge(),
            reserved: &presets.reserved_names(),
            personas: &loaded.personas,
        };
        let project = examine_project(flags, environment, &files.in_project, &input)?;
        Ok(Self { files, presets, models, stack, loaded, project })
    }
}

/// Notes the project's file, and whether it is used.
fn note_project_file(files: &mut ConfigFiles, project: &Project, environment: &Environment) {
    let path = match &files.in_project {
        NamedConfig::Inside(path) => {
            let root = environment.paths.project.parent().unwrap_or(&environment.paths.project);
            root.join(path)
        }
        _ => environment.paths.project_file(),
    };
    let exists = project.content.as_ref().is_some_and(ProjectContent::has_config);
    files.note_project_file(path, exists, project.layer.is_some());
}

/// The user's `keys.toml`, if it exists, and the heading synonyms with those of the user's `facets.toml`.
#[expect(clippy::type_complexity, reason = "two unrelated results of one kind of file")]
fn read_companions(
    files: &ConfigFiles,
    warnings: &mut Vec<String>,
) -> Result<(Option<(PathBuf, String)>, Arc<HeadingSynonyms>), ConfigError> {
    let keys = files.read_companion("keys.toml", "the usual keys are in force", warnings);
    let fallback = "headings are read with plenary's own phrases";
    let synonyms = match files.read_companion("facets.toml", fallback, warnings) {
        Some((path, text)) => facets::add_user_phrases(&text, &path)?,
        None => facets::built_in(),
    };
    Ok((keys, synonyms))
}

/// The host that each provider is asked at, unless it is the usual one of a built-in provider.
fn list_hosts(
    specs: &BTreeMap<String, ProviderSpec>,
    presets: &Presets,
    root: &ConfigNode,
) -> BTreeMap<String, AskedHost> {
    let host = |(name, spec): (&String, &ProviderSpec)| {
        let host = host_of(&spec.base_url);
        let usual = presets.usual_host(name);
        let is_project =
            root.find(&["providers", name, "base_url"]).is_some_and(ConfigNode::is_project);
        let is_unusual = spec.local.is_none() && usual != Some(host);
        let may_mislead = usual.is_some() || is_project;
        is_unusual.then(|| (name.clone(), AskedHost { host: ascii_host(host), may_mislead }))
    };
    specs.iter().filter_map(host).collect()
}

/// The layers below the project's, weakest first: defaults, presets, model files, files of the user.
fn stack_weaker_layers(
    files: &ConfigFiles,
    presets: &Presets,
    models: &BuiltInModels,
) -> StackedConfig {
    let mut stack = StackedConfig::default();
    let defaults: [(&[&str], ConfigValue); 2] =
        [(&["panel"], panels::DEFAULT_PANEL.into()), (&["theme"], "auto".into())];
    let mut defaults = ConfigLayer::from_values(LayerSource::Default, defaults);
    panels::add_built_in_panels(&mut defaults);
    stack.push(defaults);
    stack.push(presets.to_layer());
    stack.push(models.layer.clone());
    files.layers.iter().cloned().for_each(|layer| stack.push(layer));
    stack
}

/// Adds the layers above the project's: environment, flags.
fn add_stronger_layers(
    stack: &mut StackedConfig,
    presets: &Presets,
    environment: &Environment,
    flags: &Flags,
) {
    presets.environment_layers(environment).for_each(|layer| stack.push(layer));
    for (variable, key) in
        [("PLENARY_MODEL", "model"), ("PLENARY_PANEL", "panel"), ("PLENARY_THEME", "theme")]
    {
        if let Some(layer) = environment.layer(variable, &[key], str::to_owned) {
            stack.push(layer);
        }
    }
    for (flag, key, value) in [
        ("--model", "model", &flags.model),
        ("--panel", "panel", &flags.panel),
        ("--theme", "theme", &flags.theme),
    ] {
        if let Some(value) = value {
            let path: &[&str] = &[key];
            let values = [(path, value.as_str().into())];
            stack.push(ConfigLayer::from_values(LayerSource::Flag(flag), values));
        }
    }
}

/// The settings of a provider of kind `local`, unless configured: all model files, and their folder.
pub fn local_spec(catalogue: &Arc<ModelCatalogue>, paths: &Paths) -> LocalSpec {
    LocalSpec {
        catalogue: Arc::clone(catalogue),
        models: paths.models().unwrap_or_default(),
        cache: paths.cache.clone(),
        scaffold: ScaffoldMode::default(),
    }
}

/// Applies `[persona.ID]` to the personas.
fn override_personas(
    tables: &BTreeMap<String, personas::PersonaSettings>,
    root: &ConfigNode,
    personas: &mut PersonaSet,
) -> Result<(), ConfigError> {
    for (id, settings) in tables {
        let Some(persona) = personas.personas.iter_mut().find(|p| p.id.as_str() == id) else {
            let ids = personas.personas.iter().map(|p| p.id.as_str());
            if let Some(nearest) = nearest_word(id, ids) {
                let message = format!("there is no such persona; did you mean \"{nearest}\"?");
                let warning = root.error_at(&["persona", id], message);
                personas.warnings.push(warning.to_string());
            }
            continue;
        };
        let persona = Arc::make_mut(persona);
        let sets_anything = root.entries(&["persona", id]).any(|(_, node)| node.is_project());
        persona.is_project |= sets_anything;
        personas::apply_settings(persona, settings).map_err(|invalid| {
            let errors: Vec<ConfigError> = invalid
                .into_iter()
                .map(|setting| {
                    let mut path = vec!["persona", id.as_str()];
                    path.extend(setting.key.split('.'));
                    root.error_at(&path, setting.message)
                })
                .collect();
            ConfigError::join(&errors)
        })?;
    }
    Ok(())
}

/// Every value with its origin. Models that `--model` or `PLENARY_MODEL` overrides say so.
fn list_values(root: &ConfigNode) -> EffectiveConfig {
    let mut values = root.list_values();
    let origin = values.origin("model").filter(|origin| overrides_files(origin)).cloned();
    if let Some(origin) = origin {
        values.override_values(&origin, |key| {
            let (table, name) = (key.split('.').next(), key.rsplit('.').next());
            matches!(table, Some("persona" | "panels")) && name == Some("model")
        });
    }
    values
}
