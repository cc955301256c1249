//! Greedy word wrap by grapheme and width.
//!
//! Works on plain text and returns byte ranges, so that faces and source maps stay with the caller. Breaks after spaces,
//! after `-` and `/` in long words, between CJK characters, and inside a word only when it is wider than the line. Not for
//! code blocks.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::width::{grapheme_width, width};
use crate::domain::script;

/// The lines of `text` at `columns`, without the spaces at their ends. `\n` is a hard break. A grapheme that is wider than
/// `columns` is alone on its line.
pub(crate) fn wrap_lines(text: &str, columns: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut start = 0;
    for hard in text.split('\n') {
        wrap_hard_line(hard, start, columns, &mut lines);
        start += hard.len() + 1;
    }
    lines
}

/// Width of the widest word.
pub(crate) fn longest_word(text: &str) -> usize {
    text.split([' ', '\n']).map(width).max().unwrap_or(0)
}

fn wrap_hard_line(text: &str, base: usize, columns: usize, lines: &mut Vec<Range<usize>>) {
    let mut open = WrapLine { text, base, columns, range: 0..0, used: 0, lines };
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let blanks = rest.bytes().take_while(|b| *b == b' ').count();
        let word_start = at + blanks;
        let tail = text.get(word_start..).unwrap_or_default();
        let word_end = word_start + tail.find(' ').unwrap_or(tail.len());
        if word_end == word_start {
            break;
        }
        open.add_word(blanks, word_start..word_end);
        at = word_end;
    }
    open.end_line();
}

/// The line that is being filled.
struct WrapLine<'a> {
    text: &'a str,
    base: usize,
    columns: usize,
    range: Range<usize>,
    used: usize,
    lines: &'a mut Vec<Range<usize>>,
}

impl WrapLine<'_> {
    /// Adds a word, in parts where it may be broken.
    fn add_word(&mut self, blanks: usize, word: Range<usize>) {
        let text = self.text.get(word.clone()).unwrap_or_default();
        let columns = width(text);
        let long = columns > (self.columns / 3).max(12);
        let breakable = !text.is_ascii() || long && text.contains(['-', '/']);
        if !breakable {
            return self.add_part(blanks, word, columns);
        }
        let mut blanks = blanks;
        let mut part = word.start..word.start;
        let mut used = 0;
        let mut before = "";
        for (at, grapheme) in text.grapheme_indices(true) {
            if part.end > part.start && may_break(before, grapheme, long) {
                self.add_part(std::mem::take(&mut blanks), part.clone(), used);
                part.start = part.end;
                used = 0;
            }
            part.end = word.start + at + grapheme.len();
            used += grapheme_width(grapheme);
            before = grapheme;
        }
        self.add_part(blanks, part, used);
    }

    /// Adds a part that must not be broken unless it is wider than a line.
    fn add_part(&mut self, blanks: usize, part: Range<usize>, columns: usize) {
        // Spaces at the very beginning are indentation of literal text; spaces at a wrap are dropped.
        let fits = self.used + blanks + columns <= self.columns;
        if fits {
            self.range.end = part.end;
            self.used += blanks + columns;
            return;
        }
        if self.range.end > self.range.start {
            self.end_line();
        }
        self.range = part.start..part.end;
        self.used = columns;
        if columns > self.columns {
            self.split_part(part);
        }
    }

    /// Distributes a part over lines, grapheme by grapheme.
    fn split_part(&mut self, part: Range<usize>) {
        let text = self.text.get(part.clone()).unwrap_or_default();
        if text.is_ascii() {
            // One column a byte: no need to look at each grapheme.
            let mut start = part.start;
            while part.end - start > self.columns {
                self.range = start..start + self.columns;
                self.end_line();
                start += self.columns;
            }
            self.range = start..part.end;
            self.used = part.end - start;
            return;
        }
        self.range = part.start..part.start;
        self.used = 0;
        for (at, grapheme) in text.grapheme_indices(true) {
            let columns = grapheme_width(grapheme);
            if self.used + columns > self.columns && self.range.end > self.range.start {
                self.end_line();
                self.range = part.start + at..part.start + at;
                self.used = 0;
            }
            self.range.end = part.start + at + grapheme.len();
            self.used += columns;
        }
    }

    fn end_line(&mut self) {
        self.lines.push(self.base + self.range.start..self.base + self.range.end);
    }
}

fn may_break(before: &str, after: &str, long: bool) -> bool {
    if long && matches!(before, "-" | "/") && after.chars().all(char::is_alphanumeric) {
        return true;
    }
    let breaks = |grapheme: &str| grapheme.chars().next().is_some_and(script::can_break_around);
    (breaks(before) || breaks(after))
        && !script::LINE_CLOSING_MARKS.contains(after)
        && !script::LINE_OPENING_MARKS.contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, columns: usize) -> Vec<&str> {
        wrap_lines(text, columns).into_iter().map(|r| text.get(r).unwrap()).collect()
    }

    #[test]
    fn breaks_where_a_reader_expects_it() {
        for (text, columns, want) in [
            ("", 5, vec![""]),
            ("one two three", 7, vec!["one two", "three"]),
            ("one two three", 40, vec!["one two three"]),
            ("a\nb", 9, vec!["a", "b"]),
            ("a\n\nb", 9, vec!["a", "", "b"]),
            ("extraordinary", 5, vec!["extra", "ordin", "ary"]),
            ("go extraordinary", 8, vec!["go", "extraord", "inary"]),
            ("zone-redundant", 8, vec!["zone-", "redundan", "t"]),
            ("see docs/architecture/layers", 14, vec!["see docs/", "architecture/", "layers"]),
            ("re-do it", 5, vec!["re-do", "it"]),
            ("中文字符。好", 4, vec!["中文", "字", "符。", "好"]),
            ("  indented <p>", 12, vec!["  indented", "<p>"]),
            ("x", 1, vec!["x"]),
            ("中", 1, vec!["中"]),
            ("ab", 1, vec!["a", "b"]),
        ] {
            assert_eq!(lines(text, columns), want, "{text:?} at {columns}");
        }
    }
}
