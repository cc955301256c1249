#![expect(
    clippy::string_slice,
    clippy::format_collect,
    reason = "the keys of the tests are short and ASCII"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::provider::redact::remember_key;

const LONG: &str = "sk-proj-Zq7xT9vB2nM4kL8pW3rY6sD1fG5hJ0aC";
const SHORT: &str = "hunter2-secret";
const WORDS: &str = "correct-horse-battery-staple";

fn redactor() -> TextRedactor {
    for key in [LONG, SHORT, WORDS, "lm-studio", "x"] {
        remember_key(&key.into());
    }
    TextRedactor::default()
}

/// The text without keys, when it arrives in pieces of these numbers of characters.
fn redact(text: &str, sizes: &[usize]) -> String {
    let mut redactor = redactor();
    let mut out = String::new();
    let chars: Vec<char> = text.chars().collect();
    let (mut rest, mut sizes) = (chars.as_slice(), sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        out.push_str(&redactor.push(&piece.iter().collect::<String>()));
        rest = after;
    }
    out + &redactor.finish()
}

fn percent(key: &str) -> String {
    key.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[test]
fn keys_and_their_parts_are_removed_at_every_cut() {
    for (key, left) in [
        (LONG.to_owned(), "<[key]>"),
        (SHORT.to_owned(), "<[key]>"),
        (WORDS.to_owned(), "<[key]>"),
        (LONG[10..].to_owned(), "<[key]>"),
        (LONG[..18].to_owned(), "<[key]>"),
        (LONG[15..24].to_owned(), "<[key]>"),
        (format!("{LONG}{SHORT}"), "<[key][key]>"),
    ] {
        let text = format!("<{key}>");
        assert_eq!(redact(&text, &[usize::MAX]), left, "{key}");
        for size in 1..20 {
            let out = redact(&text, &[size]);
            assert!(out.contains(REPLACEMENT) && out.len() <= left.len() + 6, "{size}: {out}");
            assert!(!out.contains(&key[3..]), "{size}: {out}");
        }
    }
}

#[test]
fn encodings_are_removed() {
    let hex: String = LONG.bytes().map(|byte| format!("{byte:02X}")).collect();
    let mut texts = vec![
        percent(LONG),
        percent(LONG).replace('%', "%25"),
        hex.to_lowercase(),
        hex,
        LONG.replace('-', "\\-"),
        LONG.replace('-', "\\u002d"),
        LONG.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
    ];
    for before in ["", "u", "us", "usr:", "Bearer "] {
        let text = format!("{before}{LONG}.");
        texts.extend([STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)]);
    }
    for text in texts {
        let out = redact(&format!("a {text} b"), &[usize::MAX]);
        assert!(out.contains(REPLACEMENT) && out.len() < 40, "{text}: {out}");
        for size in [1, 2, 3, 5, 8, 13] {
            let out = redact(&format!("a {text} b"), &[size]);
            assert!(out.contains(REPLACEMENT) && out.len() < 60, "{text} by {size}: {out}");
        }
    }
}

#[test]
fn texts_about_keys_stay() {
    for text in [
        "keys begin with sk-proj- or sk-ant-api03-; yours is sk-proj-…",
        "the correct-horse joke, the hunter2 one, and lm-studio",
        "100 % of 5 \\% \\u00e9 \\",
        "%2",
        "AKIAIOSFODNN7EXAMPLE, eyJhbGciOiJIUzI1NiJ9, 0123456789abcdef",
    ] {
        for size in [1, 2, 3, usize::MAX] {
            assert_eq!(redact(text, &[size]), text);
        }
    }
}

#[test]
fn little_is_held_back() {
    let mut redactor = redactor();
    assert_eq!(redactor.push("an answer that has"), "an answer that has");
    assert_eq!(redactor.push(" Zq7xT"), " ");
    assert_eq!(redactor.push(" after all"), "Zq7xT after all");
    assert_eq!(redactor.push("Zq7xT9vB"), REPLACEMENT);
    assert_eq!(redactor.push("2nM4"), "");
    assert_eq!(redactor.push("k!"), "!");
    assert_eq!(redactor.finish(), "");
}

#[test]
fn keys_that_are_found_later_are_removed_too() {
    let mut redactor = redactor();
    let key = "gw-Late7Key9xYz2Wv5";
    assert!(redactor.push(&format!("{key} ")).contains(key));
    remember_key(&key.into());
    assert_eq!(redactor.push(&format!("{key} ")), "[key] ");
}

proptest! {
    #[test]
    fn no_part_of_a_key_remains(
        before in "[a-zA-Z0-9%\\\\ é]{0,12}",
        after in "[a-zA-Z0-9%\\\\ é]{0,12}",
        from in 8usize..24,
        length in 12usize..20,
        sizes in proptest::collection::vec(1usize..9, 1..6),
    ) {
        let part = &LONG[from..(from + length).min(LONG.len())];
        let out = redact(&format!("{before}{part}{after}"), &sizes);
        for window in part.as_bytes().windows(8) {
            prop_assert!(!out.contains(std::str::from_utf8(window).unwrap()), "{part}: {out}");
        }
    }

    #[test]
    fn texts_without_keys_stay(text in "\\PC{0,60}", sizes in proptest::collection::vec(1usize..9, 1..6)) {
        prop_assert_eq!(redact(&text, &sizes), text);
    }
}
