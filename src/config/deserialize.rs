//! Reads values of the configuration into Rust types: a serde deserializer whose errors know key and position.
//!
//! Structs are read strictly: a key that is no field is an error, although the same struct may be read leniently from a
//! persona's front matter. Errors about types repeat no value: a key may have been written in the wrong place.

use std::fmt;
use std::sync::Arc;

use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, Deserializer, Error as _, Expected, IntoDeserializer, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::ConfigError;
use super::error::TextPosition;
use super::project::may_set;
use super::value::{ConfigNode, ConfigValue, LayerSource, join_key, shorten};
use crate::domain::key_shapes::is_key_name;
use crate::text::did_you_mean;

/// Reads a table of the configuration.
///
/// # Errors
/// A key is unknown, or a value has the wrong type.
pub(super) fn deserialize<'de, T: Deserialize<'de>>(
    root: &'de ConfigNode,
) -> Result<T, ConfigError> {
    T::deserialize(NodeDeserializer { node: root, key: String::new() }).map_err(|error| {
        let Some(place) = error.place else { return ConfigError::new(error.message) };
        place.source.error(&place.key, place.position, error.message)
    })
}

/// Where in the layers an error is.
#[derive(Debug)]
struct ErrorPlace {
    source: Arc<LayerSource>,
    key: String,
    position: TextPosition,
}

/// What is wrong, and the place of the innermost value that it is about.
#[derive(Debug)]
struct NodeError {
    message: String,
    place: Option<ErrorPlace>,
}

impl NodeError {
    fn at(mut self, node: &ConfigNode, key: &str, position: TextPosition) -> Self {
        self.place.get_or_insert_with(|| ErrorPlace {
            source: Arc::clone(&node.source),
            key: key.to_owned(),
            position,
        });
        self
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NodeError {}

impl de::Error for NodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), place: None }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = describe_found(found);
        Self::custom(format!("expected {}, found {found}", describe_expected(expected)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }
}

/// What was found, without the value.
fn describe_found(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(_) => "true or false".to_owned(),
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer".to_owned(),
        Unexpected::Float(_) => "a number with a fraction".to_owned(),
        Unexpected::Str(_) | Unexpected::Char(_) => "a string".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// What was expected, in the terms of TOML.
fn describe_expected(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "u32" | "usize" | "u64" => "a whole number of 1 or more".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "an array, such as [\"…\", \"…\"]".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        _ => expected,
    }
}

/// A value and its dotted key. An item of an array has the key of the array.
struct NodeDeserializer<'de> {
    node: &'de ConfigNode,
    key: String,
}

impl<'de> NodeDeserializer<'de> {
    fn visit_value<V: Visitor<'de>>(
        node: &'de ConfigNode,
        key: &str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        match &node.value {
            ConfigValue::Table(table) => {
                let entries = table.iter().map(|(name, node)| {
                    (name.as_str(), NodeDeserializer { node, key: join_key(key, name) })
                });
                visitor.visit_map(MapDeserializer::new(entries))
            }
            ConfigValue::Array(items) => {
                let items = items.iter().map(|node| NodeDeserializer { node, key: key.to_owned() });
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            ConfigValue::String(text) => visitor.visit_borrowed_str(text),
            ConfigValue::Integer(number) => {
                if let Ok(number) = i64::try_from(*number) {
                    visitor.visit_i64(number)
                } else if let Ok(number) = u64::try_from(*number) {
                    visitor.visit_u64(number)
                } else {
                    Err(NodeError::custom("expected a smaller number"))
                }
            }
            ConfigValue::Float(number) => visitor.visit_f64(*number),
            ConfigValue::Boolean(value) => visitor.visit_bool(*value),
            ConfigValue::Datetime(_) => {
                Err(NodeError::invalid_type(Unexpected::Other("a date or time"), &visitor))
            }
        }
    }
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = NodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        Self::visit_value(self.node, &self.key, visitor)
            .map_err(|error| error.at(self.node, &self.key, self.node.value_position))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        for (name, node) in self.node.as_table().into_iter().flatten() {
            if !fields.contains(&name.as_str()) {
                return Err(unknown_key_error(node, &self.key, name, fields));
            }
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NodeError> {
        let result = match &self.node.value {
            ConfigValue::String(text) => {
                let text: StrDeserializer<'_, NodeError> = text.as_str().into_deserializer();
                text.deserialize_enum(name, variants, visitor)
            }
            _ => Self::visit_value(self.node, &self.key, visitor),
        };
        result.map_err(|error| error.at(self.node, &self.key, self.node.value_position))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, NodeError> for NodeDeserializer<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The error about `name`, which is no field of the table `table`.
fn unknown_key_error(node: &ConfigNode, table: &str, name: &str, fields: &[&str]) -> NodeError {
    let place = if table.is_empty() { String::new() } else { format!(" in [{table}]") };
    // A project is not shown keys that it may not set either.
    let fields = fields.iter().copied().filter(|key| !node.is_project() || may_set(table, key));
    let fields: Vec<&str> = fields.collect();
    let hint = if table.starts_with("providers.") && is_key_name(name) {
        "; a key does not belong in this file: name its place with key_env, key_cmd or key_file"
            .to_owned()
    } else {
        did_you_mean(name, fields.iter().copied())
    };
    let name = shorten(name);
    let known = match fields.as_slice() {
        [] => "a project's file may set nothing here".to_owned(),
        fields => format!("known: {}", fields.join(", ")),
    };
    NodeError::custom(format!("unknown key \"{name}\"{place}{hint} ({known})")).at(
        node,
        "",
        node.key_position,
    )
}
