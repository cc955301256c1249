//! Export of the session: the formats, and the path.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw_box, row_style};
use crate::app::{ExportOverlay, State};
use crate::export::TARGETS;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Draws formats and path.
pub(super) fn draw_export(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    export: &ExportOverlay,
    state: &State,
) {
    let inner =
        draw_box(buffer, theme, area, ("write the session to a file", 84, TARGETS.len() + 2));
    let names = TARGETS.iter().map(|target| width(target.name)).max().unwrap_or(0);
    for (y, (at, target)) in (0..inner.height).zip(TARGETS.iter().enumerate()) {
        let chosen = at == export.cursor.selected;
        let mut painter = RowPainter::new(buffer, row_at(inner, y));
        painter.write(" ", row_style(theme, chosen, UiRole::Key));
        painter.write(target.name, row_style(theme, chosen, UiRole::Key));
        painter.write_spaces(names - width(target.name) + 2, row_style(theme, chosen, UiRole::Key));
        let room = painter.columns_left().saturating_sub(1);
        painter
            .write(&truncate_to_width(target.about, room), row_style(theme, chosen, UiRole::Word));
        let room = painter.columns_left();
        painter.write_spaces(room, row_style(theme, chosen, UiRole::Word));
    }
    let at = u16::try_from(TARGETS.len() + 1).unwrap_or(u16::MAX);
    let mut painter = RowPainter::new(buffer, row_at(inner, at));
    painter.write("to ", theme.ui_style(UiRole::Note));
    let room = painter.columns_left();
    let path = sanitize_line(&export.path(state.session_id()));
    painter.write(&truncate_to_width(&path, room), theme.ui_style(UiRole::Input));
}
