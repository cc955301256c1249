//! `deserialize_with` functions for fields that servers leave out, set to null or send in another type.
//!
//! None of them fails for JSON that can be tokenised: a value that does not fit is as good as none, so that one
//! unreadable field never costs an answer. Texts are borrowed from the event where the JSON has no escapes.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;

/// Any value; the default where it does not fit.
pub(super) fn value_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// A text; empty where the value is something else.
pub(super) fn text_or_empty<'de, D>(deserializer: D) -> Result<Cow<'de, str>, D::Error>
where
    D: Deserializer<'de>,
{
    /// `Cow` alone is always read as owned.
    #[derive(Default, serde::Deserialize)]
    #[serde(transparent)]
    struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

    value_or_default(deserializer).map(|BorrowedText(text)| text)
}

/// A count, also as a fraction or as text; a negative one is 0.
pub(super) fn count_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(match value_or_default(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().map(saturate_to_u64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// An amount of US dollars, in millionths.
pub(super) fn micro_dollars_or_none<'de, D>(deserializer: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    let Value::Number(dollars) = value_or_default(deserializer)? else { return Ok(None) };
    if let Some(dollars) = dollars.as_u64() {
        return Ok(dollars.checked_mul(1_000_000));
    }
    let micros = dollars.as_f64().map(|dollars| (dollars * 1e6).round());
    Ok(micros.filter(|micros| (0.0..1e15).contains(micros)).map(saturate_to_u64))
}

/// Whether the value is a list with at least one item.
pub(super) fn is_filled_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let items: Vec<IgnoredAny> = value_or_default(deserializer)?;
    Ok(!items.is_empty())
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates: negative and NaN become 0"
)]
fn saturate_to_u64(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Fields<'a> {
        #[serde(borrow, deserialize_with = "text_or_empty")]
        text: Cow<'a, str>,
        #[serde(deserialize_with = "count_or_none")]
        count: Option<u64>,
        #[serde(deserialize_with = "micro_dollars_or_none")]
        cost: Option<u64>,
        #[serde(deserialize_with = "is_filled_list")]
        list: bool,
        after: u8,
    }

    /// Reads an event in which `field` has this value; what follows it must still be read.
    fn read<'a>(json: &'a mut String, field: &str, value: &str) -> Fields<'a> {
        *json = format!("{{\"{field}\":{value},\"after\":1}}");
        let fields: Fields<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(fields.after, 1);
        fields
    }

    #[test]
    fn texts_are_borrowed_and_everything_else_is_empty() {
        let mut json = String::new();
        assert!(matches!(read(&mut json, "text", "\"Hi é\"").text, Cow::Borrowed("Hi é")));
        assert_eq!(read(&mut json, "text", r#""\u00e9\n""#).text, "é\n");
        for value in ["null", "7", "-1.5", "true", "[1,[2]]", "{\"a\":{}}", "1e999", r#""\ud83d""#]
        {
            assert_eq!(read(&mut json, "text", value).text, "", "{value}");
        }
    }

    #[test]
    fn counts_are_brought_to_a_number_or_to_none() {
        for (value, count) in [
            ("7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("-3", Some(0)),
            ("4.9", Some(4)),
            ("1e300", Some(u64::MAX)),
            ("\"12\"", Some(12)),
            ("\"x\"", None),
            ("1e999", None),
            ("null", None),
            ("true", None),
            ("[7]", None),
            ("{\"a\":7}", None),
        ] {
            assert_eq!(read(&mut String::new(), "count", value).count, count, "{value}");
        }
    }

    #[test]
    fn costs_are_millionths_of_a_dollar_or_none() {
        for (value, cost) in [
            ("0.0012345", Some(1_235)),
            ("2", Some(2_000_000)),
            ("0", Some(0)),
            ("18446744073709551615", None),
            ("-1", None),
            ("-0.5", None),
            ("1e300", None),
            ("\"2\"", None),
            ("[2]", None),
        ] {
            assert_eq!(read(&mut String::new(), "cost", value).cost, cost, "{value}");
        }
    }

    #[test]
    fn only_a_list_with_items_is_filled() {
        for (value, filled) in
            [("[{}]", true), ("[null]", true), ("[]", false), ("null", false), ("{\"a\":1}", false)]
        {
            assert_eq!(read(&mut String::new(), "list", value).list, filled, "{value}");
        }
    }
}
