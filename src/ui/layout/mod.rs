//! Where things stand: rows and columns by plain integer arithmetic, no solver.
//!
//! A layout says which panes are open and where, given their number, the room and the focused one. Adding one is a file
//! here and a row in [`LAYOUTS`]. Called by `View::prepare` when the size, the panes, the focus or the mode changed.

mod columns;
mod grid;
mod stack;
mod tabs;

use ratatui::layout::Rect;

use crate::app::LayoutMode;

/// A column is at least this wide, if there is any other way.
pub(super) const NARROW: u16 = 38;
/// Wide enough to be read side by side with comfort.
pub(super) const COMFORTABLE: u16 = 48;
/// Lines longer than this are hard to read.
pub(super) const WIDE: u16 = 90;

/// How a pane is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// With a border.
    Open,
    /// With a title row only, where a border would cost too much.
    Bare,
    /// Folded to one row.
    Strip,
}

/// Where a pane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Which pane.
    pub(super) pane: usize,
    /// Where.
    pub(super) area: Rect,
    /// How it is shown.
    pub(super) form: Form,
}

/// Where the panes stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Geometry {
    /// A row that names every pane, where not all of them are on the screen.
    pub(super) tabs: Option<Rect>,
    /// The panes that are on the screen, top to bottom, left to right.
    pub(super) slots: Vec<Slot>,
}

/// A way to lay out `n` panes in `area`, one of which is focused.
pub(super) type Layout = fn(n: usize, area: Rect, focused: usize) -> Geometry;

/// The layouts that can be asked for. `Auto` chooses among them.
pub(super) const LAYOUTS: &[(LayoutMode, Layout)] = &[
    (LayoutMode::Auto, auto),
    (LayoutMode::Columns, columns::lay),
    (LayoutMode::Grid, grid::lay),
    (LayoutMode::Stack, stack::lay),
    (LayoutMode::Tabs, tabs::lay),
];

/// Lays out `n` panes in `area`. Zoomed, the focused one has all the room.
pub(super) fn lay(
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
    let chosen = LAYOUTS.iter().find(|(m, _)| *m == mode).map_or(auto as Layout, |(_, l)| *l);
    let layout = if zoomed || area.height < 4 { tabs::lay } else { chosen };
    layout(n, area, focused)
}

/// By the width, so that no column is too narrow to read.
fn auto(n: usize, area: Rect, focused: usize) -> Geometry {
    match area.width {
        0..100 => tabs::lay(n, area, focused),
        100..140 => columns::lay_some(2, n, area, focused),
        // The body of a screen of 40 rows.
        140..200 if n > 3 && area.height >= 36 => grid::lay(n, area, focused),
        140..200 => columns::lay_some(3, n, area, focused),
        width => columns::lay_some(usize::from(width / COMFORTABLE), n, area, focused),
    }
}

/// An open pane: bordered, or bare where a border would cost too much.
fn open(pane: usize, area: Rect) -> Slot {
    let roomy = area.width >= 30 && area.height >= 6;
    Slot { pane, area, form: if roomy { Form::Open } else { Form::Bare } }
}

/// `area` without its first `rows`, and those.
fn split_top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let top = Rect { height: rows, ..area };
    (top, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// `area` without its last `rows`, and those.
fn split_bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    let (rest, bottom) = split_top(area, area.height.saturating_sub(rows));
    (rest, bottom)
}

/// Cuts `length` into `n` parts that differ by one at most; the `i`-th part's start and length.
fn part(length: u16, n: usize, i: usize) -> (u16, u16) {
    let n = u16::try_from(n.max(1)).unwrap_or(u16::MAX);
    let i = u16::try_from(i).unwrap_or(u16::MAX).min(n);
    let (base, more) = (length / n, length % n);
    (i * base + i.min(more), base + u16::from(i < more))
}

/// `n` as rows or columns.
fn cells(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(mode: LayoutMode, n: usize, width: u16, height: u16, focused: usize) -> String {
        let geometry = lay(mode, false, n, Rect::new(0, 1, width, height), focused);
        let shown = geometry.slots.iter().map(|s| match s.form {
            Form::Open => format!("{}:{}x{}", s.pane + 1, s.area.width, s.area.height),
            Form::Bare => format!("{}:bare", s.pane + 1),
            Form::Strip => format!("{}:strip", s.pane + 1),
        });
        let tabs = geometry.tabs.map(|_| "tabs".to_owned());
        tabs.into_iter().chain(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_width_decides() {
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
            assert_eq!(forms(LayoutMode::Auto, n, width, height, focused), wanted);
        }
    }

    #[test]
    fn a_mode_is_kept_at_any_width() {
        assert_eq!(forms(LayoutMode::Stack, 4, 80, 21, 1), "1:strip 2:80x18 3:strip 4:strip");
        assert_eq!(forms(LayoutMode::Tabs, 4, 200, 21, 1), "tabs 2:200x20");
        assert_eq!(
            forms(LayoutMode::Grid, 5, 130, 30, 1),
            "1:44x15 2:43x15 3:43x15 4:65x15 5:65x15"
        );
        assert_eq!(forms(LayoutMode::Columns, 4, 80, 21, 0), "1:40x19 2:40x19 3:strip 4:strip");
    }

    #[test]
    fn zoom_leaves_one_pane_and_the_names_of_all() {
        let geometry = lay(LayoutMode::Auto, true, 4, Rect::new(0, 1, 200, 50), 2);
        assert_eq!(geometry.tabs, Some(Rect::new(0, 1, 200, 1)));
        assert_eq!(geometry.slots, [open(2, Rect::new(0, 2, 200, 49))]);
    }

    /// Every layout at every size: inside its area, nothing overlaps, the focused pane is open.
    #[test]
    fn panes_stay_inside_apart_and_the_focused_one_is_open() {
        for (mode, _) in LAYOUTS {
            for width in 1..=260 {
                for height in 1..=70 {
                    for (n, focused, zoomed) in
                        [(1, 0, false), (4, 3, false), (5, 2, true), (9, 4, false), (40, 21, false)]
                    {
                        check(*mode, zoomed, n, Rect::new(3, 2, width, height), focused);
                    }
                }
            }
        }
    }

    fn check(mode: LayoutMode, zoomed: bool, n: usize, area: Rect, focused: usize) {
        let geometry = lay(mode, zoomed, n, area, focused);
        let what = || format!("{mode:?} n={n} {area:?} focused={focused} {geometry:?}");
        let mut areas: Vec<Rect> = geometry.slots.iter().map(|s| s.area).collect();
        areas.extend(geometry.tabs);
        for (i, a) in areas.iter().enumerate() {
            assert!(!a.is_empty() && area.union(*a) == area, "{}", what());
            assert!(areas.iter().skip(i + 1).all(|b| !a.intersects(*b)), "{}", what());
        }
        let open = |s: &&Slot| s.pane == focused && s.form != Form::Strip;
        assert_eq!(geometry.slots.iter().filter(open).count(), 1, "{}", what());
        let mut panes: Vec<usize> = geometry.slots.iter().map(|s| s.pane).collect();
        panes.sort_unstable();
        panes.dedup();
        assert_eq!(panes.len(), geometry.slots.len(), "{}", what());
        if panes.len() < n && area.height >= 4 {
            assert!(geometry.tabs.is_some(), "{}", what());
        }
    }
}
