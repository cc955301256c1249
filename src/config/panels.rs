//! Panels put together: the built-in ones, those of the files, and the one that is asked.
//!
//! Members are ids or paths; a path is loaded and gets an id that is nobody else's. A fault in the panel
//! that is asked is an error, in any other it is a notice. Which model answers is `models`' work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::layers::Machine;
use super::{ConfigError, ConfigFile, Flags, Ledger, personas, project};
use crate::domain::{ModelRef, Panel, Persona, PersonaId, PersonaSource};
use crate::text::did_you_mean;

/// The panels that ship with the program.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("design-review", &["infra", "edge", "devops", "ai-lead"]),
    ("full", &["infra", "edge", "devops", "gitops", "ai-lead"]),
];

/// Everybody who is known.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The personas, built-in ones first.
    pub(super) personas: Vec<Arc<Persona>>,
    /// Words about what was found.
    pub(super) notices: Vec<String>,
    by_path: BTreeMap<PathBuf, Vec<PersonaId>>,
}

impl People {
    /// These, and nothing said of them.
    pub(super) fn of(personas: Vec<Arc<Persona>>) -> Self {
        Self { personas, ..Self::default() }
    }

    /// The persona of this id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Persona>> {
        self.personas.iter().find(|persona| persona.id.as_str() == id)
    }

    /// Loads the file or folder at `path`, once. With `replaces`, a persona takes the place of a known
    /// one of its id; otherwise, and among personas that were named by path, the later one is numbered.
    fn load(&mut self, path: &Path, replaces: bool) -> Result<Vec<PersonaId>, ConfigError> {
        let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(ids) = self.by_path.get(&whole) {
            return Ok(ids.clone());
        }
        let mut ids = Vec::new();
        let named = personas::load_path(path)?;
        self.notices.extend(named.skipped);
        for (mut persona, notices) in named.personas {
            self.notices.extend(notices);
            let place = self.personas.iter().position(|known| known.id == persona.id);
            match place.and_then(|at| self.personas.get_mut(at)) {
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
            let path = path.display();
            return Err(ConfigError(format!("{path}: holds no persona (a .md or .txt file)")));
        }
        self.by_path.insert(whole, ids.clone());
        Ok(ids)
    }

    fn unknown(&self, word: &str) -> String {
        let ids = || self.personas.iter().map(|persona| persona.id.as_str());
        let hint = did_you_mean(word, ids());
        let known = ids().collect::<Vec<_>>().join(", ");
        format!("there is no persona \"{}\"{hint} (known: {known})", word.escape_debug())
    }
}

/// Words that can only be paths.
fn is_path(word: &str) -> bool {
    let markdown = Path::new(word)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("md") || e.eq_ignore_ascii_case("txt"));
    word.contains(['/', '\\']) || word.starts_with(['~', '.']) || markdown
}

/// The panels of all layers with the places that say so, before their members are looked up.
struct Described<'a> {
    members: Vec<(String, Option<&'a ConfigFile>)>,
    model: Option<(&'a str, &'a ConfigFile)>,
}

fn described<'a>(
    files: &'a [ConfigFile],
    ledger: &mut Ledger,
) -> (Vec<String>, BTreeMap<String, Described<'a>>) {
    let mut order = Vec::new();
    let mut panels = BTreeMap::new();
    for (name, ids) in BUILT_IN {
        let members = ids.iter().map(|id| ((*id).to_owned(), None)).collect();
        panels.insert((*name).to_owned(), Described { members, model: None });
        order.push((*name).to_owned());
        let key = format!("panels.{name}.personas");
        ledger.set(key, format!("{ids:?}"), super::Origin::Default);
    }
    for file in files {
        for (name, table) in &file.schema.panels {
            let panel = panels.entry(name.clone()).or_insert_with(|| {
                order.push(name.clone());
                Described { members: Vec::new(), model: None }
            });
            if !table.personas.is_empty() {
                panel.members =
                    table.personas.iter().map(|word| (word.clone(), Some(file))).collect();
            }
            if let Some(model) = &table.model {
                panel.model = Some((model, file));
            }
        }
        for (key, shown) in file.below("panels.") {
            ledger.set(key, shown, file.origin(key));
        }
    }
    (order, panels)
}

/// All panels, and the one that is asked.
#[derive(Debug)]
pub(super) struct Panels {
    /// All of them, built-in ones first.
    pub(super) all: Vec<Panel>,
    /// The one that is asked.
    pub(super) asked: Panel,
}

