//! Where a value of the configuration comes from, and the list of all values.
//!
//! For `config show`, `doctor` and the reason why a model was chosen. Holds no key and no arguments of a command that
//! prints one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where a value comes from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A default of the program.
    Default,
    /// A built-in provider.
    Preset,
    /// A configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Line, 1-based.
        line: usize,
        /// True when the file belongs to the project and therefore may not set everything.
        is_project: bool,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// The origin without the folder of a file: `config.toml line 3`.
    pub fn to_short(&self) -> String {
        match self {
            Self::File { path, line, is_project } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let folder = if *is_project { ".plenary/" } else { "" };
                format!("{folder}{name} line {line}")
            }
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset => f.write_str("preset"),
            Self::File { path, line, .. } => write!(f, "{} line {line}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value as it is displayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveValue {
    /// The value in TOML's notation, shortened; never a secret.
    pub shown: String,
    /// Where it comes from.
    pub origin: Origin,
    /// A setting that is used instead of this one: `--model` instead of a persona's model.
    pub overridden_by: Option<Origin>,
}

/// Every value of the configuration by its dotted key: `providers.gateway.base_url`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveConfig {
    values: BTreeMap<String, EffectiveValue>,
}

impl EffectiveConfig {
    /// Sets a value.
    pub fn insert(&mut self, key: &str, shown: String, origin: Origin) {
        let value = EffectiveValue { shown, origin, overridden_by: None };
        self.values.insert(key.to_owned(), value);
    }

    /// Notes that the values whose keys pass `is_overridden` are not used because of `origin`.
    pub fn override_values(&mut self, origin: &Origin, is_overridden: impl Fn(&str) -> bool) {
        for (_, value) in self.values.iter_mut().filter(|(key, _)| is_overridden(key)) {
            value.overridden_by = Some(origin.clone());
        }
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&EffectiveValue> {
        self.values.get(key)
    }

    /// Where the value of `key` comes from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.get(key).map(|value| &value.origin)
    }

    /// All values in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &EffectiveValue)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_of_files_have_a_short_form() {
        let path = "/h/.plenary/config.toml".into();
        let origin = Origin::File { path, line: 3, is_project: true };
        assert_eq!(origin.to_string(), "/h/.plenary/config.toml line 3");
        assert_eq!(origin.to_short(), ".plenary/config.toml line 3");
        assert_eq!(Origin::Flag("--model").to_short(), "--model");
    }
}
