//! What a project's folder contains: every file is read once, and exactly those bytes are hashed, shown and used.
//!
//! Reads `config.toml`, the persona files, and the files that panels of the configuration name. Decides nothing about what
//! may be used.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::project_dir::{PathKind, ProjectDir, describe_error, is_own};
use crate::config::layer::ConfigLayer;
use crate::config::personas::{
    self, FolderEntry, NamedTexts, PersonaProblem, PersonaText, is_path,
};
use crate::config::text_file::{MAX_TEXT_BYTES, decode_utf8};
use crate::config::value::{ConfigNode, ConfigValue};
use crate::config::{ConfigError, Environment};

/// Files that models or exports get as data, never as settings or prompts. Each is confirmed on its own.
const DATA_FILES: &[&str] = &[".plenary/context.md"];

/// The project's context, one of the data files.
pub(super) const CONTEXT_FILE: &str = ".plenary/context.md";

/// Entries of `.plenary` that are never read, and why.
const NEVER_READ: &[(&str, &str)] = &[
    ("keys.toml", "keys are set in your own folder only"),
    ("themes", "themes are read from your own folder only"),
    ("facets.toml", "heading synonyms are read from your own folder only"),
];

/// What the name of a project's persona file ends with.
const PERSONA_EXTENSIONS: &[&str] = &["md", "markdown", "txt"];

/// A data file.
#[derive(Debug, Clone)]
pub(super) struct ProjectData {
    /// Its path below the project's folder.
    pub(super) path: &'static str,
    /// Its text.
    pub(super) text: String,
    /// SHA-256 of its text, in hexadecimal.
    pub(super) sha256: String,
    /// Owner, if that is neither this user nor root.
    pub(super) foreign_owner: Option<u32>,
}

/// Everything that is read of a project.
#[derive(Debug)]
pub(in crate::config) struct ProjectContent {
    dir: ProjectDir,
    /// Path of `config.toml`, and what it says; none when there is none.
    pub(super) config: Option<(PathBuf, Result<ConfigLayer, ConfigError>)>,
    /// The text of `config.toml`, if it could be read.
    pub(super) config_text: Option<String>,
    /// The files in `.plenary/personas`.
    pub(super) personas: Vec<PersonaText>,
    /// What is wrong with that folder.
    pub(super) persona_problems: Vec<PersonaProblem>,
    /// The files that panels name, by the word that names them.
    pub(super) named: BTreeMap<String, NamedTexts>,
    /// The data files.
    pub(super) data: Vec<ProjectData>,
    /// Data files that could not be read, one line each.
    pub(super) data_problems: Vec<String>,
    /// SHA-256 of all settings and personas, in hexadecimal.
    pub(super) sha256: String,
    /// The first path that belongs to neither this user nor root, with its owner.
    pub(super) foreign_owner: Option<(PathBuf, u32)>,
    /// Where links lead: full path and target.
    pub(super) links: BTreeMap<PathBuf, PathBuf>,
    /// Entries that are never read, one line each.
    pub(super) never_read: Vec<String>,
}

/// Reads files and keeps what all of them have in common.
struct ContentReader<'a> {
    dir: &'a ProjectDir,
    hash: Sha256,
    foreign_owner: Option<(PathBuf, u32)>,
    links: BTreeMap<PathBuf, PathBuf>,
    /// True when the user named the path, so that only links are the project's choice.
    named_by_user: bool,
}

impl ProjectContent {
    /// Reads a project. `config` is the path of its configuration file below the project's folder.
    pub(super) fn read(dir: ProjectDir, config: &Path, environment: &Environment) -> Self {
        let mut reader = ContentReader::new(&dir, false);
        reader.note_owner(dir.name(), dir.owner());
        let config_path = dir.full_path(config);
        let config_text = reader.read_config(config);
        let config = config_text.clone().map(|text| {
            let text = text.map_err(|reason| ConfigError::in_file(&config_path, reason));
            let layer = text.and_then(|text| ConfigLayer::parse_file(&config_path, true, &text));
            (config_path.clone(), layer)
        });
        let mut persona_problems = Vec::new();
        let folder = dir.name().join("personas");
        let personas = reader.read_folder(&folder, &mut persona_problems);
        let mut named = BTreeMap::new();
        if let Some((_, Ok(layer))) = &config {
            let mut bytes = 0;
            for word in panel_words(&layer.root) {
                // Relative to the file, as in every configuration.
                let folder = config_path.parent().unwrap_or(&config_path);
                let full = environment.expand_path(&word, folder);
                let texts = if bytes > personas::MAX_FOLDER_BYTES {
                    let message = "the panels of this project name too many persona files";
                    Err(PersonaProblem::error(&full, message))
                } else {
                    reader.read_named(&full)
                };
                let files = texts.iter().flat_map(|(_, texts)| texts);
                // A file that is no text costs as much as a small one.
                bytes += files
                    .map(|file| file.text.as_ref().map_or(0, String::len) + 4_096)
                    .sum::<usize>();
                named.insert(word, texts);
            }
        }
        let sha256 = to_hex(&reader.hash);
        let ContentReader { foreign_owner, links, .. } = reader;
        let (data, data_problems) = read_data(&dir);
        let never_read = NEVER_READ.iter().filter(|(name, _)| dir.has_entry(OsStr::new(name)));
        let never_read = never_read.map(|(name, reason)| {
            format!("{}: not read: {reason}", dir.full_path(&dir.name().join(name)).display())
        });
        Self {
            config,
            config_text: config_text.and_then(Result::ok),
            personas,
            persona_problems,
            named,
            data,
            data_problems,
            sha256,
            foreign_owner,
            links,
            never_read: never_read.collect(),
            dir,
        }
    }

