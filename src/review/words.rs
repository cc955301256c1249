//! Headings as words that can be compared: without numbers, emoji, `Step 3:` and marks.
//!
//! The one place that says what of a heading does not count. Used by `synonyms` and `section`.

use std::borrow::Cow;

use crate::domain::script::is_word_char;

/// Words that number a heading when a number or letter follows: `Step 3`, `Phase B`.
const NUMBERING: &[&str] = &[
    "step", "phase", "part", "section", "stage", "schritt", "teil", "étape", "etape", "partie",
    "paso", "parte",
];

/// A word and whether it begins a new part of the heading: after `&`, `/`, `:`, a comma, a dash, a bracket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Lower case, letters and digits.
    pub(super) text: String,
    /// Something separates it from the word before.
    pub(super) fresh: bool,
}

/// The words of a heading that say what it is about.
pub(super) fn words(heading: &str) -> Vec<Word> {
    let mut words = split(heading);
    loop {
        match words.as_slice() {
            [first, rest @ ..] if is_number(&first.text) && !rest.is_empty() => {
                words.remove(0);
            }
            [first, second, rest @ ..]
                if NUMBERING.contains(&first.text.as_str())
                    && is_number(&second.text)
                    && !rest.is_empty() =>
            {
                words.drain(..2);
            }
            _ => return words,
        }
    }
}

/// The words joined by blanks: two headings that say the same are equal.
pub(super) fn key(heading: &str) -> String {
    let words: Vec<String> = words(heading).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

/// `3`, `4.2` (its parts), `iv`, a single letter.
fn is_number(word: &str) -> bool {
    let roman = word.len() <= 4 && word.bytes().all(|b| matches!(b, b'i' | b'v' | b'x'));
    let letter = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic() && b != b'i');
    word.bytes().all(|b| b.is_ascii_digit()) || roman || letter
}

fn split(heading: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word = String::new();
    let mut fresh = true;
    let mut take = |word: &mut String, fresh: &mut bool| {
        if !word.is_empty() {
            words.push(Word { text: std::mem::take(word), fresh: std::mem::take(fresh) });
        }
    };
    for c in heading.chars() {
        if is_word_char(c) {
            // Without blanks between words each of these stands alone; phrases of several are found all the same.
            take(&mut word, &mut fresh);
            word.push(c);
            take(&mut word, &mut fresh);
        } else if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if matches!(c, '\'' | '’') {
            // `What's` is one word.
        } else {
            take(&mut word, &mut fresh);
            fresh |= !c.is_whitespace() && !matches!(c, '-' | '*' | '_' | '`' | '"');
        }
    }
    take(&mut word, &mut fresh);
    for word in &mut words {
        if let Cow::Owned(singular) = singular(&word.text) {
            word.text = singular;
        }
    }
    words
}

/// `risks` is `risk`: a plural `s` of a word that is long enough not to need it.
fn singular(word: &str) -> Cow<'_, str> {
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
    fn what_does_not_count_is_left_out() {
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
            assert_eq!(key(heading), wanted, "{heading}");
        }
    }

    #[test]
    fn parts_of_a_heading_are_told_apart() {
        let fresh: Vec<bool> =
            words("Validation & chaos test plan (short)").iter().map(|w| w.fresh).collect();
        assert_eq!(fresh, [true, true, false, false, true]);
    }
}
