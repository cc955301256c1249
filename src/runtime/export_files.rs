//! Writes exports to disk: completely or not at all, never over an existing file unasked, never through a symbolic link.
//!
//! A session is its owner's: an export under a default name is, too. One to a path that the user names is as the umask has it.
//! A file is written beside its target, synced, and renamed in one step; a failure leaves nothing behind and changes nothing.
//! Blocks, so the TUI calls it off its loop.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::domain::Session;
use crate::export::{ExportTarget, ReadingInput, export_folder};
use crate::machine::{AtomicFile, create_sibling_folder, parent_folder};

/// The file of a run folder by which it is known.
const RUN_FOLDER_MARK: &str = "decisions.json";

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The path exists, and replacing it was not asked for.
    #[error("{} already exists", .0.display())]
    Exists(PathBuf),
    /// The path is a symbolic link.
    #[error("{} is a symbolic link; an export is never written through one", .0.display())]
    Link(PathBuf),
    /// The path is something else than the file or folder that is needed.
    #[error("{} is {}", .0.display(), .1)]
    Other(PathBuf, &'static str),
    /// The parent folder does not exist.
    #[error("{} cannot be written: there is no folder {}", .0.display(), .1.display())]
    NoFolder(PathBuf, PathBuf),
    /// An IO error: no space, no permission …
    #[error("{} cannot be written: {}", .0.display(), describe_error(.1))]
    Io(PathBuf, io::Error),
}

/// Who may read an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportAccess {
    /// Its owner (0600, folders 0700).
    Owner,
    /// Those whom the umask allows.
    Umask,
}

impl ExportAccess {
    fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Umask => 0o666,
        }
    }

    fn folder_mode(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::Umask => 0o777,
        }
    }
}

/// Writes the session as `target` and returns where.
///
/// `to` is the file (the folder, for the run folder), or an existing folder in which the export gets its default name; without
/// it, the default name in the working folder. An existing target is replaced only when `over` is set.
pub fn write_export(
    session: &Session,
    reading: &ReadingInput<'_>,
    target: &ExportTarget,
    to: Option<&Path>,
    over: bool,
    access: ExportAccess,
) -> Result<PathBuf, ExportError> {
    let path = target_path(&target.file_name(&session.id.short()), to, target.format.is_none());
    match target.format {
        Some(format) => write_file(&path, &(format.write)(session, reading), over, access)?,
        None => write_folder(&path, &export_folder(session, reading), over, access)?,
    }
    Ok(path)
}

/// The path to write to. An existing run folder is the target itself.
fn target_path(name: &str, to: Option<&Path>, is_folder: bool) -> PathBuf {
    match to {
        None => PathBuf::from(name),
        Some(to) if to.is_dir() && !(is_folder && to.join(RUN_FOLDER_MARK).exists()) => {
            to.join(name)
        }
        Some(to) => to.to_owned(),
    }
}

/// Writes `text` to `path`. A file that is replaced keeps its permissions.
pub fn write_file(
    path: &Path,
    text: &str,
    over: bool,
    access: ExportAccess,
) -> Result<(), ExportError> {
    check_file(path, over)?;
    let file = create_beside(path, text, access)?;
    let written = if over { file.replace_target() } else { file.create_target() };
    written.map_err(|e| export_error(path, e))
}

/// Writes `text` to the new file `path`, readable by the user only.
pub fn write_private_file(path: &Path, text: &str) -> Result<(), ExportError> {
    check_file(path, false)?;
    let written = AtomicFile::create(path, 0o600).and_then(|mut file| {
        file.file_mut().write_all(text.as_bytes())?;
        file.create_target()
    });
    written.map_err(|e| export_error(path, e))
}

/// Writes `files`, paths below `path` with their texts. Into a folder that is there only with `over`; what else is in it stays.
pub fn write_folder(
    path: &Path,
    files: &[(String, String)],
    over: bool,
    access: ExportAccess,
) -> Result<(), ExportError> {
    match file_kind(path)? {
        None => new_folder(path, files, access),
        Some(FileKind::Folder) if over => into_folder(path, files, access),
        Some(FileKind::Folder) => Err(ExportError::Exists(path.to_owned())),
        Some(FileKind::Link) => Err(ExportError::Link(path.to_owned())),
        Some(_) => Err(ExportError::Other(path.to_owned(), "not a folder")),
    }
}

/// What is at a place.
enum FileKind {
    File,
    Folder,
    Link,
    Device,
}

fn file_kind(path: &Path) -> Result<Option<FileKind>, ExportError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(ExportError::Io(path.to_owned(), e)),
    };
    let kind = meta.file_type();
    Ok(Some(if kind.is_symlink() {
        FileKind::Link
    } else if kind.is_dir() {
        FileKind::Folder
    } else if kind.is_file() {
        FileKind::File
    } else {
        FileKind::Device
    }))
}

