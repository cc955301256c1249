//! Columns layout: as many open panes side by side as fit, the others as strips below.
//!
//! Panes are shown in pages, so that moving the focus changes the page instead of shifting every column.

use ratatui::layout::Rect;

use super::{
    Geometry, MAX_COLUMN_WIDTH, MIN_COLUMN_WIDTH, PaneForm, PaneSlot, nth_share, open_slot,
    split_bottom, split_top, tabs, to_cells,
};

/// Arranges as many columns as are wide enough to read.
pub(super) fn arrange_columns(n: usize, area: Rect, focused: usize) -> Geometry {
    arrange_at_most(usize::from(area.width / MIN_COLUMN_WIDTH), n, area, focused)
}

/// Arranges at most `max_columns` columns.
pub(super) fn arrange_at_most(
    max_columns: usize,
    n: usize,
    area: Rect,
    focused: usize,
) -> Geometry {
    let fit = usize::from((area.width / MIN_COLUMN_WIDTH).max(1));
    let open_count = max_columns.clamp(1, fit).min(n);
    let strips = n - open_count;
    if open_count == 1 && strips > 0 {
        return tabs::arrange_tabs(n, area, focused);
    }
    // The tab bar replaces strips that would take too many rows.
    if to_cells(strips) > area.height / 4 {
        let (bar, rest) = split_top(area, 1);
        let slots = column_slots(focused_page(open_count, n, focused), rest);
        return Geometry { tabs: Some(bar), slots };
    }
    let (above, below) = split_bottom(area, to_cells(strips));
    let open_panes = focused_page(open_count, n, focused);
    let folded = (0..n).filter(|pane| !open_panes.contains(pane));
    let strips =
        folded.zip(below.rows()).map(|(pane, area)| PaneSlot { pane, area, form: PaneForm::Strip });
    let strips: Vec<PaneSlot> = strips.collect();
    let mut slots = column_slots(open_panes, above);
    slots.extend(strips);
    Geometry { tabs: None, slots }
}

/// Returns the page of `page_size` panes with the focused one. The last page overlaps the previous one to be full.
fn focused_page(page_size: usize, n: usize, focused: usize) -> std::ops::Range<usize> {
    let start = (focused / page_size * page_size).min(n - page_size);
    start..start + page_size
}

/// Divides `area` into equal columns, none wider than [`MAX_COLUMN_WIDTH`], centred.
fn column_slots(panes: std::ops::Range<usize>, area: Rect) -> Vec<PaneSlot> {
    let n = panes.len();
    let width = area.width.min(MAX_COLUMN_WIDTH.saturating_mul(to_cells(n)));
    let left = area.x + (area.width - width) / 2;
    let column = |(i, pane)| {
        let (start, width) = nth_share(width, n, i);
        open_slot(pane, Rect { x: left + start, width, ..area })
    };
    panes.enumerate().map(column).collect()
}
