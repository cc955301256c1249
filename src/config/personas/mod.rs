//! Personas from Markdown files: the built-in ones, the user's, the project's, and files named on the command line.
//!
//! A file is split into front matter and prompt (`front_matter`, `yaml`, `yaml_keys`, `schema`, `foreign`), its settings are
//! validated (`settings`, `validate`), it gets a name (`infer_name`) and an id (`parse`). `folder` and `file` read from the
//! disk with limits, `built_in` from the program. Files are text only: nothing in them is run, downloaded, included or
//! expanded. Prompts are built elsewhere.

mod built_in;
mod file;
mod folder;
mod foreign;
mod front_matter;
mod infer_name;
pub mod invisible;
mod parse;
mod problem;
mod schema;
mod settings;
mod validate;
mod yaml;
mod yaml_keys;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ConfigError;
use crate::domain::{Persona, PersonaId, PersonaSource};
pub use file::read_persona_file;
pub(super) use parse::free_id;
use parse::{PersonaDraft, assign_ids, parse_persona};
pub use problem::{PersonaProblem, ProblemLevel};
pub use settings::PersonaSettings;
pub use validate::InvalidSetting;

/// Loaded personas, built-in ones first; later ones replaced earlier ones of the same id.
#[derive(Debug, Clone, Default)]
pub struct LoadedPersonas {
    /// The personas.
    pub personas: Vec<Arc<Persona>>,
    /// One line for each file that was skipped, and for each unknown key.
    pub warnings: Vec<String>,
    /// The same, with one line for many skipped files of one folder.
    pub brief: Vec<String>,
}

/// The personas that `--persona PATH` names.
#[derive(Debug, Default)]
pub struct NamedPersonas {
    /// Each persona with its warnings, one line each.
    pub personas: Vec<(Persona, Vec<String>)>,
    /// One line for each problem of a file that was skipped.
    pub skipped: Vec<String>,
}

/// Loads built-in personas, then those of the folders in order; `project` is none for an untrusted project. Unusable files are
/// skipped with a warning.
///
/// A persona replaces an earlier one of the same id. There is a warning when a project's file does so, or a file whose id was
/// only made from its name: the user should not be answered by a stranger under a known name.
pub fn load(user: &Path, project: Option<&Path>) -> LoadedPersonas {
    let personas = built_in::built_in_personas().to_vec();
    let mut loaded = LoadedPersonas { personas, ..LoadedPersonas::default() };
    for problem in built_in::built_in_problems() {
        loaded.add_warning(problem.to_string());
    }
    for (path, is_project) in [(Some(user), false), (project, true)] {
        let Some(path) = path else { continue };
        let mut problems = Vec::new();
        let source = if is_project { PersonaSource::Project } else { PersonaSource::User };
        let drafts = folder::read_folder(path, source, &mut problems);
        let drafts = assign_ids(drafts, &mut problems);
        loaded.add_problems(path, &problems);
        for draft in drafts {
            loaded.add_persona(draft);
        }
    }
    loaded
}

/// Most skipped files of one folder that are listed in `brief`.
const MAX_LISTED_FILES: usize = 2;

impl LoadedPersonas {
    /// Adds warnings about files of `folder`.
    fn add_problems(&mut self, folder: &Path, problems: &[PersonaProblem]) {
        self.warnings.extend(problems.iter().map(|problem| skipped_line(problem, folder)));
        let (skipped, other): (Vec<&PersonaProblem>, Vec<&PersonaProblem>) =
            problems.iter().partition(|problem| problem.is_error() && problem.file != folder);
        self.brief.extend(other.iter().map(ToString::to_string));
        if skipped.len() <= MAX_LISTED_FILES {
            self.brief.extend(skipped.iter().map(|problem| skipped_line(problem, folder)));
            return;
        }
        let files: BTreeSet<&Path> = skipped.iter().map(|problem| problem.file.as_path()).collect();
        let (n, folder) = (files.len(), folder.display());
        self.brief.push(if n == 1 {
            format!("1 file in {folder} was skipped; `plenary doctor` says why")
        } else {
            format!("{n} files in {folder} were skipped; `plenary doctor` lists them")
        });
    }

    /// Adds a warning that is never summarised.
    fn add_warning(&mut self, line: String) {
        self.brief.push(line.clone());
        self.warnings.push(line);
    }

    fn add_persona(&mut self, draft: PersonaDraft) {
        let has_explicit_id = draft.id_line.is_some();
        for warning in &draft.warnings {
            self.add_warning(warning.to_string());
        }
        let persona = Arc::new(draft.persona);
        let Some(known) = self.personas.iter_mut().find(|p| p.id == persona.id) else {
            return self.personas.push(persona);
        };
        let replaced = std::mem::replace(known, Arc::clone(&persona));
        if !has_explicit_id || matches!(persona.source, PersonaSource::Project(_)) {
            self.add_warning(format!(
                "{}: replaces the persona `{}` ({})",
                persona.source, persona.id, replaced.source
            ));
        }
    }
}