fn check_file(path: &Path, over: bool) -> Result<(), ExportError> {
    match file_kind(path)? {
        None => Ok(()),
        Some(FileKind::File) if over => Ok(()),
        Some(FileKind::File) => Err(ExportError::Exists(path.to_owned())),
        Some(FileKind::Link) => Err(ExportError::Link(path.to_owned())),
        Some(FileKind::Folder) => Err(ExportError::Other(path.to_owned(), "a folder")),
        Some(FileKind::Device) => Err(ExportError::Other(path.to_owned(), "not a regular file")),
    }
}

/// A file with this text beside `path`, not yet in place; with the permissions of the file that it is to replace.
fn create_beside(path: &Path, text: &str, access: ExportAccess) -> Result<AtomicFile, ExportError> {
    let mut file =
        AtomicFile::create(path, access.file_mode()).map_err(|e| export_error(path, e))?;
    if let Ok(replaced) = fs::symlink_metadata(path)
        && replaced.is_file()
    {
        file.file_mut()
            .set_permissions(replaced.permissions())
            .map_err(|e| export_error(path, e))?;
    }
    file.file_mut().write_all(text.as_bytes()).map_err(|e| export_error(path, e))?;
    Ok(file)
}

fn export_error(path: &Path, error: io::Error) -> ExportError {
    let path = path.to_owned();
    match error.kind() {
        ErrorKind::AlreadyExists => ExportError::Exists(path),
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            let folder = parent_folder(&path).to_owned();
            ExportError::NoFolder(path, folder)
        }
        _ => ExportError::Io(path, error),
    }
}

/// The folder gets its name when all its files are in it.
fn new_folder(
    path: &Path,
    files: &[(String, String)],
    access: ExportAccess,
) -> Result<(), ExportError> {
    let sibling =
        create_sibling_folder(path, access.folder_mode()).map_err(|e| export_error(path, e))?;
    let at = |e: io::Error| ExportError::Io(path.to_owned(), e);
    for (name, text) in files {
        let file = path_below(sibling.path(), name).ok_or_else(|| unsafe_name(path, name))?;
        make_folders(sibling.path(), name, access).map_err(at)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(access.file_mode());
        let mut file = options.open(file).map_err(at)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at)?;
    }
    match fs::rename(sibling.path(), path) {
        Ok(()) => {
            // The folder is renamed: nothing is left to remove.
            let _ = sibling.keep();
            Ok(())
        }
        Err(e) if matches!(e.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {
            Err(ExportError::Exists(path.to_owned()))
        }
        Err(e) => Err(at(e)),
    }
}

/// All files are on the disk before the first takes its place.
fn into_folder(
    path: &Path,
    files: &[(String, String)],
    access: ExportAccess,
) -> Result<(), ExportError> {
    let mut ready: Vec<(AtomicFile, PathBuf)> = Vec::with_capacity(files.len());
    for (name, text) in files {
        let file = path_below(path, name).ok_or_else(|| unsafe_name(path, name))?;
        let mut above = path.to_owned();
        for part in Path::new(name).parent().into_iter().flat_map(Path::components) {
            above.push(part);
            match file_kind(&above)? {
                None | Some(FileKind::Folder) => {}
                Some(FileKind::Link) => return Err(ExportError::Link(above)),
                Some(_) => return Err(ExportError::Other(above, "not a folder")),
            }
        }
        make_folders(path, name, access).map_err(|e| ExportError::Io(above, e))?;
        check_file(&file, true)?;
        ready.push((create_beside(&file, text, access)?, file));
    }
    ready.into_iter().try_for_each(|(pending, file)| {
        pending.replace_target().map_err(|e| export_error(&file, e))
    })
}

/// Makes the folders of `name` below `folder`.
fn make_folders(folder: &Path, name: &str, access: ExportAccess) -> io::Result<()> {
    match Path::new(name).parent() {
        Some(inner) if !inner.as_os_str().is_empty() => {
            DirBuilder::new().recursive(true).mode(access.folder_mode()).create(folder.join(inner))
        }
        _ => Ok(()),
    }
}

