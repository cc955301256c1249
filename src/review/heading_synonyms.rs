//! Phrases in headings and the facet that each of them means.
//!
//! Finds the facet of a heading by its words alone. The phrases come from `facets.toml`, which `config` reads; contracts of
//! personas are not known here.

use std::collections::{HashMap, HashSet};

use super::heading_words::{HeadingWord, heading_key, split_heading};
use super::word_lists::word_lists;
use crate::domain::Facet;

/// Phrases and their facets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadingSynonyms {
    phrases: HashMap<String, Facet>,
    /// Number of words of the longest phrase.
    longest: usize,
    /// Bold labels, followed by a colon, that introduce a recommendation without a heading.
    leads: HashSet<String>,
}

impl HeadingSynonyms {
    /// Adds a phrase. A known phrase moves to this facet; a phrase without a letter is ignored.
    pub fn add(&mut self, facet: Facet, phrase: &str) {
        let key = heading_key(phrase);
        if !key.is_empty() {
            self.longest = self.longest.max(key.split(' ').count());
            self.phrases.insert(key, facet);
        }
    }

    /// Adds a label that introduces a recommendation: `Short answer`.
    pub fn add_lead(&mut self, label: &str) {
        self.leads.insert(heading_key(label));
    }

    /// True when this bold label introduces a recommendation.
    pub fn is_lead(&self, label: &str) -> bool {
        let key = heading_key(label);
        !key.is_empty() && self.leads.contains(&key)
    }

    /// Number of phrases.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// True when there are no phrases.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The facet of a heading: that of the longest phrase in the first part that has one. Of two phrases of the same length
    /// the last one counts: in English it is the noun that the others describe (`Cost risks` are risks).
    pub fn find_facet(&self, heading: &str) -> Option<Facet> {
        let words = split_heading(heading);
        self.find_phrase(&words)
            .or_else(|| split_parts(&words).into_iter().find_map(|part| self.facet_of_part(part)))
    }

    /// The facet that a heading is the name of: the whole heading, or its first part, is a phrase.
    pub fn exact_facet(&self, heading: &str) -> Option<Facet> {
        let words = split_heading(heading);
        self.find_phrase(&words).or_else(|| self.find_phrase(split_parts(&words).first().copied()?))
    }

    fn facet_of_part(&self, part: &[HeadingWord]) -> Option<Facet> {
        let mut lengths = (1..=self.longest.min(part.len())).rev();
        lengths.find_map(|length| part.windows(length).rev().find_map(|w| self.find_phrase(w)))
    }

    /// The facet of the phrase that `words` are.
    fn find_phrase(&self, words: &[HeadingWord]) -> Option<Facet> {
        let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        self.phrases.get(&words.join(" ")).copied()
    }
}

/// The parts of a heading: separated by punctuation, and by words such as `of` and `and`.
fn split_parts(words: &[HeadingWord]) -> Vec<&[HeadingWord]> {
    let connectors = &word_lists().headings.connectors;
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, word) in words.iter().enumerate() {
        let begins = word.starts_part || connectors.contains(&word.text);
        if begins && index > start {
            parts.extend(words.get(start..index));
            start = index;
        }
    }
    parts.extend(words.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_with_a_phrase_decides() {
        let mut synonyms = HeadingSynonyms::default();
        for (facet, phrase) in [
            (Facet::Risks, "risks"),
            (Facet::Cost, "cost"),
            (Facet::Validation, "validation"),
            (Facet::Validation, "test plan"),
            (Facet::Implementation, "plan"),
            (Facet::Validation, "rollback plan"),
            (Facet::Risks, "风险"),
        ] {
            synonyms.add(facet, phrase);
        }
        for (heading, facet) in [
            ("5. Risks, cost", Some(Facet::Risks)),
            ("Cost risks", Some(Facet::Risks)),
            ("Cost of the risk", Some(Facet::Cost)),
            ("Validation & chaos test plan", Some(Facet::Validation)),
            ("Rollback plan", Some(Facet::Validation)),
            ("The plan", Some(Facet::Implementation)),
            ("Background: the risk", Some(Facet::Risks)),
            ("主要风险", Some(Facet::Risks)),
            ("Asterisks", None),
            ("", None),
        ] {
            assert_eq!(synonyms.find_facet(heading), facet, "{heading}");
        }
    }
}
