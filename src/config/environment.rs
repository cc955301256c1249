//! What the configuration is read from besides its files: environment variables, folders, free memory.
//!
//! A value, so that tests need no process of their own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Paths;
use super::layer::ConfigLayer;
use super::value::{ConfigValue, LayerSource};

/// Environment variables, folders and free memory.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Environment variables; those that are not Unicode are left out.
    pub vars: BTreeMap<String, String>,
    /// Folders of the program.
    pub paths: Paths,
    /// Free memory in bytes, if known.
    pub free_memory: Option<u64>,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        let unicode = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let vars = std::env::vars_os().filter_map(unicode).collect();
        Self { vars, paths: Paths::of_process(), free_memory: crate::machine::available_memory() }
    }

    /// The value of a variable; none for an empty one.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// Expands a leading `~/`, and resolves a relative path against `folder`.
    pub fn expand_path(&self, path: &str, folder: &Path) -> PathBuf {
        match path.strip_prefix("~/").zip(self.var("HOME")) {
            Some((rest, home)) => Path::new(home).join(rest),
            None => folder.join(path),
        }
    }

    /// The layer of a variable that sets the value at `path`.
    pub(super) fn layer(
        &self,
        name: &str,
        path: &[&str],
        convert: impl Fn(&str) -> String,
    ) -> Option<ConfigLayer> {
        let value = ConfigValue::String(convert(self.var(name)?));
        Some(ConfigLayer::from_values(LayerSource::Env(name.to_owned()), [(path, value)]))
    }
}