/// `name` below `folder`, when all of its parts are plain names. They are made of ids; this is the second lock.
fn path_below(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = |part: &str| {
        let fits =
            (1..=255).contains(&part.len()) && !part.starts_with('.') && !part.ends_with('.');
        fits && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    name.split('/').all(plain).then(|| folder.join(name))
}

fn unsafe_name(path: &Path, name: &str) -> ExportError {
    let why = format!("{name:?} is not a safe name for a file");
    ExportError::Io(path.to_owned(), io::Error::new(ErrorKind::InvalidFilename, why))
}

/// The system's words without its number, and plain ones where people know it as something else.
fn describe_error(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "no space is left on the disk".to_owned(),
        ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => {
            let words = error.to_string();
            words.split_once(" (os error").map_or(words.clone(), |(words, _)| words.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Everything in a folder, by name.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_new_or_replaced_only_when_it_was_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.md");
        write_file(&file, "one", false, ExportAccess::Umask).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o133, 0);
        let said = write_file(&file, "two", false, ExportAccess::Umask).unwrap_err();
        assert!(matches!(said, ExportError::Exists(_)) && said.to_string().contains("a.md"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "one");
        write_file(&file, "two", true, ExportAccess::Umask).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(names(dir.path()), ["a.md"], "no temporary file is left");
    }

    #[test]
    fn links_folders_and_devices_are_refused_even_when_forced() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join("link"));
        fs::write(&secret, "keep").unwrap();
        symlink(&secret, &link).unwrap();
        let dangling = dir.path().join("dangling");
        symlink(dir.path().join("new"), &dangling).unwrap();
        for over in [false, true] {
            for path in [&link, &dangling] {
                let said = write_file(path, "x", over, ExportAccess::Umask).unwrap_err();
                assert!(matches!(said, ExportError::Link(_)), "{said}");
                let said =
                    write_folder(path, &[("a.md".into(), "x".into())], over, ExportAccess::Umask)
                        .unwrap_err();
                assert!(matches!(said, ExportError::Link(_)), "{said}");
            }
            assert!(matches!(
                write_file(dir.path(), "x", over, ExportAccess::Umask),
                Err(ExportError::Other(..))
            ));
            assert!(matches!(
                write_file(Path::new("/dev/null"), "x", over, ExportAccess::Umask),
                Err(ExportError::Other(..))
            ));
            assert!(matches!(
                write_folder(&secret, &[], over, ExportAccess::Umask),
                Err(ExportError::Other(..))
            ));
        }
        assert_eq!(fs::read_to_string(&secret).unwrap(), "keep");
        assert_eq!(names(dir.path()), ["dangling", "link", "secret"]);
        let said = write_file(&dir.path().join("no/such/a.md"), "x", true, ExportAccess::Umask)
            .unwrap_err();
        assert!(
            said.to_string().contains("there is no folder") && said.to_string().contains("no/such"),
            "{said}"
        );
        let said = write_file(&secret.join("a.md"), "x", true, ExportAccess::Umask).unwrap_err();
        assert!(matches!(said, ExportError::NoFolder(..)), "{said}");
    }

    fn files(texts: &[&str]) -> Vec<(String, String)> {
        ["question.md", "answers/infra.md", RUN_FOLDER_MARK]
            .iter()
            .zip(texts)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn a_folder_appears_whole() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        write_folder(&run, &files(&["q", "a", "{}"]), false, ExportAccess::Umask).unwrap();
        assert_eq!(names(&run), ["answers", RUN_FOLDER_MARK, "question.md"]);
        assert_eq!(fs::read_to_string(run.join("answers/infra.md")).unwrap(), "a");
        assert!(matches!(
            write_folder(&run, &files(&["2"]), false, ExportAccess::Umask),
            Err(ExportError::Exists(_))
        ));
        fs::write(run.join("mine.txt"), "mine").unwrap();
        write_folder(&run, &files(&["Q", "A", "[]"]), true, ExportAccess::Umask).unwrap();
        assert_eq!(fs::read_to_string(run.join("answers/infra.md")).unwrap(), "A");
        assert_eq!(names(&run), ["answers", RUN_FOLDER_MARK, "mine.txt", "question.md"]);
        assert_eq!(names(dir.path()), ["run"]);

        // A link inside leads nowhere.
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::remove_dir_all(run.join("answers")).unwrap();
        symlink(&other, run.join("answers")).unwrap();
        let said = write_folder(&run, &files(&["new", "new", "new"]), true, ExportAccess::Umask)
            .unwrap_err();
        assert!(matches!(said, ExportError::Link(_)), "{said}");
        assert_eq!(
            fs::read_to_string(run.join("question.md")).unwrap(),
            "Q",
            "nothing was changed"
        );
        assert!(names(&other).is_empty());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let long = "x".repeat(256);
        for name in [
            "../a",
            "/etc/a",
            "a/../../b",
            "",
            "a//b",
            ".git/hooks",
            "a\0b",
            "a\\b",
            "C:a",
            "a.",
            &long,
            "é",
        ] {
            let files = [(name.to_owned(), "x".to_owned())];
            for over in [false, true] {
                let run = dir.path().join("run");
                assert!(write_folder(&run, &files, over, ExportAccess::Umask).is_err(), "{name:?}");
                fs::create_dir_all(&run).unwrap();
                assert!(write_folder(&run, &files, true, ExportAccess::Umask).is_err(), "{name:?}");
                fs::remove_dir(&run).unwrap();
            }
        }
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_folder_that_is_there_gets_the_usual_name_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path();
        assert_eq!(target_path("n", None, false), Path::new("n"));
        assert_eq!(target_path("n", Some(here), false), here.join("n"));
        assert_eq!(target_path("n", Some(here), true), here.join("n"));
        assert_eq!(target_path("n", Some(&here.join("new")), true), here.join("new"));
        fs::write(here.join(RUN_FOLDER_MARK), "{}").unwrap();
        assert_eq!(target_path("n", Some(here), true), here);
        assert_eq!(target_path("n", Some(here), false), here.join("n"));
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("locked");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
        // Root may write everywhere.
        if let Err(said) = write_file(&folder.join("a.md"), "x", false, ExportAccess::Umask) {
            assert!(said.to_string().contains("permission denied"), "{said}");
            assert!(names(&folder).is_empty());
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
