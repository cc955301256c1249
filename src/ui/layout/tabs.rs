//! One pane at a time, with a row that names all of them.

use ratatui::layout::Rect;

use super::{Geometry, open, split_top};

/// With fewer rows the bar would take what little there is to read.
const BAR: u16 = 4;

/// The focused pane and the tab bar; no bar for a single pane or in very few rows.
pub(super) fn lay(n: usize, area: Rect, focused: usize) -> Geometry {
    let (bar, rest) = split_top(area, u16::from(n > 1 && area.height >= BAR));
    let tabs = (!bar.is_empty()).then_some(bar);
    Geometry { tabs, slots: vec![open(focused, rest)] }
}
