//! Assumptions and numbers of all personas as one list, with a mark where values differ.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{SearchLine, draw_search_box, first_visible_row, row_style};
use crate::app::{LedgerOverlay, LedgerRow, State};
use crate::domain::format::format_quantity;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, row};
use crate::ui::theme::{Part, Theme};

/// Columns of a value at most.
const VALUE: usize = 16;
/// Columns of `no source`.
const SUPPORT: usize = 9;
/// Columns of a persona's lens.
const WHO: usize = 8;

/// Draws the list; returns the position of the cursor while the filter is edited.
pub(super) fn draw_ledger(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    ledger: &LedgerOverlay,
    state: &State,
) -> Option<Position> {
    let rows = ledger.matching_rows();
    let entries = rows.iter().filter(|row| row.position().is_some()).count();
    let found = format!("{} found by pattern", format_quantity(entries, "entry"));
    let search = SearchLine::new(&ledger.picker, found);
    let size = ("assumptions and numbers", 150, ledger.rows.len());
    let (list, cursor) = draw_search_box(buffer, theme, area, size, &search);
    if rows.is_empty() {
        Pen::new(buffer, list).write("nothing contains these words", theme.part(Part::Note));
    }
    let first = first_visible_row(ledger.picker.selected(), rows.len(), usize::from(list.height));
    for (y, (at, shown)) in (0..list.height).zip(rows.iter().enumerate().skip(first)) {
        draw_row(buffer, theme, row(list, y), shown, (at == ledger.picker.selected(), state));
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
    let part = |part: Part| row_style(theme, chosen, part);
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
        LedgerRow::Assumption { text, position } => {
            who(&mut pen, position.pane);
            let room = pen.room().saturating_sub(1);
            pen.write(&cut(text, room), part(Part::Input));
        }
        LedgerRow::Number { value, support, sentence, position } => {
            who(&mut pen, position.pane);
            let value = cut(value, VALUE);
            pen.write(&value, part(Part::Input).add_modifier(Modifier::BOLD));
            pen.blanks(VALUE - width(&value) + 1, part(Part::Input));
            let how = match *support {
                "cited" => Part::Done,
                "estimate" => Part::Retrying,
                _ => Part::Hole,
            };
            pen.write(support, part(how));
            pen.blanks(SUPPORT.saturating_sub(width(support)) + 1, part(how));
            let room = pen.room().saturating_sub(1);
            pen.write(&cut(sentence, room), part(Part::Word));
        }
    }
    if shown.position().is_some() {
        let room = pen.room();
        pen.blanks(room, part(Part::Word));
    }
}
