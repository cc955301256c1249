//! Opens the files of a project: the only code that does.
//!
//! No link leads out of the project's folder, nothing blocks, only regular files of bounded size are read. Who owns a file
//! is reported; what that means, and what the bytes mean, is decided elsewhere.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;

use crate::config::personas::FolderEntry;
use crate::config::text_file::describe_io_error;

/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// The folder of a project. Paths are relative to it, such as `.plenary/config.toml`.
#[derive(Debug)]
pub(super) struct ProjectDir {
    dir: Dir,
    root: PathBuf,
    name: PathBuf,
    owner: u32,
}

/// A file as it was read.
#[derive(Debug)]
pub(super) struct ProjectFile {
    /// Its content.
    pub(super) bytes: Vec<u8>,
    /// User id of its owner.
    pub(super) owner: u32,
    /// Where it really is, if a link leads there.
    pub(super) link_target: Option<PathBuf>,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    Folder,
    Other,
}

impl ProjectDir {
    /// Opens the folder that contains `folder`, the project's `.plenary`; none when there is no `.plenary`.
    ///
    /// # Errors
    /// Says why `.plenary` is not used: it is a link out of the project, no folder, or cannot be read.
    pub(super) fn open(folder: &Path) -> Result<Option<Self>, String> {
        let (Some(root), Some(name)) = (folder.parent(), folder.file_name()) else {
            return Ok(None);
        };
        let Ok(dir) = Dir::open_ambient_dir(root, ambient_authority()) else { return Ok(None) };
        let refuse = |reason: String| Err(format!("{}: {reason}; not used", folder.display()));
        match dir.metadata(name) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => refuse(describe_error(&e)),
            Ok(meta) if !meta.is_dir() => refuse("is not a folder".to_owned()),
            Ok(meta) => {
                let (root, name) = (root.to_owned(), PathBuf::from(name));
                Ok(Some(Self { dir, root, name, owner: meta.uid() }))
            }
        }
    }

    /// Opens the project whose `.plenary` the path leads through, whatever the spelling: with `..`, through links to the
    /// folders above, from another working folder. Returns the path inside the project, too; none for any other path.
    ///
    /// # Errors
    /// As [`ProjectDir::open`].
    pub(super) fn open_above(path: &Path) -> Option<Result<(Self, PathBuf), String>> {
        let full = std::path::absolute(path).ok()?;
        let by_name = super::normalize(&full);
        let by_place = || Some(full.parent()?.canonicalize().ok()?.join(full.file_name()?));
        let (folder, path) =
            [Some(by_name), by_place()].into_iter().flatten().find_map(|path| {
                // The outermost one: no link below it leads out of its project.
                let folder = path.ancestors().filter(|path| path.ends_with(".plenary")).last()?;
                Some((folder.to_owned(), path))
            })?;
        Some(Self::open(&folder).transpose()?.map(|dir| (dir, path)))
    }

    /// User id of the owner of `.plenary`.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// The path of `.plenary` below the project's folder.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// The full path of `path`, for messages.
    pub(super) fn full_path(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// The path below the project's folder that `full` names; none when it names something else. Looks at no file.
    pub(super) fn relative_path(&self, full: &Path) -> Option<PathBuf> {
        let mut path = PathBuf::new();
        for component in full.strip_prefix(&self.root).ok()?.components() {
            match component {
                Component::Normal(name) => path.push(name),
                Component::CurDir => {}
                Component::ParentDir if path.pop() => {}
                _ => return None,
            }
        }
        Some(path)
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// The path leads out of the project, or the file is not regular, too large or cannot be read.
    pub(super) fn read(&self, path: &Path, limit: u64) -> io::Result<ProjectFile> {
        let mut options = OpenOptions::new();
        // Opening a FIFO waits for a writer otherwise, and a terminal would become the controlling one.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
        options.read(true).custom_flags(flags.cast_signed());
        let file = self.dir.open_with(path, &options)?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(refusal("is a folder, not a file"));
        }
        if !meta.is_file() {
            return Err(refusal("is not a regular file (a pipe, socket or device is never read)"));
        }
        let mut bytes = Vec::new();
        file.into_std().take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(refusal(&format!("is larger than {} kB", limit / 1024)));
        }
        Ok(ProjectFile { bytes, owner: meta.uid(), link_target: self.link_target(path) })
    }

    /// Where a link at `path` leads, as a path below the project's folder; none for what is no link, or leads out.
    pub(super) fn link_target(&self, path: &Path) -> Option<PathBuf> {
        self.dir.canonicalize(path).ok().filter(|real| real != path)
    }

    /// What is at `path`, links followed inside the project.
    pub(super) fn kind(&self, path: &Path) -> io::Result<PathKind> {
        let meta = self.dir.metadata(path)?;
        Ok(if meta.is_dir() { PathKind::Folder } else { PathKind::Other })
    }

    /// The entries of a folder, at most [`MAX_ENTRIES`].
    pub(super) fn list(&self, path: &Path) -> io::Result<Vec<FolderEntry>> {
        let entries = self.dir.read_dir(path)?.filter_map(Result::ok).take(MAX_ENTRIES);
        let entries = entries.filter_map(|entry| {
            let kind = entry.file_type().ok()?;
            let (is_folder, is_link) = (kind.is_dir(), kind.is_symlink());
            Some(FolderEntry { name: entry.file_name(), is_folder, is_link })
        });
        Ok(entries.collect())
    }

    /// True when there is something at `path`, inside the project.
    pub(super) fn exists(&self, path: &Path) -> bool {
        self.dir.metadata(path).is_ok()
    }

    /// True when `.plenary` has an entry of this name, whatever it is.
    pub(super) fn has_entry(&self, name: &OsStr) -> bool {
        self.dir.symlink_metadata(self.name.join(name)).is_ok()
    }
}

