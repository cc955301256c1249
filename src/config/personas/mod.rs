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
pub(super) use file::{MAX_FILE_BYTES, decode_persona_bytes};
pub use file::{PersonaText, read_persona_file};
pub(super) use folder::{FolderEntry, MAX_FOLDER_BYTES, choose_candidates};
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
    /// Those of `warnings` that are about files that cannot be used.
    pub errors: Vec<String>,
}

/// The personas that `--persona PATH` names.
#[derive(Debug, Default)]
pub struct NamedPersonas {
    /// Each persona with its warnings, one line each.
    pub personas: Vec<(Persona, Vec<String>)>,
    /// One line for each problem of a file that was skipped.
    pub skipped: Vec<String>,
}

/// Loads built-in personas, then those of the user's folder. Unusable files are skipped with a warning.
pub fn load(user: &Path) -> LoadedPersonas {
    let personas = built_in::built_in_personas().to_vec();
    let mut loaded = LoadedPersonas { personas, ..LoadedPersonas::default() };
    for problem in built_in::built_in_problems() {
        loaded.add_warning(problem.to_string());
    }
    let mut problems = Vec::new();
    let drafts = folder::read_folder(user, PersonaSource::User, &mut problems);
    loaded.add_folder(user, drafts, problems);
    loaded
}

/// The drafts of a project's persona files, with their problems.
fn parse_project_texts(
    folder: &Path,
    texts: &[PersonaText],
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PersonaDraft> {
    let texts = texts.iter().cloned();
    folder::parse_texts(folder, texts, PersonaSource::Project, problems)
}

/// The personas in these files of a project, without those that cannot be used.
pub(in crate::config) fn parse_project(folder: &Path, texts: &[PersonaText]) -> Vec<Persona> {
    let mut problems = Vec::new();
    let drafts = parse_project_texts(folder, texts, &mut problems);
    assign_ids(drafts, &mut problems).into_iter().map(|draft| draft.persona).collect()
}

const NO_PERSONA: &str = "the folder holds no persona (*.md, *.txt or NAME/system.md)";

/// Most skipped files of one folder that are listed in `brief`.
const MAX_LISTED_FILES: usize = 2;

impl LoadedPersonas {
    /// Adds the personas of a project's folder, whose texts are given. Unusable files are skipped with a warning.
    pub fn add_project(&mut self, folder: &Path, texts: &[PersonaText]) {
        let mut problems = Vec::new();
        let drafts = parse_project_texts(folder, texts, &mut problems);
        self.add_folder(folder, drafts, problems);
    }

    /// Adds the personas of a folder. A persona replaces an earlier one of the same id. There is a warning when a project's
    /// file does so, or a file whose id was only made from its name: the user should not be answered by a stranger under a
    /// known name.
    fn add_folder(
        &mut self,
        folder: &Path,
        drafts: Vec<PersonaDraft>,
        mut problems: Vec<PersonaProblem>,
    ) {
        let drafts = assign_ids(drafts, &mut problems);
        self.add_problems(folder, &problems);
        for draft in drafts {
            self.add_persona(draft);
        }
    }

    /// Adds warnings about files of `folder`.
    fn add_problems(&mut self, folder: &Path, problems: &[PersonaProblem]) {
        self.warnings.extend(problems.iter().map(|problem| skipped_line(problem, folder)));
        let errors = problems.iter().filter(|problem| problem.is_error());
        self.errors.extend(errors.map(|problem| skipped_line(problem, folder)));
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

/// The persona files at a path, or why there are none.
pub type NamedTexts = Result<(PathBuf, Vec<PersonaText>), PersonaProblem>;

/// Reads the persona files at a path that needs other rules, because a stranger may have written them; none for a path that
/// does not.
pub type ReadGuarded = fn(&Path) -> Option<NamedTexts>;

/// Loads a file, or all files of a folder. A leading `~/` is the home folder. Unusable files of a folder are skipped.
///
/// # Errors
/// No persona could be loaded.
pub fn load_path(path: &Path, read_guarded: ReadGuarded) -> Result<NamedPersonas, ConfigError> {
    load_paths(&[path.to_owned()], read_guarded)
}

/// Loads several paths as [`load_path`] does. Personas of one name get distinct ids across all of the paths.
///
/// # Errors
/// A path has no persona, or two of the files have the same explicit id.
pub fn load_paths(
    paths: &[PathBuf],
    read_guarded: ReadGuarded,
) -> Result<NamedPersonas, ConfigError> {
    let read = |path: &PathBuf| {
        let mut problems = Vec::new();
        let drafts = read_drafts(path, read_guarded, &mut problems);
        (expand_home(path), drafts, problems)
    };
    assemble_named(paths.iter().map(read))
}

/// Makes personas from the texts of one file of a project, or of all files of its folder at `path`.
///
/// # Errors
/// None of them is a persona.
pub(in crate::config) fn load_project_path(
    path: &Path,
    texts: &[PersonaText],
) -> Result<NamedPersonas, ConfigError> {
    let mut problems = Vec::new();
    let drafts = parse_project_texts(path, texts, &mut problems);
    if drafts.is_empty() && problems.is_empty() {
        problems.push(PersonaProblem::error(path, NO_PERSONA));
    }
    assemble_named(std::iter::once((path.to_owned(), drafts, problems)))
}

/// Joins the personas of several paths, each with its drafts and problems.
fn assemble_named(
    paths: impl Iterator<Item = (PathBuf, Vec<PersonaDraft>, Vec<PersonaProblem>)>,
) -> Result<NamedPersonas, ConfigError> {
    let (mut fatal, mut skipped) = (Vec::new(), Vec::new());
    let (mut all, mut groups) = (Vec::new(), Vec::new());
    for (folder, drafts, problems) in paths {
        let errors = problems.iter().filter(|problem| problem.is_error());
        if drafts.is_empty() {
            fatal.extend(errors.map(ToString::to_string));
        } else {
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
pub fn check_files(
    paths: &[PathBuf],
    read_guarded: ReadGuarded,
) -> (Vec<Persona>, Vec<PersonaProblem>) {
    let mut problems = Vec::new();
    let mut drafts = Vec::new();
    for path in paths {
        add_new_drafts(&mut drafts, read_drafts(path, read_guarded, &mut problems));
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

fn read_drafts(
    path: &Path,
    read_guarded: ReadGuarded,
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PersonaDraft> {
    let path = expand_home(path);
    match read_guarded(&path) {
        Some(Ok((full, texts))) => return parse_project_texts(&full, &texts, problems),
        Some(Err(problem)) => {
            problems.push(problem);
            return Vec::new();
        }
        None => {}
    }
    if path.is_dir() {
        let pattern = path.join("system.md");
        if !pattern.is_file() {
            let before = problems.len();
            let drafts = folder::read_folder(&path, PersonaSource::Path, problems);
            if drafts.is_empty() && problems.len() == before {
                problems.push(PersonaProblem::error(path, NO_PERSONA));
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

/// True for words that can only be paths.
pub(super) fn is_path(word: &str) -> bool {
    let is_text_file = Path::new(word)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("md") || e.eq_ignore_ascii_case("txt"));
    word.contains(['/', '\\']) || word.starts_with(['~', '.']) || is_text_file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_differ_from_ids() {
        for path in ["a/b", "~/x", "./x", "x.md", "x.TXT", "..", "/x", "a\\b"] {
            assert!(is_path(path), "{path}");
        }
        for id in ["infra", "my-reviewer", "a2"] {
            assert!(!is_path(id), "{id}");
        }
    }
}
