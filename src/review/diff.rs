//! Compares one persona's answer with its previous one: sections that are added, removed, changed or the same, and the lines
//! and words that differ.
//!
//! Sections are paired by their heading, then, where a heading was reworded, by facet and common words. Lines and words are
//! compared by `similar`, with a limit on effort and without a clock, so that equal input gives equal output.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use similar::{ChangeTag, InlineChangeOptions, TextDiff};

use super::Section;
use super::heading_words::heading_key;
use crate::domain::Facet;
use crate::text::ParsedMarkdown;

/// Lines of one answer times lines of the other, up to which lines are compared; beyond, all of them count as replaced.
const MAX_LINE_PAIRS: usize = 25_000_000;
/// Bytes of a replaced passage up to which its words are compared.
const MAX_WORD_DIFF_BYTES: usize = 16 * 1024;
/// Sections without a partner, old times new, up to which reworded headings are looked for.
const MAX_SECTION_PAIRS: usize = 1_000;
/// Words that two sections with different headings have in common at least to be the same section, per thousand.
const MIN_COMMON_WORDS: usize = 500;

/// What happened to a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionFate {
    /// Only white space at line ends differs.
    Same,
    /// It is in both answers and differs.
    Changed,
    /// Only the new answer has it.
    Added,
    /// Only the old answer has it.
    Removed,
}

/// Which answers have a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// Both.
    Same,
    /// Only the new one.
    Added,
    /// Only the old one.
    Removed,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPiece {
    /// Its text.
    pub text: String,
    /// This piece is what differs from the line that it replaces, or that replaces it.
    pub strong: bool,
}

/// A line of the source of one answer or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Which answers have it.
    pub kind: DiffKind,
    /// Its pieces in order; together they are the line.
    pub pieces: Vec<DiffPiece>,
}

/// A section of the old answer, the new one, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionDiff {
    /// Its heading in the new answer, else in the old one; empty for the text before the first heading.
    pub title: String,
    /// What it is about.
    pub facet: Facet,
    /// What happened to it.
    pub fate: SectionFate,
    /// Its lines in reading order; empty when nothing differs.
    pub lines: Vec<DiffLine>,
    /// Number of lines that only the new answer has.
    pub added: usize,
    /// Number of lines that only the old answer has.
    pub removed: usize,
    /// Its byte range of the old answer.
    pub old: Option<Range<usize>>,
    /// Its byte range of the new answer.
    pub new: Option<Range<usize>>,
}

/// The sections of both answers in the order of the new one; removed sections are where they were.
pub fn diff_sections(
    old: &ParsedMarkdown,
    old_sections: &[Section],
    new: &ParsedMarkdown,
    new_sections: &[Section],
) -> Vec<SectionDiff> {
    let old_units = build_units(old, old_sections);
    let new_units = build_units(new, new_sections);
    let pairs = pair_units(&old_units, &new_units);
    let mut removed = group_removed_units(&old_units, &pairs);
    let old_of: HashMap<usize, usize> = pairs.iter().map(|(old, new)| (*new, *old)).collect();
    let mut diffs: Vec<SectionDiff> = removed.remove(&None).unwrap_or_default();
    for (index, unit) in new_units.iter().enumerate() {
        let previous = old_of.get(&index).and_then(|old| old_units.get(*old));
        diffs.push(diff_units(previous, Some(unit)));
        diffs.extend(removed.remove(&Some(index)).unwrap_or_default());
    }
    diffs
}

/// A heading with everything below it.
struct DiffUnit<'a> {
    title: &'a str,
    key: String,
    facet: Facet,
    span: Range<usize>,
    text: &'a str,
}

/// Sections, with the pieces that were cut out of them put back. The heading is the title, not a part of the text: a section
/// with another number is the same.
fn build_units<'a>(document: &'a ParsedMarkdown, sections: &[Section]) -> Vec<DiffUnit<'a>> {
    let source = document.source();
    let mut units: Vec<DiffUnit<'_>> = Vec::new();
    for section in sections {
        if let (None, Some(last)) = (section.heading, units.last_mut()) {
            let body = last.span.end - last.text.len();
            last.span.end = section.span.end;
            last.text = source.get(body..last.span.end).unwrap_or_default();
            continue;
        }
        let part = section.heading.and_then(|heading| document.part(heading));
        let title = part.map_or("", |part| part.text());
        let span = section.span.clone();
        let body = part.map_or(span.start, |part| part.span().end).clamp(span.start, span.end);
        let text = source.get(body..span.end).unwrap_or_default();
        units.push(DiffUnit { title, key: heading_key(title), facet: section.facet, span, text });
    }
    units.retain(|unit| !unit.title.is_empty() || !unit.text.trim().is_empty());
    units
}

