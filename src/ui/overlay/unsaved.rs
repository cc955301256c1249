//! The question what becomes of changes that are not on disk.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw_box;
use crate::app::{Action, KeyContext, State, UnsavedOverlay};
use crate::text::sanitize_line;
use crate::ui::labels;
use crate::ui::paint::{RowPainter, row_at, wrap_text};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the box.
const COLUMNS: u16 = 72;

/// Maximum rows of the text: the reason may contain a long path.
const MAX_TEXT_ROWS: usize = 6;

/// Draws what is not on disk and why, and the keys.
pub(super) fn draw_unsaved(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    overlay: &UnsavedOverlay,
    state: &State,
) {
    let text = sanitize_line(&overlay.changes.describe_loss());
    let columns = usize::from(COLUMNS.min(area.width).saturating_sub(4)).max(1);
    let rows = wrap_text(&text, columns, MAX_TEXT_ROWS);
    let inner = draw_box(buffer, theme, area, ("not saved", COLUMNS, rows.len() + 2));
    let mut y = 0;
    for text in rows {
        RowPainter::new(buffer, row_at(inner, y)).write(&text, theme.ui_style(UiRole::Input));
        y += 1;
    }
    let mut painter = RowPainter::new(buffer, row_at(inner, y + 1));
    if overlay.is_writing {
        painter.write("writing …", theme.ui_style(UiRole::Word));
        return;
    }
    let one = overlay.changes.answers == 1;
    let write = if one { "writes it to a file" } else { "writes them to a file" };
    let keys = [(Action::WriteUnsaved, write), (Action::Quit, "quits"), (Action::Back, "back")];
    for (action, word) in keys {
        let Some(key) = labels::key_hint(&state.keymap, KeyContext::Unsaved, action) else {
            continue;
        };
        painter.write(&key, theme.ui_style(UiRole::Key));
        painter.write(&format!(" {word}   "), theme.ui_style(UiRole::Word));
    }
}
