//! One layer of the configuration: a table and where it comes from.
//!
//! Reads a `config.toml`, checks its keys and types, and says where it is wrong. Which layer wins is `stack`'s work, what a
//! value means is decided where it is used.

use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::ConfigError;
use super::deserialize::deserialize;
use super::schema::ConfigSchema;
use super::text_file::{describe_io_error, read_text_file};
use super::value::{ConfigNode, ConfigValue, LayerSource, LineIndex};

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ConfigLayer {
    /// The values.
    pub(super) root: ConfigNode,
}

impl ConfigLayer {
    /// A layer of a few values.
    pub(super) fn from_values<'a>(
        source: LayerSource,
        values: impl IntoIterator<Item = (&'a [&'a str], ConfigValue)>,
    ) -> Self {
        let mut root = ConfigNode::empty_table(&Arc::new(source));
        for (path, value) in values {
            root.set(path, value);
        }
        Self { root }
    }

    /// Reads the user's file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has an unknown key or a value of the wrong type.
    pub(super) fn read_file(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text_file(path)
            .map_err(|error| ConfigError::in_file(path, describe_io_error(&error)))?;
        Self::parse_file(path, false, &text)
    }

    /// Parses `text` as the content of the file at `path`.
    ///
    /// # Errors
    /// The text is not TOML, or has an unknown key or a value of the wrong type.
    pub(super) fn parse_file(
        path: &Path,
        is_project: bool,
        text: &str,
    ) -> Result<Self, ConfigError> {
        let layer = Self::parse(LayerSource::File { path: path.to_owned(), is_project }, text)?;
        // Checked for each file, so that a wrong value is reported even if a stronger layer overrides it.
        deserialize::<ConfigSchema>(&layer.root)?;
        Ok(layer)
    }

    /// Parses TOML without checking keys and types.
    ///
    /// # Errors
    /// The text is not TOML.
    pub(super) fn parse(source: LayerSource, text: &str) -> Result<Self, ConfigError> {
        let source = Arc::new(source);
        let table = DeTable::parse(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            let reason = e.message().lines().collect::<Vec<_>>().join(", ");
            let position = LineIndex::new(text).position(offset);
            source.error("", position, format!("not valid TOML: {reason}"))
        })?;
        Ok(Self { root: ConfigNode::from_toml(table.get_ref(), text, &source) })
    }

    /// Removes every setting except the top-level ones in `kept`.
    pub(super) fn keep_only(&mut self, kept: &[&str]) {
        if let Some(table) = self.root.as_table_mut() {
            table.retain(|name, _| kept.contains(&name.as_str()));
        }
    }
}
