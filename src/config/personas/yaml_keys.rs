//! The keys of a front matter with their positions.
//!
//! serde-saphyr deserialises into types and keeps no tree, so the front matter is read twice: once into this index, and once
//! into the types. The index finds unknown keys at any depth, and the key at the position of a parser error.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// One key or one item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YamlKey {
    /// `contract.sections[2].title`
    pub path: String,
    /// Line in the front matter, 1-based.
    pub line: usize,
    /// Column, 1-based.
    pub column: usize,
    /// The value, when it is a single word or text.
    pub text: Option<String>,
    /// True for an item of a list, which has no name.
    pub is_item: bool,
}

impl YamlKey {
    /// The path without list positions: `contract.sections.title`.
    pub(super) fn schema_path(&self) -> String {
        strip_indices(&self.path)
    }
}

/// Removes list positions from a path.
fn strip_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// All keys of a front matter in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct YamlKeys(Vec<YamlKey>);

impl YamlKeys {
    /// Parses the keys.
    ///
    /// # Errors
    /// The text is not valid YAML, or its top level is not a table.
    pub(super) fn parse(
        yaml: &str,
        options: serde_saphyr::Options,
    ) -> Result<Self, Box<serde_saphyr::Error>> {
        let root: Spanned<YamlNode> =
            serde_saphyr::from_str_with_options(yaml, options).map_err(Box::new)?;
        let mut keys = Self::default();
        keys.add_node("", &root);
        Ok(keys)
    }

    /// Every key and item.
    pub(super) fn iter(&self) -> impl Iterator<Item = &YamlKey> {
        self.0.iter()
    }

    /// The key of this path, else the innermost key above it.
    pub(super) fn find(&self, path: &str) -> Option<&YamlKey> {
        let mut path = path;
        loop {
            if let Some(key) = self.0.iter().find(|k| k.path == path) {
                return Some(key);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    /// The key whose value is at this position: the last one that begins at or before the position.
    pub(super) fn key_at(&self, line: usize, column: usize) -> Option<&YamlKey> {
        self.0.iter().rfind(|k| (k.line, k.column) <= (line, column))
    }

    /// True when one of `names` is a top-level key.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|k| names.contains(&k.path.as_str()))
    }

    /// The text of a top-level key.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|k| k.path == name)?.text.as_deref()
    }

    fn add_node(&mut self, path: &str, node: &Spanned<YamlNode>) {
        match &node.value {
            YamlNode::Map(entries) => {
                for (key, value) in entries {
                    let path = match path {
                        "" => key.value.clone(),
                        _ => format!("{path}.{}", key.value),
                    };
                    self.push_key(path.clone(), key.referenced, &value.value, false);
                    self.add_node(&path, value);
                }
            }
            YamlNode::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    let path = format!("{path}[{i}]");
                    self.push_key(path.clone(), item.referenced, &item.value, true);
                    self.add_node(&path, item);
                }
            }
            YamlNode::Text(_) | YamlNode::Null => {}
        }
    }

    fn push_key(
        &mut self,
        path: String,
        location: serde_saphyr::Location,
        node: &YamlNode,
        is_item: bool,
    ) {
        let text = match node {
            YamlNode::Text(text) => Some(text.clone()),
            _ => None,
        };
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        self.0.push(YamlKey {
            path,
            line: number(location.line()),
            column: number(location.column()),
            text,
            is_item,
        });
    }
}

/// Any YAML value, with the position of each part.
enum YamlNode {
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
    List(Vec<Spanned<Self>>),
    Text(String),
    Null,
}

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = YamlNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_i128<E>(self, v: i128) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_u128<E>(self, v: u128) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_string()))
    }

    fn visit_str<E>(self, v: &str) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(v.to_owned()))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<YamlNode, E> {
        Ok(YamlNode::Null)
    }

    fn visit_unit<E>(self) -> Result<YamlNode, E> {
        Ok(YamlNode::Null)
    }

    fn visit_none<E>(self) -> Result<YamlNode, E> {
        Ok(YamlNode::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<YamlNode, D::Error> {
        YamlNode::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<YamlNode, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(YamlNode::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<YamlNode, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key()? {
            map.push((key, entries.next_value()?));
        }
        Ok(YamlNode::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_keys(yaml: &str) -> YamlKeys {
        YamlKeys::parse(yaml, serde_saphyr::Options::default()).unwrap()
    }

    #[test]
    fn every_key_has_its_path_line_and_text() {
        let keys = parse_keys("a: 1\nb:\n  - { c: x }\n  - d\nquoted: \"y\"\n");
        let found: Vec<_> =
            keys.iter().map(|k| (k.path.as_str(), k.line, k.text.as_deref())).collect();
        assert_eq!(
            found,
            [
                ("a", 1, Some("1")),
                ("b", 2, None),
                ("b[0]", 3, None),
                ("b[0].c", 3, Some("x")),
                ("b[1]", 4, Some("d")),
                ("quoted", 5, Some("y")),
            ]
        );
    }

    #[test]
    fn positions_and_missing_paths_find_the_nearest_key() {
        let keys = parse_keys("a: 1\nb:\n  - { c: x, d: y }\n");
        assert_eq!(keys.key_at(3, 17).unwrap().path, "b[0].d");
        assert_eq!(keys.find("b[0].e").unwrap().path, "b[0]");
        assert_eq!(keys.find("b[7].e").unwrap().path, "b");
        assert_eq!(keys.find("nothing"), None);
        assert_eq!(strip_indices("contract.sections[2].title"), "contract.sections.title");
    }
}
