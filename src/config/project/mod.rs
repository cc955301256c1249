//! What a project's `.plenary` folder may do: nothing, until the user trusts exactly its content.
//!
//! `project_dir` opens its files, `content` reads each once, `rules` says what may be set at all, `review` describes it, and
//! `trust_file` remembers what is trusted. Asks no question: an untrusted project is a status for the command line.

mod content;
mod project_dir;
mod review;
mod rules;
mod trust_file;

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::layer::ConfigLayer;
use super::personas::{LoadedPersonas, NamedTexts};
use super::value::ConfigNode;
use super::{ConfigError, Environment, Flags};
use crate::domain::Persona;
use crate::text::sanitize_line;
pub(super) use content::ProjectContent;
pub use content::{read_file_named_by_user, read_named_by_user};
use project_dir::ProjectDir;
pub use review::{ItemChange, ReviewPart, SETTINGS};
use review::{ReviewInput, review_settings};
pub(super) use rules::names_model_file;
use rules::{KnownSettings, apply_rules};
pub use trust_file::{ProjectItem, TrustFile, TrustedContent, TrustedFolder, folder_name};

/// Most items that a warning lists.
const MAX_LISTED: usize = 8;

/// Most items that a refusal lists.
const MAX_REFUSED: usize = 24;

const HOW_TO_TRUST: &str =
    "`plenary trust add` shows and remembers exactly this; --trust-project uses it once";

/// What is known about trust in the project's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectStatus {
    /// The folder that contains `.plenary`; none when there is no usable one.
    pub folder: Option<PathBuf>,
    /// True with `--ignore-project`.
    pub is_ignored: bool,
    /// Parts that are used.
    pub trusted: Vec<ReviewPart>,
    /// Parts that are not used, because they are not trusted.
    pub untrusted: Vec<ReviewPart>,
    /// Why the settings cannot be used even when they are trusted.
    pub fault: Option<String>,
    /// Why nothing is trusted: the file with what is trusted cannot be understood.
    pub trust_fault: Option<String>,
    /// True when `--config` names a file outside of the project, and its configuration is therefore not used.
    is_replaced: bool,
}

impl ProjectStatus {
    /// The parts about which the user should be asked; parts that belong to another user are only ever named.
    pub fn parts_to_review(&self) -> impl Iterator<Item = &ReviewPart> {
        self.untrusted.iter().filter(|part| part.foreign_owner.is_none())
    }

    /// A line for each part that is not used, because it is not trusted, without what it changes.
    pub fn describe_unused(&self) -> Vec<String> {
        let place = |part: &ReviewPart| match part.what.as_str() {
            SETTINGS => ".plenary".to_owned(),
            path => path.to_owned(),
        };
        let line = |part| {
            format!("{} is not used, because it is not trusted; {HOW_TO_TRUST}", place(part))
        };
        self.untrusted.iter().map(line).collect()
    }

    /// Why no question is asked on the user's behalf: an untrusted project would change who is asked or where text goes.
    pub fn refusal(&self) -> Option<String> {
        if self.is_replaced || self.is_ignored {
            return None;
        }
        if let Some(fault) = &self.trust_fault {
            return Some(format!("{fault}; --ignore-project asks without this folder's .plenary"));
        }
        let settings = self.parts_to_review().find(|part| part.what == SETTINGS)?;
        if let Some(fault) = &self.fault {
            return Some(format!(
                "{fault}\nnothing was asked, because this folder's .plenary would change who is asked or where \
                 text goes; --ignore-project asks without it"
            ));
        }
        let shown = settings.items.iter().take(MAX_REFUSED);
        let mut items: Vec<_> =
            shown.map(|item| format!("\n  {}: {}", item.key, item.text)).collect();
        if let more @ 1.. = settings.items.len().saturating_sub(MAX_REFUSED) {
            items.push(format!("\n  {more} more"));
        }
        Some(format!(
            "this folder's .plenary is not trusted, and it would change who is asked or where text goes:{}\n\
             nothing was asked. {HOW_TO_TRUST}; --ignore-project asks without it",
            items.concat()
        ))
    }
}

/// A project's folder, and what of it is used.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// Its layer, if it is used.
    pub(super) layer: Option<ConfigLayer>,
    /// Its files.
    pub(super) content: Option<ProjectContent>,
    /// The project's context, if it is used.
    pub(super) context: Option<String>,
    /// What the user should know about files that are not or not fully used.
    pub(super) warnings: Vec<String>,
    /// What is trusted.
    pub(super) status: ProjectStatus,
    uses_settings: bool,
}

/// What a project is compared with.
pub(super) struct ProjectInput<'a> {
    /// The layers below the project's, merged.
    pub(super) weaker: &'a ConfigNode,
    /// Names of built-in providers, also of those that this version cannot use.
    pub(super) reserved: &'a BTreeSet<String>,
    /// Built-in personas and those of the user.
    pub(super) personas: &'a [Arc<Persona>],
}

