//! Export of the session: the formats, and the path.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw_box, row_style};
use crate::app::{ExportOverlay, State};
use crate::export::TARGETS;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, row};
use crate::ui::theme::{Part, Theme};

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
        let mut pen = Pen::new(buffer, row(inner, y));
        pen.write(" ", row_style(theme, chosen, Part::Key));
        pen.write(target.name, row_style(theme, chosen, Part::Key));
        pen.blanks(names - width(target.name) + 2, row_style(theme, chosen, Part::Key));
        let room = pen.room().saturating_sub(1);
        pen.write(&cut(target.about, room), row_style(theme, chosen, Part::Word));
        let room = pen.room();
        pen.blanks(room, row_style(theme, chosen, Part::Word));
    }
    let at = u16::try_from(TARGETS.len() + 1).unwrap_or(u16::MAX);
    let mut pen = Pen::new(buffer, row(inner, at));
    pen.write("to ", theme.part(Part::Note));
    let room = pen.room();
    let path = sanitize_line(&export.path(state.session_id()));
    pen.write(&cut(&path, room), theme.part(Part::Input));
}
