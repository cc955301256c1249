//! Draws Compare on a wide screen: a table of facets and personas.
//!
//! Does not arrange the table; heights and widths are prepared by `compare`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::cell::{CellRow, CellSource, CompareCell};
use super::{CompareRenderer, LABEL_COLUMNS, question_label};
use crate::app::State;
use crate::domain::Facet;
use crate::text::width::width;
use crate::ui::answer_rows::draw_row;
use crate::ui::paint::{
    RowPainter, draw_text, draw_text_right, inset_sides, row_at, truncate_to_width,
};
use crate::ui::pane::PaneRenderer;
use crate::ui::theme::{Theme, UiRole};

/// Draws the table.
pub(super) fn draw_grid(
    compare: &CompareRenderer,
    buffer: &mut Buffer,
    theme: &Theme,
    state: &State,
    panes: &[PaneRenderer],
) {
    let area = compare.area;
    let columns: Vec<(usize, Rect)> =
        compare.visible_panes.clone().map(|pane| (pane, column_area(compare, pane))).collect();
    draw_headings(compare, buffer, theme, (state, panes), &columns);
    let mut y = 1;
    for (index, band) in compare.bands.iter().enumerate().skip(first_visible_band(compare)) {
        let is_open = index == compare.open;
        draw_label(compare, buffer, theme, index, row_at(area, y));
        for (pane, column_area) in &columns {
            let (Some(cell), Some(column)) =
                (compare.cell(*pane, index), compare.columns.get(*pane))
            else {
                continue;
            };
            let height = u16::try_from(band.height).unwrap_or(u16::MAX);
            let cell_area = Rect {
                y: area.y + y,
                height: height.min(area.height - y.min(area.height)),
                ..*column_area
            };
            let is_selected = is_open && *pane == state.focused;
            let bar = if is_selected { ("▌", UiRole::Mark) } else { ("│", UiRole::Border) };
            for line in 0..cell_area.height {
                draw_text(buffer, row_at(cell_area, line), bar.0, theme.ui_style(bar.1));
            }
            let is_clipped = cell.height() > band.height;
            let skips_heading = is_clipped && !is_open && band.height < 3;
            let first_row = match () {
                () if is_open => compare.viewport.top().min(cell.height().saturating_sub(1)),
                () if skips_heading => cell.first_text_row(column.source(state)),
                () => 0,
            };
            draw_cell_rows(
                buffer,
                theme,
                inset_sides(cell_area, 2, 1),
                (cell, column.source(state)),
                first_row,
            );
        }
        y += u16::try_from(band.height).unwrap_or(u16::MAX);
        if compare.has_rules && index + 1 < compare.bands.len() {
            draw_rule(compare, buffer, theme, row_at(area, y));
            y += 1;
        }
    }
    if !compare.uncovered.is_empty() && y < area.height {
        let line = inset_sides(row_at(area, area.height - 1), LABEL_COLUMNS + 2, 1);
        draw_text(
            buffer,
            line,
            &truncate_to_width(&compare.uncovered, usize::from(line.width)),
            theme.ui_style(UiRole::Hole),
        );
    }
}

/// Returns the first band that is drawn: on a short screen the first one that keeps the open band visible.
fn first_visible_band(compare: &CompareRenderer) -> usize {
    let body_height = usize::from(compare.area.height.saturating_sub(1));
    let rule_height = usize::from(compare.has_rules);
    let mut used = 0;
    for index in (0..=compare.open).rev() {
        used += compare.bands.get(index).map_or(0, |band| band.height + rule_height);
        if used > body_height + rule_height && index < compare.open {
            return index + 1;
        }
    }
    0
}

/// Returns the area of a pane's column, including its bar.
fn column_area(compare: &CompareRenderer, pane: usize) -> Rect {
    let count = u16::try_from(compare.visible_panes.len()).unwrap_or(1).max(1);
    let columns = compare.area.width.saturating_sub(LABEL_COLUMNS);
    let index = u16::try_from(pane - compare.visible_panes.start).unwrap_or(0);
    let width = (columns / count).min(compare.width + 3);
    Rect { x: compare.area.x + LABEL_COLUMNS + index * width, width, ..compare.area }
}

