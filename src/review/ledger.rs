//! The ledger: the assumptions of all answers, and every number with a unit, grouped by what the numbers measure.
//!
//! Found by pattern, and shown as such: whether a number is right is not checked. A number is *cited* when its clause names
//! a source, an *estimate* when the clause says so, else it has *no source*.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Section;
use super::assumptions::find_assumptions;
use super::clauses::{ClausePlacement, MaskedSentence, sentences_of_section, window_around};
use super::metrics::{find_cell_metric, find_metric, metric_rank};
use super::quantities::{Quantity, find_quantities, is_currency_sign};
use super::word_lists::{QuantityKind, word_lists};
use crate::text::ParsedMarkdown;

/// One answer that feeds the ledger.
#[derive(Debug, Clone, Copy)]
pub struct LedgerSource<'a> {
    /// Its text.
    pub document: &'a ParsedMarkdown,
    /// Its sections.
    pub sections: &'a [Section],
}

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberSupport {
    /// Its clause names a source: `[1]`, `per the design`, a link.
    Cited,
    /// Its clause says that it is an estimate: `~`, `approx.`, `roughly`.
    Estimate,
    /// Neither.
    NoSource,
}

impl NumberSupport {
    /// The text that is shown: `cited`, `estimate` or `no source`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cited => "cited",
            Self::Estimate => "estimate",
            Self::NoSource => "no source",
        }
    }
}

/// An assumption of one of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumption {
    /// Index of the answer in the list of sources.
    pub source: usize,
    /// The text, on one line.
    pub text: String,
    /// Byte range of the answer.
    pub span: Range<usize>,
}

/// A number with a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerNumber {
    /// Index of the answer in the list of sources.
    pub source: usize,
    /// The number with its unit, verbatim.
    pub value: String,
    /// Where it comes from.
    pub support: NumberSupport,
    /// The sentence (of a very long one the text around the number), or the cell with its row and column, on one line.
    pub sentence: String,
    /// Byte range of the number in the answer.
    pub span: Range<usize>,
}

/// Numbers that measure the same thing, as far as their words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerTopic {
    /// What is measured.
    pub subject: String,
    /// The numbers, in the order of the sources.
    pub numbers: Vec<LedgerNumber>,
    /// Two answers have no value in common.
    pub differs: bool,
}

/// Assumptions and numbers of several answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Assumptions in the order of the sources.
    pub assumptions: Vec<Assumption>,
    /// Topics: first those with a difference, then metrics, then counted nouns, then everything else by kind.
    pub topics: Vec<LedgerTopic>,
}

/// Bytes before and after a number in which words can be about it.
const SUBJECT_WINDOW_BYTES: usize = 300;

/// What numbers are grouped by. The order is that of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum TopicKey {
    /// A metric, with its rank.
    Metric(usize, &'static str),
    /// The counted noun.
    Noun(String),
    /// Anything else of this kind.
    Other(QuantityKind),
}

impl TopicKey {
    fn title(&self) -> String {
        match self {
            Self::Metric(_, title) => (*title).to_owned(),
            Self::Noun(noun) => noun.clone(),
            Self::Other(kind) => match kind {
                QuantityKind::Time => "other times",
                QuantityKind::Money => "costs",
                QuantityKind::Share => "other shares",
                QuantityKind::Rate => "other rates",
                QuantityKind::Size => "other sizes",
                QuantityKind::Power => "power",
                QuantityKind::Temperature => "temperatures",
                QuantityKind::Length => "distances",
                QuantityKind::Factor => "factors",
                QuantityKind::Count => "other counts",
            }
            .to_owned(),
        }
    }
}

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ComparableValue {
    /// The amount in base units, with a fixed number of digits.
    amount: String,
    /// The units it is per.
    per: String,
}

/// Assumptions and numbers of all answers together at most: a longer list is not read, and hostile text must not run on.
pub const MAX_LEDGER_ENTRIES: usize = 5_000;

/// Builds a ledger from one answer after another, so that they need not be in memory together.
#[derive(Debug, Default)]
pub struct LedgerBuilder {
    /// Number of answers so far.
    sources: usize,
    /// Number of entries so far.
    entries: usize,
    assumptions: Vec<Assumption>,
    topics: BTreeMap<TopicKey, Vec<(LedgerNumber, ComparableValue)>>,
}

impl LedgerBuilder {
    /// Adds the next answer; its index is the number of answers before it.
    pub fn add(&mut self, answer: LedgerSource<'_>) {
        let source = self.sources;
        self.sources += 1;
        let found = find_assumptions(answer.document, answer.sections, self.room());
        self.entries += found.len();
        let found = found.into_iter();
        self.assumptions.extend(found.map(|a| Assumption { source, text: a.text, span: a.span }));
        let text = answer.document.source();
        for section in answer.sections {
            if self.is_full() {
                return;
            }
            for sentence in sentences_of_section(answer.document, section) {
                for (key, number, value) in find_numbers(source, text, &sentence, self.room()) {
                    self.entries += 1;
                    self.topics.entry(key).or_default().push((number, value));
                }
            }
        }
    }

    /// True when nothing more is added.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    fn room(&self) -> usize {
        MAX_LEDGER_ENTRIES.saturating_sub(self.entries)
    }

    /// The ledger of all answers that were added.
    pub fn finish(mut self) -> Ledger {
        merge_single_nouns(&mut self.topics);
        let mut topics: Vec<LedgerTopic> = self
            .topics
            .into_iter()
            .map(|(key, mut numbers)| {
                numbers.sort_by_key(|(number, _)| (number.source, number.span.start));
                let differs = matches!(key, TopicKey::Metric(..)) && has_difference(&numbers);
                let numbers = numbers.into_iter().map(|(number, _)| number).collect();
                LedgerTopic { subject: key.title(), numbers, differs }
            })
            .collect();
        topics.sort_by_key(|topic| !topic.differs);
        Ledger { assumptions: self.assumptions, topics }
    }
}

