//! Putting text into cells: the only file that writes to the buffer cell by cell.
//!
//! Every call stays inside the buffer whatever it is given, and cuts at graphemes. ASCII, most of what is drawn, takes a
//! path without segmentation. Used by everything in `ui` that draws.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::text;
use crate::text::width::{fit, width};

/// Writes along one row, from left to right, up to a limit.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    /// Where the next cell is written.
    pub(super) x: u16,
    y: u16,
    end: u16,
    /// Columns still to be left out: text that is scrolled out to the left.
    skip: usize,
}

impl<'a> Pen<'a> {
    /// A pen at the beginning of the first row of `area`.
    pub(super) fn new(buffer: &'a mut Buffer, area: Rect) -> Self {
        let inside = area.intersection(buffer.area);
        let (x, y) = (inside.x, inside.y);
        let end = if inside.height == 0 { inside.x } else { inside.right() };
        Self { buffer, x, y, end, skip: 0 }
    }

    /// Leaves out the first `columns` of what follows.
    #[must_use]
    pub(super) fn skipping(mut self, columns: usize) -> Self {
        self.skip = columns;
        self
    }

    /// Columns that are left.
    pub(super) fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Writes `text`; false when it did not all fit.
    pub(super) fn write(&mut self, text: &str, style: Style) -> bool {
        if text.is_ascii() { self.ascii(text, style) } else { self.graphemes(text, style) }
    }

    fn ascii(&mut self, text: &str, style: Style) -> bool {
        let skipped = self.skip.min(text.len());
        self.skip -= skipped;
        let bytes = text.as_bytes().get(skipped..).unwrap_or_default();
        let shown = bytes.len().min(self.room());
        if shown == 0 {
            return bytes.is_empty();
        }
        let start = self.buffer.index_of(self.x, self.y);
        if let Some(cells) = self.buffer.content.get_mut(start..start + shown) {
            for (cell, byte) in cells.iter_mut().zip(bytes) {
                let drawn = if byte.is_ascii_control() { b' ' } else { *byte };
                cell.set_char(char::from(drawn)).set_style(style);
            }
        }
        self.x += u16::try_from(shown).unwrap_or(0);
        shown == bytes.len()
    }

    fn graphemes(&mut self, text: &str, style: Style) -> bool {
        for grapheme in text.graphemes(true) {
            let columns = width(grapheme);
            if columns == 0 || grapheme.contains(char::is_control) {
                continue;
            }
            if self.skip > 0 {
                // A wide character that is cut by the left edge leaves blanks.
                let over = columns.saturating_sub(self.skip);
                self.skip = self.skip.saturating_sub(columns);
                if over > 0 && !self.blanks(over, style) {
                    return false;
                }
                continue;
            }
            if columns > self.room() {
                let room = self.room();
                self.blanks(room, style);
                return false;
            }
            if let Some(cell) = self.buffer.cell_mut((self.x, self.y)) {
                cell.set_symbol(grapheme).set_style(style);
            }
            self.x += 1;
            for _ in 1..columns {
                if let Some(cell) = self.buffer.cell_mut((self.x, self.y)) {
                    cell.reset();
                    cell.set_style(style);
                }
                self.x += 1;
            }
        }
        true
    }

    /// Writes `n` blanks; false when they did not all fit.
    pub(super) fn blanks(&mut self, n: usize, style: Style) -> bool {
        self.fill(n, " ", style)
    }

    /// Writes `symbol`, one column wide, `n` times; false when they did not all fit.
    pub(super) fn fill(&mut self, n: usize, symbol: &str, style: Style) -> bool {
        let shown = n.min(self.room());
        for _ in 0..shown {
            if let Some(cell) = self.buffer.cell_mut((self.x, self.y)) {
                cell.set_symbol(symbol).set_style(style);
            }
            self.x += 1;
        }
        shown == n
    }
}

/// Writes `text` at the beginning of the first row of `area`; the columns it took.
pub(super) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let mut pen = Pen::new(buffer, area);
    let from = pen.x;
    pen.write(text, style);
    pen.x - from
}

/// Writes `pieces` at the end of the first row of `area`, if they fit.
pub(super) fn put_right(buffer: &mut Buffer, area: Rect, pieces: &[(&str, Style)]) -> u16 {
    let columns: usize = pieces.iter().map(|(text, _)| width(text)).sum();
    let columns = u16::try_from(columns).unwrap_or(u16::MAX);
    if columns > area.width {
        return 0;
    }
    let area = Rect { x: area.right() - columns, width: columns, ..area };
    let mut pen = Pen::new(buffer, area);
    for (text, style) in pieces {
        pen.write(text, *style);
    }
    columns
}

