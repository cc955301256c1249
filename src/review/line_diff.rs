//! Compares two texts line by line, and the words of the lines that were replaced.
//!
//! Lines are compared with the limits on effort that `git diff` has, without a clock, so that equal input gives equal
//! output. Words are compared, and differing lines kept, up to a number of bytes: nobody reads more, and it is said how
//! much was left out.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};
use similar::{ChangeTag, InlineChangeOptions, TextDiff};

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
    let mut input: InternedInput<&str> = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_no_heuristic(&input);
    let mut found = LineDiff::default();
    // Lines of the new text up to here are dealt with.
    let mut done = 0;
    for hunk in diff.hunks() {
        let (before, after) = (to_range(&hunk.before), to_range(&hunk.after));
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

fn to_range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
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
