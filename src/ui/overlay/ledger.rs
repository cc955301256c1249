//! Assumptions and numbers of all personas as one list; what is measured differently is marked. Called by `overlay`.
//!
//! Everything in it was found by pattern, and says so.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{Search, first_shown, ink, open};
use crate::app::{LedgerOverlay, LedgerRow, State};
use crate::domain::format::format_quantity;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, row};
use crate::ui::theme::{Part, Theme};

/// Columns of a value at most.
const VALUE: usize = 16;
/// Columns of a persona's view.
const WHO: usize = 8;

/// Draws it; where the cursor stands, when typing goes into the filter.
pub(super) fn draw(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    ledger: &LedgerOverlay,
    state: &State,
) -> Option<Position> {
    let rows = ledger.matching();
    let entries = rows.iter().filter(|row| row.place().is_some()).count();
    let found = format!("{} found by pattern", format_quantity(entries, "entry"));
    let search = Search { filter: &ledger.filter, typing: ledger.typing, found };
    let size = ("assumptions and numbers", 150, ledger.rows.len());
    let (list, cursor) = open(buffer, theme, area, size, &search);
    if rows.is_empty() {
        Pen::new(buffer, list).write("nothing has these words", theme.part(Part::Note));
    }
    let first = first_shown(ledger.selected, rows.len(), usize::from(list.height));
    for (y, (at, shown)) in (0..list.height).zip(rows.iter().enumerate().skip(first)) {
        draw_row(buffer, theme, row(list, y), shown, (at == ledger.selected, state));
    }
    cursor
}

fn draw_row(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    shown: &LedgerRow,
    (chosen, state): (bool, &State),
) {
    let mut pen = Pen::new(buffer, area);
    let part = |part: Part| ink(theme, chosen, part);
    let who = |pen: &mut Pen<'_>, pane: usize| {
        let persona = state.pane_personas.get(pane);
        let label = persona.map(|p| sanitize_line(p.label())).unwrap_or_default();
        let label = cut(&label, WHO).into_owned();
        let style = theme.persona(persona.and_then(|p| p.color.as_deref()), pane);
        let style = if chosen {
            part(Part::Input).patch(style).bg(part(Part::Input).bg.unwrap_or_default())
        } else {
            style
        };
        pen.write(" ", part(Part::Input));
        pen.write(&label, style);
        pen.blanks(WHO - width(&label) + 1, part(Part::Input));
    };
    match shown {
        LedgerRow::Title { text, differs } => {
            let style = theme.part(Part::Group);
            let room = pen.room().saturating_sub(20);
            pen.write(&cut(text, room), style);
            if *differs {
                pen.write("  values differ", theme.part(Part::Warning));
            }
        }
        LedgerRow::Assumption { text, place } => {
            who(&mut pen, place.pane);
            let room = pen.room().saturating_sub(1);
            pen.write(&cut(text, room), part(Part::Input));
        }
        LedgerRow::Number { value, support, sentence, place } => {
            who(&mut pen, place.pane);
            let value = cut(value, VALUE);
            pen.write(&value, part(Part::Input).add_modifier(Modifier::BOLD));
            pen.blanks(VALUE - width(&value) + 1, part(Part::Input));
            let how = match *support {
                "cited" => Part::Done,
                "estimate" => Part::Retrying,
                _ => Part::Hole,
            };
            pen.write(support, part(how));
            pen.blanks(10_usize.saturating_sub(width(support)), part(how));
            let room = pen.room().saturating_sub(1);
            pen.write(&cut(sentence, room), part(Part::Word));
        }
    }
    if shown.place().is_some() {
        let room = pen.room();
        pen.blanks(room, part(Part::Word));
    }
}
