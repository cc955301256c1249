//! Compare on a narrow screen: one facet, its cells below each other; and one cell alone.
//!
//! Places are `compare`'s, what stands in a cell is `cell`'s.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::cell::{Cell, Shown};
use super::{CompareView, grid, older};
use crate::app::State;
use crate::domain::Facet;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, inset, put, put_right, row};
use crate::ui::pane::PaneView;
use crate::ui::rows::draw_row;
use crate::ui::theme::{Part, Theme};

/// Rows of the whole stack: a head, a cell and a blank row for each persona.
pub(super) fn height(view: &CompareView) -> usize {
    let cells = view.shown.clone().filter_map(|pane| view.cell(pane, view.open));
    cells.map(|cell| cell.height() + 2).sum::<usize>().saturating_sub(1)
}

/// Draws the open facet of everybody.
pub(super) fn draw(
    view: &CompareView,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneView],
) {
    names(view, buffer, theme, row(view.area, 0));
    let body = Rect { y: view.area.y + 1, height: view.area.height.saturating_sub(1), ..view.area };
    let mut skip = view.scroll;
    let mut y = 0;
    for pane in view.shown.clone() {
        let Some(cell) = view.cell(pane, view.open) else { continue };
        for at in 0..cell.height() + 2 {
            if y >= body.height {
                below(view, buffer, theme, body);
                return;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let line = row(body, y);
            y += 1;
            if at == 0 {
                head(buffer, theme, line, (state, panes), pane);
            } else if let Some(column) = view.columns.get(pane) {
                draw_at(
                    buffer,
                    theme,
                    inset(line, 2, 1),
                    cell.row(&column.layout, at - 1).as_ref(),
                );
            }
        }
    }
}

fn draw_at(buffer: &mut Buffer, theme: &Theme, line: Rect, shown: Option<&Shown<'_>>) {
    match shown {
        Some(Shown::Row(shown)) => draw_row(buffer, theme, line, shown, 0),
        Some(Shown::Words(part, text)) => {
            put(buffer, line, text, theme.part(*part));
        }
        Some(Shown::Blank) | None => {}
    }
}

fn below(view: &CompareView, buffer: &mut Buffer, theme: &Theme, body: Rect) {
    let left = height(view).saturating_sub(view.scroll + usize::from(body.height));
    if left > 0 && body.height > 0 {
        let last = row(body, body.height - 1);
        put_right(buffer, last, &[(&format!(" ↓ {left} "), theme.part(Part::Scrollbar))]);
    }
}

/// The facets, the open one marked; those around it as far as there is room.
fn names(view: &CompareView, buffer: &mut Buffer, theme: &Theme, line: Rect) {
    let title =
        |at: usize| view.bands.get(at).map_or("", |b| b.facet.map_or("At a glance", Facet::title));
    let room = usize::from(line.width);
    let mut first = view.open;
    let mut used = width(title(view.open)) + 6;
    while first > 0 && used + width(title(first - 1)) + 2 < room.min(used + 24) {
        first -= 1;
        used += width(title(first)) + 2;
    }
    let mut pen = Pen::new(buffer, line);
    pen.write(if first > 0 { "‹ " } else { " " }, theme.part(Part::Note));
    for at in first..view.bands.len() {
        let open = at == view.open;
        if width(title(at)) + 3 > pen.room() {
            pen.write("›", theme.part(Part::Note));
            break;
        }
        let part = if open { Part::TabActive } else { Part::Tab };
        pen.write(&format!(" {} ", title(at)), theme.part(part));
    }
}

/// Who speaks below.
fn head(
    buffer: &mut Buffer,
    theme: &Theme,
    line: Rect,
    (state, panes): (&State, &[PaneView]),
    pane: usize,
) {
    let Some(shown) = panes.get(pane) else { return };
    let focused = pane == state.focused;
    let frame = theme.part(if focused { Part::BorderFocused } else { Part::Border });
    let mut pen = Pen::new(buffer, line);
    pen.write(if focused { "▌" } else { "─" }, frame);
    pen.write(&format!("{} ", pane + 1), theme.part(Part::TitleNote));
    let style = theme.persona(shown.who.color.as_deref(), pane).add_modifier(Modifier::BOLD);
    let room = pen.room().saturating_sub(2);
    pen.write(&cut(&shown.who.name, room), style);
    if let Some(question) = older(state, pane) {
        let room = pen.room().saturating_sub(2);
        pen.write(&cut(&format!(" · {question}"), room), theme.part(Part::Warning));
    }
    if width(&shown.who.label) + 14 <= pen.room() {
        pen.write(" · ", theme.part(Part::TitleNote));
        pen.write(&shown.who.label, theme.part(Part::TitleNote));
    }
    pen.write(" ", frame);
    let rest = pen.room();
    pen.fill(rest, "─", frame);
    let status = &shown.status;
    let part = status.part.unwrap_or(Part::Note);
    put_right(buffer, inset(line, 0, 1), &[(&format!(" {} ", status.glyph), theme.part(part))]);
}

/// Draws the chosen cell alone.
pub(super) fn draw_zoomed(
    view: &CompareView,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneView],
) {
    let pane = view.shown.start;
    head(buffer, theme, row(view.area, 0), (state, panes), pane);
    let title =
        view.bands.get(view.open).map_or("", |b| b.facet.map_or("At a glance", Facet::title));
    let line = inset(row(view.area, 0), 0, 5);
    put_right(buffer, line, &[(&format!(" {title} "), theme.part(Part::LabelActive))]);
    let body = Rect { y: view.area.y + 1, height: view.area.height.saturating_sub(1), ..view.area };
    let body = Rect { width: body.width.min(view.width + 4), ..body };
    if let (Some(cell), Some(column)) = (view.cell(pane, view.open), view.columns.get(pane)) {
        let cell: &Cell = cell;
        grid::rows(buffer, theme, inset(body, 2, 1), (cell, &column.layout), view.scroll);
    }
}
