//! Draws one row of an answer in the colours of the theme.
//!
//! Does not wrap text and does not choose the position.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{RowPainter, draw_text};
use super::theme::{Theme, UiRole};
use crate::text::{Role, Row, RowKind};

/// Draws `answer_row` into the first row of `area`. Code is scrolled by `columns` to the left.
pub(super) fn draw_row(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    answer_row: &Row,
    columns: usize,
) {
    let is_code = matches!(answer_row.kind, RowKind::Code(_));
    let background = theme.ui_style(UiRole::CodeRow);
    let has_background = is_code || matches!(answer_row.kind, RowKind::CodeHeader(_));
    let mut painter = RowPainter::new(buffer, area).skip_columns(if is_code { columns } else { 0 });
    let mut complete = true;
    for piece in &answer_row.pieces {
        let style = theme.face_style(piece.face);
        let style = if has_background { background.patch(style) } else { style };
        if !painter.write(&piece.text, style) {
            complete = false;
            break;
        }
    }
    if has_background {
        painter.fill_rest(" ", background.patch(theme.role_style(Role::Code)));
    }
    if is_code && !complete {
        let last = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
        draw_text(buffer, last, "›", background.patch(theme.ui_style(UiRole::Overflow)));
    }
}
