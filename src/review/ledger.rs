//! The ledger: what all answers take for granted, and every number with a unit, those of the same thing side by side.
//!
//! Found by pattern, and shown as such: nothing here knows whether a number is right. A number is *cited* when its clause
//! names a source, an *estimate* when the clause says so, else *bare*. Called by `app` and `export`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Section;
use super::assumptions::assumptions;
use super::clauses::{Place, Sentence, of_section, window};
use super::metrics::{metric, of_cell, rank};
use super::numbers::{Number, numbers};
use super::units::Kind;
use crate::text::Document;

/// One answer.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    /// Its text.
    pub document: &'a Document,
    /// Its sections.
    pub sections: &'a [Section],
}

/// What stands behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Its clause names a source: `[1]`, `per the design`, a link.
    Cited,
    /// Its clause says that it is an estimate: `~`, `approx.`, `roughly`.
    Estimate,
    /// Neither.
    Bare,
}

impl Support {
    /// `cited`, `estimate` or `bare`, as it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cited => "cited",
            Self::Estimate => "estimate",
            Self::Bare => "bare",
        }
    }
}

/// Something taken for granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// Whose: a place in the list of voices.
    pub voice: usize,
    /// Its words, on one line.
    pub text: String,
    /// Its bytes of the answer.
    pub span: Range<usize>,
}

/// A number with a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Whose: a place in the list of voices.
    pub voice: usize,
    /// The number as it is written, with its unit.
    pub value: String,
    /// What stands behind it.
    pub support: Support,
    /// The sentence (of a very long one what stands around), or the cell with its row and column, on one line.
    pub sentence: String,
    /// The number's bytes of the answer.
    pub span: Range<usize>,
}

/// Numbers that measure the same, as far as words tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// What is measured.
    pub subject: String,
    /// In the order of the voices.
    pub measures: Vec<Measure>,
    /// Two voices have no value in common.
    pub differs: bool,
}

/// Assumptions and numbers of several answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// In the order of the voices.
    pub assumptions: Vec<Assumption>,
    /// What differs first, what is not known to be the same last.
    pub topics: Vec<Topic>,
}

/// Bytes before and behind a number whose words can be about it.
const NEAR: usize = 300;

/// What numbers are put together by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A metric, by its rank.
    Metric(usize, &'static str),
    /// So many of this.
    Noun(String),
    /// Anything else of this kind.
    Other(Kind),
}

impl Key {
    fn title(&self) -> String {
        match self {
            Self::Metric(_, title) => (*title).to_owned(),
            Self::Noun(noun) => noun.clone(),
            Self::Other(kind) => match kind {
                Kind::Time => "other times",
                Kind::Money => "costs",
                Kind::Share => "other shares",
                Kind::Rate => "other rates",
                Kind::Size => "other sizes",
                Kind::Power => "power",
                Kind::Temperature => "temperatures",
                Kind::Length => "distances",
                Kind::Factor => "factors",
                Kind::Count => "other counts",
            }
            .to_owned(),
        }
    }
}

/// A value that can be compared: the amount in full digits, and per what.
type Value = (String, String);