/// Draws the personas above their columns, and at the left which of them are visible.
fn draw_headings(
    compare: &CompareRenderer,
    buffer: &mut Buffer,
    theme: &Theme,
    (state, panes): (&State, &[PaneRenderer]),
    columns: &[(usize, Rect)],
) {
    let line = row_at(compare.area, 0);
    let note = theme.ui_style(UiRole::TitleNote);
    if compare.visible_panes.len() < state.pane_personas.len() {
        let (first, last, all) =
            (compare.visible_panes.start + 1, compare.visible_panes.end, state.pane_personas.len());
        draw_text(buffer, inset_sides(line, 1, 0), &format!("{first}–{last} of {all}"), note);
    }
    for (pane, column_area) in columns {
        let Some(renderer) = panes.get(*pane) else { continue };
        let line = inset_sides(row_at(*column_area, 0), 0, 1);
        let is_focused = *pane == state.focused;
        draw_text(
            buffer,
            line,
            if is_focused { "▌" } else { "│" },
            theme.ui_style(if is_focused { UiRole::Mark } else { UiRole::Border }),
        );
        let line = inset_sides(line, 2, 0);
        let status = &renderer.status;
        let state_word = format!("{} {}", status.glyph, status.word);
        let role = status.role.unwrap_or(UiRole::Note);
        let full = width(&renderer.label.name) + width(&state_word) + 6;
        let used = if full <= usize::from(line.width) {
            draw_text_right(buffer, line, &[(&state_word, theme.ui_style(role))])
        } else {
            draw_text_right(buffer, line, &[(status.glyph, theme.ui_style(role))])
        };
        let mut painter = RowPainter::new(buffer, inset_sides(line, 0, used + 1));
        painter.write(&format!("{} ", pane + 1), note);
        let style = theme
            .persona_style(renderer.label.color.as_deref(), *pane)
            .add_modifier(Modifier::BOLD);
        let style = if is_focused { style.add_modifier(Modifier::UNDERLINED) } else { style };
        painter.write_truncated(&renderer.label.name, 0, style);
        if let Some(question) = question_label(state, *pane) {
            painter.write_truncated(&format!(" · {question}"), 0, theme.ui_style(UiRole::Warning));
        }
        if width(&renderer.label.label) + 3 <= painter.columns_left() {
            painter.write(" · ", note);
            painter.write(&renderer.label.label, note);
        }
    }
}

/// Draws the name of a facet, and how many answers cover it.
fn draw_label(
    compare: &CompareRenderer,
    buffer: &mut Buffer,
    theme: &Theme,
    index: usize,
    line: Rect,
) {
    let Some(band) = compare.bands.get(index) else { return };
    let is_open = index == compare.open;
    let role = if is_open { UiRole::LabelActive } else { UiRole::Label };
    let line = Rect { width: LABEL_COLUMNS.min(line.width), ..line };
    draw_text(buffer, line, if is_open { "▸" } else { " " }, theme.ui_style(UiRole::Mark));
    let title = band.facet.map_or("At a glance", Facet::title);
    draw_text(buffer, inset_sides(line, 1, 0), title, theme.ui_style(role));
    if band.height > 1 {
        let below = Rect { y: line.y + 1, ..line };
        let text = format!("{} of {}", band.covered, compare.columns.len());
        draw_text(buffer, inset_sides(below, 1, 0), &text, theme.ui_style(UiRole::Note));
    }
}

fn draw_rule(compare: &CompareRenderer, buffer: &mut Buffer, theme: &Theme, line: Rect) {
    let width = usize::from(
        column_area(compare, compare.visible_panes.end.saturating_sub(1)).right() - compare.area.x,
    );
    RowPainter::new(buffer, line).fill(width, "─", theme.ui_style(UiRole::Border));
}

/// Draws one row of a cell.
pub(super) fn draw_cell_row(
    buffer: &mut Buffer,
    theme: &Theme,
    line: Rect,
    cell_row: &CellRow<'_>,
) {
    match cell_row {
        CellRow::Answer(row) => draw_row(buffer, theme, line, row, 0),
        CellRow::Text(role, text) => {
            draw_text(buffer, line, text, theme.ui_style(*role));
        }
        CellRow::Blank => {}
    }
}

/// Draws the rows of a cell from row `first_row` on, and the number of rows below.
pub(super) fn draw_cell_rows(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (cell, source): (&CompareCell, CellSource<'_>),
    first_row: usize,
) {
    for y in 0..area.height {
        let line = row_at(area, y);
        let Some(cell_row) = cell.row(source, first_row + usize::from(y)) else { break };
        draw_cell_row(buffer, theme, line, &cell_row);
    }
    let below = cell.height().saturating_sub(first_row + usize::from(area.height));
    if below > 0 && area.height > 0 && area.width > 12 {
        let last = row_at(area, area.height - 1);
        let text = format!(" ↓ {below} ");
        draw_text_right(buffer, last, &[(&text, theme.ui_style(UiRole::Scrollbar))]);
    }
}
