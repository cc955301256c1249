//! Compares two texts line by line, and the words of the lines that were replaced.
//!
//! All limits are sizes, not times, so that equal input gives equal output. Long texts are compared between the lines that
//! each of them has once; where two such lines are far apart, what is between them counts as replaced. Words are compared, and
//! differing lines kept, up to a number of bytes, and it is counted how much was left out.

use std::collections::HashMap;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use similar::{ChangeTag, InlineChangeOptions, TextDiff};

/// Lines of two passages together up to which every line is compared with every other.
const MAX_COMPARED_LINES: usize = 4_000;
/// Bytes of a replaced passage up to which its words are compared.
const MAX_WORD_DIFF_BYTES: usize = 8 * 1024;
/// Bytes of all passages of an answer up to which words are compared.
const ALL_WORD_DIFF_BYTES: usize = 128 * 1024;
/// Bytes of lines of an answer that are kept.
const KEPT_BYTES: usize = 256 * 1024;
/// Lines around a changed one that are kept.
const CONTEXT_LINES: usize = 2;

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
    /// Number of equal lines before it that are left out.
    pub equal_before: usize,
    /// Its pieces in order; together they are the line.
    pub pieces: Vec<DiffPiece>,
}

/// What may still be compared and kept of an answer.
pub(super) struct DiffBudget {
    word_bytes: usize,
    kept_bytes: usize,
}

impl Default for DiffBudget {
    fn default() -> Self {
        Self { word_bytes: ALL_WORD_DIFF_BYTES, kept_bytes: KEPT_BYTES }
    }
}

/// The lines of two texts.
#[derive(Debug, Default)]
pub(super) struct LineDiff {
    /// The lines that differ, with some around them.
    pub(super) lines: Vec<DiffLine>,
    /// Number of equal lines after the last one that is kept.
    pub(super) equal_at_end: usize,
    /// Number of lines that only the new text has.
    pub(super) added: usize,
    /// Number of lines that only the old text has.
    pub(super) removed: usize,
    /// Number of these that are not kept.
    pub(super) left_out: usize,
}

/// Compares `old` with `new`.
pub(super) fn diff_lines(old: &str, new: &str, budget: &mut DiffBudget) -> LineDiff {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut found = LineDiff::default();
    // Lines of the new text up to here are dealt with.
    let mut done = 0;
    for Hunk { before, after } in find_hunks(&old, &new) {
        push_equal_lines(&new, done..after.start, found.lines.is_empty(), &mut found, budget);
        done = after.end;
        found.removed += before.len();
        found.added += after.len();
        let removed = old.get(before).unwrap_or_default();
        let added = new.get(after).unwrap_or_default();
        push_hunk(removed, added, &mut found, budget);
    }
    let context = new.len().min(done + CONTEXT_LINES);
    push_lines(new.get(done..context).unwrap_or_default(), DiffKind::Same, &mut found, budget);
    found.equal_at_end += new.len() - context;
    found
}

/// Lines of the old text, and the lines of the new text in their place.
struct Hunk {
    before: Range<usize>,
    after: Range<usize>,
}

/// What differs, in order.
fn find_hunks(old: &[&str], new: &[&str]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    if old.len() + new.len() <= MAX_COMPARED_LINES {
        compare_passages((old, 0..old.len()), (new, 0..new.len()), &mut hunks);
        return hunks;
    }
    let (mut before, mut after) = (0, 0);
    for (old_end, new_end) in
        pair_unique_lines(old, new).into_iter().chain([(old.len(), new.len())])
    {
        compare_passages((old, before..old_end), (new, after..new_end), &mut hunks);
        (before, after) = (old_end + 1, new_end + 1);
    }
    hunks
}

