//! Choice of the persona that challenges a recommendation.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{draw_box, first_visible_row, row_style};
use crate::app::{ChallengeOverlay, State};
use crate::text::sanitize_line;
use crate::ui::paint::{Pen, cut, put, row};
use crate::ui::pane::Who;
use crate::ui::theme::{Part, Theme};

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
    put(buffer, row(inner, 0), &cut(&title, usize::from(inner.width)), theme.part(Part::Note));
    let list =
        Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    let first =
        first_visible_row(choice.cursor.selected, choice.personas.len(), usize::from(list.height));
    let shown = choice.personas.iter().enumerate().skip(first);
    for (y, (at, id)) in (0..list.height).zip(shown) {
        let Some(persona) = state.roster.persona(id) else { continue };
        let (who, chosen) = (Who::of(persona), at == choice.cursor.selected);
        let mut pen = Pen::new(buffer, row(list, y));
        pen.write(" ", row_style(theme, chosen, Part::Key));
        pen.write(&who.name, row_style(theme, chosen, Part::Key));
        let more = if who.title.is_empty() { who.label } else { who.title };
        let room = pen.room().saturating_sub(1);
        pen.write(&cut(&format!(" · {more}"), room), row_style(theme, chosen, Part::Word));
        let room = pen.room();
        pen.blanks(room, row_style(theme, chosen, Part::Word));
    }
}
