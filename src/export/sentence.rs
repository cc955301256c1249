//! Sentences of answers, and those among them that a decision record looks for: what must be kept, when to think again.
//!
//! Found by pattern: words of English and German. What is not found is still in the answer; nothing is taken for more than
//! the quote that it is. Used by `adr`.

use crate::review;

/// The sentences of a paragraph, without blanks around, each on one line.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let found = review::sentences(text).into_iter().filter_map(|range| text.get(range));
    found.map(|said| said.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The first sentence; the whole text when it has no end.
pub(super) fn first(text: &str) -> String {
    sentences(text).into_iter().next().unwrap_or_default()
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
    has(sentence, MUST)
}

/// True for a sentence that says when to think again.
pub(super) fn is_revisit(sentence: &str) -> bool {
    has(sentence, AGAIN)
}

/// True for a heading under which success is measured.
pub(super) fn is_of_measures(heading: &str) -> bool {
    has(heading, MEASURES)
}

/// True when one of `phrases` stands in `text` as whole words.
fn has(text: &str, phrases: &[&str]) -> bool {
    let text = text.to_lowercase();
    let bounds = |before: Option<char>, after: Option<char>| {
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-');
        !inside(before) && !inside(after)
    };
    phrases.iter().any(|phrase| {
        text.match_indices(phrase).any(|(at, hit)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + hit.len()..).and_then(|t| t.chars().next());
            bounds(before, after)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_cut_into_sentences() {
        for (text, wanted) in [
            ("One. Two!\nThree?", &["One.", "Two!", "Three?"][..]),
            ("It goes\non here. Then it ends.", &["It goes on here.", "Then it ends."]),
            ("Use a queue, e.g. Kafka. Done.", &["Use a queue, e.g. Kafka.", "Done."]),
            ("p99 is 4.2 ms. Fine.", &["p99 is 4.2 ms.", "Fine."]),
            ("no end", &["no end"]),
            ("", &[]),
        ] {
            assert_eq!(sentences(text), wanted, "{text:?}");
        }
        assert_eq!(first("It fails. Always."), "It fails.");
    }

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
