//! One line of text that is being edited: a comment, an owner, a title, tags, a path.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::draw_box;
use crate::app::{LineEditOverlay, LineEditPurpose};
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, inset, put, row};
use crate::ui::theme::{Part, Theme};

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
    let subject = cut(&overlay.subject, usize::from(inner.width));
    put(buffer, row(inner, 0), &subject, theme.part(Part::Note));
    let line = row(inner, 1);
    let mut pen = Pen::new(buffer, line);
    pen.write("> ", theme.part(Part::Prompt));
    let room = pen.room().saturating_sub(1);
    let (before, after) = overlay.line.split_at_cursor();
    if before.is_empty() && after.is_empty() {
        pen.write(&cut(hint, room), theme.part(Part::Placeholder));
    }
    let before = sanitize_line(before);
    // The cursor stays visible: of a long line the end before the cursor is shown.
    let skip = width(&before).saturating_sub(room);
    let text = format!("{before}{}", sanitize_line(after));
    let mut pen = Pen::new(buffer, inset(line, 2, 0)).skipping(skip);
    pen.write(&text, theme.part(Part::Input));
    let at = u16::try_from(width(&before) - skip).unwrap_or(u16::MAX);
    let cursor =
        Position::new(line.x.saturating_add(2).saturating_add(at).min(line.right()), line.y);
    (line.height > 0).then_some(cursor)
}
