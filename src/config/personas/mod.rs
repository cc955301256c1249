//! Personas from Markdown files: the five that ship with the program, the user's, the project's, anybody's.
//!
//! A file is cut into front matter and prompt (`front_matter`, `keys`, `schema`, `foreign`), its values are checked
//! (`validate`), it gets a name (`name`) and an id (`document`). `folder` and `file` read from the disk with limits,
//! `built_in` from the program. Files are text only: nothing in them is run, fetched, included or expanded.
//! `config` puts the result together with panels; `plenary persona` lists, shows and checks. Prompts are built elsewhere.

mod built_in;
mod document;
mod file;
mod folder;
mod foreign;
mod front_matter;
pub mod invisible;
mod keys;
mod name;
mod problem;
mod schema;
mod validate;
mod wire;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::ConfigError;
use crate::domain::{Contract, IntakeField, Persona, PersonaId, PersonaSource};
use document::Draft;
pub(super) use document::free_id;
pub use problem::{Problem, Severity};

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
    /// The same, but that many skipped files of one folder are one line.
    pub brief: Vec<String>,
}

/// What `--persona PATH` named: the personas, and words about the files of folders that were skipped.
#[derive(Debug, Default)]
pub struct Named {
    /// Each persona with its warnings, one line each.
    pub personas: Vec<(Persona, Vec<String>)>,
    /// One line for each problem of a file that was skipped.
    pub skipped: Vec<String>,
}

/// Loads built-in personas, then those of the folders in order; `project` is none while the project is not trusted.
/// A bad file is skipped with a notice.
///
/// A persona replaces an earlier one of the same id in its place. A project's file that does so, or any file whose
/// id was only made of its name, is noticed: nobody should be answered by a stranger under a known name unawares.
pub fn load(user: &Path, project: Option<&Path>) -> Loaded {
    let mut loaded = Loaded { personas: built_in::personas().to_vec(), ..Loaded::default() };
    for problem in built_in::problems() {
        loaded.note(problem.to_string());
    }
    for (path, is_project) in [(Some(user), false), (project, true)] {
        let Some(path) = path else { continue };
        let mut problems = Vec::new();
        let source = if is_project { PersonaSource::Project } else { PersonaSource::User };
        let drafts = folder::read(path, source, &mut problems);
        let drafts = document::distinct(drafts, &mut problems);
        loaded.skip(path, &problems);
        for draft in drafts {
            loaded.add(draft);
        }
    }
    loaded
}

/// More lines about skipped files of one folder are said in one: a folder may hold anything.
const SAID: usize = 2;

impl Loaded {
    /// Notes what is wrong with files of `folder`.
    fn skip(&mut self, folder: &Path, problems: &[Problem]) {
        self.notices.extend(problems.iter().map(|problem| skipped_line(problem, folder)));
        let (skipped, other): (Vec<&Problem>, Vec<&Problem>) =
            problems.iter().partition(|problem| problem.is_error() && problem.file != folder);
        self.brief.extend(other.iter().map(ToString::to_string));
        if skipped.len() <= SAID {
            self.brief.extend(skipped.iter().map(|problem| skipped_line(problem, folder)));
            return;
        }
        let files: BTreeSet<&Path> = skipped.iter().map(|problem| problem.file.as_path()).collect();
        let (n, place) = (files.len(), folder.display());
        self.brief.push(if n == 1 {
            format!("1 file in {place} was skipped; `plenary doctor` says why")
        } else {
            format!("{n} files in {place} were skipped; `plenary doctor` lists them")
        });
    }

    /// Notes something that is said in full everywhere.
    fn note(&mut self, line: String) {
        self.brief.push(line.clone());
        self.notices.push(line);
    }

    fn add(&mut self, draft: Draft) {
        let explicit = draft.id_line.is_some();
        for warning in &draft.warnings {
            self.note(warning.to_string());
        }
        let persona = Arc::new(draft.persona);
        match self.personas.iter_mut().find(|p| p.id == persona.id) {
            None => self.personas.push(persona),
            Some(place) => {
                if !explicit || matches!(persona.source, PersonaSource::Project(_)) {
                    let line = format!(
                        "{}: replaces the persona `{}` ({})",
                        persona.source, persona.id, place.source
                    );
                    self.brief.push(line.clone());
                    self.notices.push(line);
                }
                *place = persona;
            }
        }
    }
}

/// Loads what `--persona PATH` names: a file, or all files of a folder. A leading `~/` is the home folder.
///
/// A bad file of a folder is skipped; a path of which nothing loads is an error.
pub fn load_path(path: &Path) -> Result<Named, ConfigError> {
    load_paths(&[path.to_owned()])
}