/// The assumptions and numbers of the answers in `sources`.
pub fn build_ledger(sources: &[LedgerSource<'_>]) -> Ledger {
    let mut builder = LedgerBuilder::default();
    for source in sources {
        builder.add(*source);
    }
    builder.finish()
}

/// Moves nouns that are counted only once to the other counts.
fn merge_single_nouns(topics: &mut BTreeMap<TopicKey, Vec<(LedgerNumber, ComparableValue)>>) {
    let single: Vec<TopicKey> = topics
        .iter()
        .filter(|(key, numbers)| matches!(key, TopicKey::Noun(_)) && numbers.len() < 2)
        .map(|(key, _)| key.clone())
        .collect();
    for key in single {
        let moved = topics.remove(&key).unwrap_or_default();
        topics.entry(TopicKey::Other(QuantityKind::Count)).or_default().extend(moved);
    }
}

/// True when two answers have no value in common.
fn has_difference(numbers: &[(LedgerNumber, ComparableValue)]) -> bool {
    let mut values: BTreeMap<usize, BTreeSet<&ComparableValue>> = BTreeMap::new();
    for (number, value) in numbers {
        values.entry(number.source).or_default().insert(value);
    }
    let sets: Vec<&BTreeSet<&ComparableValue>> = values.values().collect();
    let differs_from_later = |(index, set): (usize, &&BTreeSet<&ComparableValue>)| {
        sets.iter().skip(index + 1).any(|other| set.is_disjoint(other))
    };
    sets.iter().enumerate().any(differs_from_later)
}

/// The numbers of a sentence, at most `most`.
fn find_numbers(
    source: usize,
    text: &str,
    sentence: &MaskedSentence,
    most: usize,
) -> Vec<(TopicKey, LedgerNumber, ComparableValue)> {
    let quantities = find_quantities(&sentence.masked);
    let clauses = sentence.clauses();
    let offset = sentence.span.start;
    let find_number = |quantity: &Quantity| {
        let index = clauses.partition_point(|clause| clause.end <= quantity.range.start);
        // Distant words are not about the number, and hostile text is one clause of a hundred kilobytes.
        let clause = window_around(
            &sentence.masked,
            clauses.get(index)?,
            &quantity.range,
            SUBJECT_WINDOW_BYTES,
        );
        let span = offset + quantity.range.start..offset + quantity.range.end;
        let clause_text = text.get(offset + clause.start..offset + clause.end)?;
        let number = LedgerNumber {
            source,
            value: text.get(span.clone())?.replace('\n', " "),
            support: find_support(clause_text, quantity.range.start - clause.start),
            sentence: sentence.describe(text, &span),
            span,
        };
        let (amount, per) = &quantity.value;
        let value = ComparableValue { amount: format!("{amount:.6}"), per: per.clone() };
        let first = quantities.partition_point(|q| q.range.start < clause.start);
        let last = quantities.partition_point(|q| q.range.start < clause.end);
        let neighbours = quantities.get(first..last).unwrap_or_default();
        Some((topic_key(sentence, clause, quantity, neighbours), number, value))
    };
    quantities.iter().filter_map(find_number).take(most).collect()
}

fn topic_key(
    sentence: &MaskedSentence,
    clause: Range<usize>,
    quantity: &Quantity,
    neighbours: &[Quantity],
) -> TopicKey {
    let metric = find_metric(&sentence.masked, clause, quantity, neighbours);
    let metric = metric.or_else(|| match &sentence.placement {
        ClausePlacement::Cell { heading, subject } => {
            find_cell_metric(heading, subject, quantity.kind)
        }
        ClausePlacement::Prose => None,
    });
    match metric.and_then(|title| metric_rank(title).map(|rank| (rank, title))) {
        Some((rank, title)) => TopicKey::Metric(rank, title),
        None if quantity.kind == QuantityKind::Count && !quantity.noun.is_empty() => {
            TopicKey::Noun(quantity.noun.clone())
        }
        None => TopicKey::Other(quantity.kind),
    }
}

/// What `clause` says about the source of the number at byte `number_start`.
fn find_support(clause: &str, number_start: usize) -> NumberSupport {
    let lists = &word_lists().support;
    let lower = clause.to_lowercase();
    if has_reference(clause) || lists.sources.occurs_in(&lower) {
        return NumberSupport::Cited;
    }
    let before = clause.get(..number_start).unwrap_or_default().to_lowercase();
    let before = before.trim_end_matches(|c| c == '*' || is_currency_sign(c));
    let approximate = lists.estimate_prefixes.iter().any(|words| before.ends_with(words));
    if approximate || lists.estimates.occurs_in(&lower) {
        NumberSupport::Estimate
    } else {
        NumberSupport::NoSource
    }
}

/// True for a short text in square brackets that is no check box: `[1]`, `[design, section 3]`.
fn has_reference(clause: &str) -> bool {
    clause.match_indices('[').any(|(open, _)| {
        let after = clause.get(open + 1..).and_then(|rest| rest.split_once(']'));
        let inner = after.map(|(inner, _)| inner.trim());
        inner.is_some_and(|inner| !matches!(inner, "" | "x" | "X") && inner.len() <= 80)
    })
}
