//! `trust.toml`: which content of which project folders the user trusts.
//!
//! Content is known by its SHA-256, several of each folder, because branches differ. A file that cannot be understood is an
//! error that names it: then nothing is trusted, and nothing is written over it. Reads no project and no clock.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::normalize;
use super::project_dir::is_own;
use crate::config::ConfigError;
use crate::machine::{parent_folder, write_atomically};
use crate::text::{sanitize_line, shorten_line};

/// The version of the file's format.
const VERSION: u32 = 1;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Most contents of one folder and kind; the oldest ones are forgotten.
const MAX_CONTENTS: usize = 32;

/// Most characters of what an item is about, and of what it sets.
const MAX_KEY: usize = 200;
const MAX_ITEM: usize = 1_500;

const HEADER: &str = "# Contents of project folders that you trust; `plenary trust list` shows them, `plenary trust \
                      revoke` removes one.\n\n";

/// One thing that a project sets, as it was shown when it was trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectItem {
    /// What it is about: `provider team`, `persona infra`.
    pub key: String,
    /// What it sets: `llm.team.example/v1 (openai)`.
    pub text: String,
    /// The beginning of the SHA-256 of what is described: a change that the text does not show is one, too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

impl ProjectItem {
    /// Creates an item. Key and text come from a stranger's files, so each is made a single line without control characters,
    /// of bounded length.
    pub(super) fn new(key: &str, text: &str, sha256: String) -> Self {
        let line = |text, chars| shorten_line(&sanitize_line(text), chars);
        Self { key: line(key, MAX_KEY), text: line(text, MAX_ITEM), sha256 }
    }

    /// True for a persona or a data file, of which only a part is described.
    pub fn is_file(&self) -> bool {
        self.key.starts_with("persona ") || self.key.starts_with(".plenary/")
    }
}

/// A content that is trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedContent {
    /// `settings`, or the path of a data file below the folder.
    pub what: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// The day on which it was trusted, such as `2026-11-28`.
    pub since: String,
    /// What was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ProjectItem>,
}

/// A folder with trusted contents, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedFolder {
    /// The folder that contains `.plenary`, without links.
    pub path: String,
    /// Its contents.
    pub contents: Vec<TrustedContent>,
}

/// The content of `trust.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    version: u32,
    /// The folders.
    #[serde(default)]
    pub folders: Vec<TrustedFolder>,
}

impl TrustFile {
    /// Reads the file; a missing one trusts nothing.
    ///
    /// # Errors
    /// The file cannot be read, others may write it, or it is not understood.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let error = |message: String| {
            let advice = "so no project is trusted; correct the file, or move it away";
            ConfigError::in_file(path, format!("{message}, {advice}"))
        };
        let text = match read_private_text(path) {
            Ok(text) => text,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Self { version: VERSION, ..Self::default() });
            }
            Err(e) => return Err(error(format!("cannot be read: {e}"))),
        };
        let file: Self = toml::from_str(&text).map_err(|e| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            error(format!("is not a list of trusted folders ({})", e.message())).at_line(line)
        })?;
        if file.version != VERSION {
            let version = file.version;
            return Err(error(format!("has version {version}, and this plenary knows {VERSION}")));
        }
        Ok(file)
    }

    /// Reads the file, changes it and writes it, readable only by its owner. Other processes that change it wait meanwhile, so
    /// that no change is lost; a file that is not changed is not written.
    ///
    /// # Errors
    /// As for [`TrustFile::read`]; or the folder cannot be made, or a file in it cannot be written.
    pub fn update<T>(path: &Path, change: impl FnOnce(&mut Self) -> T) -> Result<T, ConfigError> {
        let error =
            |e: &std::io::Error| ConfigError::in_file(path, format!("cannot be written: {e}"));
        let _lock = lock_beside(path).map_err(|e| error(&e))?;
        let before = Self::read(path)?;
        let mut file = before.clone();
        let result = change(&mut file);
        if file != before {
            let text = toml::to_string(&file)
                .map_err(|e| ConfigError::in_file(path, format!("cannot be made: {e}")))?;
            let text = HEADER.to_owned() + &text;
            if text.len() as u64 > MAX_BYTES {
                let message = "would be larger than 8 MB; `plenary trust revoke` removes folders, --trust-project \
                               remembers nothing";
                return Err(ConfigError::in_file(path, message));
            }
            // A link to the file, as managers of configuration files make it, stays a link.
            let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            write_atomically(&target, text.as_bytes(), 0o600).map_err(|e| error(&e))?;
        }
        Ok(result)
    }

    /// The trusted contents of a folder.
    pub fn contents_of(&self, folder: &str) -> &[TrustedContent] {
        let found = self.folders.iter().find(|known| known.path == folder);
        found.map_or(&[], |known| &known.contents)
    }

    /// True when exactly this content is trusted.
    pub fn is_trusted(&self, folder: &str, what: &str, sha256: &str) -> bool {
        let mut contents = self.contents_of(folder).iter();
        contents.any(|known| known.what == what && known.sha256 == sha256)
    }

    /// The content of this kind that was trusted last.
    pub fn last_trusted(&self, folder: &str, what: &str) -> Option<&TrustedContent> {
        self.contents_of(folder).iter().rfind(|known| known.what == what)
    }

    /// Adds a content as the newest one.
    pub fn add(&mut self, folder: &str, content: TrustedContent) {
        let index = self.folders.iter().position(|known| known.path == folder);
        let index = index.unwrap_or_else(|| {
            self.folders.push(TrustedFolder { path: folder.to_owned(), contents: Vec::new() });
            self.folders.len() - 1
        });
        let Some(known) = self.folders.get_mut(index) else { return };
        let what = content.what.clone();
        known.contents.retain(|old| old.what != what || old.sha256 != content.sha256);
        known.contents.push(content);
        let of_kind = known.contents.iter().filter(|old| old.what == what).count();
        if of_kind > MAX_CONTENTS
            && let Some(oldest) = known.contents.iter().position(|old| old.what == what)
        {
            known.contents.remove(oldest);
        }
    }

    /// Removes a folder. Returns whether it was there.
    pub fn remove(&mut self, folder: &str) -> bool {
        let before = self.folders.len();
        self.folders.retain(|known| known.path != folder);
        self.folders.len() < before
    }
}

