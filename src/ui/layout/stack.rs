//! Stack layout: panes below each other, the focused one open, the others as strips.

use ratatui::layout::Rect;

use super::{Geometry, PaneForm, PaneSlot, open_slot, tabs, to_cells};

/// Minimum rows of the open pane.
const MIN_OPEN_ROWS: u16 = 6;

/// Arranges the panes in their order; tabs where the strips do not fit.
pub(super) fn arrange_stack(n: usize, area: Rect, focused: usize) -> Geometry {
    let strip_rows = to_cells(n - 1);
    if strip_rows.saturating_add(MIN_OPEN_ROWS) > area.height {
        return tabs::arrange_tabs(n, area, focused);
    }
    let mut y = area.y;
    let slots = (0..n).map(|pane| {
        let height = if pane == focused { area.height - strip_rows } else { 1 };
        let area = Rect { y, height, ..area };
        y += height;
        if pane == focused {
            open_slot(pane, area)
        } else {
            PaneSlot { pane, area, form: PaneForm::Strip }
        }
    });
    Geometry { tabs: None, slots: slots.collect() }
}
