//! Choice of the persona that challenges a recommendation.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw_box, first_visible_row, row_style};
use crate::app::{ChallengeOverlay, State};
use crate::text::sanitize_line;
use crate::ui::paint::{RowPainter, draw_text, row_at, truncate_to_width};
use crate::ui::pane::PersonaLabel;
use crate::ui::theme::{Theme, UiRole};

/// Draws the choice.
pub(super) fn draw_challenge(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    choice: &ChallengeOverlay,
    state: &State,
) {
    let rows = choice.personas.len() + 2;
    let inner =
        draw_box(buffer, theme, area, ("Who should challenge this? (one model call)", 72, rows));
    let title = state.recommendation(choice.target).map(|found| sanitize_line(found.title()));
    let title = title.unwrap_or_default();
    draw_text(
        buffer,
        row_at(inner, 0),
        &truncate_to_width(&title, usize::from(inner.width)),
        theme.ui_style(UiRole::Note),
    );
    let list =
        Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    let first =
        first_visible_row(choice.cursor.selected, choice.personas.len(), usize::from(list.height));
    let shown = choice.personas.iter().enumerate().skip(first);
    for (y, (at, id)) in (0..list.height).zip(shown) {
        let Some(persona) = state.roster.persona(id) else { continue };
        let (who, chosen) = (PersonaLabel::from_persona(persona), at == choice.cursor.selected);
        let mut painter = RowPainter::new(buffer, row_at(list, y));
        painter.write(" ", row_style(theme, chosen, UiRole::Key));
        painter.write(&who.name, row_style(theme, chosen, UiRole::Key));
        let more = if who.title.is_empty() { who.label } else { who.title };
        let room = painter.columns_left().saturating_sub(1);
        painter.write(
            &truncate_to_width(&format!(" · {more}"), room),
            row_style(theme, chosen, UiRole::Word),
        );
        let room = painter.columns_left();
        painter.write_spaces(room, row_style(theme, chosen, UiRole::Word));
    }
}
