//! Scroll position of a list of rows: which of them are visible, and how scroll commands move it.
//!
//! Knows only numbers of rows, not their content.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{draw_text_right, row_at};
use super::theme::{Theme, UiRole};
use crate::app::ScrollMove;

/// Visible part of a list of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Viewport {
    top: usize,
    total: usize,
    height: usize,
}

impl Viewport {
    /// Sets the number of rows in the list and on the screen. The top row moves up if the list has become too short for it.
    pub(super) fn set_size(&mut self, total: usize, height: usize) {
        (self.total, self.height) = (total, height);
        self.scroll_to(self.top);
    }

    /// Index of the first visible row.
    pub(super) fn top(&self) -> usize {
        self.top
    }

    /// Number of rows in the list.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Number of rows on the screen.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Index of the top row at which the last row is visible.
    pub(super) fn max_top(&self) -> usize {
        self.total.saturating_sub(self.height)
    }

    /// Number of rows below the visible ones.
    pub(super) fn rows_below(&self) -> usize {
        self.max_top().saturating_sub(self.top)
    }

    /// Moves row `top` to the top, as far as the list is long enough.
    pub(super) fn scroll_to(&mut self, top: usize) {
        self.top = top.min(self.max_top());
    }

    /// Moves by `rows`, down if positive.
    pub(super) fn scroll_by(&mut self, rows: isize) {
        self.scroll_to(self.top.saturating_add_signed(rows));
    }

    /// Moves as little as possible to make all of `first..=last` visible; `first` has priority.
    pub(super) fn show_rows(&mut self, first: usize, last: usize) {
        let min_top = (last + 1).saturating_sub(self.height).min(first);
        self.scroll_to(self.top.clamp(min_top, first));
    }

    /// Moves by lines and pages, or to an end. Other commands do nothing.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        match scroll {
            ScrollMove::Top => self.scroll_to(0),
            ScrollMove::Bottom => self.scroll_to(usize::MAX),
            _ => self.scroll_by(self.row_delta(scroll).unwrap_or(0)),
        }
    }

    /// Returns the number of rows by which `scroll` moves, negative upwards, or `None` if it does not move by rows.
    pub(super) fn row_delta(&self, scroll: ScrollMove) -> Option<isize> {
        let (count, unit) = match scroll {
            ScrollMove::Lines(n) => (n, 1),
            ScrollMove::HalfPages(n) => (n, self.height.div_ceil(2)),
            // One row of the previous page stays visible, to continue reading from.
            ScrollMove::Pages(n) => (n, self.height.saturating_sub(1)),
            _ => return None,
        };
        let unit = isize::try_from(unit.max(1)).unwrap_or(isize::MAX);
        Some(isize::try_from(count).unwrap_or(0).saturating_mul(unit))
    }

    /// Writes `↓ 12` at the right end of the last row of `area` if there are rows below it.
    pub(super) fn draw_rows_below(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let below = self.rows_below();
        if below > 0 && area.height > 0 {
            let last = row_at(area, area.height - 1);
            let style = theme.ui_style(UiRole::Scrollbar);
            draw_text_right(buffer, last, &[(&format!(" ↓ {below} "), style)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewport(top: usize, total: usize, height: usize) -> Viewport {
        Viewport { top, total, height }
    }

    #[test]
    fn scrolls_by_lines_and_pages_up_to_the_ends() {
        for (top, scroll, wanted) in [
            (0, ScrollMove::Lines(3), 3),
            (1, ScrollMove::Lines(-3), 0),
            (0, ScrollMove::HalfPages(1), 5),
            (0, ScrollMove::Pages(1), 9),
            (88, ScrollMove::Pages(1), 90),
            (40, ScrollMove::Top, 0),
            (40, ScrollMove::Bottom, 90),
            (40, ScrollMove::Lines(i32::MIN), 0),
            (40, ScrollMove::Code(true), 40),
        ] {
            let mut viewport = viewport(top, 100, 10);
            viewport.apply_scroll(scroll);
            assert_eq!(viewport.top(), wanted, "{top} {scroll:?}");
        }
    }

    #[test]
    fn shorter_list_moves_the_top_row_up() {
        let mut viewport = viewport(90, 100, 10);
        viewport.set_size(20, 10);
        assert_eq!((viewport.top(), viewport.rows_below()), (10, 0));
        viewport.set_size(5, 10);
        assert_eq!(viewport.top(), 0);
    }

    #[test]
    fn shows_rows_with_the_smallest_move() {
        for (top, first, last, wanted) in
            [(0, 3, 5, 0), (0, 8, 12, 3), (50, 30, 31, 30), (0, 20, 60, 20), (95, 99, 99, 90)]
        {
            let mut viewport = viewport(top, 100, 10);
            viewport.show_rows(first, last);
            assert_eq!(viewport.top(), wanted, "{top} {first} {last}");
        }
    }
}