/// What the answers of `voices` assume and measure.
pub fn ledger(voices: &[Voice<'_>]) -> Ledger {
    let mut found = Ledger::default();
    let mut topics: BTreeMap<Key, Vec<(Measure, Value)>> = BTreeMap::new();
    for (voice, of) in voices.iter().enumerate() {
        let assumed = assumptions(of.document, of.sections).into_iter();
        found.assumptions.extend(assumed.map(|(text, span)| Assumption { voice, text, span }));
        for section in of.sections {
            for sentence in of_section(of.document, section) {
                for (key, measure, value) in measures(voice, of.document.source(), &sentence) {
                    topics.entry(key).or_default().push((measure, value));
                }
            }
        }
    }
    // What is counted once stands with the others that are.
    let alone: Vec<Key> = topics
        .iter()
        .filter(|(k, m)| matches!(k, Key::Noun(_)) && m.len() < 2)
        .map(|(k, _)| k.clone())
        .collect();
    for key in alone {
        let moved = topics.remove(&key).unwrap_or_default();
        topics.entry(Key::Other(Kind::Count)).or_default().extend(moved);
    }
    found.topics = topics
        .into_iter()
        .map(|(key, mut measures)| {
            measures.sort_by_key(|(measure, _)| (measure.voice, measure.span.start));
            let differs = matches!(key, Key::Metric(..)) && differs(&measures);
            let measures = measures.into_iter().map(|(measure, _)| measure).collect();
            Topic { subject: key.title(), measures, differs }
        })
        .collect();
    found.topics.sort_by_key(|topic| !topic.differs);
    found
}

/// True when two voices have no value in common.
fn differs(measures: &[(Measure, Value)]) -> bool {
    let mut of: BTreeMap<usize, BTreeSet<&Value>> = BTreeMap::new();
    for (measure, value) in measures {
        of.entry(measure.voice).or_default().insert(value);
    }
    let sets: Vec<&BTreeSet<&Value>> = of.values().collect();
    let apart = |(at, set): (usize, &&BTreeSet<&Value>)| {
        sets.iter().skip(at + 1).any(|other| set.is_disjoint(other))
    };
    sets.iter().enumerate().any(apart)
}

fn measures(voice: usize, source: &str, sentence: &Sentence) -> Vec<(Key, Measure, Value)> {
    let all = numbers(&sentence.masked);
    let clauses = sentence.clauses();
    all.iter()
        .filter_map(|number| {
            let at = clauses.partition_point(|clause| clause.end <= number.range.start);
            // Words far away say nothing of it, and hostile text is one clause of a hundred kilobytes.
            let clause = window(&sentence.masked, clauses.get(at)?, &number.range, NEAR);
            let span =
                sentence.span.start + number.range.start..sentence.span.start + number.range.end;
            let written =
                source.get(sentence.span.start + clause.start..sentence.span.start + clause.end)?;
            let measure = Measure {
                voice,
                value: source.get(span.clone())?.replace('\n', " "),
                support: support(written, number.range.start - clause.start),
                sentence: sentence.words(source, &span),
                span,
            };
            let value = (format!("{:.6}", number.value.0), number.value.1.clone());
            let near = all.partition_point(|n| n.range.start < clause.start)
                ..all.partition_point(|n| n.range.start < clause.end);
            let others = all.get(near).unwrap_or_default();
            Some((key(sentence, clause, number, others), measure, value))
        })
        .collect()
}

fn key(sentence: &Sentence, clause: Range<usize>, number: &Number, all: &[Number]) -> Key {
    let own = metric(&sentence.masked, clause, number, all);
    let named = own.or_else(|| match &sentence.place {
        Place::Cell { heading, subject } => of_cell(heading, subject, number.kind),
        Place::Prose => None,
    });
    match named.and_then(|title| rank(title).map(|rank| (rank, title))) {
        Some((rank, title)) => Key::Metric(rank, title),
        None if number.kind == Kind::Count && !number.noun.is_empty() => {
            Key::Noun(number.noun.clone())
        }
        None => Key::Other(number.kind),
    }
}

/// Words of a clause that names a source, in lower case.
const SOURCES: &[&str] = &[
    "per the ",
    "according to",
    "source:",
    "sources:",
    "as stated in",
    "as measured in",
    "measured in the",
    "the design says",
    "says the design",
    "from the design",
    "see section",
    "http://",
    "https://",
    "](",
    "laut ",
    "gemäß ",
    "selon ",
    "según ",
    "quelle:",
];

/// Words of a clause that says that it only estimates.
const ESTIMATES: &[&str] = &[
    "~",
    "≈",
    "approx",
    "estimat",
    "roughly",
    "order of magnitude",
    "ballpark",
    "rule of thumb",
    "circa",
    " ca. ",
    "guess",
    "ungefähr",
    "geschätzt",
    "schätzung",
    "environ ",
    "aproximadamente",
    "unos ",
    "约",
    "約",
];

/// Words that say so right before the number.
const NEARLY: &[&str] =
    &["about ", "around ", "some ", "nearly ", "almost ", "etwa ", "rund ", "ca. "];

fn support(clause: &str, at: usize) -> Support {
    let lower = clause.to_lowercase();
    let refers = clause.match_indices('[').any(|(open, _)| {
        let inner = clause
            .get(open + 1..)
            .and_then(|rest| rest.split_once(']'))
            .map(|(inner, _)| inner.trim());
        inner.is_some_and(|inner| !matches!(inner, "" | "x" | "X") && inner.len() <= 80)
    });
    if refers || SOURCES.iter().any(|words| lower.contains(words)) {
        return Support::Cited;
    }
    let before = clause.get(..at).unwrap_or_default().to_lowercase();
    let before = before.trim_end_matches(['*', '$', '€', '£', '¥']);
    let nearly = NEARLY.iter().any(|words| before.ends_with(words));
    if nearly || ESTIMATES.iter().any(|words| lower.contains(words)) {
        Support::Estimate
    } else {
        Support::Bare
    }
}
