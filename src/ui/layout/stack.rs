//! One above the other: the focused pane open, the others folded to one row each.

use ratatui::layout::Rect;

use super::{Form, Geometry, Slot, cells, open, tabs};

/// Rows that the open pane keeps at least.
const OPEN: u16 = 6;

/// The focused pane open in its place among the folded ones; tabs where they do not fit.
pub(super) fn lay(n: usize, area: Rect, focused: usize) -> Geometry {
    let folded = cells(n - 1);
    if folded.saturating_add(OPEN) > area.height {
        return tabs::lay(n, area, focused);
    }
    let mut y = area.y;
    let slots = (0..n).map(|pane| {
        let height = if pane == focused { area.height - folded } else { 1 };
        let area = Rect { y, height, ..area };
        y += height;
        if pane == focused { open(pane, area) } else { Slot { pane, area, form: Form::Strip } }
    });
    Geometry { tabs: None, slots: slots.collect() }
}
