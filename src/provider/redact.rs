//! Takes keys out of words that people will see.
//!
//! Providers repeat keys in their error messages; so every message passes here before it leaves this layer.
//! Not for answers: what a model writes is the user's own text. Called by `explain`.

use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a key stood.
const MARK: &str = "[key]";
/// Beginnings of keys that the known services hand out.
const SHAPES: &[&str] = &["sk-", "AIza", "gsk_", "xai-", "hf_", "ghp_", "Bearer ", "bearer "];
/// How much of a key's beginning is as good as the key.
const PREFIX: usize = 8;
/// A shorter key has no prefix worth hiding, and hiding one would eat ordinary words.
const LONG: usize = 12;
/// Below this a value is a placeholder such as `x`.
const SHORTEST: usize = 4;

/// Removes one key, its beginning, and everything that has the shape of a key.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    key: Option<SecretString>,
}

impl Redactor {
    /// A redactor that also knows `key`.
    pub(crate) fn new(key: Option<SecretString>) -> Self {
        Self { key }
    }

    /// `text` without keys.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(key) = &self.key {
            let key = key.expose_secret();
            if key.len() >= SHORTEST {
                text = text.replace(key, MARK);
            }
            if key.len() >= LONG
                && let Some(prefix) = key.get(..PREFIX)
            {
                text = replace_runs(&text, prefix, 0);
            }
        }
        for shape in SHAPES {
            text = replace_runs(&text, shape, PREFIX);
        }
        text
    }
}

/// Replaces every `start` at the beginning of a word, with the run of key characters behind it, when that run has at
/// least `least` of them.
fn replace_runs(text: &str, start: &str, least: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        out.push_str(before);
        let begins = !out.ends_with(|c: char| c.is_ascii_alphanumeric());
        let run = after.find(|c| !is_key_char(c)).unwrap_or(after.len());
        let (run, tail) = after.split_at(run);
        if begins && run.len() >= least {
            out.push_str(MARK);
            rest = tail;
        } else {
            out.push_str(start);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Letters, digits and what keys are joined or masked with.
fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*' | '+' | '/' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_and_its_beginning_never_appear() {
        let redactor = Redactor::new(Some("zq-proj-77aaBBcc99ddEEff".into()));
        for text in [
            "Incorrect API key provided: zq-proj-77aaBBcc99ddEEff.",
            "Incorrect API key provided: zq-proj-****************EEff.",
            "Incorrect API key provided: zq-proj-.",
            "\"zq-proj-77aaBBcc99ddEEff\"",
        ] {
            let clean = redactor.clean(text);
            assert!(clean.contains(MARK), "{clean}");
            assert!(!clean.contains("zq-proj-") && !clean.contains("EEff"), "{clean}");
        }
    }

    #[test]
    fn shapes_of_keys_disappear_without_knowing_the_key() {
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
            assert_eq!(redactor.clean(&format!("bad <{key}> here")), "bad <[key]> here");
        }
    }

    #[test]
    fn ordinary_words_stay() {
        let text = "the task-runner asked a risk-based question: sk-? Bearer token missing";
        assert_eq!(Redactor::default().clean(text), text);
        assert_eq!(Redactor::new(Some("x".into())).clean("x is x"), "x is x");
    }
}