    /// True when there is a configuration file, whether or not it is valid.
    pub(in crate::config) fn has_config(&self) -> bool {
        self.config.is_some()
    }

    /// Full path of `.plenary/personas`.
    pub(super) fn persona_folder(&self) -> PathBuf {
        self.dir.full_path(&self.dir.name().join("personas"))
    }
}

/// Reads the persona files at a path that the user named, if it leads through a `.plenary`; none for any other path. A stranger
/// may have written the file, even if the user names it.
pub fn read_named_by_user(path: &Path) -> Option<NamedTexts> {
    let (dir, full) = match ProjectDir::open_above(path)? {
        Ok(opened) => opened,
        Err(reason) => return Some(Err(PersonaProblem::error(path, reason))),
    };
    Some(ContentReader::new(&dir, true).read_named(&full))
}

/// Reads the text of a file that the user named, if it leads through a `.plenary`; none for any other path.
///
/// # Errors
/// Says why the file cannot be read.
pub fn read_file_named_by_user(path: &Path) -> Option<Result<String, String>> {
    let (dir, full) = match ProjectDir::open_above(path)? {
        Ok(opened) => opened,
        Err(reason) => return Some(Err(reason)),
    };
    let path = dir.relative_path(&full)?;
    let hidden = dir.link_target(&path).map_or(Ok(()), |target| check_not_hidden(&target));
    Some(hidden.and_then(|()| {
        let bytes = dir.read(&path, MAX_TEXT_BYTES).map(|file| file.bytes);
        bytes.and_then(decode_utf8).map_err(|e| describe_error(&e))
    }))
}

/// Refuses a path through a hidden file or folder: tools keep secrets there, such as `.env` and `.git/config`.
fn check_not_hidden(path: &Path) -> Result<(), String> {
    let names = path.components().map(|component| component.as_os_str().as_encoded_bytes());
    let mut hidden = names.filter(|name| name.starts_with(b".") && *name != b".plenary");
    match hidden.next() {
        None => Ok(()),
        Some(_) => Err(format!(
            "{} is hidden (a name that begins with a dot), and no project's file names what is hidden; move \
             the text to a file that is not",
            path.display()
        )),
    }
}

/// Refuses a path that cannot be a persona file of a project.
fn check_persona_path(path: &Path) -> Result<(), String> {
    check_not_hidden(path)?;
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if PERSONA_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)) {
        return Ok(());
    }
    Err(format!("{} is no persona file of a project (.md, .markdown or .txt)", path.display()))
}

impl<'a> ContentReader<'a> {
    fn new(dir: &'a ProjectDir, named_by_user: bool) -> Self {
        let (foreign_owner, links) = (None, BTreeMap::new());
        Self { dir, hash: Sha256::new(), foreign_owner, links, named_by_user }
    }

    /// Applies a rule to a path of the project, and to where a link there leads.
    fn check(&self, path: &Path, rule: fn(&Path) -> Result<(), String>) -> Result<(), String> {
        if !self.named_by_user {
            rule(path)?;
        }
        self.dir.link_target(path).map_or(Ok(()), |target| rule(&target))
    }

    fn note_owner(&mut self, path: &Path, owner: u32) {
        if !is_own(owner) && self.foreign_owner.is_none() {
            self.foreign_owner = Some((self.dir.full_path(path), owner));
        }
    }

    /// Reads a file and adds it to the hash.
    fn read_file(&mut self, path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
        let file = self.dir.read(path, limit)?;
        self.note_owner(path, file.owner);
        if let Some(target) = file.link_target {
            self.links.insert(self.dir.full_path(path), target);
        }
        for part in [path.as_os_str().as_encoded_bytes(), &file.bytes] {
            self.hash.update((part.len() as u64).to_be_bytes());
            self.hash.update(part);
        }
        Ok(file.bytes)
    }

