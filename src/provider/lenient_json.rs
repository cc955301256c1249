//! Reads JSON that real servers send although it is none: half surrogate pairs, raw control characters, unknown escapes,
//! `NaN`.
//!
//! Valid JSON is read as it is; only what cannot be read is repaired and read again. What the values mean is decided by
//! the wires.

use serde::de::DeserializeOwned;

/// Words that other languages write where JSON has none.
const WORDS: &[(&str, &str)] = &[
    ("-Infinity", "null"),
    ("Infinity", "null"),
    ("NaN", "null"),
    ("None", "null"),
    ("True", "true"),
    ("False", "false"),
];
const REPLACEMENT_ESCAPE: &str = "\\ufffd";

/// Reads `text`, repaired if necessary. None if it is no JSON at all, or of another type.
pub(crate) fn parse_lenient<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&repair_json(text)?).ok())
}

/// JSON in which what no parser accepts is replaced: half of a surrogate pair by U+FFFD, a control character by its
/// escape, `NaN` by null. None if there is nothing to repair.
pub(crate) fn repair_json(text: &str) -> Option<String> {
    let mut repair =
        Repair { rest: text, out: String::with_capacity(text.len()), is_changed: false };
    let mut in_string = false;
    while let Some(first) = repair.rest.chars().next() {
        match first {
            '"' => {
                in_string = !in_string;
                repair.copy(1);
            }
            '\\' if in_string => repair.read_escape(),
            control if in_string && control < ' ' => {
                let escape = format!("\\u{:04x}", u32::from(control));
                repair.replace(1, &escape);
            }
            _ if in_string => repair.copy(first.len_utf8()),
            _ => repair.read_word(first),
        }
    }
    repair.is_changed.then_some(repair.out)
}

/// The surrogate that an escape at the beginning of `text` means.
pub(crate) fn read_surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let unit = u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    (0xD800..0xE000).contains(&unit).then_some(unit)
}

/// True for the first half of a pair, false for the second.
pub(crate) fn is_high_surrogate(unit: u16) -> bool {
    unit < 0xDC00
}

/// A walk over the text.
struct Repair<'a> {
    rest: &'a str,
    out: String,
    is_changed: bool,
}

impl Repair<'_> {
    fn copy(&mut self, bytes: usize) {
        let (head, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.out.push_str(head);
        self.rest = rest;
    }

    fn replace(&mut self, bytes: usize, with: &str) {
        self.out.push_str(with);
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.is_changed = true;
    }

    /// Reads what begins with a backslash in a string.
    fn read_escape(&mut self) {
        match self.rest.as_bytes().get(1) {
            Some(b'u') => match read_surrogate(self.rest) {
                Some(unit) => {
                    let next = self.rest.get(6..).and_then(read_surrogate);
                    let is_pair = is_high_surrogate(unit)
                        && next.is_some_and(|next| !is_high_surrogate(next));
                    if is_pair { self.copy(12) } else { self.replace(6, REPLACEMENT_ESCAPE) }
                }
                None if self.has_code() => self.copy(6),
                None => self.replace(1, "\\\\"),
            },
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(2),
            _ => self.replace(1, "\\\\"),
        }
    }

    /// True if four hexadecimal digits follow `\u`.
    fn has_code(&self) -> bool {
        self.rest
            .get(2..6)
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    /// Reads what is outside of strings.
    fn read_word(&mut self, first: char) {
        let is_inside = self.out.ends_with(|last: char| last.is_ascii_alphanumeric());
        let word = WORDS.iter().find(|(word, _)| !is_inside && self.rest.starts_with(word));
        match word {
            Some((word, value)) => self.replace(word.len(), value),
            None => self.copy(first.len_utf8()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_servers_send_is_read() {
        for (text, value) in [
            (r#"{"a":"\ud83d"}"#, json!({"a": "\u{fffd}"})),
            (r#"{"a":"x\ude00y"}"#, json!({"a": "x\u{fffd}y"})),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, json!({"a": "\u{fffd}😀"})),
            (r#"{"\ud83d":1}"#, json!({"\u{fffd}": 1})),
            (r#"{"a":"\\ud83d","b":"\ud83d"}"#, json!({"a": "\\ud83d", "b": "\u{fffd}"})),
            ("{\"a\":\"\u{19}\n\"}", json!({"a": "\u{19}\n"})),
            (r#"{"a":"\x41\'"}"#, json!({"a": "\\x41\\'"})),
            (r#"{"a":"\u12"}"#, json!({"a": "\\u12"})),
            (
                r#"{"a":NaN,"b":[-Infinity,Infinity,None,True,False]}"#,
                json!({"a": null, "b": [null, null, null, true, false]}),
            ),
            (r#"{"a":"NaN"}"#, json!({"a": "NaN"})),
        ] {
            assert_eq!(parse_lenient::<Value>(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_stays_so() {
        for text in ["", "{", "hello", "<html>", r#"{"a":"\"#, "{\"a\":\"\\ud83d", "é\\"] {
            assert_eq!(parse_lenient::<Value>(text), None, "{text}");
        }
        assert_eq!(repair_json(r#"{"a":"\ud83d\ude00 \n é"}"#), None);
    }
}
