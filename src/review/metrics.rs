//! What a number is about: the metric that its clause names. One row a metric, the more telling first.
//!
//! By the nearest words, without understanding; who reads it is told so. Used by `ledger`.

use std::ops::Range;

use super::numbers::Number;
use super::units::Kind;
use crate::text::find_phrase;

/// Title, words of the clause in lower case, kinds it is measured in.
const METRICS: &[(&str, &[&str], &[Kind])] = &[
    ("p99 latency", &["p99"], &[Kind::Time]),
    ("p95 latency", &["p95"], &[Kind::Time]),
    ("p50 latency", &["p50", "median"], &[Kind::Time]),
    ("RTO", &["rto", "recovery time"], &[Kind::Time]),
    ("RPO", &["rpo", "recovery point", "data loss"], &[Kind::Time]),
    ("availability", &["availability", "uptime", "verfügbarkeit"], &[Kind::Share]),
    ("error budget", &["error budget"], &[Kind::Time, Kind::Share]),
    ("error rate", &["error rate", "failure rate", "fehlerrate"], &[Kind::Share]),
    (
        "latency",
        &["latency", "response time", "round trip", "latenz", "antwortzeit"],
        &[Kind::Time],
    ),
    ("timeout", &["timeout", "time-out", "times out"], &[Kind::Time]),
    ("lag", &["lag"], &[Kind::Time]),
    ("budget", &["budget"], &[Kind::Money]),
    ("peak rate", &["peak", "spitze"], &[Kind::Rate]),
    ("average rate", &["average", "normal rate", "typical", "mean", "durchschnitt"], &[Kind::Rate]),
    ("throughput", &["throughput", "bandwidth", "durchsatz"], &[Kind::Rate]),
    ("confidence", &["confidence"], &[Kind::Share]),
    ("memory", &["memory", "ram", "speicher"], &[Kind::Size]),
    ("disk", &["disk", "storage", "ssd"], &[Kind::Size]),
    ("disk use", &["disk"], &[Kind::Share]),
    (
        "retention",
        &["retention", "retain", "retained", "keep", "keeping", "kept", "aufbewahrung"],
        &[Kind::Time],
    ),
];

/// Headings of columns that say a value without saying of what.
const VALUES: &[&str] = &[
    "value",
    "target",
    "threshold",
    "goal",
    "limit",
    "slo",
    "objective",
    "today",
    "wert",
    "ziel",
    "grenze",
];

/// The metrics that there are, in the order in which they are shown.
pub(super) fn rank(title: &str) -> Option<usize> {
    METRICS.iter().position(|(metric, ..)| *metric == title)
}

/// The metric of `number`, one of `all` numbers of a clause; `clause` are its bytes of `text`.
pub(super) fn metric(
    text: &str,
    clause: Range<usize>,
    number: &Number,
    all: &[Number],
) -> Option<&'static str> {
    let words = text.get(clause.clone())?.to_ascii_lowercase();
    let between = |gap: Range<usize>| {
        all.iter().any(|n| {
            n.kind == number.kind && gap.contains(&n.range.start) && n.range != number.range
        })
    };
    let fits = METRICS.iter().filter(|(.., kinds)| kinds.contains(&number.kind));
    fits.into_iter()
        .find(|(_, patterns, _)| {
            patterns.iter().flat_map(|pattern| places(&words, pattern)).any(|place| {
                let (from, to) = (clause.start + place.start, clause.start + place.end);
                let gap = if to <= number.range.start {
                    to..number.range.start
                } else {
                    number.range.end..from
                };
                !between(gap)
            })
        })
        .map(|(title, ..)| *title)
}

/// The metric of a cell whose own words name none: its column's, or its row's where the column only says `Target`.
pub(super) fn of_cell(heading: &str, subject: &str, kind: Kind) -> Option<&'static str> {
    let (heading, subject) = (heading.to_ascii_lowercase(), subject.to_ascii_lowercase());
    let named = |words: &str| {
        let fits = METRICS.iter().filter(|(.., kinds)| kinds.contains(&kind));
        let mut hits = fits
            .filter(|(_, patterns, _)| patterns.iter().any(|p| places(words, p).next().is_some()));
        hits.next().map(|(title, ..)| *title)
    };
    let says_value = VALUES.iter().any(|value| places(&heading, value).next().is_some());
    named(&heading).or_else(|| named(&subject).filter(|_| says_value))
}

fn places<'a>(words: &'a str, pattern: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    find_phrase(words, pattern, char::is_alphanumeric)
}
