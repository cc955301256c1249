//! Units of quantities, and the nouns that are counted: what may follow a number.
//!
//! The words are data (`words.toml`); the rules for plurals and letter case are here.

use super::word_lists::{QuantityKind, word_lists};

/// The kind of a unit, and the factor to the base unit of that kind.
pub(super) fn find_unit(word: &str) -> Option<(QuantityKind, f64)> {
    let lower = word.to_lowercase();
    let unit = word_lists().quantities.units.iter().find(|unit| unit.names.contains(&lower))?;
    // `5 M` and `3 S` are no metres and seconds: single letters keep their case, except for watts and hours.
    let changed_letter = word.chars().count() == 1 && word != lower && lower != "w" && lower != "h";
    (!changed_letter).then_some((unit.kind, unit.factor))
}

/// True when `word` can be what a rate is per: `second`, `shop`.
pub(super) fn is_rate_unit(word: &str) -> bool {
    word_lists().quantities.rate_units.contains(&word.to_lowercase())
}

/// True when `word` can be a counted noun: a plural.
pub(super) fn is_counted_noun(word: &str) -> bool {
    word.len() >= 4
        && word.ends_with('s')
        && !word.ends_with("ss")
        && is_lower_case(word)
        && !word_lists().quantities.not_counted.contains(word)
}

/// True when `word` can be an adjective between a number and the counted noun.
pub(super) fn can_be_adjective(word: &str) -> bool {
    word.len() >= 3 && is_lower_case(word) && !word_lists().quantities.not_adjectives.contains(word)
}

fn is_lower_case(word: &str) -> bool {
    word.chars().all(|c| c.is_lowercase() || c == '-')
}