/// The configuration file that `--config` names, as far as it concerns the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum NamedConfig {
    /// None is named.
    #[default]
    None,
    /// A file outside of `.plenary`.
    Outside,
    /// A file in `.plenary`: path below the project's folder.
    Inside(PathBuf),
}

impl NamedConfig {
    /// Finds out whether a named file is the project's: by its name, or by the file that it is a link to.
    pub(super) fn locate(named: Option<&Path>, folder: &Path) -> Self {
        let Some(named) = named else { return Self::None };
        let (Some(root), false) = (folder.parent(), folder.as_os_str().is_empty()) else {
            return Self::Outside;
        };
        let full = if named.is_absolute() { named.to_owned() } else { root.join(named) };
        let by_name = normalize(&full);
        let by_file = || {
            let (file, folder) = (named.canonicalize().ok()?, folder.canonicalize().ok()?);
            Some(folder_relative(&file, &folder)?.to_owned())
        };
        let found = folder_relative(&by_name, folder).map(Path::to_owned).or_else(by_file);
        match (found, folder.file_name()) {
            (Some(path), Some(name)) => Self::Inside(Path::new(name).join(path)),
            _ => Self::Outside,
        }
    }
}

fn folder_relative<'a>(path: &'a Path, folder: &Path) -> Option<&'a Path> {
    path.strip_prefix(folder).ok()
}

/// The path without `.` and `..`; looks at no file.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Reads the project's folder and decides what of it is used.
///
/// # Errors
/// A trusted project makes a setting that no project may make, or its configuration is invalid.
pub(super) fn examine_project(
    flags: &Flags,
    environment: &Environment,
    named: &NamedConfig,
    input: &ProjectInput<'_>,
) -> Result<Project, ConfigError> {
    let mut project = Project::default();
    let folder = &environment.paths.project;
    let dir = match ProjectDir::open(folder) {
        Ok(Some(dir)) => dir,
        Ok(None) => return Ok(project),
        Err(reason) => {
            project.warnings.push(reason);
            return Ok(project);
        }
    };
    project.status.folder = folder.parent().map(Path::to_owned);
    project.status.is_ignored = flags.ignore_project;
    project.status.is_replaced = *named == NamedConfig::Outside;
    let config = match named {
        NamedConfig::Inside(path) => path.clone(),
        NamedConfig::None | NamedConfig::Outside => dir.name().join("config.toml"),
    };
    let content = ProjectContent::read(dir, &config, environment);
    if flags.ignore_project {
        project.content = Some(content);
        return Ok(project);
    }
    project.warnings.extend(content.never_read.iter().chain(&content.data_problems).cloned());
    let (layer, fault) = match check_layer(&content, input, &mut project.warnings) {
        Ok(layer) => (layer, None),
        Err(error) => (None, Some(error)),
    };
    let review_input = ReviewInput { weaker: input.weaker, personas: input.personas };
    let mut parts =
        vec![review_settings(&content, layer.as_ref().map(|layer| &layer.root), &review_input)];
    parts.retain(|part| !part.items.is_empty() || fault.is_some());
    let root = folder.parent().unwrap_or(folder);
    parts.extend(content.data.iter().map(|data| ReviewPart::of_data(data, root)));
    project.status.decide(parts, flags, environment);
    project.uses_settings = project.status.trusted.iter().any(|part| part.what == SETTINGS);
    match fault {
        Some(error) if project.uses_settings => return Err(error),
        Some(error) => project.status.fault = Some(sanitize_line(&error.to_string())),
        None => {}
    }
    if project.uses_settings && *named != NamedConfig::Outside {
        project.layer = layer;
    }
    let is_used = |path: &str| project.status.trusted.iter().any(|part| part.what == path);
    let about_project = content.data.iter().find(|data| data.path == content::CONTEXT_FILE);
    project.context = about_project.filter(|data| is_used(data.path)).map(|data| data.text.clone());
    project.content = Some(content);
    project.warn_about_unused();
    // Names and values of a stranger's files are in them: none may look like a line of this program.
    for warning in &mut project.warnings {
        *warning = sanitize_line(warning);
    }
    Ok(project)
}

/// The project's layer without what it may not set; none when it has no configuration.
fn check_layer(
    content: &ProjectContent,
    input: &ProjectInput<'_>,
    warnings: &mut Vec<String>,
) -> Result<Option<ConfigLayer>, ConfigError> {
    let Some((_, layer)) = &content.config else { return Ok(None) };
    let mut layer = layer.clone()?;
    let limit_of = |id: &str| {
        let persona = input.personas.iter().find(|persona| persona.id.as_str() == id);
        let configured = input.weaker.find(&["persona", id, "context_limit"]);
        let configured = configured.and_then(ConfigNode::as_u32);
        configured.or_else(|| persona.and_then(|persona| persona.context_limit))
    };
    let known =
        KnownSettings { weaker: input.weaker, reserved: input.reserved, persona_limit: &limit_of };
    warnings.extend(apply_rules(&mut layer, &known)?);
    Ok(Some(layer))
}

