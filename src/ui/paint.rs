//! Writes text into buffer cells, and wraps, truncates and places it. No other file writes single cells.
//!
//! Every function clips to the buffer and cuts between graphemes. ASCII, most of the text, takes a path without grapheme
//! segmentation. Knows no theme and no state.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::text;
use crate::text::width::{fit, width};

/// Writes along one row, from left to right, up to a right edge.
pub(super) struct RowPainter<'a> {
    buffer: &'a mut Buffer,
    /// Column of the next cell.
    pub(super) x: u16,
    y: u16,
    end: u16,
    /// Number of columns still to be skipped: text scrolled out to the left.
    skip: usize,
}

impl<'a> RowPainter<'a> {
    /// Starts at the left edge of the first row of `area`.
    pub(super) fn new(buffer: &'a mut Buffer, area: Rect) -> Self {
        let inside = area.intersection(buffer.area);
        let (x, y) = (inside.x, inside.y);
        let end = if inside.height == 0 { inside.x } else { inside.right() };
        Self { buffer, x, y, end, skip: 0 }
    }

    /// Skips the first `columns` of the text that follows.
    #[must_use]
    pub(super) fn skip_columns(mut self, columns: usize) -> Self {
        self.skip = columns;
        self
    }

    /// Returns the number of columns up to the right edge.
    pub(super) fn columns_left(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Writes `text`. Returns false if some of it did not fit.
    pub(super) fn write(&mut self, text: &str, style: Style) -> bool {
        if text.is_ascii() {
            self.write_ascii(text, style)
        } else {
            self.write_graphemes(text, style)
        }
    }

    fn write_ascii(&mut self, text: &str, style: Style) -> bool {
        let skipped = self.skip.min(text.len());
        self.skip -= skipped;
        let bytes = text.as_bytes().get(skipped..).unwrap_or_default();
        let shown = bytes.len().min(self.columns_left());
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

    fn write_graphemes(&mut self, text: &str, style: Style) -> bool {
        for grapheme in text.graphemes(true) {
            let columns = width(grapheme);
            if columns == 0 || grapheme.contains(char::is_control) {
                continue;
            }
            if self.skip > 0 {
                // A wide character cut by the left edge becomes spaces.
                let over = columns.saturating_sub(self.skip);
                self.skip = self.skip.saturating_sub(columns);
                if over > 0 && !self.write_spaces(over, style) {
                    return false;
                }
                continue;
            }
            if columns > self.columns_left() {
                let room = self.columns_left();
                self.write_spaces(room, style);
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

    /// Writes `text`, truncated so that `reserved` columns stay free after it.
    pub(super) fn write_truncated(&mut self, text: &str, reserved: usize, style: Style) {
        let columns = self.columns_left().saturating_sub(reserved);
        self.write(&truncate_to_width(text, columns), style);
    }

    /// Writes `symbol`, one column wide, up to the right edge.
    pub(super) fn fill_rest(&mut self, symbol: &str, style: Style) {
        self.fill(self.columns_left(), symbol, style);
    }

    /// Writes `n` spaces. Returns false if some of them did not fit.
    pub(super) fn write_spaces(&mut self, n: usize, style: Style) -> bool {
        self.fill(n, " ", style)
    }

    /// Writes `symbol`, one column wide, `n` times. Returns false if some of them did not fit.
    pub(super) fn fill(&mut self, n: usize, symbol: &str, style: Style) -> bool {
        let shown = n.min(self.columns_left());
        for _ in 0..shown {
            if let Some(cell) = self.buffer.cell_mut((self.x, self.y)) {
                cell.set_symbol(symbol).set_style(style);
            }
            self.x += 1;
        }
        shown == n
    }
}

/// Writes `text` at the left of the first row of `area`. Returns the number of columns used.
pub(super) fn draw_text(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let mut painter = RowPainter::new(buffer, area);
    let from = painter.x;
    painter.write(text, style);
    painter.x - from
}

/// Writes `pieces` at the right of the first row of `area` if all of them fit. Returns the number of columns used.
pub(super) fn draw_text_right(buffer: &mut Buffer, area: Rect, pieces: &[(&str, Style)]) -> u16 {
    let columns: usize = pieces.iter().map(|(text, _)| width(text)).sum();
    let columns = u16::try_from(columns).unwrap_or(u16::MAX);
    if columns > area.width {
        return 0;
    }
    let area = Rect { x: area.right() - columns, width: columns, ..area };
    let mut painter = RowPainter::new(buffer, area);
    for (text, style) in pieces {
        painter.write(text, *style);
    }
    columns
}

/// Returns row `n` of `area`, or an empty rectangle if `area` has no such row.
pub(super) fn row_at(area: Rect, n: u16) -> Rect {
    if n >= area.height {
        return Rect::new(area.x, area.y, 0, 0);
    }
    Rect { y: area.y + n, height: 1, ..area }
}

/// Returns `area` without its first `left` and its last `right` columns.
pub(super) fn inset_sides(area: Rect, left: u16, right: u16) -> Rect {
    let left = left.min(area.width);
    Rect { x: area.x + left, width: (area.width - left).saturating_sub(right), ..area }
}

/// Returns that fraction of a number of cells, rounded down, for terminals of any size.
pub(super) fn fraction_of(cells: u16, numerator: u16, denominator: u16) -> u16 {
    let part = u32::from(cells) * u32::from(numerator) / u32::from(denominator);
    u16::try_from(part).unwrap_or(u16::MAX)
}

/// Truncates `text` to at most `columns`, ending in `…` if something was cut off.
pub(super) fn truncate_to_width(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", fit(text, columns - 1).trim_end())),
    }
}

/// Truncates `text` to at most `columns` at its start: of a host, the end says whose it is.
pub(super) fn truncate_start_to_width(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let Some(left) = columns.checked_sub(1) else { return Cow::Borrowed("") };
    let mut ends = text.char_indices().filter_map(|(start, _)| text.get(start..));
    let end = ends.find(|end| width(end) <= left).unwrap_or_default();
    Cow::Owned(format!("…{end}"))
}

/// Wraps plain text into at most `max_rows` rows of at most `columns`; the last row ends in `…` if text was left out. Runs
/// of white space become one space.
pub(super) fn wrap_text(text: &str, columns: usize, max_rows: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut rows: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let ranges = text::wrap_lines(&line, columns).into_iter();
        rows.extend(ranges.map(|range| line.get(range).unwrap_or_default().to_owned()));
        if rows.len() > max_rows {
            rows.truncate(max_rows);
            if let Some(last) = rows.last_mut() {
                *last = truncate_to_width(&format!("{last} …"), columns).into_owned();
            }
            break;
        }
    }
    rows
}

/// Resets the cells of `area`.
pub(super) fn clear_area(buffer: &mut Buffer, area: Rect) {
    for position in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.reset();
        }
    }
}

/// Draws a thin border with round corners.
pub(super) fn draw_border(buffer: &mut Buffer, area: Rect, style: Style) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let inner = usize::from(area.width - 2);
    for (y, left, right) in [(0, "╭", "╮"), (area.height - 1, "╰", "╯")] {
        let mut painter = RowPainter::new(buffer, row_at(area, y));
        painter.write(left, style);
        painter.fill(inner, "─", style);
        painter.write(right, style);
    }
    for y in 1..area.height - 1 {
        let line = row_at(area, y);
        RowPainter::new(buffer, line).fill(1, "│", style);
        RowPainter::new(buffer, inset_sides(line, area.width - 1, 0)).fill(1, "│", style);
    }
}

