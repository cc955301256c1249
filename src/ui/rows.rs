//! One row of an answer into cells: the same in every view.
//!
//! What a row is made of is `text`'s, where it stands the caller's; here it gets its colours. Called by `pane`, `compare`,
//! `triage` and the brief.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Pen, put};
use super::theme::{Part, Theme};
use crate::text::{Role, Row, RowKind};

/// Draws `shown` into the first row of `area`; code is scrolled by `columns` to the left.
pub(super) fn draw_row(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    shown: &Row,
    columns: usize,
) {
    let code = matches!(shown.kind, RowKind::Code(_));
    let ground = theme.part(Part::CodeRow);
    let on_ground = code || matches!(shown.kind, RowKind::CodeHeader(_));
    let mut pen = Pen::new(buffer, area).skipping(if code { columns } else { 0 });
    let mut whole = true;
    for piece in &shown.pieces {
        let style = theme.face(piece.face);
        let style = if on_ground { ground.patch(style) } else { style };
        if !pen.write(&piece.text, style) {
            whole = false;
            break;
        }
    }
    if on_ground {
        let room = pen.room();
        pen.blanks(room, ground.patch(theme.role(Role::Code)));
    }
    if code && !whole {
        let last = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
        put(buffer, last, "›", ground.patch(theme.part(Part::Overflow)));
    }
}
