//! Tabs layout: one pane at a time, below a bar that names all of them.

use ratatui::layout::Rect;

use super::{Geometry, open_slot, split_top};

/// Minimum rows for a tab bar: with fewer rows all of them show the pane.
const MIN_ROWS_WITH_BAR: u16 = 4;

/// Arranges the focused pane and the tab bar. A single pane, or very few rows, have no bar.
pub(super) fn arrange_tabs(n: usize, area: Rect, focused: usize) -> Geometry {
    let (bar, rest) = split_top(area, u16::from(n > 1 && area.height >= MIN_ROWS_WITH_BAR));
    let tabs = (!bar.is_empty()).then_some(bar);
    Geometry { tabs, slots: vec![open_slot(focused, rest)] }
}
