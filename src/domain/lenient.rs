//! `deserialize_with` functions for files that people write: accept null for unset values, and one string for a list.
//!
//! Values of other types are errors, unlike in `provider::lenient`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// Deserializes a value; null gives the default.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes a list of strings; a single string gives a list of one, null an empty list.
pub(crate) fn string_or_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    optional_string_or_list(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes a list of strings; a single string gives a list of one, null gives none.
pub(crate) fn optional_string_or_list<'de, D>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error>
where
    D: Deserializer<'de>,
{
    let list: Option<StringOrList> = Option::deserialize(deserializer)?;
    Ok(list.map(|list| list.0))
}

struct StringOrList(Vec<String>);

impl<'de> Deserialize<'de> for StringOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrListVisitor;
        impl<'de> Visitor<'de> for StringOrListVisitor {
            type Value = StringOrList;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<StringOrList, E> {
                Ok(StringOrList(vec![text.to_owned()]))
            }
            fn visit_unit<E>(self) -> Result<StringOrList, E> {
                Ok(StringOrList(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<StringOrList, A::Error> {
                let mut strings = Vec::new();
                while let Some(item) = items.next_element()? {
                    strings.push(item);
                }
                Ok(StringOrList(strings))
            }
        }
        deserializer.deserialize_any(StringOrListVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Fields {
        #[serde(default, deserialize_with = "null_as_default")]
        flag: bool,
        #[serde(default, deserialize_with = "string_or_list")]
        list: Vec<String>,
        #[serde(default, deserialize_with = "optional_string_or_list")]
        optional: Option<Vec<String>>,
    }

    #[test]
    fn null_and_single_strings_are_accepted() {
        let read = |json: &str| serde_json::from_str::<Fields>(json);
        let empty = Fields { flag: false, list: Vec::new(), optional: None };
        assert_eq!(read(r#"{"flag": null, "list": null, "optional": null}"#).unwrap(), empty);
        assert_eq!(read("{}").unwrap(), empty);
        let fields = read(r#"{"flag": true, "list": "a", "optional": ["b", "c"]}"#).unwrap();
        assert_eq!((fields.flag, fields.list), (true, vec!["a".to_owned()]));
        assert_eq!(fields.optional.unwrap(), ["b", "c"]);
        assert!(read(r#"{"list": [1]}"#).is_err() && read(r#"{"list": 1}"#).is_err());
    }
}
