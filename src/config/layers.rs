//! The layers of the configuration: defaults < the user's file < the project's file < environment < flags.
//!
//! Reads the files and puts `model`, `panel` and `theme` together; providers, panels and personas are put
//! together from the same files by their own modules. What came from where is written into the ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ConfigError, ConfigFile, Flags, Ledger, Origin, Paths, project};

/// What the configuration is read from, passed in so that tests need no process of their own.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Environment variables; those that are not Unicode are left out.
    pub vars: BTreeMap<String, String>,
    /// Where things are.
    pub paths: Paths,
    /// Bytes of memory that are free, where that is known.
    pub free_memory: Option<u64>,
}

impl Machine {
    /// This process: its environment, its folders.
    pub fn here() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let vars = std::env::vars_os().filter_map(unicode).collect();
        Self { vars, paths: Paths::here(), free_memory: crate::machine::memory_available() }
    }

    /// A variable that is set to something; set but empty counts as not set.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// `path` with a leading `~/` put right, and taken from `folder` when it is relative.
    pub fn path(&self, path: &str, folder: &Path) -> PathBuf {
        match path.strip_prefix("~/").zip(self.var("HOME")) {
            Some((rest, home)) => Path::new(home).join(rest),
            None => folder.join(path),
        }
    }
}

/// A configuration file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// Which file.
    pub path: PathBuf,
    /// Whether it is there and was read.
    pub read: bool,
}

/// The files that were read, weakest first, and those that were looked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What they say.
    pub(super) files: Vec<ConfigFile>,
    /// Which were looked for.
    pub(super) seen: Vec<FileSeen>,
    /// Words about files that could not even be looked for.
    pub(super) notices: Vec<String>,
    /// The file that was named instead of the usual ones.
    pub(super) named: Option<PathBuf>,
}

/// Reads the files: the one that is named, or the user's and the project's.
pub(super) fn read(flags: &Flags, machine: &Machine) -> Result<Found, ConfigError> {
    let mut found = Found::default();
    let by_env = || machine.var("PLENARY_CONFIG").map(PathBuf::from);
    if let Some(path) = flags.config.clone().or_else(by_env) {
        let what = if flags.config.is_some() { "--config" } else { "PLENARY_CONFIG" };
        let inside = project::is_inside(&path, &machine.paths.project);
        let file = ConfigFile::read(&path, inside)
            .map_err(|ConfigError(e)| ConfigError(format!("{what}: {e}")))?;
        found.add(file, flags)?;
        found.seen.push(FileSeen { path: path.clone(), read: true });
        found.named = Some(path);
        return Ok(found);
    }
    match machine.paths.config_file() {
        Some(path) => found.usual(path, false, flags)?,
        None => found.notices.push(
            "no home folder is known (HOME and XDG_CONFIG_HOME are unset): no user configuration"
                .to_owned(),
        ),
    }
    found.usual(machine.paths.project_file(), true, flags)?;
    Ok(found)
}

impl Found {
    /// Reads a file that need not be there.
    fn usual(&mut self, path: PathBuf, project: bool, flags: &Flags) -> Result<(), ConfigError> {
        use std::io::ErrorKind::{NotADirectory, NotFound};
        let there = match std::fs::metadata(&path) {
            Err(e) if e.kind() == NotADirectory => {
                let path = path.display();
                self.notices.push(format!("{path}: a part of this path is no folder; not read"));
                false
            }
            Err(e) if e.kind() == NotFound => false,
            _ => true,
        };
        if there {
            self.add(ConfigFile::read(&path, project)?, flags)?;
        }
        self.seen.push(FileSeen { path, read: there });
        Ok(())
    }

    /// Adds a file that was read; of a project that is not trusted, only what it may say in any case.
    fn add(&mut self, mut file: ConfigFile, flags: &Flags) -> Result<(), ConfigError> {
        project::check_keys(&file)?;
        project::check_models(&file)?;
        if file.project && !flags.trust_project {
            self.notices.extend(project::ignore_untrusted(&mut file));
        }
        self.files.push(file);
        Ok(())
    }
}

/// The values that stand at the top of a file.
#[derive(Debug, Default)]
pub(super) struct Top {
    /// `model` of the files or the environment; `--model` is kept apart because it goes before all.
    pub(super) model: Option<String>,
    /// The panel's name.
    pub(super) panel: String,
    /// The theme's name.
    pub(super) theme: String,
}

/// Puts the values at the top together.
pub(super) fn top(
    flags: &Flags,
    machine: &Machine,
    files: &[ConfigFile],
    ledger: &mut Ledger,
) -> Top {
    let mut value = |key: &'static str, default: Option<&str>, flag: Option<&String>| {
        let mut now = default.map(str::to_owned);
        let mut origin = Origin::Default;
        for file in files {
            let said = match key {
                "model" => &file.schema.model,
                "panel" => &file.schema.panel,
                _ => &file.schema.theme,
            };
            if let Some(said) = said {
                now = Some(said.clone());
                origin = file.origin(key);
            }
        }
        let var = format!("PLENARY_{}", key.to_uppercase());
        if let Some(said) = machine.var(&var) {
            now = Some(said.to_owned());
            origin = Origin::Env(var);
        }
        if let Some(said) = flag {
            now = Some(said.clone());
            origin = Origin::Flag(if key == "panel" { "--panel" } else { "--theme" });
        }
        if let Some(now) = &now {
            ledger.set(key, format!("{now:?}"), origin);
        }
        now
    };
    Top {
        model: value("model", None, None),
        panel: value("panel", Some("design-review"), flags.panel.as_ref()).unwrap_or_default(),
        theme: value("theme", Some("auto"), flags.theme.as_ref()).unwrap_or_default(),
    }
}
