//! Sentences of answers, and those among them that a decision record looks for: what must be kept, when to think again.
//!
//! Found by pattern: words of English and German. What is not found is still in the answer; nothing is taken for more than
//! the quote that it is. Used by `adr`.

use crate::text::{collapse_whitespace, find_phrase, split_sentences};

/// The sentences of a paragraph, each on one line.
pub(super) fn list_sentences(text: &str) -> Vec<String> {
    let sentences = split_sentences(text).into_iter().filter_map(|range| text.get(range));
    sentences.map(collapse_whitespace).collect()
}

/// Words of a sentence that states something that has to hold.
const MUST: &[&str] = &[
    "must",
    "must not",
    "cannot",
    "may not",
    "never",
    "at most",
    "at least",
    "no more than",
    "not more than",
    "within",
    "required",
    "requires",
    "mandatory",
    "non-negotiable",
    "hard requirement",
    "hard limit",
    "limited to",
    "budget",
    "deadline",
    "muss",
    "müssen",
    "darf nicht",
    "höchstens",
    "mindestens",
];

/// Words of a sentence that says when to think again.
const AGAIN: &[&str] = &[
    "revisit",
    "revisited",
    "reconsider",
    "reconsidered",
    "re-evaluate",
    "reevaluate",
    "re-assess",
    "reassess",
    "rethink",
    "review again",
    "review this decision",
    "change course",
    "change direction",
    "changing direction",
    "switch to",
    "kill criterion",
    "kill criteria",
    "exit criterion",
    "exit criteria",
    "tripwire",
    "revisit when",
    "überdenken",
    "neu bewerten",
];

/// Words of a heading under which success is measured.
const MEASURES: &[&str] = &[
    "success",
    "signal",
    "signals",
    "measures",
    "metrics",
    "kpi",
    "kpis",
    "indicators",
    "revisit",
    "reconsider",
    "erfolg",
    "kennzahlen",
];

/// True for a sentence that states a requirement.
pub(super) fn is_requirement(sentence: &str) -> bool {
    has_phrase(sentence, MUST)
}

/// True for a sentence that says when to think again.
pub(super) fn is_revisit(sentence: &str) -> bool {
    has_phrase(sentence, AGAIN)
}

/// True for a heading under which success is measured.
pub(super) fn is_of_measures(heading: &str) -> bool {
    has_phrase(heading, MEASURES)
}

/// True when one of `phrases` is in `text` as whole words; hyphens join words.
fn has_phrase(text: &str, phrases: &[&str]) -> bool {
    let text = text.to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    phrases.iter().any(|phrase| find_phrase(&text, phrase, is_word).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_whole_words() {
        assert!(is_requirement("The p99 must stay below 200 ms."));
        assert!(!is_requirement("Mustard is fine."));
        assert!(is_revisit("Revisit when lag exceeds 5 s."));
        assert!(is_revisit("We re-evaluate this in spring."));
        assert!(!is_revisit("Visitors come."));
        assert!(is_of_measures("Success measures and signals") && !is_of_measures("Cost"));
    }
}
