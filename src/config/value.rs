//! A value of the configuration with its origin: what layers consist of.
//!
//! Converts from TOML, finds keys and words errors about them. Merging is `stack`'s work, reading into Rust types
//! `deserialize`'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::error::TextPosition;
use super::{ConfigError, EffectiveConfig, Origin};

/// Longest value that is displayed, in characters.
const MAX_SHOWN_CHARS: usize = 100;

/// Where all values of a layer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LayerSource {
    /// The defaults of the program.
    Default,
    /// A built-in provider.
    Preset,
    /// The built-in catalogue of local models.
    Catalogue,
    /// A configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// True when the file belongs to the project and therefore may not set everything.
        is_project: bool,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl LayerSource {
    /// The origin of a value in this line.
    pub(super) fn origin(&self, line: usize) -> Origin {
        match self {
            Self::Default => Origin::Default,
            Self::Preset | Self::Catalogue => Origin::Preset,
            Self::File { path, is_project } => {
                Origin::File { path: path.clone(), line, is_project: *is_project }
            }
            Self::Env(name) => Origin::Env(name.clone()),
            Self::Flag(name) => Origin::Flag(name),
        }
    }

    /// An error about the value of a dotted key.
    pub(super) fn error(
        &self,
        key: &str,
        position: TextPosition,
        message: impl Into<String>,
    ) -> ConfigError {
        match self {
            Self::File { path, .. } => {
                ConfigError::in_file(path, message).at_position(position).with_key(key)
            }
            Self::Env(_) | Self::Flag(_) => {
                ConfigError::new(message).with_context(self.origin(position.line))
            }
            Self::Catalogue => {
                ConfigError::new(message).with_key(key).with_context("built-in models")
            }
            Self::Default | Self::Preset => ConfigError::new(message).with_key(key),
        }
    }
}

/// A table of the configuration.
pub(super) type ConfigTable = BTreeMap<String, ConfigNode>;

/// A value as TOML knows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ConfigValue {
    /// A table, inline or with a header.
    Table(ConfigTable),
    /// An array.
    Array(Vec<ConfigNode>),
    /// A string.
    String(String),
    /// An integer; one that does not fit is the largest or smallest possible.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A date or time, which no setting accepts.
    Datetime(String),
}

impl From<&str> for ConfigValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

/// A value with the place that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConfigNode {
    /// The layer that set the value; of a merged table, the last file that has it.
    pub(super) source: Arc<LayerSource>,
    /// Position of the key; of an array's item, that of the item.
    pub(super) key_position: TextPosition,
    /// Position of the value.
    pub(super) value_position: TextPosition,
    /// The value.
    pub(super) value: ConfigValue,
}

impl ConfigNode {
    /// A value that is in no text.
    pub(super) fn new(source: &Arc<LayerSource>, value: ConfigValue) -> Self {
        let start = TextPosition { line: 1, column: 1 };
        let source = Arc::clone(source);
        Self { source, key_position: start, value_position: start, value }
    }

    /// An empty table.
    pub(super) fn empty_table(source: &Arc<LayerSource>) -> Self {
        Self::new(source, ConfigValue::Table(ConfigTable::new()))
    }

    /// Converts a parsed TOML document.
    pub(super) fn from_toml(table: &DeTable<'_>, text: &str, source: &Arc<LayerSource>) -> Self {
        let lines = LineIndex::new(text);
        let value = ConfigValue::Table(convert_table(table, &lines, source));
        Self { value, ..Self::empty_table(source) }
    }