/// The name by which a folder is remembered: its path without links and `..`, also when it does not exist any more.
///
/// # Errors
/// The path is not Unicode, so a text file cannot hold it.
pub fn folder_name(folder: &Path) -> Result<String, ConfigError> {
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // Of a folder that is gone, the folders above may still be links.
    let real = full.ancestors().find_map(|above| {
        let real = above.canonicalize().ok()?;
        let gone = full.strip_prefix(above).ok()?;
        Some(if gone.as_os_str().is_empty() { real } else { normalize(&real.join(gone)) })
    });
    let real = real.unwrap_or(full);
    real.into_os_string().into_string().map_err(|path| {
        let message = "cannot be remembered, because its path is not Unicode; use --trust-project";
        ConfigError::in_file(PathBuf::from(path), message)
    })
}

/// Waits for the lock on the file at `path`, in a file beside it, because the file itself is replaced. On a file system without
/// locks there is none.
fn lock_beside(path: &Path) -> std::io::Result<File> {
    std::fs::create_dir_all(parent_folder(path))?;
    let mut lock_path = path.to_owned().into_os_string();
    lock_path.push(".lock");
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let lock = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags.cast_signed())
        .open(&lock_path)?;
    if let Err(error) = lock.lock() {
        tracing::warn!(%error, "no lock on the list of trusted folders");
    }
    Ok(lock)
}

/// Reads a file that only this user may write.
fn read_private_text(path: &Path) -> std::io::Result<String> {
    let refuse = |reason: &str| Err(std::io::Error::new(ErrorKind::InvalidData, reason));
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file =
        std::fs::OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return refuse("it is not a regular file");
    }
    if !is_own(meta.uid()) || meta.mode() & 0o022 != 0 {
        return refuse("other users may write it (chmod 600, and chown to yourself)");
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return refuse("it is larger than 8 MB");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn content(what: &str, sha256: &str) -> TrustedContent {
        let item = ProjectItem {
            key: "provider team".to_owned(),
            text: "llm.team.example \u{1b} \"quoted\"".to_owned(),
            sha256: String::new(),
        };
        TrustedContent {
            what: what.to_owned(),
            sha256: sha256.to_owned(),
            since: "2026-11-28".to_owned(),
            items: vec![item],
        }
    }

    #[test]
    fn contents_are_remembered_by_folder_and_hash() {
        let lab = tempfile::tempdir().unwrap();
        let path = lab.path().join("data/trust.toml");
        TrustFile::update(&path, |file| {
            file.add("/a \"b\"\n", content("settings", "1"));
            file.add("/a \"b\"\n", content("settings", "2"));
            file.add("/a \"b\"\n", content(".plenary/context.md", "3"));
        })
        .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut file = TrustFile::read(&path).unwrap();
        for (what, sha256, expected) in [
            ("settings", "1", true),
            ("settings", "2", true),
            ("settings", "3", false),
            (".plenary/context.md", "3", true),
        ] {
            assert_eq!(file.is_trusted("/a \"b\"\n", what, sha256), expected);
            assert!(!file.is_trusted("/a", what, sha256));
        }
        assert_eq!(file.last_trusted("/a \"b\"\n", "settings").unwrap().sha256, "2");
        for n in 0..100 {
            file.add("/x", content("settings", &n.to_string()));
        }
        assert_eq!(file.contents_of("/x").len(), MAX_CONTENTS);
        assert!(file.is_trusted("/x", "settings", "99") && !file.is_trusted("/x", "settings", "0"));
        assert!(file.remove("/x") && !file.remove("/x"));
    }

    #[test]
    fn a_file_that_is_not_understood_trusts_nothing() {
        let lab = tempfile::tempdir().unwrap();
        let path = lab.path().join("trust.toml");
        for (text, said) in [
            ("version = ", "is not a list of trusted folders"),
            ("version = 2\n", "has version 2"),
            ("version = 1\nnew = 1\n", "is not a list of trusted folders"),
            ("version = 1\n[[folders]]\npath = \"/a\"\n", "missing field"),
            ("", "missing field"),
        ] {
            fs::write(&path, text).unwrap();
            let error = TrustFile::read(&path).unwrap_err().to_string();
            assert!(error.contains("trust.toml") && error.contains(said), "{text:?}: {error}");
        }
        fs::write(&path, "version = 1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let error = TrustFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("other users may write it"), "{error}");
    }
}