/// Indices of the units that are the same section: `(old, new)`.
fn pair_units(old: &[DiffUnit<'_>], new: &[DiffUnit<'_>]) -> Vec<(usize, usize)> {
    let mut by_key: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (index, unit) in old.iter().enumerate() {
        by_key.entry(&unit.key).or_default().push_back(index);
    }
    let (mut pairs, mut unpaired_new) = (Vec::new(), Vec::new());
    for (index, unit) in new.iter().enumerate() {
        match by_key.get_mut(unit.key.as_str()).and_then(VecDeque::pop_front) {
            Some(old) => pairs.push((old, index)),
            None => unpaired_new.push(index),
        }
    }
    let paired: HashSet<usize> = pairs.iter().map(|(old, _)| *old).collect();
    let mut unpaired_old: Vec<usize> = (0..old.len()).filter(|i| !paired.contains(i)).collect();
    if unpaired_old.len().saturating_mul(unpaired_new.len()) > MAX_SECTION_PAIRS {
        return pairs;
    }
    for index in unpaired_new {
        let Some(unit) = new.get(index) else { continue };
        let best = unpaired_old
            .iter()
            .filter_map(|i| Some((*i, old.get(*i).filter(|other| other.facet == unit.facet)?)))
            .map(|(i, other)| (i, common_words(other.text, unit.text)))
            .filter(|(_, common)| *common >= MIN_COMMON_WORDS)
            .max_by_key(|(_, common)| *common);
        if let Some((best, _)) = best {
            unpaired_old.retain(|other| *other != best);
            pairs.push((best, index));
        }
    }
    pairs
}

/// Words that are in both texts, per thousand words of either.
fn common_words(a: &str, b: &str) -> usize {
    let (a, b): (HashSet<&str>, HashSet<&str>) =
        (a.split_whitespace().collect(), b.split_whitespace().collect());
    let all = a.union(&b).count().max(1);
    a.intersection(&b).count().saturating_mul(1_000) / all
}

/// Units without a partner, by the index of the new unit that they came after; none is the beginning.
fn group_removed_units(
    old: &[DiffUnit<'_>],
    pairs: &[(usize, usize)],
) -> HashMap<Option<usize>, Vec<SectionDiff>> {
    let mut removed: HashMap<Option<usize>, Vec<SectionDiff>> = HashMap::new();
    let new_of: HashMap<usize, usize> = pairs.iter().copied().collect();
    let mut previous = None;
    for (index, unit) in old.iter().enumerate() {
        match new_of.get(&index) {
            Some(new) => previous = Some(*new),
            None => removed.entry(previous).or_default().push(diff_units(Some(unit), None)),
        }
    }
    removed
}

fn diff_units(old: Option<&DiffUnit<'_>>, new: Option<&DiffUnit<'_>>) -> SectionDiff {
    let shown = new.or(old);
    let old_text = old.map_or("", |unit| trim_blank_lines(unit.text));
    let new_text = new.map_or("", |unit| trim_blank_lines(unit.text));
    let fate = match (old, new) {
        (Some(_), None) => SectionFate::Removed,
        (None, _) => SectionFate::Added,
        _ if has_same_lines(old_text, new_text) => SectionFate::Same,
        _ => SectionFate::Changed,
    };
    let lines = if fate == SectionFate::Same { Vec::new() } else { diff_lines(old_text, new_text) };
    let count = |kind: DiffKind| lines.iter().filter(|line| line.kind == kind).count();
    SectionDiff {
        title: shown.map_or("", |unit| unit.title).to_owned(),
        facet: shown.map_or(Facet::Other, |unit| unit.facet),
        fate,
        added: count(DiffKind::Added),
        removed: count(DiffKind::Removed),
        old: old.map(|unit| unit.span.clone()),
        new: new.map(|unit| unit.span.clone()),
        lines,
    }
}

fn trim_blank_lines(text: &str) -> &str {
    let text = text.trim_end();
    let blank: usize =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    text.get(blank..).unwrap_or_default()
}

fn has_same_lines(a: &str, b: &str) -> bool {
    a.lines().map(str::trim_end).eq(b.lines().map(str::trim_end))
}

fn diff_lines(old: &str, new: &str) -> Vec<DiffLine> {
    let pairs = old.lines().count().saturating_mul(new.lines().count());
    if old.is_empty() || new.is_empty() || pairs > MAX_LINE_PAIRS {
        let mut lines = plain_lines(old, DiffKind::Removed);
        lines.extend(plain_lines(new, DiffKind::Added));
        return lines;
    }
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for op in diff.ops() {
        let old_bytes: usize = op.old_range().filter_map(|i| diff.old_slice(i).map(str::len)).sum();
        let new_bytes: usize = op.new_range().filter_map(|i| diff.new_slice(i).map(str::len)).sum();
        if old_bytes + new_bytes > MAX_WORD_DIFF_BYTES {
            let changes = diff.iter_changes(op);
            lines.extend(changes.map(|change| diff_line(change.tag(), [(false, change.value())])));
        } else {
            let options = InlineChangeOptions::default();
            let changes = diff.iter_inline_changes_with_options_deadline(op, options, None);
            lines.extend(
                changes.map(|change| diff_line(change.tag(), change.values().iter().copied())),
            );
        }
    }
    lines
}

/// Every line of `text` as one piece.
fn plain_lines(text: &str, kind: DiffKind) -> Vec<DiffLine> {
    let piece = |line: &str| DiffPiece { text: line.to_owned(), strong: false };
    text.lines().map(|line| DiffLine { kind, pieces: vec![piece(line)] }).collect()
}

fn diff_line<'a>(tag: ChangeTag, pieces: impl IntoIterator<Item = (bool, &'a str)>) -> DiffLine {
    let kind = match tag {
        ChangeTag::Equal => DiffKind::Same,
        ChangeTag::Insert => DiffKind::Added,
        ChangeTag::Delete => DiffKind::Removed,
    };
    let pieces = pieces
        .into_iter()
        .map(|(strong, text)| (strong, text.trim_end_matches(['\n', '\r'])))
        .filter(|(_, text)| !text.is_empty())
        .map(|(strong, text)| DiffPiece { text: text.to_owned(), strong })
        .collect();
    DiffLine { kind, pieces }
}