/// Loads what several `--persona PATH` name, each as [`load_path`] does. Personas of one name get distinct ids across all
/// of the paths; the same explicit id in two named files is an error that names both.
pub fn load_paths(paths: &[PathBuf]) -> Result<Named, ConfigError> {
    let (mut fatal, mut skipped) = (Vec::new(), Vec::new());
    let (mut all, mut groups) = (Vec::new(), Vec::new());
    for path in paths {
        let mut problems = Vec::new();
        let drafts = drafts_of(path, &mut problems);
        let errors = problems.iter().filter(|problem| problem.is_error());
        if drafts.is_empty() {
            fatal.extend(errors.map(ToString::to_string));
        } else {
            let folder = expand_home(path);
            skipped.extend(errors.map(|problem| skipped_line(problem, &folder)));
        }
        groups.push(drafts.iter().map(|d| d.persona.source.clone()).collect::<Vec<_>>());
        join(&mut all, drafts);
    }
    let mut clashes = Vec::new();
    let drafts = document::distinct(all, &mut clashes);
    let lost = |group: &&Vec<PersonaSource>| {
        !drafts.iter().any(|draft| group.contains(&draft.persona.source))
    };
    let lost: Vec<&PersonaSource> = groups.iter().filter(lost).flatten().collect();
    for clash in &clashes {
        if lost.iter().any(|source| Path::new(&source.to_string()) == clash.file) {
            fatal.push(clash.to_string());
        } else {
            skipped.push(skipped_line(clash, Path::new("")));
        }
    }
    if !fatal.is_empty() {
        return Err(ConfigError(fatal.join("\n")));
    }
    let with_lines = |draft: Draft| {
        let lines = draft.warnings.iter().map(ToString::to_string).collect();
        (draft.persona, lines)
    };
    Ok(Named { personas: drafts.into_iter().map(with_lines).collect(), skipped })
}

/// What is said of a file that is skipped. What is said of the folder itself concerns no single file.
fn skipped_line(problem: &Problem, folder: &Path) -> String {
    let skipped = problem.is_error() && problem.file != folder;
    format!("{problem}{}", if skipped { " (skipped)" } else { "" })
}

/// Reads files, and all files of folders, and returns what is wrong instead of stopping at it: for `persona check`.
///
/// The same explicit id in two of them is an error, as it is in a folder.
pub fn inspect(paths: &[PathBuf]) -> (Vec<Persona>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut drafts = distinct_drafts(paths, &mut problems);
    for draft in &mut drafts {
        problems.append(&mut draft.warnings);
    }
    (drafts.into_iter().map(|draft| draft.persona).collect(), problems)
}

fn distinct_drafts(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for path in paths {
        join(&mut drafts, drafts_of(path, problems));
    }
    document::distinct(drafts, problems)
}

/// Adds drafts; a file that is named twice is one persona.
fn join(all: &mut Vec<Draft>, drafts: Vec<Draft>) {
    for draft in drafts {
        if !all.iter().any(|known| known.persona.source == draft.persona.source) {
            all.push(draft);
        }
    }
}

/// The text of a persona file within the limits, as [`load_path`] reads it.
pub fn read_file(path: &Path) -> Result<String, Problem> {
    file::read(path)
}

fn drafts_of(path: &Path, problems: &mut Vec<Problem>) -> Vec<Draft> {
    let path = expand_home(path);
    if path.is_dir() {
        let pattern = path.join("system.md");
        if !pattern.is_file() {
            let before = problems.len();
            let drafts = folder::read(&path, PersonaSource::Path, problems);
            if drafts.is_empty() && problems.len() == before {
                let message = "the folder holds no persona (*.md, *.txt or NAME/system.md)";
                problems.push(Problem::error(path, message));
            }
            return drafts;
        }
        return one_file(&pattern, problems);
    }
    one_file(&path, problems)
}

fn one_file(path: &Path, problems: &mut Vec<Problem>) -> Vec<Draft> {
    let found = file::read(path)
        .map_err(|problem| vec![problem])
        .and_then(|text| document::read(&text, path, PersonaSource::Path(path.to_owned())));
    match found {
        Ok(draft) => vec![draft],
        Err(found) => {
            problems.extend(found);
            Vec::new()
        }
    }
}

pub(crate) fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// Applies `[persona.ID]` of `file` to a persona. Nothing is changed when one value is wrong.
pub fn apply(persona: &mut Persona, settings: &Settings, file: &Path) -> Result<(), ConfigError> {
    let errors: Vec<String> = validate::check(settings)
        .into_iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| {
            format!("{}: [persona.{}] {}: {}", file.display(), persona.id, fault.key, fault.message)
        })
        .collect();
    if !errors.is_empty() {
        return Err(ConfigError(errors.join("\n")));
    }
    document::fill(persona, settings);
    Ok(())
}

/// The built-in persona of this id.
pub fn built_in(id: &PersonaId) -> Option<Arc<Persona>> {
    built_in::personas().iter().find(|persona| persona.id == *id).cloned()
}
