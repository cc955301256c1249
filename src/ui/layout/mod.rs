//! Arranges panes: which of them are open and where, given their number, the area and the focused one.
//!
//! Integer arithmetic only, no solver. A new layout is a file in this folder and a row in [`LAYOUTS`]. Does not draw.

mod columns;
mod grid;
mod stack;
mod tabs;

use ratatui::layout::Rect;

use crate::app::LayoutMode;

/// Minimum width of a column where several fit, in columns of the screen.
pub(super) const MIN_COLUMN_WIDTH: u16 = 38;
/// Width of a column that is comfortable to read beside others.
pub(super) const COMFORTABLE_COLUMN_WIDTH: u16 = 48;
/// Maximum width of a column: longer lines are hard to read.
pub(super) const MAX_COLUMN_WIDTH: u16 = 90;

/// How a pane is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaneForm {
    /// With a border.
    Bordered,
    /// With a title row only, where a border would cost too much.
    Bare,
    /// Folded to one row.
    Strip,
}

/// Position of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PaneSlot {
    /// Index of the pane.
    pub(super) pane: usize,
    /// Its area.
    pub(super) area: Rect,
    /// Its form.
    pub(super) form: PaneForm,
}

/// Positions of all panes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Row of the tab bar, which names every pane if some are not on the screen.
    pub(super) tabs: Option<Rect>,
    /// The panes that are on the screen, top to bottom, left to right.
    pub(super) slots: Vec<PaneSlot>,
}

/// Arranges `n` panes, one of them focused, in `area`.
pub(super) type LayoutFn = fn(n: usize, area: Rect, focused: usize) -> Geometry;

/// The layouts. `Auto` chooses among the others.
pub(super) const LAYOUTS: &[(LayoutMode, LayoutFn)] = &[
    (LayoutMode::Auto, arrange_by_width),
    (LayoutMode::Columns, columns::arrange_columns),
    (LayoutMode::Grid, grid::arrange_grid),
    (LayoutMode::Stack, stack::arrange_stack),
    (LayoutMode::Tabs, tabs::arrange_tabs),
];

/// Arranges `n` panes in `area`. When zoomed, only the focused one is open.
pub(super) fn arrange_panes(
    mode: LayoutMode,
    zoomed: bool,
    n: usize,
    area: Rect,
    focused: usize,
) -> Geometry {
    if n == 0 || area.is_empty() {
        return Geometry::default();
    }
    let focused = focused.min(n - 1);
    let chosen = LAYOUTS
        .iter()
        .find(|(m, _)| *m == mode)
        .map_or(arrange_by_width as LayoutFn, |(_, layout)| *layout);
    let arrange = if zoomed || area.height < 4 { tabs::arrange_tabs } else { chosen };
    arrange(n, area, focused)
}

/// Chooses by the width, so that no column is too narrow to read.
fn arrange_by_width(n: usize, area: Rect, focused: usize) -> Geometry {
    match area.width {
        0..100 => tabs::arrange_tabs(n, area, focused),
        100..140 => columns::arrange_at_most(2, n, area, focused),
        // 36 rows are the body of a screen of 40 rows.
        140..200 if n > 3 && area.height >= 36 => grid::arrange_grid(n, area, focused),
        140..200 => columns::arrange_at_most(3, n, area, focused),
        width => columns::arrange_at_most(
            usize::from(width / COMFORTABLE_COLUMN_WIDTH),
            n,
            area,
            focused,
        ),
    }
}

/// Returns the slot of an open pane: bordered, or bare where a border would cost too much.
fn open_slot(pane: usize, area: Rect) -> PaneSlot {
    let roomy = area.width >= 30 && area.height >= 6;
    PaneSlot { pane, area, form: if roomy { PaneForm::Bordered } else { PaneForm::Bare } }
}

/// Returns the first `rows` of `area`, and the rest.
fn split_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let top = Rect { height: rows, ..area };
    (top, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// Returns `area` without its last `rows`, and those rows.
fn split_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    split_top(area, area.height.saturating_sub(rows))
}

/// Divides `length` into `n` shares that differ by one at most. Returns the start and length of share `i`.
fn nth_share(length: u16, n: usize, i: usize) -> (u16, u16) {
    let n = u16::try_from(n.max(1)).unwrap_or(u16::MAX);
    let i = u16::try_from(i).unwrap_or(u16::MAX).min(n);
    let (base, remainder) = (length / n, length % n);
    (i * base + i.min(remainder), base + u16::from(i < remainder))
}

