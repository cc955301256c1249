//! The user's configuration files: the named one, or the usual one, and the files beside it.
//!
//! Decides which files are read. A project's file is `project`'s work, merging is `stack`'s.

use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use super::layer::ConfigLayer;
use super::project::NamedConfig;
use super::text_file::{describe_io_error, read_text_file};
use super::{ConfigError, Environment, Flags};

/// A configuration file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// The file.
    pub path: PathBuf,
    /// What became of it.
    pub status: FileStatus,
}

/// What became of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileStatus {
    /// It was read.
    Read,
    /// There is no such file.
    NotFound,
    /// It is the file of a project that is not trusted.
    NotUsed,
}

/// The configuration files.
#[derive(Debug, Default)]
pub(super) struct ConfigFiles {
    /// Their layers, weakest first.
    pub(super) layers: Vec<ConfigLayer>,
    /// The files that were looked for, weakest first.
    pub(super) seen: Vec<FileSeen>,
    /// What the user should know about files that were not or not fully used.
    pub(super) warnings: Vec<String>,
    /// Whether a file was named, and whether it is the project's.
    pub(super) in_project: NamedConfig,
    /// The file that was named instead of the usual ones.
    named: Option<PathBuf>,
    /// The user's usual file.
    usual: Option<PathBuf>,
}

impl ConfigFiles {
    /// Reads the file that `--config` or `PLENARY_CONFIG` names, else the user's. A file in the project's folder is only
    /// noted: it is read with the project.
    ///
    /// # Errors
    /// A file is invalid, or the named one cannot be read.
    pub(super) fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let mut files = Self { usual: environment.paths.config_file(), ..Self::default() };
        let by_env = || environment.var("PLENARY_CONFIG").map(PathBuf::from);
        if let Some(path) = flags.config.clone().or_else(by_env) {
            let named_by = if flags.config.is_some() { "--config" } else { "PLENARY_CONFIG" };
            files.in_project = NamedConfig::locate(Some(&path), &environment.paths.project);
            if files.in_project == NamedConfig::Outside {
                let layer =
                    ConfigLayer::read_file(&path).map_err(|error| error.with_context(named_by))?;
                files.layers.push(layer);
                files.seen.push(FileSeen { path: path.clone(), status: FileStatus::Read });
            }
            files.named = Some(path);
            return Ok(files);
        }
        match files.usual.clone() {
            Some(path) => files.read_optional(path)?,
            None => files.warnings.push(
                "no home folder is known (HOME and XDG_CONFIG_HOME are unset): no user configuration"
                    .to_owned(),
            ),
        }
        Ok(files)
    }

    /// Notes the project's file, and whether it is used.
    pub(super) fn note_project_file(&mut self, path: PathBuf, exists: bool, is_used: bool) {
        if self.in_project != NamedConfig::Outside {
            let status = match (exists, is_used) {
                (false, _) => FileStatus::NotFound,
                (true, true) => FileStatus::Read,
                (true, false) => FileStatus::NotUsed,
            };
            self.seen.push(FileSeen { path, status });
        }
    }

    /// The file in which the user sets what is missing.
    pub(super) fn editable_file(&self) -> String {
        let path = self.named.as_ref().or(self.usual.as_ref());
        path.map_or_else(|| "config.toml".to_owned(), |path| path.display().to_string())
    }

    /// Reads another file of the user: beside the named configuration file if it exists there, else in the user's folder.
    /// A project has no such files, so beside a project's file there are none. `fallback` says what is used when the file cannot be read.
    pub(super) fn read_companion(
        &self,
        name: &str,
        fallback: &str,
        warnings: &mut Vec<String>,
    ) -> Option<(PathBuf, String)> {
        let own = self.named.as_deref().filter(|_| self.in_project == NamedConfig::Outside);
        let beside = own.and_then(Path::parent).map(|dir| dir.join(name));
        let usual = self.usual.as_ref().map(|file| file.with_file_name(name));
        let path = beside.filter(|path| path.exists()).or(usual)?;
        match read_text_file(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
                warnings.extend(describe_dangling(&path).map(|why| format!("{why}; {fallback}")));
                None
            }
            Err(error) => {
                let reason = describe_io_error(&error);
                warnings.push(format!("{}: {reason}; {fallback}", path.display()));
                None
            }
        }
    }

    /// Reads a file of the user that may be missing.
    fn read_optional(&mut self, path: PathBuf) -> Result<(), ConfigError> {
        let exists = match std::fs::metadata(&path) {
            Err(error) if error.kind() == NotADirectory => {
                let path = path.display();
                self.warnings
                    .push(format!("{path}: a part of this path is not a folder; not read"));
                false
            }
            Err(error) if error.kind() == NotFound => {
                self.warnings
                    .extend(describe_dangling(&path).map(|why| format!("{why}; not read")));
                false
            }
            Err(_) | Ok(_) => true,
        };
        if exists {
            self.layers.push(ConfigLayer::read_file(&path)?);
        }
        let status = if exists { FileStatus::Read } else { FileStatus::NotFound };
        self.seen.push(FileSeen { path, status });
        Ok(())
    }
}

/// Says that `path` is a link to what does not exist; none when it is no link.
fn describe_dangling(path: &Path) -> Option<String> {
    let target = std::fs::read_link(path).ok()?;
    Some(format!("{}: is a link to {}, which does not exist", path.display(), target.display()))
}
