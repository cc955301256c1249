//! Panels: the built-in ones, those of the configuration, and the one that is asked.
//!
//! Members are ids or paths; a persona loaded from a path gets an id that no other persona has. A fault in the panel that is
//! asked is an error, in any other a warning. Which model answers is `model_choice`'s work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::layer::ConfigLayer;
use super::personas::{self, NamedPersonas, NamedTexts, is_path};
use super::project::{Project, read_named_by_user};
use super::schema::PanelTable;
use super::value::{ConfigNode, ConfigValue};
use super::{ConfigError, Environment, Flags, ModelError};
use crate::domain::{ModelRef, Panel, Persona, PersonaId, PersonaSource};
use crate::text::did_you_mean;

/// The panel that is asked unless configured.
pub(super) const DEFAULT_PANEL: &str = "design-review";

/// The panels that ship with the program.
const BUILT_IN_PANELS: &[(&str, &[&str])] = &[
    (DEFAULT_PANEL, &["infra", "edge", "devops", "ai-lead"]),
    ("full", &["infra", "edge", "devops", "gitops", "ai-lead"]),
];

/// Adds the built-in panels to the layer of the defaults.
pub(super) fn add_built_in_panels(layer: &mut ConfigLayer) {
    let source = Arc::clone(&layer.root.source);
    for (name, ids) in BUILT_IN_PANELS {
        let ids = ids.iter().map(|id| ConfigNode::new(&source, (*id).into())).collect();
        layer.root.set(&["panels", name, "personas"], ConfigValue::Array(ids));
    }
}

/// The known personas.
#[derive(Debug, Default)]
pub(super) struct PersonaSet {
    /// The personas, built-in ones first.
    pub(super) personas: Vec<Arc<Persona>>,
    /// What was found wrong while loading.
    pub(super) warnings: Vec<String>,
    by_path: BTreeMap<PathBuf, Vec<PersonaId>>,
}

impl PersonaSet {
    /// A set of these personas.
    pub(super) fn new(personas: Vec<Arc<Persona>>) -> Self {
        Self { personas, ..Self::default() }
    }

    /// The persona of this id.
    fn find(&self, id: &str) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|persona| persona.id.as_str() == id)
    }

    /// Loads the file or folder at `path`, once. With `replaces`, a persona replaces a known one of the same id; otherwise,
    /// and among personas named by path, the later one gets a numbered id.
    fn load_path(&mut self, path: &Path, replaces: bool) -> Result<Vec<PersonaId>, ConfigError> {
        let full_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(ids) = self.by_path.get(&full_path) {
            return Ok(ids.clone());
        }
        let named = personas::load_path(path, read_named_by_user)?;
        self.add_named(path, full_path, named, replaces)
    }

    /// The same for files that a project names, whose texts are given.
    fn load_texts(&mut self, texts: &NamedTexts) -> Result<Vec<PersonaId>, ConfigError> {
        let (path, texts) = texts.as_ref().map_err(|e| ConfigError::new(e.to_string()))?;
        if let Some(ids) = self.by_path.get(path) {
            return Ok(ids.clone());
        }
        let named = personas::load_project_path(path, texts)?;
        self.add_named(path, path.clone(), named, false)
    }

    fn add_named(
        &mut self,
        path: &Path,
        full_path: PathBuf,
        named: NamedPersonas,
        replaces: bool,
    ) -> Result<Vec<PersonaId>, ConfigError> {
        let mut ids = Vec::new();
        self.warnings.extend(named.skipped);
        for (mut persona, warnings) in named.personas {
            self.warnings.extend(warnings);
            let index = self.personas.iter().position(|known| known.id == persona.id);
            match index.and_then(|index| self.personas.get_mut(index)) {
                Some(known) if replaces && !matches!(known.source, PersonaSource::Path(_)) => {
                    ids.push(persona.id.clone());
                    *known = Arc::new(persona);
                }
                taken => {
                    if taken.is_some() {
                        persona.id =
                            personas::free_id(&persona.id, |id| self.find(id.as_str()).is_some());
                    }
                    ids.push(persona.id.clone());
                    self.personas.push(Arc::new(persona));
                }
            }
        }
        if ids.is_empty() {
            return Err(ConfigError::in_file(path, "holds no persona (a .md or .txt file)"));
        }
        self.by_path.insert(full_path, ids.clone());
        Ok(ids)
    }

    fn unknown_persona_message(&self, word: &str) -> String {
        let ids = || self.personas.iter().map(|persona| persona.id.as_str());
        let hint = did_you_mean(word, ids());
        let known = ids().collect::<Vec<_>>().join(", ");
        format!("there is no persona \"{}\"{hint} (known: {known})", word.escape_debug())
    }
}

/// The panels.
#[derive(Debug)]
pub(super) struct Panels {
    /// All panels, built-in ones first.
    pub(super) all: Vec<Panel>,
    /// The panel that is asked.
    pub(super) asked: Panel,
}

/// Reads `PROVIDER:MODEL`; the error says what is wrong with it.
pub(super) type ReadModel<'a> = dyn Fn(&str) -> Result<ModelRef, ModelError> + 'a;

