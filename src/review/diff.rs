//! Compares one persona's answer with its previous one: sections that are added, removed, changed or the same, and the lines
//! and words that differ.
//!
//! Sections are paired by their heading, then, where a heading was reworded, by facet and common words.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use super::Section;
use super::heading_words::heading_key;
use super::line_diff::{DiffBudget, DiffLine, LineDiff, diff_lines};
use crate::domain::Facet;
use crate::text::ParsedMarkdown;

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

/// A section of the old answer, the new one, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionDiff {
    /// Its heading in the new answer, else in the old one; empty for the text before the first heading.
    pub title: String,
    /// What it is about.
    pub facet: Facet,
    /// What happened to it.
    pub fate: SectionFate,
    /// The lines that differ, and some around them, in reading order; empty when nothing differs.
    pub lines: Vec<DiffLine>,
    /// Number of equal lines after them.
    pub equal_at_end: usize,
    /// Number of differing lines that are left out after them, because the answers are long.
    pub left_out: usize,
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
    let mut budget = DiffBudget::default();
    let mut diffs: Vec<SectionDiff> = Vec::new();
    let mut push_removed = |after: Option<usize>, budget: &mut DiffBudget, diffs: &mut Vec<_>| {
        let units = removed.remove(&after).unwrap_or_default().into_iter();
        diffs.extend(units.map(|unit| diff_units(Some(unit), None, budget)));
    };
    push_removed(None, &mut budget, &mut diffs);
    for (index, unit) in new_units.iter().enumerate() {
        let previous = old_of.get(&index).and_then(|old| old_units.get(*old));
        diffs.push(diff_units(previous, Some(unit), &mut budget));
        push_removed(Some(index), &mut budget, &mut diffs);
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
    let words: HashMap<usize, HashSet<&str>> = unpaired_old
        .iter()
        .filter_map(|index| Some((*index, old.get(*index)?.text.split_whitespace().collect())))
        .collect();
    for index in unpaired_new {
        let Some(unit) = new.get(index) else { continue };
        let unit_words: HashSet<&str> = unit.text.split_whitespace().collect();
        let best = unpaired_old
            .iter()
            .filter(|i| old.get(**i).is_some_and(|other| other.facet == unit.facet))
            .filter_map(|i| Some((*i, common_words(words.get(i)?, &unit_words))))
            .filter(|(_, common)| *common >= MIN_COMMON_WORDS)
            .max_by_key(|(_, common)| *common);
        if let Some((best, _)) = best {
            unpaired_old.retain(|other| *other != best);
            pairs.push((best, index));
        }
    }
    pairs
}

/// Words that are in both sets, per thousand words of either.
fn common_words(a: &HashSet<&str>, b: &HashSet<&str>) -> usize {
    let common = a.intersection(b).count();
    common.saturating_mul(1_000) / (a.len() + b.len() - common).max(1)
}

/// Units without a partner, by the index of the new unit that they came after; none is the beginning.
fn group_removed_units<'u, 'a>(
    old: &'u [DiffUnit<'a>],
    pairs: &[(usize, usize)],
) -> HashMap<Option<usize>, Vec<&'u DiffUnit<'a>>> {
    let mut removed: HashMap<Option<usize>, Vec<&DiffUnit<'_>>> = HashMap::new();
    let new_of: HashMap<usize, usize> = pairs.iter().copied().collect();
    let mut previous = None;
    for (index, unit) in old.iter().enumerate() {
        match new_of.get(&index) {
            Some(new) => previous = Some(*new),
            None => removed.entry(previous).or_default().push(unit),
        }
    }
    removed
}

fn diff_units(
    old: Option<&DiffUnit<'_>>,
    new: Option<&DiffUnit<'_>>,
    budget: &mut DiffBudget,
) -> SectionDiff {
    let shown = new.or(old);
    let old_text = old.map_or("", |unit| trim_blank_lines(unit.text));
    let new_text = new.map_or("", |unit| trim_blank_lines(unit.text));
    let fate = match (old, new) {
        (Some(_), None) => SectionFate::Removed,
        (None, _) => SectionFate::Added,
        _ if has_same_lines(old_text, new_text) => SectionFate::Same,
        _ => SectionFate::Changed,
    };
    let found = match fate {
        SectionFate::Same => LineDiff::default(),
        _ => diff_lines(old_text, new_text, budget),
    };
    SectionDiff {
        title: shown.map_or("", |unit| unit.title).to_owned(),
        facet: shown.map_or(Facet::Other, |unit| unit.facet),
        fate,
        added: found.added,
        removed: found.removed,
        old: old.map(|unit| unit.span.clone()),
        new: new.map(|unit| unit.span.clone()),
        lines: found.lines,
        equal_at_end: found.equal_at_end,
        left_out: found.left_out,
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
