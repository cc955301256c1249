//! Compare on a wide screen: a table of facets and personas.
//!
//! Places are `compare`'s, what stands in a cell is `cell`'s; here are lines, names and colours.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::cell::{Cell, Shown};
use super::{CompareView, GUTTER, older};
use crate::app::State;
use crate::domain::Facet;
use crate::text::Layout;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, inset, put, put_right, row};
use crate::ui::pane::PaneView;
use crate::ui::rows::draw_row;
use crate::ui::theme::{Part, Theme};

/// Draws the table.
pub(super) fn draw(
    view: &CompareView,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneView],
) {
    let area = view.area;
    let places: Vec<(usize, Rect)> =
        view.shown.clone().map(|pane| (pane, place(view, pane))).collect();
    heads(view, buffer, theme, (state, panes), &places);
    let mut y = 1;
    for (at, band) in view.bands.iter().enumerate().skip(first(view)) {
        let open = at == view.open;
        label(view, buffer, theme, at, row(area, y));
        for (pane, column) in &places {
            let (Some(cell), Some(of)) = (view.cell(*pane, at), view.columns.get(*pane)) else {
                continue;
            };
            let height = u16::try_from(band.height).unwrap_or(u16::MAX);
            let top = Rect {
                y: area.y + y,
                height: height.min(area.height - y.min(area.height)),
                ..*column
            };
            let chosen = open && *pane == state.focused;
            let bar = if chosen { ("▌", Part::Mark) } else { ("│", Part::Border) };
            for line in 0..top.height {
                put(buffer, row(top, line), bar.0, theme.part(bar.1));
            }
            let clipped = cell.height() > band.height;
            let folded = clipped && !open && band.height < 3;
            let from = match () {
                () if open => view.scroll.min(cell.height().saturating_sub(1)),
                () if folded => cell.first_said(&of.layout),
                () => 0,
            };
            rows(buffer, theme, inset(top, 2, 1), (cell, &of.layout), from);
        }
        y += u16::try_from(band.height).unwrap_or(u16::MAX);
        if view.ruled && at + 1 < view.bands.len() {
            rule(view, buffer, theme, row(area, y));
            y += 1;
        }
    }
    if !view.silent.is_empty() && y < area.height {
        let line = inset(row(area, area.height - 1), GUTTER + 2, 1);
        put(buffer, line, &cut(&view.silent, usize::from(line.width)), theme.part(Part::Hole));
    }
}

/// The first row that is drawn: on a short screen the open one is kept in sight.
fn first(view: &CompareView) -> usize {
    let room = usize::from(view.area.height.saturating_sub(1));
    let rule = usize::from(view.ruled);
    let mut taken = 0;
    for at in (0..=view.open).rev() {
        taken += view.bands.get(at).map_or(0, |band| band.height + rule);
        if taken > room + rule && at < view.open {
            return at + 1;
        }
    }
    0
}

/// The column of a pane, its bar included.
fn place(view: &CompareView, pane: usize) -> Rect {
    let k = u16::try_from(view.shown.len()).unwrap_or(1).max(1);
    let room = view.area.width.saturating_sub(GUTTER);
    let at = u16::try_from(pane - view.shown.start).unwrap_or(0);
    let width = (room / k).min(view.width + 3);
    Rect { x: view.area.x + GUTTER + at * width, width, ..view.area }
}

/// Who speaks in which column; at the left what is not shown.
fn heads(
    view: &CompareView,
    buffer: &mut Buffer,
    theme: &Theme,
    (state, panes): (&State, &[PaneView]),
    places: &[(usize, Rect)],
) {
    let line = row(view.area, 0);
    let note = theme.part(Part::TitleNote);
    if view.shown.len() < state.pane_personas.len() {
        let (first, last, all) = (view.shown.start + 1, view.shown.end, state.pane_personas.len());
        put(buffer, inset(line, 1, 0), &format!("{first}–{last} of {all}"), note);
    }
    for (pane, column) in places {
        let Some(shown) = panes.get(*pane) else { continue };
        let line = inset(row(*column, 0), 0, 1);
        let focused = *pane == state.focused;
        put(
            buffer,
            line,
            if focused { "▌" } else { "│" },
            theme.part(if focused { Part::Mark } else { Part::Border }),
        );
        let line = inset(line, 2, 0);
        let status = &shown.status;
        let state_word = format!("{} {}", status.glyph, status.word);
        let part = status.part.unwrap_or(Part::Note);
        let full = width(&shown.who.name) + width(&state_word) + 6;
        let used = if full <= usize::from(line.width) {
            put_right(buffer, line, &[(&state_word, theme.part(part))])
        } else {
            put_right(buffer, line, &[(status.glyph, theme.part(part))])
        };
        let mut pen = Pen::new(buffer, inset(line, 0, used + 1));
        pen.write(&format!("{} ", pane + 1), note);
        let style = theme.persona(shown.who.color.as_deref(), *pane).add_modifier(Modifier::BOLD);
        let style = if focused { style.add_modifier(Modifier::UNDERLINED) } else { style };
        let room = pen.room();
        pen.write(&cut(&shown.who.name, room), style);
        if let Some(question) = older(state, *pane) {
            let room = pen.room();
            pen.write(&cut(&format!(" · {question}"), room), theme.part(Part::Warning));
        }
        if width(&shown.who.label) + 3 <= pen.room() {
            pen.write(" · ", note);
            pen.write(&shown.who.label, note);
        }
    }
}

/// The name of a row, and how many say something.
fn label(view: &CompareView, buffer: &mut Buffer, theme: &Theme, at: usize, line: Rect) {
    let Some(band) = view.bands.get(at) else { return };
    let open = at == view.open;
    let part = if open { Part::LabelActive } else { Part::Label };
    let line = Rect { width: GUTTER.min(line.width), ..line };
    put(buffer, line, if open { "▸" } else { " " }, theme.part(Part::Mark));
    let title = band.facet.map_or("At a glance", Facet::title);
    put(buffer, inset(line, 1, 0), title, theme.part(part));
    if band.height > 1 {
        let below = Rect { y: line.y + 1, ..line };
        let text = format!("{} of {}", band.says, view.columns.len());
        put(buffer, inset(below, 1, 0), &text, theme.part(Part::Note));
    }
}

fn rule(view: &CompareView, buffer: &mut Buffer, theme: &Theme, line: Rect) {
    let width = usize::from(place(view, view.shown.end.saturating_sub(1)).right() - view.area.x);
    Pen::new(buffer, line).fill(width, "─", theme.part(Part::Border));
}

/// Draws rows of a cell from `from` on, and how many do not fit.
pub(super) fn rows(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (cell, layout): (&Cell, &Layout),
    from: usize,
) {
    for y in 0..area.height {
        let line = row(area, y);
        match cell.row(layout, from + usize::from(y)) {
            Some(Shown::Row(shown)) => draw_row(buffer, theme, line, shown, 0),
            Some(Shown::Words(part, text)) => {
                put(buffer, line, text, theme.part(part));
            }
            Some(Shown::Blank) => {}
            None => break,
        }
    }
    let below = cell.height().saturating_sub(from + usize::from(area.height));
    if below > 0 && area.height > 0 && area.width > 12 {
        let last = row(area, area.height - 1);
        let text = format!(" ↓ {below} ");
        put_right(buffer, last, &[(&text, theme.part(Part::Scrollbar))]);
    }
}
