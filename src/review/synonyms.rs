//! What headings are called: phrases and the facet that each stands for. Data from `facets.toml`, the user's laid over.
//!
//! Finds the phrase that says most about a heading; reads no files and knows no personas. Filled by `config`, asked by
//! `section`.

use std::collections::{HashMap, HashSet};

use super::words::{Word, key, words};
use crate::domain::Facet;

/// Words that end the part of a heading that matters: `Cost of the chosen option` is about cost.
const BEHIND: &[&str] = &[
    "of", "for", "with", "without", "in", "on", "to", "from", "by", "at", "vs", "versus", "per",
    "under", "behind", "if", "when", "that", "which", "who", "and", "or", "und", "oder", "et",
    "ou", "y", "o", "für", "von", "pour", "de", "des", "du", "para", "del", "bei", "mit",
];

/// Phrases and their facets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synonyms {
    phrases: HashMap<String, Facet>,
    /// Words of the longest phrase.
    longest: usize,
    /// What stands in bold, with a colon, before a recommendation that has no heading.
    leads: HashSet<String>,
}

impl Synonyms {
    /// Adds a phrase; one that is there already moves to this facet. One without a letter is passed over.
    pub fn add(&mut self, facet: Facet, phrase: &str) {
        let key = key(phrase);
        if !key.is_empty() {
            self.longest = self.longest.max(key.split(' ').count());
            self.phrases.insert(key, facet);
        }
    }

    /// Adds a label of recommendations: `Short answer`.
    pub fn add_lead(&mut self, label: &str) {
        self.leads.insert(key(label));
    }

    /// True when this label in bold leads a recommendation.
    pub fn is_lead(&self, label: &str) -> bool {
        let key = key(label);
        !key.is_empty() && self.leads.contains(&key)
    }

    /// How many phrases there are.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The facet of a heading: of its first part that says anything, the longest phrase; of two as long, the last one,
    /// which in English is the noun that the others only describe (`Cost risks` are risks).
    pub fn facet(&self, heading: &str) -> Option<Facet> {
        let words = words(heading);
        let whole: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        if let Some(facet) = self.phrases.get(&whole.join(" ")) {
            return Some(*facet);
        }
        parts(&words).into_iter().find_map(|part| self.of_part(part))
    }

    /// The facet that a heading is the name of: all of it, or all before a word like `of` or a mark, is a phrase.
    pub fn named(&self, heading: &str) -> Option<Facet> {
        let words = words(heading);
        let phrase = |words: &[Word]| -> Option<Facet> {
            let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            self.phrases.get(&texts.join(" ")).copied()
        };
        phrase(&words).or_else(|| phrase(parts(&words).first().copied()?))
    }

    fn of_part(&self, part: &[Word]) -> Option<Facet> {
        for length in (1..=self.longest.min(part.len())).rev() {
            let hit = part.windows(length).rev().find_map(|window| {
                let phrase: Vec<&str> = window.iter().map(|word| word.text.as_str()).collect();
                self.phrases.get(&phrase.join(" "))
            });
            if let Some(facet) = hit {
                return Some(*facet);
            }
        }
        None
    }
}

/// The heading whole where one phrase may cover it all, then its parts: cut at marks and at words that begin something new.
fn parts(words: &[Word]) -> Vec<&[Word]> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, word) in words.iter().enumerate() {
        let cut = word.fresh || BEHIND.contains(&word.text.as_str());
        if cut && at > from {
            parts.extend(words.get(from..at));
            from = at;
        }
    }
    parts.extend(words.get(from..).filter(|rest| !rest.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_that_says_something_decides() {
        let mut synonyms = Synonyms::default();
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
            assert_eq!(synonyms.facet(heading), facet, "{heading}");
        }
    }
}