/// Reads a model's name; the error says what is wrong with it.
pub(super) type ReadModel<'a> = dyn Fn(&str) -> Result<ModelRef, String> + 'a;

/// Puts the panels together and finds the one that is asked: `--persona`, or the panel named `wanted`.
pub(super) fn resolve(
    flags: &Flags,
    wanted: &str,
    files: &[ConfigFile],
    machine: &Machine,
    context: (&mut People, &mut Ledger, &ReadModel<'_>),
) -> Result<Panels, ConfigError> {
    let (people, ledger, read_model) = context;
    let asked = if flags.personas.is_empty() { None } else { Some(by_flag(flags, people)?) };
    let (order, described) = described(files, ledger);
    let mut all = Vec::new();
    for name in order {
        let Some(panel) = described.get(&name) else { continue };
        let strict = asked.is_none() && name == wanted;
        match one(&name, panel, machine, people, read_model) {
            Ok(panel) => all.push(panel),
            Err(error) if strict => return Err(error),
            Err(error) => people.notices.push(format!("{error}; this panel is left out")),
        }
    }
    if let Some(asked) = asked {
        return Ok(Panels { all, asked });
    }
    if let Some(asked) = all.iter().find(|panel| panel.name == wanted).cloned() {
        return Ok(Panels { all, asked });
    }
    let names = || all.iter().map(|panel| panel.name.as_str());
    let hint = did_you_mean(wanted, names());
    let known = names().collect::<Vec<_>>().join(", ");
    let origin = ledger.origin("panel").map(ToString::to_string).unwrap_or_default();
    let wanted = wanted.escape_debug();
    Err(ConfigError(format!(
        "{origin}: there is no panel \"{wanted}\"{hint} (known: {known}; a new one is \
         [panels.NAME] personas = [\"…\"] in config.toml)"
    )))
}

/// The members of `--persona ID|PATH …`, as a panel.
fn by_flag(flags: &Flags, people: &mut People) -> Result<Panel, ConfigError> {
    let mut ids: Vec<PersonaId> = Vec::new();
    for word in &flags.personas {
        let found = match people.find(word) {
            Some(persona) => vec![persona.id.clone()],
            None if Path::new(word).exists() => people.load(Path::new(word), true)?,
            None if is_path(word) => {
                let what = format!("--persona {}: does not exist", word.escape_debug());
                return Err(ConfigError(what));
            }
            None => {
                let what = people.unknown(word);
                return Err(ConfigError(format!("--persona: {what}, and no file of that name")));
            }
        };
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let mut name = ids.iter().take(3).map(PersonaId::as_str).collect::<Vec<_>>().join("+");
    if ids.len() > 3 {
        name = format!("{name}+{}", ids.len() - 3);
    }
    Ok(Panel { name, personas: ids, model: None })
}

fn one(
    name: &str,
    panel: &Described<'_>,
    machine: &Machine,
    people: &mut People,
    read_model: &ReadModel<'_>,
) -> Result<Panel, ConfigError> {
    let key = format!("panels.{name}.personas");
    let mut ids: Vec<PersonaId> = Vec::new();
    for (word, file) in &panel.members {
        let fault = |what: String| match file {
            Some(file) => file.error(&key, what),
            None => ConfigError(format!("{key}: {what}")),
        };
        let found = match (people.find(word), file) {
            (Some(persona), _) => vec![persona.id.clone()],
            (None, Some(file)) if is_path(word) => {
                let folder = file.path.parent().unwrap_or_else(|| Path::new("."));
                let path = machine.path(word, folder);
                project::check_persona(file, &key, &path, &machine.paths.project)?;
                people.load(&path, false).map_err(|ConfigError(what)| fault(what))?
            }
            (None, _) => return Err(fault(people.unknown(word))),
        };
        for id in found {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    if ids.is_empty() {
        let what = format!("panels.{name}: names nobody; write personas = [\"infra\", \"edge\"]");
        return Err(ConfigError(what));
    }
    let model = match panel.model {
        None => None,
        Some((text, file)) => {
            let model = read_model(text);
            Some(model.map_err(|what| file.error(&format!("panels.{name}.model"), what))?)
        }
    };
    Ok(Panel { name: name.to_owned(), personas: ids, model })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_ids() {
        for path in ["a/b", "~/x", "./x", "x.md", "x.TXT", "..", "/x", "a\\b"] {
            assert!(is_path(path), "{path}");
        }
        for id in ["infra", "my-reviewer", "a2"] {
            assert!(!is_path(id), "{id}");
        }
    }
}
