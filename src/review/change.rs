//! One persona's answer against its last one: which sections are new, gone, changed or the same, and line by line what differs.
//!
//! Sections are paired by their heading, then, where a heading was reworded, by facet and shared words. Lines and words are
//! compared by `similar`, with a bound on effort and without a clock, so that the same answers always compare the same.
//! Called by `app` for the Change view.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use similar::{ChangeTag, InlineChangeOptions, TextDiff};

use super::Section;
use super::words::key;
use crate::domain::Facet;
use crate::text::Document;

/// Lines of one answer times lines of the other, up to which lines are compared; beyond, all counts as replaced.
const MOST_LINES: usize = 25_000_000;
/// Bytes of a replaced stretch up to which its words are compared.
const MOST_WORDS: usize = 16 * 1024;
/// Sections without a partner, old times new, up to which reworded headings are looked for.
const MOST_PAIRS: usize = 1_000;
/// How many of a thousand words two sections with different headings have in common at least to count as one.
const ALIKE: usize = 500;

/// What became of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Nothing but blanks differs.
    Same,
    /// It stands in both and differs.
    Changed,
    /// Only the new answer has it.
    New,
    /// Only the old answer has it.
    Gone,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// In both.
    Same,
    /// Only in the new answer.
    Added,
    /// Only in the old answer.
    Removed,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPiece {
    /// Its text.
    pub text: String,
    /// True when just this differs from the line that stands in its place.
    pub strong: bool,
}

/// A line of the source of one answer or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// Where it stands.
    pub kind: DiffKind,
    /// Its pieces in order; together they are the line.
    pub pieces: Vec<DiffPiece>,
}

/// A section of the old answer, the new one, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionChange {
    /// Its heading as it is in the new answer, else in the old one; empty for what stands before the first heading.
    pub title: String,
    /// What it is about.
    pub facet: Facet,
    /// What became of it.
    pub fate: Fate,
    /// Its lines in reading order; none when nothing differs.
    pub lines: Vec<DiffLine>,
    /// How many lines are only in the new answer.
    pub added: usize,
    /// How many lines are only in the old answer.
    pub removed: usize,
    /// Its bytes of the old answer.
    pub old: Option<Range<usize>>,
    /// Its bytes of the new answer.
    pub new: Option<Range<usize>>,
}

/// The sections of both answers in the order of the new one; what is gone stands where it stood.
pub fn change(
    old: &Document,
    old_sections: &[Section],
    new: &Document,
    new_sections: &[Section],
) -> Vec<SectionChange> {
    let (was, is) = (units(old, old_sections), units(new, new_sections));
    let partners = pairs(&was, &is);
    let mut gone = gone(&was, &partners);
    let old_of: HashMap<usize, usize> = partners.iter().map(|(old, new)| (*new, *old)).collect();
    let mut changes: Vec<SectionChange> = gone.remove(&None).unwrap_or_default();
    for (at, unit) in is.iter().enumerate() {
        let before = old_of.get(&at).and_then(|old| was.get(*old));
        changes.push(compare(before, Some(unit)));
        changes.extend(gone.remove(&Some(at)).unwrap_or_default());
    }
    changes
}

/// A heading with all that stands under it.
struct Unit<'a> {
    title: &'a str,
    key: String,
    facet: Facet,
    span: Range<usize>,
    text: &'a str,
}

/// Sections, with the pieces that were cut out of them put back. The heading is the title, not a part of the text: a section
/// that only has another number is the same.
fn units<'a>(document: &'a Document, sections: &[Section]) -> Vec<Unit<'a>> {
    let source = document.source();
    let mut units: Vec<Unit<'_>> = Vec::new();
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
        units.push(Unit { title, key: key(title), facet: section.facet, span, text });
    }
    units.retain(|unit| !unit.title.is_empty() || !unit.text.trim().is_empty());
    units
}

/// Which section of the old answer is which of the new one: `(old, new)`.
fn pairs(was: &[Unit<'_>], is: &[Unit<'_>]) -> Vec<(usize, usize)> {
    let mut named: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (at, unit) in was.iter().enumerate() {
        named.entry(&unit.key).or_default().push_back(at);
    }
    let (mut pairs, mut fresh) = (Vec::new(), Vec::new());
    for (at, unit) in is.iter().enumerate() {
        match named.get_mut(unit.key.as_str()).and_then(VecDeque::pop_front) {
            Some(old) => pairs.push((old, at)),
            None => fresh.push(at),
        }
    }
    let taken: HashSet<usize> = pairs.iter().map(|(old, _)| *old).collect();
    let mut left: Vec<usize> = (0..was.len()).filter(|old| !taken.contains(old)).collect();
    if left.len().saturating_mul(fresh.len()) > MOST_PAIRS {
        return pairs;
    }
    for at in fresh {
        let Some(unit) = is.get(at) else { continue };
        let best = left
            .iter()
            .filter_map(|old| Some((*old, was.get(*old).filter(|o| o.facet == unit.facet)?)))
            .map(|(old, other)| (old, alike(other.text, unit.text)))
            .filter(|(_, share)| *share >= ALIKE)
            .max_by_key(|(_, share)| *share);
        if let Some((old, _)) = best {
            left.retain(|other| *other != old);
            pairs.push((old, at));
        }
    }
    pairs
}

