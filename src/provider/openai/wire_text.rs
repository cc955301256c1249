//! Texts of events that may begin or end in the middle of a character.
//!
//! Some servers cut a text between the halves of a surrogate pair and send each in a separate event. The halves are
//! joined when they meet; one that stays alone becomes U+FFFD.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::provider::lenient_json::{is_high_surrogate, parse_lenient, read_surrogate};

/// The number of bytes of an escape such as `\ud83d`.
const ESCAPE_BYTES: usize = 6;

/// A text, and the halves of characters at its ends.
#[derive(Debug, Default)]
pub(super) struct WireText<'a> {
    low: Option<u16>,
    text: Cow<'a, str>,
    high: Option<u16>,
}

impl<'de: 'a, 'a> Deserialize<'de> for WireText<'a> {
    /// Any value other than a text is an empty one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// `Cow` alone is always read as owned.
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(match serde_json::from_str(raw) {
            Ok(BorrowedText(text)) => text.into(),
            Err(_) => Self::read_halves(raw),
        })
    }
}

impl<'a> From<Cow<'a, str>> for WireText<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self { low: None, text, high: None }
    }
}

impl WireText<'_> {
    /// True if there is nothing, not even half of a character.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.low.is_none() && self.high.is_none()
    }

    /// Reads a JSON text that no parser accepts.
    fn read_halves(raw: &str) -> Self {
        let Some(inner) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
            return Self::default();
        };
        let low = read_surrogate(inner).filter(|unit| !is_high_surrogate(*unit));
        let rest =
            if low.is_some() { inner.get(ESCAPE_BYTES..).unwrap_or_default() } else { inner };
        let high =
            last_escape(rest).and_then(read_surrogate).filter(|unit| is_high_surrogate(*unit));
        let kept = rest.len() - if high.is_some() { ESCAPE_BYTES } else { 0 };
        let middle = rest.get(..kept).unwrap_or_default();
        let text: Option<String> = parse_lenient(&format!("\"{middle}\""));
        Self { low, text: text.unwrap_or_default().into(), high }
    }
}

/// What may be an escape at the end of a JSON text; not one whose backslash is itself escaped.
fn last_escape(text: &str) -> Option<&str> {
    let (before, escape) = text.split_at_checked(text.len().checked_sub(ESCAPE_BYTES)?)?;
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes.is_multiple_of(2).then_some(escape)
}

/// Joins the texts of successive events.
#[derive(Debug, Default)]
pub(super) struct TextJoiner {
    /// The first half of a character whose second half has not arrived.
    high: Option<u16>,
}

impl TextJoiner {
    /// The text that `next` adds.
    pub(super) fn join<'a>(&mut self, next: &'a WireText<'_>) -> Cow<'a, str> {
        if next.is_empty() {
            return Cow::Borrowed("");
        }
        let first = match (self.high.take(), next.low) {
            (None, None) => None,
            (high, low) => {
                let units = high.into_iter().chain(low);
                char::decode_utf16(units).next().map(|first| first.unwrap_or('\u{fffd}'))
            }
        };
        self.high = next.high;
        match first {
            None => Cow::Borrowed(&next.text),
            Some(first) => Cow::Owned(format!("{first}{}", next.text)),
        }
    }

    /// No text follows: the half of a character that is left, as U+FFFD.
    pub(super) fn finish(&mut self) -> &'static str {
        if self.high.take().is_some() { "\u{fffd}" } else { "" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(texts: &[&str]) -> String {
        let mut joiner = TextJoiner::default();
        let mut out = String::new();
        for text in texts {
            let json = format!("\"{text}\"");
            let text: WireText<'_> = serde_json::from_str(&json).unwrap();
            out.push_str(&joiner.join(&text));
        }
        out + joiner.finish()
    }

    #[test]
    fn halves_of_characters_are_joined() {
        for (texts, joined) in [
            (&["a\\ud83d", "\\ude00b"][..], "a😀b"),
            (&["\\ud83d", "", "\\ude00"], "😀"),
            (&["\\uD83D", "\\uDE00\\ud83d", "\\ude01"], "😀😁"),
            (&["a\\ud83d"], "a\u{fffd}"),
            (&["a\\ud83d", "b"], "a\u{fffd}b"),
            (&["\\ude00a"], "\u{fffd}a"),
            (&["\\ud83d", "\\ud83d", "\\ude00"], "\u{fffd}😀"),
            (&["a\\ud83db", "c"], "a\u{fffd}bc"),
            (&["\\ude00", "\\ud83d"], "\u{fffd}\u{fffd}"),
            (&["a\\\\ud83d", "\\ude00"], "a\\ud83d\u{fffd}"),
            (&["\\ud83d\\n"], "\u{fffd}\n"),
        ] {
            assert_eq!(join(texts), joined, "{texts:?}");
        }
    }

    #[test]
    fn other_values_are_empty() {
        for json in ["null", "7", "true", "[\"a\"]", "{}"] {
            assert!(serde_json::from_str::<WireText<'_>>(json).unwrap().is_empty(), "{json}");
        }
    }
}
