//! Who is to attack a recommendation: the personas that do not propose it.
//!
//! Names are cleaned by `Who`. Called by `overlay`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{boxed, first_shown, ink};
use crate::app::{ChallengeOverlay, State};
use crate::text::sanitize_line;
use crate::ui::paint::{Pen, cut, put, row};
use crate::ui::pane::Who;
use crate::ui::theme::{Part, Theme};

/// Draws it.
pub(super) fn draw(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    choice: &ChallengeOverlay,
    state: &State,
) {
    let rows = choice.personas.len() + 2;
    let inner = boxed(buffer, theme, area, ("who attacks it? (one model call)", 72, rows));
    let about = state.recommendation(choice.about).map(|found| sanitize_line(found.title()));
    let about = about.unwrap_or_default();
    put(buffer, row(inner, 0), &cut(&about, usize::from(inner.width)), theme.part(Part::Note));
    let list =
        Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
    let first = first_shown(choice.selected, choice.personas.len(), usize::from(list.height));
    let shown = choice.personas.iter().enumerate().skip(first);
    for (y, (at, id)) in (0..list.height).zip(shown) {
        let Some(persona) = state.roster.persona(id) else { continue };
        let (who, chosen) = (Who::of(persona), at == choice.selected);
        let mut pen = Pen::new(buffer, row(list, y));
        pen.write(" ", ink(theme, chosen, Part::Key));
        pen.write(&who.name, ink(theme, chosen, Part::Key));
        let more = if who.title.is_empty() { who.label } else { who.title };
        let room = pen.room().saturating_sub(1);
        pen.write(&cut(&format!(" · {more}"), room), ink(theme, chosen, Part::Word));
        let room = pen.room();
        pen.blanks(room, ink(theme, chosen, Part::Word));
    }
}
