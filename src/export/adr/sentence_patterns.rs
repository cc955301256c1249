//! The sentences that a decision record looks for: what has to hold, and when to reconsider the decision.
//!
//! Found by pattern, in English and German; the words are in `words.toml`. A sentence that is found is quoted, never
//! interpreted.

use super::word_lists::word_lists;
use crate::text::{WordList, collapse_whitespace, split_sentences};

/// The sentences of a paragraph, each on one line.
pub(super) fn list_sentences(text: &str) -> Vec<String> {
    let sentences = split_sentences(text).into_iter().filter_map(|range| text.get(range));
    sentences.map(collapse_whitespace).collect()
}

/// True for a sentence that states a requirement.
pub(super) fn is_requirement(sentence: &str) -> bool {
    has_phrase(sentence, &word_lists().sentences.requirement)
}

/// True for a sentence that says when to reconsider the decision.
pub(super) fn is_revisit(sentence: &str) -> bool {
    has_phrase(sentence, &word_lists().sentences.revisit)
}

/// True for a heading about measuring success.
pub(super) fn is_measure_heading(heading: &str) -> bool {
    has_phrase(heading, &word_lists().sentences.measure_headings)
}

/// True when `text` contains one of `phrases` as whole words; hyphens join words.
fn has_phrase(text: &str, phrases: &WordList) -> bool {
    phrases.has_phrase_in(&text.to_lowercase(), |c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_words() {
        assert!(is_requirement("The p99 must stay below 200 ms."));
        assert!(!is_requirement("Mustard is fine."));
        assert!(is_revisit("Revisit when lag exceeds 5 s."));
        assert!(is_revisit("We re-evaluate this in spring."));
        assert!(!is_revisit("Visitors come."));
        assert!(is_measure_heading("Success measures and signals") && !is_measure_heading("Cost"));
    }
}
