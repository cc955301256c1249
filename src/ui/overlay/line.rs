//! One line that is edited: a comment, an owner, a title, tags, a path.
//!
//! The editing is `app::line`'s. Called by `overlay`.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::boxed;
use crate::app::{LineFor, LineOverlay};
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, draw_text, inset_sides, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the box.
const COLUMNS: u16 = 84;

/// Draws it; where the cursor stands.
pub(super) fn draw(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    overlay: &LineOverlay,
) -> Option<Position> {
    let (title, hint) = match overlay.purpose {
        LineFor::Comment(_) => ("comment", "what is to be discussed, or why it was decided so"),
        LineFor::Owner(_) => ("owner", "who does it"),
        LineFor::Title(_) => ("title", "empty: the title that was found"),
        LineFor::SessionTitle(_) => ("rename the session", ""),
        LineFor::SessionTags(_) => ("tags", "words, parted by blanks"),
        LineFor::ExportPath => ("where to", "empty: the usual name, in this folder"),
    };
    let inner = boxed(buffer, theme, area, (title, COLUMNS, 2));
    let about = truncate_to_width(&overlay.about, usize::from(inner.width));
    draw_text(buffer, row_at(inner, 0), &about, theme.ui_style(UiRole::Note));
    let line = row_at(inner, 1);
    let mut painter = RowPainter::new(buffer, line);
    painter.write("> ", theme.ui_style(UiRole::Prompt));
    let room = painter.columns_left().saturating_sub(1);
    let (before, after) = overlay.line.parts();
    if before.is_empty() && after.is_empty() {
        painter.write(&truncate_to_width(hint, room), theme.ui_style(UiRole::Placeholder));
    }
    let before = sanitize_line(before);
    // The cursor stays in sight: of a long line its end before the cursor is shown.
    let skip = width(&before).saturating_sub(room);
    let text = format!("{before}{}", sanitize_line(after));
    let mut painter = RowPainter::new(buffer, inset_sides(line, 2, 0)).skip_columns(skip);
    painter.write(&text, theme.ui_style(UiRole::Input));
    let at = u16::try_from(width(&before) - skip).unwrap_or(u16::MAX);
    let cursor =
        Position::new(line.x.saturating_add(2).saturating_add(at).min(line.right()), line.y);
    (line.height > 0).then_some(cursor)
}