    /// The entries, if this is a table.
    pub(super) fn as_table(&self) -> Option<&ConfigTable> {
        match &self.value {
            ConfigValue::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The entries, if this is a table.
    pub(super) fn as_table_mut(&mut self) -> Option<&mut ConfigTable> {
        match &mut self.value {
            ConfigValue::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.value {
            ConfigValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is an integer that fits.
    pub(super) fn as_u32(&self) -> Option<u32> {
        match self.value {
            ConfigValue::Integer(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// The entries of the table at `path`; none when there is no such table.
    pub(super) fn entries<'a>(
        &'a self,
        path: &[&str],
    ) -> impl Iterator<Item = (&'a str, &'a Self)> + use<'a> {
        let table = self.find(path).and_then(Self::as_table);
        table.into_iter().flatten().map(|(key, node)| (key.as_str(), node))
    }

    /// The value at `path`.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.as_table()?.get(*key))
    }

    /// Sets the value at `path`, and makes the tables above it.
    pub(super) fn set(&mut self, path: &[&str], value: ConfigValue) {
        let Some((key, above)) = path.split_last() else { return };
        let source = Arc::clone(&self.source);
        let table = above.iter().try_fold(self, |node, key| {
            let entry = node.as_table_mut()?.entry((*key).to_owned());
            Some(entry.or_insert_with(|| Self::empty_table(&source)))
        });
        if let Some(table) = table.and_then(Self::as_table_mut) {
            table.insert((*key).to_owned(), Self::new(&source, value));
        }
    }

    /// Removes the value at `path`.
    pub(super) fn remove(&mut self, path: &[&str]) {
        let Some((key, above)) = path.split_last() else { return };
        let table = above.iter().try_fold(self, |node, key| node.as_table_mut()?.get_mut(*key));
        if let Some(table) = table.and_then(Self::as_table_mut) {
            table.remove(*key);
        }
    }

    /// Where the value comes from.
    pub(super) fn origin(&self) -> Origin {
        self.source.origin(self.key_position.line)
    }

    /// Where the value at `path` comes from.
    pub(super) fn origin_of(&self, path: &[&str]) -> Option<Origin> {
        self.find(path).map(Self::origin)
    }

    /// The file that the value comes from.
    pub(super) fn file(&self) -> Option<&Path> {
        match &*self.source {
            LayerSource::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// True for a value of a project's file.
    pub(super) fn is_project(&self) -> bool {
        matches!(*self.source, LayerSource::File { is_project: true, .. })
    }

    /// An error about the value at `path`; about a missing value, at the innermost table that lacks it.
    pub(super) fn error_at(&self, path: &[&str], message: impl Into<String>) -> ConfigError {
        let found = (0..=path.len())
            .rev()
            .find_map(|n| path.get(..n).and_then(|path| self.find(path)))
            .unwrap_or(self);
        found.source.error(&path.join("."), found.key_position, message)
    }

    /// Every value with its dotted key, except those of the catalogue.
    pub(super) fn list_values(&self) -> EffectiveConfig {
        let mut values = EffectiveConfig::default();
        self.add_values("", &mut values);
        values
    }

    fn add_values(&self, key: &str, values: &mut EffectiveConfig) {
        if let Some(table) = self.as_table() {
            for (name, node) in table {
                node.add_values(&join_key(key, name), values);
            }
        } else if *self.source != LayerSource::Catalogue {
            values.insert(key, self.to_shown(key.ends_with(".key_cmd")), self.origin());
        }
    }

    /// The value in TOML's notation, shortened. The arguments of a command are left out, because they may be secret.
    fn to_shown(&self, is_command: bool) -> String {
        let shown = match &self.value {
            ConfigValue::Array(items) if is_command => match items.as_slice() {
                [program, _, ..] => format!("[{}, …]", program.to_toml()),
                _ => self.to_toml(),
            },
            _ if is_command => return "…".to_owned(),
            _ => self.to_toml(),
        };
        shorten(&shown)
    }

    /// The value in TOML's notation.
    pub(super) fn to_toml(&self) -> String {
        match &self.value {
            ConfigValue::String(text) => format!("{text:?}"),
            ConfigValue::Integer(number) => number.to_string(),
            ConfigValue::Float(number) => format!("{number:?}"),
            ConfigValue::Boolean(value) => value.to_string(),
            ConfigValue::Datetime(text) => text.clone(),
            ConfigValue::Array(items) => {
                let items: Vec<String> = items.iter().map(Self::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            ConfigValue::Table(table) => {
                let entry = |(key, node): (&String, &Self)| format!("{key} = {}", node.to_toml());
                format!("{{ {} }}", table.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The dotted key of `name` in the table `table`.
pub(super) fn join_key(table: &str, name: &str) -> String {
    if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") }
}

/// The beginning of a text, for a message.
pub(super) fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_SHOWN_CHARS {
        return text.to_owned();
    }
    text.chars().take(MAX_SHOWN_CHARS - 1).chain(['…']).collect()
}

fn convert_table(
    table: &DeTable<'_>,
    lines: &LineIndex<'_>,
    source: &Arc<LayerSource>,
) -> ConfigTable {
    let convert = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        let node = ConfigNode {
            source: Arc::clone(source),
            key_position: lines.position(key.span().start),
            value_position: lines.position(value.span().start),
            value: convert_value(value.get_ref(), lines, source),
        };
        (name.to_string(), node)
    };
    table.iter().map(convert).collect()
}

fn convert_value(
    value: &DeValue<'_>,
    lines: &LineIndex<'_>,
    source: &Arc<LayerSource>,
) -> ConfigValue {
    match value {
        DeValue::String(text) => ConfigValue::String(text.to_string()),
        DeValue::Integer(number) => {
            let text = number.as_str();
            let limit = if text.starts_with('-') { i128::MIN } else { i128::MAX };
            ConfigValue::Integer(i128::from_str_radix(text, number.radix()).unwrap_or(limit))
        }
        DeValue::Float(number) => ConfigValue::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => ConfigValue::Boolean(*value),
        DeValue::Datetime(when) => ConfigValue::Datetime(when.to_string()),
        DeValue::Array(items) => {
            let convert = |item: &toml::Spanned<DeValue<'_>>| {
                let position = lines.position(item.span().start);
                ConfigNode {
                    source: Arc::clone(source),
                    key_position: position,
                    value_position: position,
                    value: convert_value(item.get_ref(), lines, source),
                }
            };
            ConfigValue::Array(items.iter().map(convert).collect())
        }
        DeValue::Table(table) => ConfigValue::Table(convert_table(table, lines, source)),
    }
}

/// The starts of the lines of a text. A file may have a hundred thousand keys, each with its position.
pub(super) struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        let after = text.match_indices('\n').map(|(index, _)| index + 1);
        Self { text, starts: std::iter::once(0).chain(after).collect() }
    }

    /// The position of the byte at `offset`.
    pub(super) fn position(&self, offset: usize) -> TextPosition {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|n| self.starts.get(n)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        TextPosition { line, column: before.chars().count() + 1 }
    }
}
