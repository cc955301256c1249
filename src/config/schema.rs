//! The names of a struct's fields as serde knows them, so that no list of keys is kept twice.
//!
//! Reads no data. Used by `file` for tables whose own reader is lenient about unknown keys.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The keys that `T` reads; empty when `T` is no plain struct.
pub(super) fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The spy has no data to give, so this always ends in an error; the fields are what we came for.
    let nothing = T::deserialize(Spy { fields: &mut fields });
    drop(nothing);
    fields
}

struct Spy<'a> {
    fields: &'a mut &'static [&'static str],
}

#[derive(Debug)]
struct Nothing;

impl fmt::Display for Nothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing to read")
    }
}

impl std::error::Error for Nothing {}

impl de::Error for Nothing {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Spy<'_> {
    type Error = Nothing;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Nothing> {
        *self.fields = fields;
        Err(Nothing)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Nothing> {
        Err(Nothing)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::IntakeField;

    #[test]
    fn the_fields_are_those_of_the_struct() {
        assert_eq!(fields_of::<IntakeField>(), ["id", "ask", "confirm"]);
        assert_eq!(fields_of::<String>(), [""; 0]);
    }
}
