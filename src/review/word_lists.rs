//! The words of `words.toml`: data for everything in this layer that recognises text by its words.
//!
//! The file is embedded and parsed once. Phrases for facets are not here: users can extend those
//! ([`HeadingSynonyms`](super::HeadingSynonyms)).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::Severity;
use crate::text::WordList;

const WORDS_TOML: &str = include_str!("words.toml");

static WORD_LISTS: LazyLock<WordLists> =
    LazyLock::new(|| toml::from_str(WORDS_TOML).unwrap_or_default());

/// All lists. A test parses the embedded file, so that the empty default is never used.
pub(super) fn word_lists() -> &'static WordLists {
    &WORD_LISTS
}

/// The file; what each list means is written there.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordLists {
    pub(super) headings: HeadingLists,
    pub(super) recommendations: RecommendationLists,
    pub(super) columns: ColumnLists,
    pub(super) severity: SeverityLists,
    pub(super) assumptions: AssumptionLists,
    pub(super) support: SupportLists,
    pub(super) quantities: QuantityLists,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadingLists {
    pub(super) numbering: WordList,
    pub(super) connectors: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecommendationLists {
    pub(super) explanation_labels: WordList,
    pub(super) lead_labels: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnLists {
    pub(super) verdict: WordList,
    pub(super) severity: WordList,
    pub(super) choice: WordList,
    pub(super) numbering: WordList,
    pub(super) value: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeverityLists {
    critical: WordList,
    high: WordList,
    medium: WordList,
    low: WordList,
    pub(super) prefixes: WordList,
    pub(super) suffixes: WordList,
}

impl SeverityLists {
    /// The severity that this label states.
    pub(super) fn find_severity(&self, label: &str) -> Option<Severity> {
        let levels = [
            (&self.critical, Severity::Critical),
            (&self.high, Severity::High),
            (&self.medium, Severity::Medium),
            (&self.low, Severity::Low),
        ];
        let level = levels.into_iter().find(|(words, _)| words.contains(label));
        level.map(|(_, severity)| severity)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssumptionLists {
    pub(super) phrases: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SupportLists {
    pub(super) sources: WordList,
    pub(super) estimates: WordList,
    pub(super) estimate_prefixes: WordList,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuantityLists {
    pub(super) currency_signs: Vec<char>,
    pub(super) range_marks: WordList,
    pub(super) rate_marks: WordList,
    pub(super) rate_units: WordList,
    pub(super) not_counted: WordList,
    pub(super) not_adjectives: WordList,
    pub(super) scales: Vec<Scale>,
    pub(super) units: Vec<Unit>,
    pub(super) metrics: Vec<Metric>,
}

/// A suffix that multiplies an amount.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scale {
    pub(super) mark: String,
    pub(super) factor: f64,
}

/// A unit under all its names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) names: WordList,
    pub(super) kind: QuantityKind,
    /// Factor to the base unit of the kind.
    pub(super) factor: f64,
}

/// Something that is measured and has a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    pub(super) title: String,
    pub(super) words: WordList,
    /// The kinds of quantities that it can have.
    pub(super) kinds: Vec<QuantityKind>,
}

/// What a quantity measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum QuantityKind {
    /// A time; base: second.
    Time,
    /// Money; base: the currency.
    Money,
    /// A share; base: percent.
    Share,
    /// A number per second or another time.
    Rate,
    /// An amount of data; base: byte.
    Size,
    /// A power; base: watt.
    Power,
    /// A temperature; base: degree.
    Temperature,
    /// A distance; base: metre.
    Length,
    /// A factor: `14x`.
    Factor,
    /// A number of things.
    Count,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_valid() {
        let lists: WordLists = toml::from_str(WORDS_TOML).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(lists.severity.find_severity("p1"), Some(Severity::High));
        assert!(lists.quantities.units.len() > 20 && lists.quantities.metrics.len() > 10);
        assert!(word_lists().headings.numbering.contains("step"));
    }

    #[test]
    fn an_error_names_the_line() {
        let error = toml::from_str::<WordLists>("[headings]\nnumbring = []\n").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }
}