/// Row `n` of `area`; empty when there is none.
pub(super) fn row(area: Rect, n: u16) -> Rect {
    if n >= area.height {
        return Rect::new(area.x, area.y, 0, 0);
    }
    Rect { y: area.y + n, height: 1, ..area }
}

/// `area` without `left` columns at its left and `right` at its right.
pub(super) fn inset(area: Rect, left: u16, right: u16) -> Rect {
    let left = left.min(area.width);
    Rect { x: area.x + left, width: (area.width - left).saturating_sub(right), ..area }
}

/// `text` in at most `columns`, with `…` where something was cut off.
pub(super) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", fit(text, columns - 1).trim_end())),
    }
}

/// Wraps plain text into rows of at most `columns`, blanks between words drawn as one. At most `most` rows, the last one
/// ending in `…` when there was more.
pub(super) fn wrap(text: &str, columns: usize, most: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut rows: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let ranges = text::wrap_lines(&line, columns).into_iter();
        rows.extend(ranges.map(|range| line.get(range).unwrap_or_default().to_owned()));
        if rows.len() > most {
            rows.truncate(most);
            if let Some(last) = rows.last_mut() {
                *last = cut(&format!("{last} …"), columns).into_owned();
            }
            break;
        }
    }
    rows
}

/// Empties the cells of `area`.
pub(super) fn clear(buffer: &mut Buffer, area: Rect) {
    for position in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
        }
    }
}

/// A light border with round corners.
pub(super) fn border(buffer: &mut Buffer, area: Rect, style: Style) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let inner = usize::from(area.width - 2);
    for (y, left, right) in [(0, "╭", "╮"), (area.height - 1, "╰", "╯")] {
        let mut pen = Pen::new(buffer, row(area, y));
        pen.write(left, style);
        pen.fill(inner, "─", style);
        pen.write(right, style);
    }
    for y in 1..area.height - 1 {
        let line = row(area, y);
        Pen::new(buffer, line).fill(1, "│", style);
        Pen::new(buffer, inset(line, area.width - 1, 0)).fill(1, "│", style);
    }
}

/// Gives every cell that has the terminal's own colours those of `style`.
pub(super) fn ground(buffer: &mut Buffer, style: Style) {
    for cell in &mut buffer.content {
        if let (Color::Reset, Some(color)) = (cell.fg, style.fg) {
            cell.fg = color;
        }
        if let (Color::Reset, Some(color)) = (cell.bg, style.bg) {
            cell.bg = color;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, room: u16, skip: usize) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        let mut pen = Pen::new(&mut buffer, Rect::new(0, 0, room, 1)).skipping(skip);
        let whole = pen.write(text, Style::new());
        let row: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        format!("{}{}", row.trim_end(), if whole { "" } else { "|" })
    }

    #[test]
    fn text_is_cut_at_graphemes_on_both_sides() {
        for (text, room, skip, wanted) in [
            ("plain text", 12, 0, "plain text"),
            ("plain text", 5, 0, "plain|"),
            ("plain text", 12, 6, "text"),
            ("plain", 12, 9, ""),
            ("日本語", 12, 0, "日 本 語"),
            ("日本語", 5, 0, "日 本|"),
            ("日本語", 12, 1, " 本 語"),
            ("e\u{301}a", 12, 0, "e\u{301}a"),
            ("a\u{1b}[31m", 12, 0, "a [31m"),
        ] {
            assert_eq!(drawn(text, room, skip), wanted, "{text:?} {room} {skip}");
        }
    }

    #[test]
    fn nothing_is_written_outside_the_buffer() {
        let mut buffer = Buffer::empty(Rect::new(2, 2, 4, 2));
        for area in [
            Rect::new(0, 0, 50, 50),
            Rect::new(5, 3, 9, 9),
            Rect::new(90, 90, 2, 2),
            Rect::new(2, 2, 0, 0),
        ] {
            put(&mut buffer, area, "wide 日本語 text", Style::new());
            put_right(&mut buffer, area, &[("日本", Style::new())]);
        }
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(wrap("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(wrap("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a\n\nb", 4, 9), ["a", "", "b"]);
        assert_eq!(wrap("日本", 1, 9), ["日", "本"]);
        assert_eq!(wrap("", 4, 9), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn wrapped_rows_fit_and_lose_nothing(text in "[a-z 日🙂\n]{0,80}", columns in 2_usize..20) {
            let rows = wrap(&text, columns, usize::MAX);
            proptest::prop_assert!(rows.iter().all(|r| width(r) <= columns), "{rows:?}");
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }

        #[test]
        fn what_is_cut_fits(text in "[a-z 日🙂]{0,40}", columns in 0_usize..20) {
            proptest::prop_assert!(width(&cut(&text, columns)) <= columns);
        }
    }
}
