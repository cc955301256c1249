//! Removes API keys from everything that comes from the network.
//!
//! Answers lose only keys that this process knows ([`TextRedactor`]): what else a model writes about keys is the user's
//! text. Error messages also lose everything that looks like a key ([`Redactor`]), because servers repeat keys that this
//! process never had.

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::key_shapes::KEY_PREFIXES;

mod key_windows;
mod known_keys;
mod text_redactor;

pub(crate) use known_keys::remember_key;
use text_redactor::REPLACEMENT;
pub(crate) use text_redactor::TextRedactor;

/// The length of the part of a key that is removed even without the rest, in bytes.
const SECRET_PREFIX_BYTES: usize = 8;
/// The prefix of a shorter key is left alone, because it may be an ordinary word.
const MIN_BYTES_FOR_PREFIX: usize = 12;
/// Shorter values are placeholders such as `x`.
const MIN_KEY_BYTES: usize = 4;

/// Returns `text` without known keys and without anything that looks like a key: for logs and error messages, not for
/// answers.
pub fn redact_keys(text: &str) -> String {
    Redactor::default().redact_keys(text)
}

/// Returns `text` without the keys that this process knows.
pub(crate) fn redact_known_keys(text: &str) -> String {
    let mut redactor = TextRedactor::default();
    let start = redactor.push(text).into_owned();
    start + &redactor.finish()
}

/// Removes known keys, everything that looks like a key, and even a short prefix of one key.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    key: Option<SecretString>,
}

impl Redactor {
    /// A redactor that also knows `key`.
    pub(crate) fn new(key: Option<SecretString>) -> Self {
        Self { key }
    }

    /// Returns `text` without keys.
    pub(crate) fn redact_keys(&self, text: &str) -> String {
        let mut text = redact_known_keys(text);
        if let Some(key) = &self.key {
            let key = key.expose_secret();
            if key.len() >= MIN_KEY_BYTES {
                text = text.replace(key, REPLACEMENT);
            }
            if key.len() >= MIN_BYTES_FOR_PREFIX
                && let Some(prefix) = key.get(..SECRET_PREFIX_BYTES)
            {
                text = replace_key_runs(&text, prefix, 0);
            }
        }
        for prefix in KEY_PREFIXES {
            text = replace_key_runs(&text, prefix, SECRET_PREFIX_BYTES);
        }
        text
    }
}

/// Replaces every `prefix` at the beginning of a word, together with the key characters after it, if those are at least
/// `min_bytes`.
fn replace_key_runs(text: &str, prefix: &str, min_bytes: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(prefix) {
        out.push_str(before);
        let is_at_word_start = !out.ends_with(|c: char| c.is_ascii_alphanumeric());
        let run_end = after.find(|c| !is_key_char(c)).unwrap_or(after.len());
        let (run, tail) = after.split_at(run_end);
        if is_at_word_start && run.len() >= min_bytes {
            out.push_str(REPLACEMENT);
            rest = tail;
        } else {
            out.push_str(prefix);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Letters, digits, and the characters that separate or mask parts of a key.
fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '+' | '/' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_and_its_prefix_never_appear() {
        let key = SecretString::from("zq-proj-77aaBBcc99ddEEff");
        remember_key(&key);
        let redactor = Redactor::new(Some(key));
        for text in [
            "Incorrect API key provided: zq-proj-77aaBBcc99ddEEff.",
            "Incorrect API key provided: zq-proj-****************EEff.",
            "Incorrect API key provided: zq-proj-.",
            "\"zq-proj-77aaBBcc99ddEEff\"",
        ] {
            let clean = redactor.redact_keys(text);
            assert!(clean.contains(REPLACEMENT), "{clean}");
            assert!(!clean.contains("zq-proj-") && !clean.contains("EEff"), "{clean}");
        }
    }

    #[test]
    fn unknown_keys_are_recognised_by_their_prefix() {
        let redactor = Redactor::default();
        for key in [
            "sk-ant-api03-AAAABBBBCCCC",
            "sk-or-v1-0123456789abcdef",
            "AIzaSyA1234567890abcdef",
            "gsk_0123456789abcdef",
            "xai-0123456789abcdef",
            "hf_0123456789abcdef",
            "ghp_0123456789abcdef",
            "Bearer abcdefgh12345678",
        ] {
            assert_eq!(redactor.redact_keys(&format!("bad <{key}> here")), "bad <[key]> here");
        }
    }

    #[test]
    fn ordinary_words_stay() {
        let text = "the task-runner asked a risk-based question: sk-? Bearer token missing";
        assert_eq!(Redactor::default().redact_keys(text), text);
        assert_eq!(Redactor::new(Some("x".into())).redact_keys("x is x"), "x is x");
    }
}
