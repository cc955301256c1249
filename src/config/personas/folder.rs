//! Reads a folder of personas: `*.md`, `*.txt`, and fabric's `NAME/system.md`.
//!
//! Hidden files and the documents that every repository has (README, LICENSE …) are ignored. Other files that cannot be read
//! are skipped with one line. Limits keep the start fast whatever the folder contains.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::file::{PersonaText, read_persona_file};
use super::parse::{PersonaDraft, parse_persona};
use super::problem::PersonaProblem;
use crate::domain::PersonaSource;

/// Most personas that are read from one folder.
const MAX_FILES: usize = 1_000;

/// Most bytes that are read from one folder.
pub(in crate::config) const MAX_FOLDER_BYTES: usize = 16 * 1024 * 1024;

/// Documents of a repository that are no personas.
const NOT_PERSONAS: &[&str] = &[
    "readme",
    "license",
    "changelog",
    "contributing",
    "code_of_conduct",
    "security",
    "agents",
    "claude",
];

/// An entry of a folder that may contain personas.
pub(in crate::config) struct FolderEntry {
    /// Its name.
    pub(in crate::config) name: OsString,
    /// True for a folder.
    pub(in crate::config) is_folder: bool,
    /// True for a symbolic link, to whatever it leads.
    pub(in crate::config) is_link: bool,
}

/// Reads the personas of a folder, sorted by path, and adds the problems of its files.
///
/// A missing folder has none.
pub(super) fn read_folder(
    folder: &Path,
    source: fn(PathBuf) -> PersonaSource,
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PersonaDraft> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            problems.push(PersonaProblem::error(folder, format!("the folder cannot be read: {e}")));
            return Vec::new();
        }
    };
    let entries = entries.filter_map(Result::ok).filter_map(|entry| {
        let kind = entry.file_type().ok()?;
        let (is_folder, is_link) = (kind.is_dir(), kind.is_symlink());
        Some(FolderEntry { name: entry.file_name(), is_folder, is_link })
    });
    let paths = choose_candidates(folder, entries, Path::exists, problems);
    let texts = paths.into_iter().map(|path| PersonaText { text: read_persona_file(&path), path });
    parse_texts(folder, texts, source, problems)
}

/// Parses the files of `folder` in order, until they exceed [`MAX_FOLDER_BYTES`], and adds their problems.
pub(super) fn parse_texts(
    folder: &Path,
    texts: impl Iterator<Item = PersonaText>,
    source: fn(PathBuf) -> PersonaSource,
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PersonaDraft> {
    let mut drafts = Vec::new();
    let mut bytes = 0;
    for PersonaText { path, text } in texts {
        let text = match text {
            Ok(text) => text,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        bytes += text.len();
        if bytes > MAX_FOLDER_BYTES {
            let message = format!(
                "holds more than {} MB; the files from {} on are not read",
                MAX_FOLDER_BYTES / 1024 / 1024,
                path.display()
            );
            problems.push(PersonaProblem::error(folder, message));
            break;
        }
        match parse_persona(&text, &path, source(path.clone())) {
            Ok(draft) => drafts.push(draft),
            Err(found) => problems.extend(found),
        }
    }
    drafts
}

/// The paths of `folder` that may be personas, sorted; at most [`MAX_FILES`].
pub(in crate::config) fn choose_candidates(
    folder: &Path,
    entries: impl Iterator<Item = FolderEntry>,
    exists: impl Fn(&Path) -> bool,
    problems: &mut Vec<PersonaProblem>,
) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let path = folder.join(&entry.name);
            let name = entry.name.to_string_lossy().to_lowercase();
            if name.starts_with('.') {
                return None;
            }
            let is_text = is_persona_name(&name);
            let is_folder = entry.is_folder || (entry.is_link && !is_text);
            match (is_folder, is_text) {
                // Named like a persona file: reading it reports that it is a folder.
                (true, true) if !exists(&path.join("system.md")) => Some(path),
                (true, _) => Some(path.join("system.md")),
                (false, true) => Some(path),
                (false, false) => None,
            }
        })
        .collect();
    // Compared as bytes, which is many times faster than by component: there may be 100,000.
    paths.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    let all = paths.len();
    if all > MAX_FILES {
        paths.truncate(MAX_FILES);
        let message = format!("holds {all} files; only the first {MAX_FILES} are read");
        problems.push(PersonaProblem::error(folder, message));
    }
    // A folder without system.md is no persona.
    paths.retain(|path| {
        !path.ends_with("system.md") || path.parent() == Some(folder) || exists(path)
    });
    paths
}

fn is_persona_name(lower: &str) -> bool {
    let stem = [".md", ".markdown", ".txt"].iter().find_map(|ext| lower.strip_suffix(ext));
    stem.is_some_and(|stem| !stem.is_empty() && !NOT_PERSONAS.contains(&stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_a_repository_are_no_personas() {
        for (name, expected) in [
            ("edge.md", true),
            ("edge.txt", true),
            ("notes.markdown", true),
            ("readme.md", false),
            ("license.txt", false),
            ("edge.png", false),
            ("edge", false),
            (".md", false),
        ] {
            assert_eq!(is_persona_name(name), expected, "{name}");
        }
    }
}
