//! The files that the editor edits: private, one folder for all instances, gone when their text has been read.
//!
//! A question whose program died while the editor was open is found again at the next start. Each instance holds a lock
//! while its editor is open; the system releases it however the process ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::private_files;
use crate::app::EditorPurpose;

/// Bytes of a question that are recovered; a paste of this size is no longer a question.
const MAX_QUESTION: u64 = 4 << 20;

/// A file that is being edited. Dropping it leaves the file to be recovered.
#[derive(Debug)]
pub(super) struct EditedFile {
    path: PathBuf,
    lock_path: PathBuf,
    /// None on file systems without locks.
    _lock: Option<File>,
}

impl EditedFile {
    /// Writes `text` to a new file below `folder`.
    pub(super) fn create(folder: &Path, purpose: EditorPurpose, text: &str) -> io::Result<Self> {
        private_files::make_private_folder(folder)?;
        let process = std::process::id();
        let lock_path = folder.join(format!("{process}.lock"));
        let lock = open_lock(&lock_path)?;
        let lock = lock.try_lock().is_ok().then_some(lock);
        let path = folder.join(format!("{}-{process}.md", name_of(purpose)));
        private_files::write_private(&path, text.as_bytes())?;
        Ok(Self { path, lock_path, _lock: lock })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the edited text and removes the file. A file that cannot be read is kept.
    pub(super) fn read(self) -> io::Result<String> {
        let text = fs::read(&self.path)?;
        self.remove();
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Removes the file.
    pub(super) fn remove(self) {
        remove_file(&self.path);
        remove_file(&self.lock_path);
    }
}

fn name_of(purpose: EditorPurpose) -> &'static str {
    match purpose {
        EditorPurpose::Question => "question",
        EditorPurpose::Answer => "answer",
    }
}

/// Returns the questions of programs that died while their editor was open, oldest first, and removes what they left.
pub(super) fn recover_questions(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut questions = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((kind, process)) = name.strip_suffix(".md").and_then(|n| n.split_once('-')) else {
            continue;
        };
        let lock_path = folder.join(format!("{process}.lock"));
        let is_known = matches!(kind, "question" | "answer") && process.parse::<u32>().is_ok();
        if !is_known || !is_left_over(&lock_path) {
            continue;
        }
        if kind == "question" {
            match read_question(&path) {
                Ok(question) => questions.push(question),
                Err(error) => {
                    tracing::warn!(%error, path = %path.display(), "question not recovered");
                    continue;
                }
            }
        }
        remove_file(&path);
        remove_file(&lock_path);
    }
    questions.sort_by_key(|(written_at, _)| *written_at);
    questions.into_iter().map(|(_, text)| text).filter(|text| !text.trim().is_empty()).collect()
}

/// True if no living process holds the lock.
fn is_left_over(lock_path: &Path) -> bool {
    let Ok(lock) = open_lock(lock_path) else { return false };
    match lock.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => !is_alive(lock_path),
    }
}

/// Whether the process that gave the lock its name lives: for file systems without locks.
fn is_alive(lock_path: &Path) -> bool {
    let name = lock_path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let process = name.parse().ok().and_then(rustix::process::Pid::from_raw);
    process.is_none_or(|process| rustix::process::test_kill_process(process).is_ok())
}

/// Returns the text and when it was written, in seconds since 1970.
fn read_question(path: &Path) -> io::Result<(i64, String)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > MAX_QUESTION {
        return Err(io::Error::other("no file of a question"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_QUESTION).read_to_end(&mut bytes)?;
    Ok((metadata.mtime(), String::from_utf8_lossy(&bytes).into_owned()))
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}

fn remove_file(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "not removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_dead_programs_are_recovered_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("editing");
        assert_eq!(recover_questions(&folder), Vec::<String>::new());
        let file = EditedFile::create(&folder, EditorPurpose::Question, "half a question").unwrap();
        // Its program lives.
        assert_eq!(recover_questions(&folder), Vec::<String>::new());
        drop(file);
        fs::write(folder.join("answer-1.md"), "an answer").unwrap();
        fs::write(folder.join("question-2.md"), " \n").unwrap();
        fs::write(folder.join("notes.md"), "kept").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("question-3.md")).unwrap();
        assert_eq!(recover_questions(&folder), ["half a question"]);
        assert_eq!(recover_questions(&folder), Vec::<String>::new());
        let is_left = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
        assert!(is_left("notes.md") && is_left("question-3.md"));
        assert!(!is_left("answer-1.md") && !is_left("question-2.md"));
    }

    #[test]
    fn a_file_that_was_read_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let file = EditedFile::create(dir.path(), EditorPurpose::Answer, "text").unwrap();
        assert_eq!(file.read().unwrap(), "text");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