/// Loads a file, or all files of a folder. A leading `~/` is the home folder. Unusable files of a folder are skipped.
///
/// # Errors
/// No persona could be loaded.
pub fn load_path(path: &Path) -> Result<NamedPersonas, ConfigError> {
    load_paths(&[path.to_owned()])
}

/// Loads several paths as [`load_path`] does. Personas of one name get distinct ids across all of the paths.
///
/// # Errors
/// A path has no persona, or two of the files have the same explicit id.
pub fn load_paths(paths: &[PathBuf]) -> Result<NamedPersonas, ConfigError> {
    let (mut fatal, mut skipped) = (Vec::new(), Vec::new());
    let (mut all, mut groups) = (Vec::new(), Vec::new());
    for path in paths {
        let mut problems = Vec::new();
        let drafts = read_drafts(path, &mut problems);
        let errors = problems.iter().filter(|problem| problem.is_error());
        if drafts.is_empty() {
            fatal.extend(errors.map(ToString::to_string));
        } else {
            let folder = expand_home(path);
            skipped.extend(errors.map(|problem| skipped_line(problem, &folder)));
        }
        groups.push(drafts.iter().map(|d| d.persona.source.clone()).collect::<Vec<_>>());
        add_new_drafts(&mut all, drafts);
    }
    let mut clashes = Vec::new();
    let drafts = assign_ids(all, &mut clashes);
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
        return Err(ConfigError::new(fatal.join("\n")));
    }
    let with_lines = |draft: PersonaDraft| {
        let lines = draft.warnings.iter().map(ToString::to_string).collect();
        (draft.persona, lines)
    };
    Ok(NamedPersonas { personas: drafts.into_iter().map(with_lines).collect(), skipped })
}

/// The warning about a file. A problem of the folder itself skips no single file.
fn skipped_line(problem: &PersonaProblem, folder: &Path) -> String {
    let skipped = problem.is_error() && problem.file != folder;
    format!("{problem}{}", if skipped { " (skipped)" } else { "" })
}

/// Reads files and folders and returns all their problems. The same explicit id in two files is a problem, too.
pub fn check_files(paths: &[PathBuf]) -> (Vec<Persona>, Vec<PersonaProblem>) {
    let mut problems = Vec::new();
    let mut drafts = Vec::new();
    for path in paths {
        add_new_drafts(&mut drafts, read_drafts(path, &mut problems));
    }
    let mut drafts = assign_ids(drafts, &mut problems);
    for draft in &mut drafts {
        problems.append(&mut draft.warnings);
    }
    (drafts.into_iter().map(|draft| draft.persona).collect(), problems)
}

/// Adds drafts; a file that is named twice is one persona.
fn add_new_drafts(all: &mut Vec<PersonaDraft>, drafts: Vec<PersonaDraft>) {
    for draft in drafts {
        if !all.iter().any(|known| known.persona.source == draft.persona.source) {
            all.push(draft);
        }
    }
}

fn read_drafts(path: &Path, problems: &mut Vec<PersonaProblem>) -> Vec<PersonaDraft> {
    let path = expand_home(path);
    if path.is_dir() {
        let pattern = path.join("system.md");
        if !pattern.is_file() {
            let before = problems.len();
            let drafts = folder::read_folder(&path, PersonaSource::Path, problems);
            if drafts.is_empty() && problems.len() == before {
                let message = "the folder holds no persona (*.md, *.txt or NAME/system.md)";
                problems.push(PersonaProblem::error(path, message));
            }
            return drafts;
        }
        return read_draft(&pattern, problems);
    }
    read_draft(&path, problems)
}

fn read_draft(path: &Path, problems: &mut Vec<PersonaProblem>) -> Vec<PersonaDraft> {
    let found = read_persona_file(path)
        .map_err(|problem| vec![problem])
        .and_then(|text| parse_persona(&text, path, PersonaSource::Path(path.to_owned())));
    match found {
        Ok(draft) => vec![draft],
        Err(found) => {
            problems.extend(found);
            Vec::new()
        }
    }
}

/// Expands a leading `~` to the home folder.
pub(crate) fn expand_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

/// Applies `[persona.ID]` to a persona.
///
/// # Errors
/// All invalid settings; the persona is unchanged.
pub fn apply_settings(
    persona: &mut Persona,
    settings: &PersonaSettings,
) -> Result<(), Vec<InvalidSetting>> {
    let mut invalid = validate::check_settings(settings);
    invalid.retain(|setting| setting.level == ProblemLevel::Error);
    if !invalid.is_empty() {
        return Err(invalid);
    }
    settings.apply_to(persona);
    Ok(())
}

/// The built-in persona of this id.
pub fn built_in(id: &PersonaId) -> Option<Arc<Persona>> {
    built_in::built_in_personas().iter().find(|persona| persona.id == *id).cloned()
}