/// Adds the hunks of two passages; when they are long, all but their equal beginnings and ends is one hunk.
fn compare_passages(
    (old, mut before): (&[&str], Range<usize>),
    (new, mut after): (&[&str], Range<usize>),
    hunks: &mut Vec<Hunk>,
) {
    while !before.is_empty() && !after.is_empty() && old.get(before.start) == new.get(after.start) {
        (before.start, after.start) = (before.start + 1, after.start + 1);
    }
    while !before.is_empty()
        && !after.is_empty()
        && old.get(before.end - 1) == new.get(after.end - 1)
    {
        (before.end, after.end) = (before.end - 1, after.end - 1);
    }
    if before.is_empty() && after.is_empty() {
        return;
    }
    if before.is_empty() || after.is_empty() || before.len() + after.len() > MAX_COMPARED_LINES {
        hunks.push(Hunk { before, after });
        return;
    }
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old.get(before.clone()).unwrap_or_default().iter().copied());
    input.update_after(new.get(after.clone()).unwrap_or_default().iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let shift = |range: &Range<u32>, by: usize| range.start as usize + by..range.end as usize + by;
    hunks.extend(diff.hunks().map(|hunk| Hunk {
        before: shift(&hunk.before, before.start),
        after: shift(&hunk.after, after.start),
    }));
}

/// The lines that both texts have exactly once, as indices, as many as are in the same order in both.
fn pair_unique_lines(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let mut new_places: HashMap<&str, (usize, usize)> = HashMap::with_capacity(new.len());
    for (index, line) in new.iter().enumerate() {
        let place = new_places.entry(line).or_insert((index, 0));
        place.1 += 1;
    }
    let mut old_counts: HashMap<&str, usize> = HashMap::with_capacity(old.len());
    for line in old {
        *old_counts.entry(line).or_default() += 1;
    }
    let is_unique = |line: &str| old_counts.get(line) == Some(&1) && !line.trim().is_empty();
    let pairs: Vec<(usize, usize)> = old
        .iter()
        .enumerate()
        .filter(|(_, line)| is_unique(line))
        .filter_map(|(index, line)| Some((index, new_places.get(line).filter(|p| p.1 == 1)?.0)))
        .collect();
    longest_rising(&pairs)
}

/// The longest selection of `pairs` whose second numbers rise, as the first ones do.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length, the index of the pair with the smallest second number that ends a selection of that length.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let second = |index: usize| pairs.get(index).map(|pair| pair.1);
    for (index, pair) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| second(*end) < Some(pair.1));
        previous.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut selected = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(index) = next {
        selected.extend(pairs.get(index));
        next = previous.get(index).copied().flatten();
    }
    selected.reverse();
    selected
}

/// Adds the equal lines between two hunks, or before the first one: those next to the hunks.
fn push_equal_lines(
    new: &[&str],
    range: Range<usize>,
    is_first: bool,
    found: &mut LineDiff,
    budget: &mut DiffBudget,
) {
    let behind = if is_first { 0 } else { CONTEXT_LINES };
    let (head, tail) = (range.start + behind, range.end.saturating_sub(CONTEXT_LINES));
    if head >= tail {
        push_lines(new.get(range).unwrap_or_default(), DiffKind::Same, found, budget);
        return;
    }
    push_lines(new.get(range.start..head).unwrap_or_default(), DiffKind::Same, found, budget);
    found.equal_at_end += tail - head;
    push_lines(new.get(tail..range.end).unwrap_or_default(), DiffKind::Same, found, budget);
}

fn push_hunk(removed: &[&str], added: &[&str], found: &mut LineDiff, budget: &mut DiffBudget) {
    let bytes: usize = removed.iter().chain(added).map(|line| line.len() + 1).sum();
    let is_replacement = !removed.is_empty() && !added.is_empty();
    let room = MAX_WORD_DIFF_BYTES.min(budget.word_bytes).min(budget.kept_bytes);
    if !is_replacement || bytes > room {
        push_lines(removed, DiffKind::Removed, found, budget);
        push_lines(added, DiffKind::Added, found, budget);
        return;
    }
    budget.word_bytes -= bytes;
    let (old, new) = (removed.join("\n"), added.join("\n"));
    let diff = TextDiff::from_lines(&old, &new);
    for op in diff.ops() {
        let options = InlineChangeOptions::default();
        for change in diff.iter_inline_changes_with_options_deadline(op, options, None) {
            let kind = match change.tag() {
                ChangeTag::Equal => DiffKind::Same,
                ChangeTag::Insert => DiffKind::Added,
                ChangeTag::Delete => DiffKind::Removed,
            };
            let pieces = change
                .values()
                .iter()
                .map(|(strong, text)| (*strong, text.trim_end_matches(['\n', '\r'])))
                .filter(|(_, text)| !text.is_empty())
                .map(|(strong, text)| DiffPiece { text: text.to_owned(), strong })
                .collect();
            push_line(kind, pieces, found, budget);
        }
    }
}

