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

/// Bytes of a question that are read; a paste of this size is no longer a question.
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

    /// Returns the edited text and removes the file. A file that cannot be read is kept, without its lock.
    pub(super) fn read(self) -> io::Result<String> {
        let read = read_question(&self.path);
        if read.is_ok() {
            remove_file(&self.path);
        }
        remove_file(&self.lock_path);
        read.map(|(_, text)| text)
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
        if path.extension().is_some_and(|extension| extension == "lock") {
            remove_orphan_lock(&path);
            continue;
        }
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
                    remove_file(&lock_path);
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

/// Removes the lock of a dead process that left no text. By number too: a new lock is not held for a moment.
fn remove_orphan_lock(lock_path: &Path) {
    let has_text = ["question", "answer"].iter().any(|kind| {
        let process = lock_path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        fs::symlink_metadata(lock_path.with_file_name(format!("{kind}-{process}.md"))).is_ok()
    });
    if !has_text && !is_alive(lock_path) && is_left_over(lock_path) {
        remove_file(lock_path);
    }
}

/// True if no living process holds the lock.
fn is_left_over(lock_path: &Path) -> bool {
    // What is no lock does not say who lives.
    let Ok(lock) = open_lock(lock_path) else { return !is_alive(lock_path) };
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
    if !metadata.is_file() {
        return Err(io::Error::other("this is no file with text any more"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_QUESTION + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_QUESTION {
        return Err(io::Error::other(format!("longer than {} MB", MAX_QUESTION >> 20)));
    }
    Ok((metadata.mtime(), String::from_utf8_lossy(&bytes).into_owned()))
}

/// Opens or creates the lock, without waiting: a pipe in its place has no reader.
fn open_lock(path: &Path) -> io::Result<File> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed())
        .open(path)?;
    if lock.metadata()?.is_file() { Ok(lock) } else { Err(io::Error::other("no lock file")) }
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

    /// A number above the largest process id.
    const DEAD: &str = "99999999";

    fn make_pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn a_lock_without_text_is_removed_and_a_pipe_as_lock_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        make_pipe(&path(&format!("{DEAD}.lock")));
        fs::write(path(&format!("question-{DEAD}.md")), "kept").unwrap();
        fs::write(path("88888888.lock"), "").unwrap();
        fs::write(path("none.lock"), "").unwrap();
        let alive = format!("{}.lock", std::process::id());
        fs::write(path(&alive), "").unwrap();
        assert_eq!(recover_questions(dir.path()), ["kept"]);
        let mut left: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [alive.as_str(), "none.lock"]);
    }

    #[test]
    fn what_the_editor_left_instead_of_a_text_is_an_error_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let replace = |make: &dyn Fn(&Path)| {
            let file = EditedFile::create(dir.path(), EditorPurpose::Question, "text").unwrap();
            let path = file.path().to_owned();
            fs::remove_file(&path).unwrap();
            make(&path);
            let error = file.read().unwrap_err().to_string();
            let _ = fs::remove_dir(&path);
            let _ = fs::remove_file(&path);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{error}");
            error
        };
        assert!(replace(&make_pipe).contains("no file with text"));
        assert!(replace(&|path| fs::create_dir(path).unwrap()).contains("no file with text"));
        replace(&|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap());
        replace(&|_| {});
        let long = vec![b'x'; usize::try_from(MAX_QUESTION).unwrap() + 1];
        assert!(replace(&|path| fs::write(path, &long).unwrap()).contains("longer than 4 MB"));
    }

    #[test]
    fn a_file_that_was_read_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let file = EditedFile::create(dir.path(), EditorPurpose::Answer, "text").unwrap();
        assert_eq!(file.read().unwrap(), "text");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