    fn read_config(&mut self, path: &Path) -> Option<Result<String, String>> {
        let bytes = self.read_file(path, MAX_TEXT_BYTES);
        match bytes.and_then(decode_utf8) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            text => Some(text.map_err(|e| describe_error(&e))),
        }
    }

    fn read_persona(&mut self, path: &Path) -> PersonaText {
        let full = self.dir.full_path(path);
        if let Err(reason) = self.check(path, check_persona_path) {
            return PersonaText { text: Err(PersonaProblem::error(&full, reason)), path: full };
        }
        let text = match self.read_file(path, personas::MAX_FILE_BYTES) {
            Ok(bytes) => personas::decode_persona_bytes(&full, bytes),
            Err(e) => Err(PersonaProblem::error(&full, describe_error(&e))),
        };
        PersonaText { path: full, text }
    }

    /// Reads the persona files of a folder, up to the limits of a folder.
    fn read_folder(&mut self, path: &Path, problems: &mut Vec<PersonaProblem>) -> Vec<PersonaText> {
        if let Err(reason) = self.check(path, check_not_hidden) {
            problems.push(PersonaProblem::error(self.dir.full_path(path), reason));
            return Vec::new();
        }
        let entries: Vec<FolderEntry> = match self.dir.list(path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(e) => {
                let full = self.dir.full_path(path);
                problems.push(PersonaProblem::error(full, describe_error(&e)));
                return Vec::new();
            }
        };
        let exists = |path: &Path| self.dir.exists(path);
        let paths = personas::choose_candidates(path, entries.into_iter(), exists, problems);
        let (mut texts, mut bytes) = (Vec::new(), 0);
        for path in paths {
            // One file more than the limit allows, so that the limit is reported.
            if bytes > personas::MAX_FOLDER_BYTES {
                break;
            }
            let text = self.read_persona(&path);
            bytes += text.text.as_ref().map_or(0, String::len);
            texts.push(text);
        }
        texts
    }

    /// Reads the file, or the files of the folder, at a full path.
    fn read_named(&mut self, full: &Path) -> NamedTexts {
        let Some(path) = self.dir.relative_path(full) else {
            let message = "is outside the project; a project's file may only name personas inside it, because a \
                           persona's text is sent to the provider; name it in your own config.toml instead";
            return Err(PersonaProblem::error(full, message));
        };
        let describe = |e| PersonaProblem::error(full, describe_error(&e));
        let mut texts = Vec::new();
        if self.dir.kind(&path).map_err(describe)? == PathKind::Folder {
            let pattern = path.join("system.md");
            if self.dir.exists(&pattern) {
                texts.push(self.read_persona(&pattern));
            } else {
                let mut problems = Vec::new();
                texts = self.read_folder(&path, &mut problems);
                if let (Some(problem), true) = (problems.pop(), texts.is_empty()) {
                    return Err(problem);
                }
            }
        } else {
            texts.push(self.read_persona(&path));
        }
        Ok((full.to_owned(), texts))
    }
}

/// The words in the panels of a configuration that are paths.
fn panel_words(root: &ConfigNode) -> BTreeSet<String> {
    let panels = root.entries(&["panels"]).filter_map(|(_, panel)| panel.find(&["personas"]));
    let words = panels.filter_map(|list| match &list.value {
        ConfigValue::Array(items) => Some(items),
        _ => None,
    });
    let words = words.flatten().filter_map(ConfigNode::as_str);
    words.filter(|word| is_path(word)).map(str::to_owned).collect()
}

fn read_data(dir: &ProjectDir) -> (Vec<ProjectData>, Vec<String>) {
    let (mut data, mut problems) = (Vec::new(), Vec::new());
    for path in DATA_FILES {
        let target = dir.link_target(Path::new(path));
        if let Some(Err(reason)) = target.map(|target| check_persona_path(&target)) {
            let full = dir.full_path(Path::new(path));
            problems.push(format!("{}: {reason}; it is left out", full.display()));
            continue;
        }
        let file = dir.read(Path::new(path), MAX_TEXT_BYTES);
        let text = file.and_then(|file| Ok((file.owner, decode_utf8(file.bytes)?)));
        match text {
            Ok((_, text)) if text.trim().is_empty() => {}
            Ok((owner, text)) => {
                let sha256 = hash_text(&text);
                let foreign_owner = (!is_own(owner)).then_some(owner);
                data.push(ProjectData { path, text, sha256, foreign_owner });
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => {
                let full = dir.full_path(Path::new(path));
                let reason = describe_error(&e);
                problems.push(format!("{}: {reason}; it is left out", full.display()));
            }
        }
    }
    (data, problems)
}

/// SHA-256 of a text, in hexadecimal.
pub(super) fn hash_text(text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(text);
    to_hex(&hash)
}

fn to_hex(hash: &Sha256) -> String {
    format!("{:x}", hash.clone().finalize())
}