fn push_lines(lines: &[&str], kind: DiffKind, found: &mut LineDiff, budget: &mut DiffBudget) {
    for line in lines {
        if line.len() >= budget.kept_bytes {
            leave_out(kind, found, budget);
            continue;
        }
        let piece = DiffPiece { text: (*line).to_owned(), strong: false };
        push_line(kind, vec![piece], found, budget);
    }
}

fn push_line(
    kind: DiffKind,
    pieces: Vec<DiffPiece>,
    found: &mut LineDiff,
    budget: &mut DiffBudget,
) {
    let bytes = 1 + pieces.iter().map(|piece| piece.text.len()).sum::<usize>();
    if bytes > budget.kept_bytes {
        leave_out(kind, found, budget);
        return;
    }
    budget.kept_bytes -= bytes;
    let equal_before = std::mem::take(&mut found.equal_at_end);
    found.lines.push(DiffLine { kind, equal_before, pieces });
}

/// Counts a line for which there is no room. Nothing after it is kept: what is kept is the beginning.
fn leave_out(kind: DiffKind, found: &mut LineDiff, budget: &mut DiffBudget) {
    budget.kept_bytes = 0;
    match kind {
        DiffKind::Same => found.equal_at_end += 1,
        DiffKind::Added | DiffKind::Removed => found.left_out += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> (Vec<String>, LineDiff) {
        let found = diff_lines(old, new, &mut DiffBudget::default());
        let line = |line: &DiffLine| {
            let sign = match line.kind {
                DiffKind::Same => ' ',
                DiffKind::Added => '+',
                DiffKind::Removed => '-',
            };
            let pieces = line.pieces.iter().map(|piece| {
                if piece.strong { format!("<{}>", piece.text) } else { piece.text.clone() }
            });
            format!("{}{sign}{}", line.equal_before, pieces.collect::<String>())
        };
        (found.lines.iter().map(line).collect(), found)
    }

    #[test]
    fn changed_lines_are_kept_with_what_is_around_them() {
        let lines: Vec<String> = (0..30).map(|n| format!("line {n}\n")).collect();
        let old = lines.concat();
        let new = old.replace("line 10\n", "line ten\n").replace("line 24\n", "");
        let (lines, found) = shown(&old, &new);
        let expected = [
            "8 line 8",
            "0 line 9",
            "0-line <10>",
            "0+line <ten>",
            "0 line 11",
            "0 line 12",
            "9 line 22",
            "0 line 23",
            "0-line 24",
            "0 line 25",
            "0 line 26",
        ];
        assert_eq!(lines, expected);
        assert_eq!((found.added, found.removed, found.equal_at_end), (1, 2, 3));
        assert_eq!(shown("", "a\nb").0, ["0+a", "0+b"]);
    }

    #[test]
    fn long_texts_are_compared_between_the_lines_that_are_unique() {
        let lines: Vec<String> = (0..6_000).map(|n| format!("line {n}")).collect();
        let mut changed = lines.clone();
        changed[17] = "changed".to_owned();
        changed.remove(3_000);
        changed.insert(5_000, "new".to_owned());
        let found = diff_lines(&lines.join("\n"), &changed.join("\n"), &mut DiffBudget::default());
        assert_eq!((found.added, found.removed), (2, 2));
        assert_eq!(
            longest_rising(&[(0, 5), (1, 0), (2, 1), (3, 9), (4, 2)]),
            [(1, 0), (2, 1), (4, 2)]
        );
        // Without such lines all counts as replaced.
        let found =
            diff_lines(&"a\n".repeat(9_000), &"b\na\n".repeat(9_000), &mut DiffBudget::default());
        assert_eq!(found.added - found.removed, 9_000);
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text =
            |word: &str| (0..40_000).map(|n| format!("{word} {n}")).collect::<Vec<_>>().join("\n");
        let (lines, found) = shown(&text("old"), &text("new"));
        assert_eq!((found.added, found.removed), (40_000, 40_000));
        assert_eq!(lines.len() + found.left_out, 80_000);
        let kept: usize = found.lines.iter().flat_map(|l| &l.pieces).map(|p| p.text.len()).sum();
        assert!(kept <= KEPT_BYTES && kept > KEPT_BYTES / 2);
    }
}
