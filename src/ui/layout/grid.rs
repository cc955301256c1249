//! Grid layout: open panes in rows and columns, as square as the width allows.

use ratatui::layout::Rect;

use super::{Geometry, MIN_COLUMN_WIDTH, nth_share, open_slot, split_top};

/// Minimum rows of a pane: less is not worth a border.
const MIN_PANE_ROWS: u16 = 7;

/// Arranges all panes; where they do not fit, the page of rows with the focused one, and the tab bar.
pub(super) fn arrange_grid(n: usize, area: Rect, focused: usize) -> Geometry {
    let square = (1..=n).find(|k| k.saturating_mul(*k) >= n).unwrap_or(1);
    let columns = square.min(usize::from((area.width / MIN_COLUMN_WIDTH).max(1)));
    let rows = n.div_ceil(columns);
    let fit = usize::from((area.height / MIN_PANE_ROWS).max(1));
    let (bar, area) = if rows > fit && area.height > 1 {
        let (bar, rest) = split_top(area, 1);
        (Some(bar), rest)
    } else {
        (None, area)
    };
    let visible_rows = rows.min(usize::from((area.height / MIN_PANE_ROWS).max(1)));
    let first = (focused / columns / visible_rows * visible_rows).min(rows - visible_rows);
    let mut slots = Vec::new();
    for row in 0..visible_rows {
        let start = (first + row) * columns;
        let row_columns = columns.min(n - start);
        let (y, height) = nth_share(area.height, visible_rows, row);
        for column in 0..row_columns {
            let (x, width) = nth_share(area.width, row_columns, column);
            slots.push(open_slot(
                start + column,
                Rect { x: area.x + x, y: area.y + y, width, height },
            ));
        }
    }
    Geometry { tabs: bar, slots }
}