/// Replaces the terminal's default colours by those of `style` in every cell.
pub(super) fn fill_default_colors(buffer: &mut Buffer, style: Style) {
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

    fn drawn_text(text: &str, columns: u16, skip: usize) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        let mut painter =
            RowPainter::new(&mut buffer, Rect::new(0, 0, columns, 1)).skip_columns(skip);
        let complete = painter.write(text, Style::new());
        let row: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        format!("{}{}", row.trim_end(), if complete { "" } else { "|" })
    }

    #[test]
    fn fractions_of_the_largest_terminal_do_not_overflow() {
        assert_eq!(fraction_of(u16::MAX, 2, 5), 26_214);
        assert_eq!(fraction_of(u16::MAX, 9, 20), 29_490);
        assert_eq!(fraction_of(7, 2, 5), 2);
    }

    #[test]
    fn text_is_cut_at_graphemes_on_both_sides() {
        for (text, columns, skip, wanted) in [
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
            assert_eq!(drawn_text(text, columns, skip), wanted, "{text:?} {columns} {skip}");
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
            draw_text(&mut buffer, area, "wide 日本語 text", Style::new());
            draw_text_right(&mut buffer, area, &[("日本", Style::new())]);
        }
    }

    #[test]
    fn text_wraps_at_words_and_long_words_break() {
        assert_eq!(wrap_text("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(wrap_text("one two three four", 7, 2), ["one two", "three …"]);
        assert_eq!(wrap_text("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap_text("a\n\nb", 4, 9), ["a", "", "b"]);
        assert_eq!(wrap_text("日本", 1, 9), ["日", "本"]);
        assert_eq!(wrap_text("", 4, 9), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn wrapped_rows_fit_and_lose_nothing(text in "[a-z 日🙂\n]{0,80}", columns in 2_usize..20) {
            let rows = wrap_text(&text, columns, usize::MAX);
            proptest::prop_assert!(rows.iter().all(|r| width(r) <= columns), "{rows:?}");
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(letters(&rows.concat()), letters(&text));
        }

        #[test]
        fn truncated_text_fits(text in "[a-z 日🙂]{0,40}", columns in 0_usize..20) {
            proptest::prop_assert!(width(&truncate_to_width(&text, columns)) <= columns);
            let end = truncate_start_to_width(&text, columns);
            proptest::prop_assert!(width(&end) <= columns);
            proptest::prop_assert!(text.ends_with(end.trim_start_matches('…')));
        }
    }
}
