//! Headings as words that can be compared: without numbers, emoji, `Step 3:`, punctuation and plurals.
//!
//! The meaning of the words is not known here: that is `heading_synonyms`.

use std::borrow::Cow;

use super::word_lists::word_lists;
use crate::domain::script::is_word_char;

/// A word of a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeadingWord {
    /// Lower case, letters and digits, singular.
    pub(super) text: String,
    /// It begins a new part of the heading: it comes after `&`, `/`, `:`, a comma, a dash, a bracket.
    pub(super) starts_part: bool,
}

/// The words of a heading without its numbering.
pub(super) fn split_heading(heading: &str) -> Vec<HeadingWord> {
    let mut words = split_words(heading);
    let numbering = &word_lists().headings.numbering;
    loop {
        match words.as_slice() {
            [first, _, ..] if is_number(&first.text) => {
                words.remove(0);
            }
            [first, second, _, ..]
                if numbering.contains(&first.text) && is_number(&second.text) =>
            {
                words.drain(..2);
            }
            _ => return words,
        }
    }
}

/// The words joined with spaces: equal for headings that say the same.
pub(super) fn heading_key(heading: &str) -> String {
    let words: Vec<String> = split_heading(heading).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

/// `3`, `4.2` (its parts), `iv`, a single letter.
fn is_number(word: &str) -> bool {
    let is_roman = word.len() <= 4 && word.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    let is_letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic() && b != b'i');
    word.bytes().all(|b| b.is_ascii_digit()) || is_roman || is_letter
}

fn split_words(heading: &str) -> Vec<HeadingWord> {
    let mut words: Vec<HeadingWord> = Vec::new();
    let mut text = String::new();
    let mut starts_part = true;
    let mut end_word = |text: &mut String, starts_part: &mut bool| {
        if !text.is_empty() {
            let text = std::mem::take(text);
            words.push(HeadingWord { text, starts_part: std::mem::take(starts_part) });
        }
    };
    for c in heading.chars() {
        if is_word_char(c) {
            // Phrases of several such words are found all the same.
            end_word(&mut text, &mut starts_part);
            text.push(c);
            end_word(&mut text, &mut starts_part);
        } else if c.is_alphanumeric() {
            text.extend(c.to_lowercase());
        } else if matches!(c, '\'' | '’') {
            // `What's` is one word.
        } else {
            end_word(&mut text, &mut starts_part);
            starts_part |= !c.is_whitespace() && !matches!(c, '-' | '*' | '_' | '`' | '"');
        }
    }
    end_word(&mut text, &mut starts_part);
    for word in &mut words {
        if let Cow::Owned(singular) = to_singular(&word.text) {
            word.text = singular;
        }
    }
    words
}

/// `risks` becomes `risk`. Short words, and words whose final `s` is no plural, stay.
fn to_singular(word: &str) -> Cow<'_, str> {
    let stays =
        word.len() < 4 || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is");
    match word.strip_suffix('s') {
        Some(stem) if !stays => Cow::Owned(match stem.strip_suffix("ie") {
            Some(stem) => format!("{stem}y"),
            None => stem.to_owned(),
        }),
        _ => Cow::Borrowed(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_punctuation_are_left_out() {
        for (heading, wanted) in [
            ("Risks", "risk"),
            ("5. Risks, Mitigations & Monitoring", "risk mitigation monitoring"),
            ("Step 3: Rollout", "rollout"),
            ("🚀 Phase B — Rollout", "rollout"),
            ("4.2 Cost", "cost"),
            ("IV) Costs", "cost"),
            ("**Recommendation:**", "recommendation"),
            ("What's next?", "what next"),
            ("3", "3"),
            ("A plan", "plan"),
            ("I would start", "would start"),
            ("Trade-offs", "trade off"),
            ("Strategies", "strategy"),
            ("Analysis / Options", "analysis option"),
            ("风险 与 成本", "风 险 与 成 本"),
            ("", ""),
            ("🙂", ""),
        ] {
            assert_eq!(heading_key(heading), wanted, "{heading}");
        }
    }

    #[test]
    fn parts_of_a_heading_are_separated() {
        let words = split_heading("Validation & chaos test plan (short)");
        let starts: Vec<bool> = words.iter().map(|word| word.starts_part).collect();
        assert_eq!(starts, [true, true, false, false, true]);
    }
}
