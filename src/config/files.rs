//! The configuration files: the named one, or the user's and the project's.
//!
//! Decides which files are read and applies the rules for a project's file. Merging is `stack`'s work.

use std::io::ErrorKind::{NotADirectory, NotFound};
use std::path::{Path, PathBuf};

use super::layer::ConfigLayer;
use super::text_file::{describe_io_error, read_text_file};
use super::{ConfigError, Environment, Flags, project};

/// A configuration file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// The file.
    pub path: PathBuf,
    /// True when the file exists and was read.
    pub read: bool,
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
    /// The file that was named instead of the usual ones.
    named: Option<PathBuf>,
    /// The user's usual file.
    usual: Option<PathBuf>,
}

impl ConfigFiles {
    /// Reads the file that `--config` or `PLENARY_CONFIG` names, else the user's and the project's.
    ///
    /// # Errors
    /// A file is invalid, or the named one cannot be read.
    pub(super) fn read(flags: &Flags, environment: &Environment) -> Result<Self, ConfigError> {
        let mut files = Self { usual: environment.paths.config_file(), ..Self::default() };
        let by_env = || environment.var("PLENARY_CONFIG").map(PathBuf::from);
        if let Some(path) = flags.config.clone().or_else(by_env) {
            let named_by = if flags.config.is_some() { "--config" } else { "PLENARY_CONFIG" };
            let is_project = project::is_inside(&path, &environment.paths.project);
            let layer = ConfigLayer::read_file(&path, is_project)
                .map_err(|error| error.with_context(named_by))?;
            files.add_layer(layer, &path, flags)?;
            files.seen.push(FileSeen { path: path.clone(), read: true });
            files.named = Some(path);
            return Ok(files);
        }
        match files.usual.clone() {
            Some(path) => files.read_optional(path, false, flags)?,
            None => files.warnings.push(
                "no home folder is known (HOME and XDG_CONFIG_HOME are unset): no user configuration"
                    .to_owned(),
            ),
        }
        files.read_optional(environment.paths.project_file(), true, flags)?;
        Ok(files)
    }

    /// The file in which the user sets what is missing.
    pub(super) fn editable_file(&self) -> String {
        let path = self.named.as_ref().or(self.usual.as_ref());
        path.map_or_else(|| "config.toml".to_owned(), |path| path.display().to_string())
    }

    /// Reads another file of the user: beside the named configuration file if it exists there, else in the user's folder.
    /// `fallback` says what is used when the file cannot be read.
    pub(super) fn read_companion(
        &self,
        name: &str,
        fallback: &str,
        warnings: &mut Vec<String>,
    ) -> Option<(PathBuf, String)> {
        let beside = self.named.as_deref().and_then(Path::parent).map(|dir| dir.join(name));
        let usual = self.usual.as_ref().map(|file| file.with_file_name(name));
        let path = beside.filter(|path| path.exists()).or(usual)?;
        match read_text_file(&path) {
            Ok(text) => Some((path, text)),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => None,
            Err(error) => {
                let reason = describe_io_error(&error);
                warnings.push(format!("{}: {reason}; {fallback}", path.display()));
                None
            }
        }
    }

    /// Reads a file that may be missing.
    fn read_optional(
        &mut self,
        path: PathBuf,
        is_project: bool,
        flags: &Flags,
    ) -> Result<(), ConfigError> {
        let exists = match std::fs::metadata(&path) {
            Err(error) if error.kind() == NotADirectory => {
                let path = path.display();
                self.warnings
                    .push(format!("{path}: a part of this path is not a folder; not read"));
                false
            }
            Err(error) => error.kind() != NotFound,
            Ok(_) => true,
        };
        if exists {
            self.add_layer(ConfigLayer::read_file(&path, is_project)?, &path, flags)?;
        }
        self.seen.push(FileSeen { path, read: exists });
        Ok(())
    }

    /// Adds a file; of an untrusted project, only the settings that are always allowed.
    fn add_layer(
        &mut self,
        mut layer: ConfigLayer,
        path: &Path,
        flags: &Flags,
    ) -> Result<(), ConfigError> {
        if layer.is_project() {
            project::check_keys(&layer)?;
            project::check_models(&layer)?;
            if !flags.trust_project {
                self.warnings.extend(project::ignore_untrusted(&mut layer, path));
            }
        }
        self.layers.push(layer);
        Ok(())
    }
}
