//! Assumptions and numbers of all personas as one list, with a mark where values differ.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{SearchLine, draw_search_box, first_visible_row, row_style};
use crate::app::{LedgerOverlay, LedgerRow, State};
use crate::domain::format::format_quantity;
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Columns of a value at most.
const VALUE: usize = 16;
/// Columns of `no source`.
const SUPPORT: usize = 9;
/// Columns of a persona's lens.
const WHO: usize = 8;
/// The same while there are personas of a project, which are marked.
const WHO_WITH_MARK: usize = 16;

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
    let mut found = format!("{} found by pattern", format_quantity(entries, "entry"));
    if let Some(left_out) = &ledger.left_out {
        found = format!("{found}, {left_out}");
    } else if ledger.is_being_read {
        "still reading …".clone_into(&mut found);
    }
    let search = SearchLine::new(&ledger.picker, found);
    let size = ("assumptions and numbers", 150, ledger.rows.len());
    let (list, cursor) = draw_search_box(buffer, theme, area, size, &search);
    if rows.is_empty() {
        let text = if ledger.is_being_read {
            "still reading the answers …"
        } else {
            "nothing contains these words"
        };
        RowPainter::new(buffer, list).write(text, theme.ui_style(UiRole::Note));
    }
    let first = first_visible_row(ledger.picker.selected(), rows.len(), usize::from(list.height));
    for (y, (at, shown)) in (0..list.height).zip(rows.iter().enumerate().skip(first)) {
        draw_row(buffer, theme, row_at(list, y), shown, (at == ledger.picker.selected(), state));
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
    let mut painter = RowPainter::new(buffer, area);
    let part = |part: UiRole| row_style(theme, chosen, part);
    let has_project = state.pane_personas.iter().any(|persona| persona.is_project);
    let who_columns = if has_project { WHO_WITH_MARK } else { WHO };
    let who = |painter: &mut RowPainter<'_>, pane: usize| {
        let persona = state.pane_personas.get(pane);
        let label = persona.map(|p| sanitize_line(&p.tag())).unwrap_or_default();
        let label = truncate_to_width(&label, who_columns).into_owned();
        let style = theme.persona_style(persona.and_then(|p| p.color.as_deref()), pane);
        let style = if chosen {
            part(UiRole::Input).patch(style).bg(part(UiRole::Input).bg.unwrap_or_default())
        } else {
            style
        };
        painter.write(" ", part(UiRole::Input));
        painter.write(&label, style);
        painter.write_spaces(who_columns.saturating_sub(width(&label)) + 1, part(UiRole::Input));
    };
    match shown {
        LedgerRow::Title { text, differs } => {
            let style = theme.ui_style(UiRole::Group);
            let room = painter.columns_left().saturating_sub(20);
            painter.write(&truncate_to_width(text, room), style);
            if *differs {
                painter.write("  values differ", theme.ui_style(UiRole::Warning));
            }
        }
        LedgerRow::Assumption { text, position } => {
            who(&mut painter, position.pane);
            let room = painter.columns_left().saturating_sub(1);
            painter.write(&truncate_to_width(text, room), part(UiRole::Input));
        }
        LedgerRow::Number { value, support, sentence, position } => {
            who(&mut painter, position.pane);
            let value = truncate_to_width(value, VALUE);
            painter.write(&value, part(UiRole::Input).add_modifier(Modifier::BOLD));
            painter.write_spaces(VALUE - width(&value) + 1, part(UiRole::Input));
            let how = match *support {
                "cited" => UiRole::Done,
                "estimate" => UiRole::Retrying,
                _ => UiRole::Hole,
            };
            painter.write(support, part(how));
            painter.write_spaces(SUPPORT.saturating_sub(width(support)) + 1, part(how));
            let room = painter.columns_left().saturating_sub(1);
            painter.write(&truncate_to_width(sentence, room), part(UiRole::Word));
        }
    }
    if shown.position().is_some() {
        let room = painter.columns_left();
        painter.write_spaces(room, part(UiRole::Word));
    }
}
