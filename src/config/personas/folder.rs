//! Reading a folder of personas: `*.md`, `*.txt`, and fabric's `NAME/system.md`.
//!
//! Hidden files and the documents that every repository has (README, LICENSE …) are passed over in silence.
//! Whatever else cannot be read is skipped with one line; no number of files makes the start slow.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::document::{self, Draft};
use super::file;
use super::problem::Problem;
use crate::domain::PersonaSource;

/// The most personas that are read from one folder.
const MAX_FILES: usize = 1_000;

/// The most bytes that are read from one folder.
const MAX_BYTES: usize = 16 * 1024 * 1024;

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

/// Everything that a folder holds, sorted by path, each file as a persona or its problems.
///
/// A folder that is not there holds nothing.
pub(super) fn read(
    folder: &Path,
    source: fn(PathBuf) -> PersonaSource,
    problems: &mut Vec<Problem>,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut bytes = 0;
    for path in candidates(folder, problems) {
        let text = match file::read(&path) {
            Ok(text) => text,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        bytes += text.len();
        if bytes > MAX_BYTES {
            let message = format!(
                "holds more than {} MB; the files from {} on are not read",
                MAX_BYTES / 1024 / 1024,
                path.display()
            );
            problems.push(Problem::error(folder, message));
            break;
        }
        match document::read(&text, &path, source(path.clone())) {
            Ok(draft) => drafts.push(draft),
            Err(found) => problems.extend(found),
        }
    }
    drafts
}

/// The files of a folder that may be personas, sorted; at most [`MAX_FILES`].
fn candidates(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            problems.push(Problem::error(folder, format!("the folder cannot be read: {e}")));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let path = entry.path();
            let kind = entry.file_type().ok()?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            if name.starts_with('.') {
                return None;
            }
            let is_text = is_persona_name(&name);
            let folder = kind.is_dir() || (kind.is_symlink() && !is_text);
            match (folder, is_text) {
                // Named like a persona and no pattern: said when it is read.
                (true, true) if !path.join("system.md").exists() => Some(path),
                (true, _) => Some(path.join("system.md")),
                (false, true) => Some(path),
                (false, false) => None,
            }
        })
        .collect();
    // By bytes: comparing paths part by part takes many times as long, and there may be 100,000.
    paths.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    let all = paths.len();
    if all > MAX_FILES {
        paths.truncate(MAX_FILES);
        let message = format!("holds {all} files; only the first {MAX_FILES} are read");
        problems.push(Problem::error(folder, message));
    }
    // A folder without system.md is nobody's persona; only those that stand are read.
    paths.retain(|path| {
        !path.ends_with("system.md") || path.parent() == Some(folder) || path.exists()
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
    fn personas_are_told_from_the_documents_of_a_repository() {
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
