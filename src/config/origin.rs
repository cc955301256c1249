//! Where a value of the configuration came from, and the ledger of all of them.
//!
//! Every layer writes what it sets into the [`Ledger`]; the last one wins. `config show` prints it, errors
//! and the choice of a model name their place from it. Holds no key and no command that prints one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where a value came from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program's own default.
    Default,
    /// A built-in provider.
    Preset,
    /// A configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, 1 is the first.
        line: usize,
        /// Set when the file belongs to the project and is therefore not trusted with keys.
        project: bool,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl Origin {
    /// True for a file in the project's folder.
    pub fn is_project(&self) -> bool {
        matches!(self, Self::File { project: true, .. })
    }

    /// The same in a few words: `config.toml line 3`.
    pub fn short(&self) -> String {
        match self {
            Self::File { path, line, project } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let folder = if *project { ".plenary/" } else { "" };
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

/// One value as it is shown, with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value in TOML's notation, shortened; never a secret.
    pub shown: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Every value of the configuration by its dotted key: `providers.gateway.base_url`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    values: BTreeMap<String, Value>,
}

impl Ledger {
    /// Notes a value; a later note of the same key replaces the earlier one.
    pub fn set(&mut self, key: impl Into<String>, shown: impl Into<String>, origin: Origin) {
        self.values.insert(key.into(), Value { shown: shown.into(), origin });
    }

    /// Takes a value out again: another key replaced it.
    pub fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    /// Where the value of `key` came from.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.get(key).map(|value| &value.origin)
    }

    /// All values in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_layer_wins_and_says_where_it_stands() {
        let mut ledger = Ledger::default();
        ledger.set("model", "\"a:b\"", Origin::Default);
        let file = Origin::File { path: "/h/.plenary/config.toml".into(), line: 3, project: true };
        ledger.set("model", "\"c:d\"", file);
        let origin = ledger.origin("model").unwrap();
        assert_eq!(origin.to_string(), "/h/.plenary/config.toml line 3");
        assert_eq!(origin.short(), ".plenary/config.toml line 3");
        assert!(origin.is_project());
        assert_eq!(ledger.iter().count(), 1);
    }
}
