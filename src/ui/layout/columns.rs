//! Side by side: as many columns as fit, the others as one-row strips below.
//!
//! Columns go by pages, so that stepping through the panes turns pages and does not shift every column. Called by `layout`.

use ratatui::layout::Rect;

use super::{Form, Geometry, NARROW, Slot, WIDE, cells, open, part, split_bottom, split_top, tabs};

/// As many columns as can be read.
pub(super) fn lay(n: usize, area: Rect, focused: usize) -> Geometry {
    lay_some(usize::from(area.width / NARROW), n, area, focused)
}

/// At most `most` columns.
pub(super) fn lay_some(most: usize, n: usize, area: Rect, focused: usize) -> Geometry {
    let fit = usize::from((area.width / NARROW).max(1));
    let open_now = most.clamp(1, fit).min(n);
    let strips = n - open_now;
    if open_now == 1 && strips > 0 {
        return tabs::lay(n, area, focused);
    }
    // Strips that would take the panes' room become one row that names every pane.
    if cells(strips) > area.height / 4 {
        let (bar, rest) = split_top(area, 1);
        let slots = columns(page(open_now, n, focused), rest);
        return Geometry { tabs: Some(bar), slots };
    }
    let (above, below) = split_bottom(area, cells(strips));
    let shown = page(open_now, n, focused);
    let folded = (0..n).filter(|pane| !shown.contains(pane));
    let strips =
        folded.zip(below.rows()).map(|(pane, area)| Slot { pane, area, form: Form::Strip });
    let strips: Vec<Slot> = strips.collect();
    let mut slots = columns(shown, above);
    slots.extend(strips);
    Geometry { tabs: None, slots }
}

/// The panes that are open: pages of `k`, the last one moved back so that it is full.
fn page(k: usize, n: usize, focused: usize) -> std::ops::Range<usize> {
    let start = (focused / k * k).min(n - k);
    start..start + k
}

/// Equal columns, none too wide to read, in the middle of what is there.
fn columns(panes: std::ops::Range<usize>, area: Rect) -> Vec<Slot> {
    let n = panes.len();
    let width = area.width.min(WIDE.saturating_mul(cells(n)));
    let left = area.x + (area.width - width) / 2;
    let column = |(i, pane)| {
        let (start, width) = part(width, n, i);
        open(pane, Rect { x: left + start, width, ..area })
    };
    panes.enumerate().map(column).collect()
}
