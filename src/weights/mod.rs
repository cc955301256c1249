//! Files of weights: where they lie, whether they are there, how they are fetched.
//!
//! An adapter beside `provider`, `store` and `config`: it knows the hub, the person's pip and the folder of models,
//! not what is done with the files. Nothing that it fetched is used unless its SHA-256 is the one in the list. Used by
//! `runtime` (the overlay) and `cli` (`plenary model`).

use std::path::PathBuf;

use crate::domain::{LocalSpec, Weights};

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
    /// All bytes are there and are being checked.
    Checking,
}

/// Why weights could not be fetched, in words for the person: every source with its reason, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PullError(pub String);

/// Whether the file of `weights` is there.
pub fn stored(spec: &LocalSpec, weights: &Weights) -> Stored {
    match std::fs::metadata(spec.path(weights)) {
        Ok(meta) if meta.is_file() => Stored::There,
        _ => Stored::Absent,
    }
}

/// Fetches `weights` and says where they are. Dropping the future stops it; what can be resumed stays.
///
/// # Errors
/// See [`PullError`].
pub async fn pull(
    spec: LocalSpec,
    weights: Weights,
    tell: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<PathBuf, PullError> {
    tell(Progress::Trying(weights.title.clone()));
    Err(PullError(format!("{} cannot be fetched", spec.path(&weights).display())))
}
