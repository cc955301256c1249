//! Where every key of the front matter stands.
//!
//! serde-saphyr deserialises into types and keeps no tree, so the front matter is read twice: once into
//! this index of keys with their lines, and once into the types. The index finds unknown keys at any
//! depth and turns a position of a parser error back into the name of a key.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// One key or one item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// `contract.sections[2].title`
    pub path: String,
    /// Line within the front matter, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The value, when it is a single word or text.
    pub text: Option<String>,
    /// True for an item of a list, which has no name of its own.
    pub item: bool,
}

impl Key {
    /// The path without list positions: `contract.sections.title`.
    pub(super) fn schema_path(&self) -> String {
        schema_path(&self.path)
    }
}

/// Drops list positions from a path.
pub(super) fn schema_path(path: &str) -> String {
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

/// All keys of a front matter in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keys(Vec<Key>);

impl Keys {
    /// Reads the keys; fails where the YAML itself is wrong, or its top level is not a table.
    pub(super) fn read(
        yaml: &str,
        options: serde_saphyr::Options,
    ) -> Result<Self, Box<serde_saphyr::Error>> {
        let root: Spanned<Node> =
            serde_saphyr::from_str_with_options(yaml, options).map_err(Box::new)?;
        let mut keys = Self::default();
        keys.add("", &root);
        Ok(keys)
    }

    /// Every key and item.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// The key of this path, or else the nearest one above it.
    pub(super) fn find(&self, path: &str) -> Option<&Key> {
        let mut path = path;
        loop {
            if let Some(key) = self.0.iter().find(|k| k.path == path) {
                return Some(key);
            }
            path = path.get(..path.rfind(['.', '['])?)?;
        }
    }

    /// The key whose value stands at this position: the last one that begins at or before it.
    pub(super) fn at(&self, line: usize, column: usize) -> Option<&Key> {
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

    fn add(&mut self, path: &str, node: &Spanned<Node>) {
        match &node.value {
            Node::Map(entries) => {
                for (key, value) in entries {
                    let path = match path {
                        "" => key.value.clone(),
                        _ => format!("{path}.{}", key.value),
                    };
                    self.push(path.clone(), key.referenced, &value.value, false);
                    self.add(&path, value);
                }
            }
            Node::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    let path = format!("{path}[{i}]");
                    self.push(path.clone(), item.referenced, &item.value, true);
                    self.add(&path, item);
                }
            }
            Node::Text(_) | Node::Null => {}
        }
    }

    fn push(&mut self, path: String, at: serde_saphyr::Location, node: &Node, item: bool) {
        let text = match node {
            Node::Text(text) => Some(text.clone()),
            _ => None,
        };
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        self.0.push(Key { path, line: number(at.line()), column: number(at.column()), text, item });
    }
}

/// Any YAML value, with the place of each part.
enum Node {
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
    List(Vec<Spanned<Self>>),
    Text(String),
    Null,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_i128<E>(self, v: i128) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_u128<E>(self, v: u128) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Node, E> {
        Ok(Node::Text(v.to_string()))
    }

    fn visit_str<E>(self, v: &str) -> Result<Node, E> {
        Ok(Node::Text(v.to_owned()))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key()? {
            map.push((key, entries.next_value()?));
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(yaml: &str) -> Keys {
        Keys::read(yaml, serde_saphyr::Options::default()).unwrap()
    }

    #[test]
    fn every_key_has_its_path_line_and_text() {
        let keys = keys("a: 1\nb:\n  - { c: x }\n  - d\nquoted: \"y\"\n");
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
    fn a_position_finds_its_key_and_a_missing_path_the_one_above() {
        let keys = keys("a: 1\nb:\n  - { c: x, d: y }\n");
        assert_eq!(keys.at(3, 17).unwrap().path, "b[0].d");
        assert_eq!(keys.find("b[0].e").unwrap().path, "b[0]");
        assert_eq!(keys.find("b[7].e").unwrap().path, "b");
        assert_eq!(keys.find("nothing"), None);
        assert_eq!(schema_path("contract.sections[2].title"), "contract.sections.title");
    }
}
