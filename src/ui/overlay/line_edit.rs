//! One line of text that is being edited: a comment, an owner, a title, tags, a path.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::draw_box;
use crate::app::{LineEditOverlay, LineEditPurpose};
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, draw_text, inset_sides, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the box.
const COLUMNS: u16 = 84;

/// Draws the line; returns the position of the cursor.
pub(super) fn draw_line_edit(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    overlay: &LineEditOverlay,
) -> Option<Position> {
    let (title, hint) = match overlay.purpose {
        LineEditPurpose::Comment(_) => {
            ("comment", "what should be discussed, or why it was decided so")
        }
        LineEditPurpose::Owner(_) => ("owner", "who does it"),
        LineEditPurpose::Title(_) => ("title", "empty: the extracted title"),
        LineEditPurpose::SessionTitle(_) => ("rename the session", ""),
        LineEditPurpose::SessionTags(_) => ("tags", "separated by spaces"),
        LineEditPurpose::ExportPath => ("path", "empty: the default name, in this folder"),
    };
    let inner = draw_box(buffer, theme, area, (title, COLUMNS, 2));
    let subject = truncate_to_width(&overlay.subject, usize::from(inner.width));
    draw_text(buffer, row_at(inner, 0), &subject, theme.ui_style(UiRole::Note));
    let line = row_at(inner, 1);
    let mut painter = RowPainter::new(buffer, line);
    painter.write("> ", theme.ui_style(UiRole::Prompt));
    let room = painter.columns_left().saturating_sub(1);
    let (before, after) = overlay.line.split_at_cursor();
    if before.is_empty() && after.is_empty() {
        painter.write(&truncate_to_width(hint, room), theme.ui_style(UiRole::Placeholder));
    }
    let before = sanitize_line(before);
    // The cursor stays visible: of a long line the end before the cursor is shown.
    let skip = width(&before).saturating_sub(room);
    let text = format!("{before}{}", sanitize_line(after));
    let mut painter = RowPainter::new(buffer, inset_sides(line, 2, 0)).skip_columns(skip);
    painter.write(&text, theme.ui_style(UiRole::Input));
    let at = u16::try_from(width(&before) - skip).unwrap_or(u16::MAX);
    let cursor =
        Position::new(line.x.saturating_add(2).saturating_add(at).min(line.right()), line.y);
    (line.height > 0).then_some(cursor)
}