impl ProjectStatus {
    /// Sorts parts into trusted and untrusted ones.
    fn decide(&mut self, parts: Vec<ReviewPart>, flags: &Flags, environment: &Environment) {
        if parts.is_empty() {
            return;
        }
        if flags.trust_project {
            self.trusted = parts;
            return;
        }
        let name = self.folder.as_deref().and_then(|folder| folder_name(folder).ok());
        let file = environment.paths.trust_file().map(|path| TrustFile::read(&path));
        let file = match file.transpose() {
            Ok(file) => file,
            Err(error) => {
                self.trust_fault = Some(error.to_string());
                None
            }
        };
        let known = file.as_ref().zip(name.as_deref());
        for mut part in parts {
            let is_remembered =
                known.is_some_and(|(file, name)| file.is_trusted(name, &part.what, &part.sha256));
            if is_remembered || flags.trusted_contents.contains(&part.sha256) {
                self.trusted.push(part);
                continue;
            }
            part.previous =
                known.and_then(|(file, name)| file.last_trusted(name, &part.what)).cloned();
            self.untrusted.push(part);
        }
    }
}

impl Project {
    /// Adds the project's personas to those of the user, if they are used.
    pub(super) fn add_personas(&self, loaded: &mut LoadedPersonas) {
        if let (Some(content), true) = (&self.content, self.uses_settings) {
            loaded.add_project(&content.persona_folder(), &content.personas);
        }
    }

    /// The persona files that a panel of the project names with `word`; none while they are not used.
    pub(super) fn named_texts(&self, word: &str) -> Option<&NamedTexts> {
        let content = self.content.as_ref().filter(|_| self.uses_settings)?;
        content.named.get(word)
    }

    fn warn_about_unused(&mut self) {
        let Some(content) = &self.content else { return };
        let status = &self.status;
        let warnings = &mut self.warnings;
        warnings.extend(status.trust_fault.clone());
        if self.uses_settings {
            let problems = content.persona_problems.iter();
            warnings.extend(problems.map(ToString::to_string));
        } else {
            // Files that are never read are named, whether or not the rest is trusted.
            let problems = content.personas.iter().filter_map(|file| file.text.as_ref().err());
            let problems = problems.chain(&content.persona_problems);
            warnings.extend(problems.map(|problem| format!("{problem} (not used)")));
        }
        let root = status.folder.clone().unwrap_or_default();
        for part in &status.untrusted {
            let place = match part.what.as_str() {
                SETTINGS => root.join(".plenary"),
                path => root.join(path),
            };
            let place = place.display();
            warnings.push(match (part.foreign_owner, &status.fault) {
                (Some(owner), _) => format!(
                    "{place}: not used, because it belongs to another user (id {owner}); `plenary trust add` \
                     shows what it changes"
                ),
                (None, Some(fault)) if part.what == SETTINGS => {
                    format!("{fault}; nothing of {place} is used")
                }
                (None, _) => format!(
                    "{place}: not used, because it is not trusted: {}; {HOW_TO_TRUST}",
                    list_items(&part.items)
                ),
            });
        }
    }
}

fn list_items(items: &[ProjectItem]) -> String {
    let shown = items.iter().take(MAX_LISTED).map(|item| format!("{}: {}", item.key, item.text));
    let mut shown: Vec<String> = shown.collect();
    if items.len() > MAX_LISTED {
        shown.push(format!("{} more", items.len() - MAX_LISTED));
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_projects_folder_is_the_projects_whatever_names_it() {
        let lab = tempfile::tempdir().unwrap();
        let folder = lab.path().join("project/.plenary");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), "").unwrap();
        std::os::unix::fs::symlink(folder.join("config.toml"), lab.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/elsewhere", folder.join("out.toml")).unwrap();
        let inside = |name: &str| NamedConfig::Inside(Path::new(".plenary").join(name));
        for (named, expected) in [
            (folder.join("config.toml"), inside("config.toml")),
            (".plenary/config.toml".into(), inside("config.toml")),
            ("x/../.plenary/./config.toml".into(), inside("config.toml")),
            (folder.join("out.toml"), inside("out.toml")),
            (lab.path().join("link"), inside("config.toml")),
            (lab.path().join("own.toml"), NamedConfig::Outside),
            (lab.path().join("project/own.toml"), NamedConfig::Outside),
        ] {
            let found = NamedConfig::locate(Some(&named), &folder);
            assert_eq!(found, expected, "{}", named.display());
        }
        assert_eq!(NamedConfig::locate(None, &folder), NamedConfig::None);
    }
}
