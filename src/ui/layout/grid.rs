//! Rows and columns, as square as the width allows.

use ratatui::layout::Rect;

use super::{Geometry, NARROW, open, part, split_top};

/// A pane of fewer rows than this shows nothing worth its border.
const LOW: u16 = 7;

/// All panes in rows and columns; where they do not fit, the rows around the focused one and the names of all.
pub(super) fn lay(n: usize, area: Rect, focused: usize) -> Geometry {
    let square = (1..=n).find(|k| k.saturating_mul(*k) >= n).unwrap_or(1);
    let columns = square.min(usize::from((area.width / NARROW).max(1)));
    let rows = n.div_ceil(columns);
    let fit = usize::from((area.height / LOW).max(1));
    let (bar, area) = if rows > fit && area.height > 1 {
        let (bar, rest) = split_top(area, 1);
        (Some(bar), rest)
    } else {
        (None, area)
    };
    let shown = rows.min(usize::from((area.height / LOW).max(1)));
    let first = (focused / columns / shown * shown).min(rows - shown);
    let mut slots = Vec::new();
    for row in 0..shown {
        let start = (first + row) * columns;
        let here = columns.min(n - start);
        let (y, height) = part(area.height, shown, row);
        for column in 0..here {
            let (x, width) = part(area.width, here, column);
            slots.push(open(start + column, Rect { x: area.x + x, y: area.y + y, width, height }));
        }
    }
    Geometry { tabs: bar, slots }
}