/// Converts a count to rows or columns of the screen.
fn to_cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe_layout(
        mode: LayoutMode,
        n: usize,
        width: u16,
        height: u16,
        focused: usize,
    ) -> String {
        let geometry = arrange_panes(mode, false, n, Rect::new(0, 1, width, height), focused);
        let slots = geometry.slots.iter().map(|s| match s.form {
            PaneForm::Bordered => format!("{}:{}x{}", s.pane + 1, s.area.width, s.area.height),
            PaneForm::Bare => format!("{}:bare", s.pane + 1),
            PaneForm::Strip => format!("{}:strip", s.pane + 1),
        });
        let tabs = geometry.tabs.map(|_| "tabs".to_owned());
        tabs.into_iter().chain(slots).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn auto_layout_depends_on_width() {
        for (n, width, height, focused, wanted) in [
            (4, 59, 21, 1, "tabs 2:59x20"),
            (4, 80, 21, 0, "tabs 1:80x20"),
            (1, 80, 21, 0, "1:80x21"),
            (4, 120, 37, 0, "1:60x35 2:60x35 3:strip 4:strip"),
            (4, 120, 37, 3, "3:60x35 4:60x35 1:strip 2:strip"),
            (5, 120, 37, 4, "4:60x34 5:60x34 1:strip 2:strip 3:strip"),
            (4, 160, 30, 0, "1:54x29 2:53x29 3:53x29 4:strip"),
            (4, 160, 40, 0, "1:80x20 2:80x20 3:80x20 4:80x20"),
            (3, 160, 40, 0, "1:54x40 2:53x40 3:53x40"),
            (4, 200, 57, 2, "1:50x57 2:50x57 3:50x57 4:50x57"),
            (5, 250, 47, 2, "1:50x47 2:50x47 3:50x47 4:50x47 5:50x47"),
            (2, 250, 47, 0, "1:90x47 2:90x47"),
        ] {
            assert_eq!(describe_layout(LayoutMode::Auto, n, width, height, focused), wanted);
        }
    }

    #[test]
    fn chosen_layout_applies_at_any_width() {
        assert_eq!(
            describe_layout(LayoutMode::Stack, 4, 80, 21, 1),
            "1:strip 2:80x18 3:strip 4:strip"
        );
        assert_eq!(describe_layout(LayoutMode::Tabs, 4, 200, 21, 1), "tabs 2:200x20");
        assert_eq!(
            describe_layout(LayoutMode::Grid, 5, 130, 30, 1),
            "1:44x15 2:43x15 3:43x15 4:65x15 5:65x15"
        );
        assert_eq!(
            describe_layout(LayoutMode::Columns, 4, 80, 21, 0),
            "1:40x19 2:40x19 3:strip 4:strip"
        );
    }

    #[test]
    fn zoom_shows_one_pane_and_the_tab_bar() {
        let geometry = arrange_panes(LayoutMode::Auto, true, 4, Rect::new(0, 1, 200, 50), 2);
        assert_eq!(geometry.tabs, Some(Rect::new(0, 1, 200, 1)));
        assert_eq!(geometry.slots, [open_slot(2, Rect::new(0, 2, 200, 49))]);
    }

    #[test]
    fn panes_are_inside_and_disjoint_and_the_focused_one_is_open() {
        for (mode, _) in LAYOUTS {
            for width in 1..=260 {
                for height in 1..=70 {
                    for (n, focused, zoomed) in
                        [(1, 0, false), (4, 3, false), (5, 2, true), (9, 4, false), (40, 21, false)]
                    {
                        check_layout(*mode, zoomed, n, Rect::new(3, 2, width, height), focused);
                    }
                }
            }
        }
    }

    fn check_layout(mode: LayoutMode, zoomed: bool, n: usize, area: Rect, focused: usize) {
        let geometry = arrange_panes(mode, zoomed, n, area, focused);
        let description = || format!("{mode:?} n={n} {area:?} focused={focused} {geometry:?}");
        let mut areas: Vec<Rect> = geometry.slots.iter().map(|s| s.area).collect();
        areas.extend(geometry.tabs);
        for (i, a) in areas.iter().enumerate() {
            assert!(!a.is_empty() && area.union(*a) == area, "{}", description());
            assert!(areas.iter().skip(i + 1).all(|b| !a.intersects(*b)), "{}", description());
        }
        let open = |s: &&PaneSlot| s.pane == focused && s.form != PaneForm::Strip;
        assert_eq!(geometry.slots.iter().filter(open).count(), 1, "{}", description());
        let mut panes: Vec<usize> = geometry.slots.iter().map(|s| s.pane).collect();
        panes.sort_unstable();
        panes.dedup();
        assert_eq!(panes.len(), geometry.slots.len(), "{}", description());
        if panes.len() < n && area.height >= 4 {
            assert!(geometry.tabs.is_some(), "{}", description());
        }
    }
}
