//! The paths that belong to one model file: the file itself, its partial download, records, lock and pip's folder.
//!
//! All are in the folder of models, under names that only this module knows.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::lock::{LockOutcome, try_lock};
use crate::domain::{LocalSpec, ModelFile};

/// The paths that belong to one model file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelFilePaths {
    /// The folder of models.
    pub(super) folder: PathBuf,
    /// The complete file.
    pub(super) file: PathBuf,
    /// The bytes of an unfinished download.
    pub(super) partial: PathBuf,
    /// What is known about those bytes.
    pub(super) partial_state: PathBuf,
    /// Where the complete file came from.
    pub(super) record: PathBuf,
    /// Locked while the file is downloaded or removed.
    pub(super) lock: PathBuf,
    /// Where pip works.
    pub(super) pip_folder: PathBuf,
}

impl ModelFilePaths {
    /// None when no home folder is known, and for a file of the user's own, which is never downloaded or removed.
    pub(super) fn new(spec: &LocalSpec, weights: &ModelFile) -> Option<Self> {
        let is_plain_name =
            weights.file.components().count() == 1 && weights.file.file_name().is_some();
        if spec.models.as_os_str().is_empty() || !is_plain_name {
            return None;
        }
        let file = spec.file_path(weights);
        let with_suffix = |suffix: &str| {
            let mut name = file.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        Some(Self {
            partial: with_suffix(".part"),
            partial_state: with_suffix(".part.toml"),
            record: with_suffix(".source.toml"),
            lock: with_suffix(".lock"),
            pip_folder: with_suffix(".pip"),
            folder: spec.models.clone(),
            file,
        })
    }

    /// Removes an unfinished download.
    pub(super) fn remove_partial(&self) -> io::Result<()> {
        ignore_not_found(fs::remove_file(&self.partial))?;
        ignore_not_found(fs::remove_file(&self.partial_state))?;
        ignore_not_found(fs::remove_dir_all(&self.pip_folder))
    }
}

/// Treats a file that does not exist as removed.
pub(super) fn ignore_not_found(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Why a model file could not be removed. The message follows the name of the model.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// The file belongs to the user, or no home folder is known.
    #[error("was not downloaded by plenary: remove it yourself")]
    NotOurs,
    /// The file is being downloaded.
    #[error("another instance of plenary is downloading it: stop that one first")]
    Busy,
    /// The file system refuses.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Removes the file of `weights` and any unfinished download of it. Returns true if there was something to remove.
///
/// # Errors
/// See [`RemoveError`].
pub fn remove_model_file(spec: &LocalSpec, weights: &ModelFile) -> Result<bool, RemoveError> {
    let paths = ModelFilePaths::new(spec, weights).ok_or(RemoveError::NotOurs)?;
    let exists = [&paths.file, &paths.partial, &paths.pip_folder, &paths.record]
        .iter()
        .any(|path| fs::symlink_metadata(path).is_ok());
    if !exists {
        return Ok(false);
    }
    let io_error = |error| RemoveError::Io { path: paths.file.clone(), error };
    let LockOutcome::Acquired(lock) = try_lock(&paths.lock).map_err(io_error)? else {
        return Err(RemoveError::Busy);
    };
    ignore_not_found(fs::remove_file(&paths.file)).map_err(io_error)?;
    ignore_not_found(fs::remove_file(&paths.record)).map_err(io_error)?;
    paths
        .remove_partial()
        .map_err(|error| RemoveError::Io { path: paths.partial.clone(), error })?;
    drop(lock);
    Ok(true)
}
