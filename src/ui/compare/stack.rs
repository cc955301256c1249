//! Draws Compare on a narrow screen (one facet, its cells below each other), and a zoomed cell.
//!
//! Does not choose the facet and the panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{CompareRenderer, grid, question_label};
use crate::app::State;
use crate::domain::Facet;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, draw_text_right, inset_sides, row_at};
use crate::ui::pane::PaneRenderer;
use crate::ui::theme::{Theme, UiRole};

/// Counts the rows of the stack: a heading, a cell and an empty row for each persona.
pub(super) fn count_rows(compare: &CompareRenderer) -> usize {
    let cells = compare.visible_panes.clone().filter_map(|pane| compare.cell(pane, compare.open));
    cells.map(|cell| cell.height() + 2).sum::<usize>().saturating_sub(1)
}

/// Draws the cells of the open facet.
pub(super) fn draw_stack(
    compare: &CompareRenderer,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneRenderer],
) {
    draw_facet_names(compare, buffer, theme, row_at(compare.area, 0));
    let body = Rect {
        y: compare.area.y + 1,
        height: compare.area.height.saturating_sub(1),
        ..compare.area
    };
    let mut skip = compare.viewport.top();
    let mut y = 0;
    for pane in compare.visible_panes.clone() {
        let Some(cell) = compare.cell(pane, compare.open) else { continue };
        for index in 0..cell.height() + 2 {
            if y >= body.height {
                compare.viewport.draw_rows_below(buffer, theme, body);
                return;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let line = row_at(body, y);
            y += 1;
            if index == 0 {
                draw_heading(buffer, theme, line, (state, panes), pane);
            } else if let Some(column) = compare.columns.get(pane)
                && let Some(cell_row) = cell.row(column.source(state), index - 1)
            {
                grid::draw_cell_row(buffer, theme, inset_sides(line, 2, 1), &cell_row);
            }
        }
    }
}

/// Draws the names of the open facet and of as many around it as fit.
fn draw_facet_names(compare: &CompareRenderer, buffer: &mut Buffer, theme: &Theme, line: Rect) {
    let title = |index: usize| band_title(compare, index);
    let columns = usize::from(line.width);
    let mut first = compare.open;
    let mut used = width(title(compare.open)) + 6;
    while first > 0 && used + width(title(first - 1)) + 2 < columns.min(used + 24) {
        first -= 1;
        used += width(title(first)) + 2;
    }
    let mut painter = RowPainter::new(buffer, line);
    painter.write(if first > 0 { "‹ " } else { " " }, theme.ui_style(UiRole::Note));
    for index in first..compare.bands.len() {
        let is_open = index == compare.open;
        if width(title(index)) + 3 > painter.columns_left() {
            painter.write("›", theme.ui_style(UiRole::Note));
            break;
        }
        let role = if is_open { UiRole::TabActive } else { UiRole::Tab };
        painter.write(&format!(" {} ", title(index)), theme.ui_style(role));
    }
}

/// Returns the name of the facet of a band.
fn band_title(compare: &CompareRenderer, index: usize) -> &'static str {
    compare.bands.get(index).map_or("", |band| band.facet.map_or("At a glance", Facet::title))
}

/// Draws the persona above its cell.
fn draw_heading(
    buffer: &mut Buffer,
    theme: &Theme,
    line: Rect,
    (state, panes): (&State, &[PaneRenderer]),
    pane: usize,
) {
    let Some(renderer) = panes.get(pane) else { return };
    let is_focused = pane == state.focused;
    let frame = theme.ui_style(if is_focused { UiRole::BorderFocused } else { UiRole::Border });
    let mut painter = RowPainter::new(buffer, line);
    painter.write(if is_focused { "▌" } else { "─" }, frame);
    painter.write(&format!("{} ", pane + 1), theme.ui_style(UiRole::TitleNote));
    let style =
        theme.persona_style(renderer.label.color.as_deref(), pane).add_modifier(Modifier::BOLD);
    painter.write_truncated(&renderer.label.name, 2, style);
    if let Some(question) = question_label(state, pane) {
        painter.write_truncated(&format!(" · {question}"), 2, theme.ui_style(UiRole::Warning));
    }
    if width(&renderer.label.label) + 14 <= painter.columns_left() {
        painter.write(" · ", theme.ui_style(UiRole::TitleNote));
        painter.write(&renderer.label.label, theme.ui_style(UiRole::TitleNote));
    }
    painter.write(" ", frame);
    painter.fill_rest("─", frame);
    let status = &renderer.status;
    let role = status.role.unwrap_or(UiRole::Note);
    draw_text_right(
        buffer,
        inset_sides(line, 0, 1),
        &[(&format!(" {} ", status.glyph), theme.ui_style(role))],
    );
}

/// Draws the selected cell alone.
pub(super) fn draw_zoomed(
    compare: &CompareRenderer,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneRenderer],
) {
    let pane = compare.visible_panes.start;
    draw_heading(buffer, theme, row_at(compare.area, 0), (state, panes), pane);
    let title = band_title(compare, compare.open);
    let line = inset_sides(row_at(compare.area, 0), 0, 5);
    draw_text_right(buffer, line, &[(&format!(" {title} "), theme.ui_style(UiRole::LabelActive))]);
    let body = Rect {
        y: compare.area.y + 1,
        height: compare.area.height.saturating_sub(1),
        ..compare.area
    };
    let body = Rect { width: body.width.min(compare.width + 4), ..body };
    if let (Some(cell), Some(column)) =
        (compare.cell(pane, compare.open), compare.columns.get(pane))
    {
        let area = inset_sides(body, 2, 1);
        grid::draw_cell_rows(
            buffer,
            theme,
            area,
            (cell, column.source(state)),
            compare.viewport.top(),
        );
    }
}
