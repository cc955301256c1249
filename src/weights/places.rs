//! The files that belong to one file of weights, all in the folder of models: itself, what is there of it, the state
//! of the fetch, where it came from, the lock, pip's folder. Their names stand here and nowhere else.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::lock::{self, Taken};
use crate::domain::{LocalSpec, Weights};

/// Where everything of one file of weights lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// The folder of models.
    pub(super) folder: PathBuf,
    /// The file.
    pub(super) file: PathBuf,
    /// Its bytes so far.
    pub(super) part: PathBuf,
    /// What is known about those bytes.
    pub(super) state: PathBuf,
    /// Where the file came from.
    pub(super) origin: PathBuf,
    /// Held by whoever fetches or removes it.
    pub(super) lock: PathBuf,
    /// Where pip works.
    pub(super) work: PathBuf,
}

impl Places {
    /// None when no home is known, and for a file of the user's own: that lies where the user wants it.
    pub(super) fn of(spec: &LocalSpec, weights: &Weights) -> Option<Self> {
        let plain = weights.file.components().count() == 1 && weights.file.file_name().is_some();
        if spec.models.as_os_str().is_empty() || !plain {
            return None;
        }
        let file = spec.path(weights);
        let with = |ending: &str| {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        };
        Some(Self {
            part: with(".part"),
            state: with(".part.toml"),
            origin: with(".source.toml"),
            lock: with(".lock"),
            work: with(".pip"),
            folder: spec.models.clone(),
            file,
        })
    }

    /// Forgets what was fetched of it so far.
    pub(super) fn remove_partial(&self) -> io::Result<()> {
        gone(fs::remove_file(&self.part))?;
        gone(fs::remove_file(&self.state))?;
        gone(fs::remove_dir_all(&self.work))
    }
}

/// Not there is as good as removed.
pub(super) fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Writes a small file so that it is there in full or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut file = fs::File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Why weights could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// They are a file of the user's own, or no home is known.
    #[error("is no file that plenary fetched: remove it yourself")]
    NotOurs,
    /// They are being fetched just now.
    #[error("another instance of plenary is fetching it just now: end that one first")]
    Busy,
    /// The file system does not let us.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Removes the file of `weights`, and whatever a cut fetch left of it. True when there was something to remove.
///
/// # Errors
/// See [`RemoveError`].
pub fn remove(spec: &LocalSpec, weights: &Weights) -> Result<bool, RemoveError> {
    let places = Places::of(spec, weights).ok_or(RemoveError::NotOurs)?;
    let there = [&places.file, &places.part, &places.work, &places.origin]
        .iter()
        .any(|path| fs::symlink_metadata(path).is_ok());
    if !there {
        return Ok(false);
    }
    let failed = |error| RemoveError::Io { path: places.file.clone(), error };
    let Taken::Ours(lock) = lock::take(&places.lock).map_err(failed)? else {
        return Err(RemoveError::Busy);
    };
    gone(fs::remove_file(&places.file)).map_err(failed)?;
    gone(fs::remove_file(&places.origin)).map_err(failed)?;
    places
        .remove_partial()
        .map_err(|error| RemoveError::Io { path: places.part.clone(), error })?;
    drop(lock);
    Ok(true)
}