/// How many of a thousand words of both stand in both.
fn alike(a: &str, b: &str) -> usize {
    let (a, b): (HashSet<&str>, HashSet<&str>) =
        (a.split_whitespace().collect(), b.split_whitespace().collect());
    let all = a.union(&b).count().max(1);
    a.intersection(&b).count().saturating_mul(1_000) / all
}

/// What has no partner, by the section of the new answer behind which it stood; none is the beginning.
fn gone(
    was: &[Unit<'_>],
    partners: &[(usize, usize)],
) -> HashMap<Option<usize>, Vec<SectionChange>> {
    let mut gone: HashMap<Option<usize>, Vec<SectionChange>> = HashMap::new();
    let new_of: HashMap<usize, usize> = partners.iter().copied().collect();
    let mut behind = None;
    for (at, unit) in was.iter().enumerate() {
        match new_of.get(&at) {
            Some(new) => behind = Some(*new),
            None => gone.entry(behind).or_default().push(compare(Some(unit), None)),
        }
    }
    gone
}

fn compare(was: Option<&Unit<'_>>, is: Option<&Unit<'_>>) -> SectionChange {
    let shown = is.or(was);
    let text = |unit: Option<&Unit<'_>>| unit.map_or("", |unit| trimmed(unit.text)).to_owned();
    let (before, after) = (text(was), text(is));
    let fate = match (was, is) {
        (Some(_), None) => Fate::Gone,
        (None, _) => Fate::New,
        _ if same(&before, &after) => Fate::Same,
        _ => Fate::Changed,
    };
    let lines = if fate == Fate::Same { Vec::new() } else { lines(&before, &after) };
    let count = |kind: DiffKind| lines.iter().filter(|line| line.kind == kind).count();
    SectionChange {
        title: shown.map_or("", |unit| unit.title).to_owned(),
        facet: shown.map_or(Facet::Other, |unit| unit.facet),
        fate,
        added: count(DiffKind::Added),
        removed: count(DiffKind::Removed),
        old: was.map(|unit| unit.span.clone()),
        new: is.map(|unit| unit.span.clone()),
        lines,
    }
}

/// Without blank lines around.
fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let blank: usize =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    text.get(blank..).unwrap_or_default()
}

fn same(a: &str, b: &str) -> bool {
    a.lines().map(str::trim_end).eq(b.lines().map(str::trim_end))
}

fn lines(before: &str, after: &str) -> Vec<DiffLine> {
    let whole = |text: &str, kind: DiffKind| -> Vec<DiffLine> {
        let piece = |line: &str| DiffPiece { text: line.to_owned(), strong: false };
        text.lines().map(|line| DiffLine { kind, pieces: vec![piece(line)] }).collect()
    };
    let all = before.lines().count().saturating_mul(after.lines().count());
    if before.is_empty() || after.is_empty() || all > MOST_LINES {
        let mut lines = whole(before, DiffKind::Removed);
        lines.extend(whole(after, DiffKind::Added));
        return lines;
    }
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for op in diff.ops() {
        let size = |range: Range<usize>, of: &dyn Fn(usize) -> Option<usize>| -> usize {
            range.filter_map(of).sum()
        };
        let bytes = size(op.old_range(), &|at| diff.old_slice(at).map(str::len))
            + size(op.new_range(), &|at| diff.new_slice(at).map(str::len));
        if bytes > MOST_WORDS {
            let plain = diff.iter_changes(op);
            lines.extend(plain.map(|line| self::line(line.tag(), [(false, line.value())])));
        } else {
            let options = InlineChangeOptions::default();
            let changes = diff.iter_inline_changes_with_options_deadline(op, options, None);
            lines.extend(changes.map(|line| self::line(line.tag(), line.values().iter().copied())));
        }
    }
    lines
}

fn line<'a>(tag: ChangeTag, pieces: impl IntoIterator<Item = (bool, &'a str)>) -> DiffLine {
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
