//! What a number is about: the metric that its clause names, by the nearest words.
//!
//! Words only, no understanding of the sentence: the ledger says that it was found by pattern.

use std::ops::Range;

use super::quantities::Quantity;
use super::word_lists::{Metric, QuantityKind, word_lists};
use crate::text::find_phrase;

/// The position of the metric `title` in the ledger.
pub(super) fn metric_rank(title: &str) -> Option<usize> {
    word_lists().quantities.metrics.iter().position(|metric| metric.title == title)
}

/// The metric of `quantity`, one of `all` quantities of a clause; `clause` is the clause's byte range of `text`. A metric's
/// words count only when no other quantity of the same kind is between them and the quantity.
pub(super) fn find_metric(
    text: &str,
    clause: Range<usize>,
    quantity: &Quantity,
    all: &[Quantity],
) -> Option<&'static str> {
    let words = text.get(clause.clone())?.to_ascii_lowercase();
    let is_nearest = |hit: Range<usize>| {
        let (from, to) = (clause.start + hit.start, clause.start + hit.end);
        let gap = if to <= quantity.range.start {
            to..quantity.range.start
        } else {
            quantity.range.end..from
        };
        !all.iter().any(|other| {
            other.kind == quantity.kind
                && gap.contains(&other.range.start)
                && other.range != quantity.range
        })
    };
    let mut metrics = metrics_of_kind(quantity.kind);
    let metric = metrics.find(|metric| {
        metric.words.iter().flat_map(|word| find_whole_words(&words, word)).any(is_nearest)
    })?;
    Some(&metric.title)
}

/// The metric of a table cell whose own words name none: that of its column, or that of its row where the column's heading
/// only says `Target`.
pub(super) fn find_cell_metric(
    heading: &str,
    subject: &str,
    kind: QuantityKind,
) -> Option<&'static str> {
    let (heading, subject) = (heading.to_ascii_lowercase(), subject.to_ascii_lowercase());
    let named_in = |text: &str| -> Option<&'static str> {
        let mut metrics = metrics_of_kind(kind);
        let metric =
            metrics.find(|metric| metric.words.has_phrase_in(text, char::is_alphanumeric))?;
        Some(&metric.title)
    };
    let is_value_column = word_lists().columns.value.has_phrase_in(&heading, char::is_alphanumeric);
    named_in(&heading).or_else(|| named_in(&subject).filter(|_| is_value_column))
}

fn metrics_of_kind(kind: QuantityKind) -> impl Iterator<Item = &'static Metric> {
    word_lists().quantities.metrics.iter().filter(move |metric| metric.kinds.contains(&kind))
}

fn find_whole_words<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    find_phrase(text, words, char::is_alphanumeric)
}