/// What panels are made from.
pub(super) struct PanelBuilder<'a> {
    /// The merged configuration.
    pub(super) root: &'a ConfigNode,
    /// Folders and variables.
    pub(super) environment: &'a Environment,
    /// Reads the model of a panel.
    pub(super) read_model: &'a ReadModel<'a>,
    /// The project's persona files.
    pub(super) project: &'a Project,
}

impl PanelBuilder<'_> {
    /// Builds the panels and finds the one that is asked: `--persona`, or the panel named `wanted`. `names` are the names in
    /// the order of the layers.
    ///
    /// # Errors
    /// The panel that is asked does not exist or cannot be built.
    pub(super) fn build(
        &self,
        flags: &Flags,
        wanted: &str,
        names: &[String],
        tables: &BTreeMap<String, PanelTable>,
        personas: &mut PersonaSet,
    ) -> Result<Panels, ConfigError> {
        let by_flag = (!flags.personas.is_empty()).then(|| panel_of_flags(flags, personas));
        let by_flag = by_flag.transpose()?;
        let mut all = Vec::new();
        for name in names {
            let Some(table) = tables.get(name) else { continue };
            match self.build_panel(name, table, personas) {
                Ok(panel) => all.push(panel),
                Err(error) if by_flag.is_none() && name == wanted => return Err(error),
                Err(error) => personas.warnings.push(format!("{error}; this panel is left out")),
            }
        }
        let asked = by_flag.or_else(|| all.iter().find(|panel| panel.name == wanted).cloned());
        match asked {
            Some(asked) => Ok(Panels { all, asked }),
            None => Err(self.unknown_panel_error(wanted, &all)),
        }
    }

    fn unknown_panel_error(&self, wanted: &str, all: &[Panel]) -> ConfigError {
        let names = || all.iter().map(|panel| panel.name.as_str());
        let hint = did_you_mean(wanted, names());
        let known = names().collect::<Vec<_>>().join(", ");
        let wanted = wanted.escape_debug();
        let error = ConfigError::new(format!(
            "there is no panel \"{wanted}\"{hint} (known: {known}; a new one is \
             [panels.NAME] personas = [\"…\"] in config.toml)"
        ));
        match self.root.origin_of(&["panel"]) {
            Some(origin) => error.with_context(origin),
            None => error,
        }
    }

    fn build_panel(
        &self,
        name: &str,
        table: &PanelTable,
        personas: &mut PersonaSet,
    ) -> Result<Panel, ConfigError> {
        let path = ["panels", name, "personas"];
        let node = self.root.find(&path);
        let is_project = node.is_some_and(ConfigNode::is_project);
        let folder = node.and_then(ConfigNode::file).map(|file| file.parent().unwrap_or(file));
        let mut ids: Vec<PersonaId> = Vec::new();
        for word in &table.personas {
            let error = |message: String| self.root.error_at(&path, message);
            let found = match (personas.find(word), folder) {
                (Some(persona), _) => vec![persona.id.clone()],
                (None, Some(folder)) if is_path(word) => {
                    let texts = self.project.named_texts(word).filter(|_| is_project);
                    let loaded = match texts {
                        Some(texts) => personas.load_texts(texts),
                        None if is_project => Err(ConfigError::new("was not read")),
                        None => {
                            let file = self.environment.expand_path(word, folder);
                            personas.load_path(&file, false)
                        }
                    };
                    loaded.map_err(|e| error(e.to_string()))?
                }
                (None, _) => return Err(error(personas.unknown_persona_message(word))),
            };
            add_distinct(&mut ids, found);
        }
        if ids.is_empty() {
            let message = "has no personas; write personas = [\"infra\", \"edge\"]";
            return Err(self.root.error_at(&["panels", name], message));
        }
        let model = table.model.as_deref().map(|text| {
            let error =
                |e: ModelError| self.root.error_at(&["panels", name, "model"], e.to_string());
            (self.read_model)(text).map_err(error)
        });
        Ok(Panel { name: name.to_owned(), personas: ids, model: model.transpose()? })
    }
}

/// The members that `--persona ID|PATH …` names, as a panel.
fn panel_of_flags(flags: &Flags, personas: &mut PersonaSet) -> Result<Panel, ConfigError> {
    let mut ids: Vec<PersonaId> = Vec::new();
    for word in &flags.personas {
        let found = match personas.find(word) {
            Some(persona) => vec![persona.id.clone()],
            None if Path::new(word).exists() => personas.load_path(Path::new(word), true)?,
            None if is_path(word) => {
                let context = format!("--persona {}", word.escape_debug());
                return Err(ConfigError::new("does not exist").with_context(context));
            }
            None => {
                let message = personas.unknown_persona_message(word);
                let error = ConfigError::new(format!("{message}, and no file of that name"));
                return Err(error.with_context("--persona"));
            }
        };
        add_distinct(&mut ids, found);
    }
    let mut name = ids.iter().take(3).map(PersonaId::as_str).collect::<Vec<_>>().join("+");
    if ids.len() > 3 {
        name = format!("{name}+{}", ids.len() - 3);
    }
    Ok(Panel { name, personas: ids, model: None })
}

fn add_distinct(ids: &mut Vec<PersonaId>, found: Vec<PersonaId>) {
    for id in found {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
}