/// True when files of this user id are read without being trusted.
pub(super) fn is_own(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

/// Describes why a file of a project could not be read.
pub(super) fn describe_error(error: &io::Error) -> String {
    match error.kind() {
        // The operating system has an error number for a lack of permission; a way out has none.
        ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            "leads out of the project through a link, and such links are never followed".to_owned()
        }
        ErrorKind::InvalidData => error.to_string(),
        _ => describe_io_error(error),
    }
}

fn refusal(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn open_lab() -> (tempfile::TempDir, ProjectDir) {
        let lab = tempfile::tempdir().unwrap();
        fs::create_dir_all(lab.path().join("project/.plenary")).unwrap();
        fs::write(lab.path().join("secret"), "secret").unwrap();
        fs::write(lab.path().join("project/inside"), "inside").unwrap();
        let dir = ProjectDir::open(&lab.path().join("project/.plenary")).unwrap().unwrap();
        (lab, dir)
    }

    fn fault(dir: &ProjectDir, path: &str) -> String {
        describe_error(&dir.read(Path::new(path), 10).unwrap_err())
    }

    #[test]
    fn links_are_followed_inside_the_project_only() {
        let (lab, dir) = open_lab();
        let link = |to: &Path, name: &str| {
            symlink(to, lab.path().join("project/.plenary").join(name)).unwrap();
        };
        link(Path::new("../inside"), "good");
        link(Path::new("../../secret"), "up");
        link(&lab.path().join("secret"), "absolute");
        link(Path::new("up"), "twice");
        link(Path::new("loop"), "loop");
        link(Path::new("../.."), "folder");
        link(Path::new("/proc/self/environ"), "proc");
        let good = dir.read(Path::new(".plenary/good"), 10).unwrap();
        assert_eq!((&*good.bytes, good.link_target), (&b"inside"[..], Some("inside".into())));
        for name in ["up", "absolute", "twice", "folder/secret", "proc", "../../secret"] {
            let said = fault(&dir, &format!(".plenary/{name}"));
            assert!(said.contains("leads out of the project"), "{name}: {said}");
        }
        assert!(!fault(&dir, ".plenary/loop").is_empty());
    }

    #[test]
    fn only_regular_files_of_bounded_size_are_read() {
        let (lab, dir) = open_lab();
        let at = |name: &str| lab.path().join("project/.plenary").join(name);
        let made = std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap();
        assert!(made.success());
        assert!(fault(&dir, ".plenary/fifo").contains("not a regular file"));
        fs::write(at("large"), "12345678901").unwrap();
        assert!(fault(&dir, ".plenary/large").contains("is larger than"));
        assert!(fault(&dir, ".plenary").contains("is a folder"));
        assert!(fault(&dir, ".plenary/none").contains("does not exist"));
    }

    #[test]
    fn a_project_folder_that_is_a_link_is_used_only_if_it_stays_inside() {
        let lab = tempfile::tempdir().unwrap();
        let project = lab.path().join("project");
        fs::create_dir_all(project.join("tools/plenary")).unwrap();
        fs::create_dir_all(lab.path().join("elsewhere")).unwrap();
        let folder = project.join(".plenary");
        assert!(ProjectDir::open(&folder).unwrap().is_none());
        symlink("tools/plenary", &folder).unwrap();
        assert!(ProjectDir::open(&folder).unwrap().is_some());
        fs::remove_file(&folder).unwrap();
        symlink("../elsewhere", &folder).unwrap();
        assert!(ProjectDir::open(&folder).unwrap_err().contains("leads out of the project"));
        fs::remove_file(&folder).unwrap();
        fs::write(&folder, "").unwrap();
        assert!(ProjectDir::open(&folder).unwrap_err().contains("is not a folder"));
    }

    #[test]
    fn paths_are_relative_to_the_project() {
        let (lab, dir) = open_lab();
        let relative = |path: &str| dir.relative_path(&lab.path().join("project").join(path));
        assert_eq!(relative(".plenary/../a/./b"), Some("a/b".into()));
        assert_eq!(relative(".plenary/../../secret"), None);
        assert_eq!(relative("/etc/passwd"), None);
    }
}
