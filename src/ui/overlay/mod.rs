//! What lies above the panes, as a stack: each a bordered box in the middle; what is around it stays as it is.
//!
//! One file an overlay; box and search line are the same for all and stand here. Called by `View`, last of all.

mod brief;
mod challenge;
mod confirm;
mod export;
mod help;
mod ledger;
mod line;
mod pull;
mod sessions;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::paint::{
    RowPainter, clear_area, draw_border, draw_text, draw_text_right, inset_sides, row_at,
    truncate_to_width,
};
use super::theme::{Theme, UiRole};
use crate::app::{Overlay, State};
use crate::text::width::width;

/// What is kept of the overlays between frames.
#[derive(Debug, Default)]
pub(super) struct OverlayRenderer {
    help: help::HelpView,
}

impl OverlayRenderer {
    /// Brings lists up to date.
    pub(super) fn prepare(&mut self, state: &State) {
        for overlay in &state.overlays {
            if let Overlay::Help(help) = overlay {
                self.help.prepare(state, help);
            }
        }
    }

    /// Draws all of them, the topmost last; where the cursor stands, when typing goes into its search line.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        state: &State,
    ) -> Option<Position> {
        let mut cursor = None;
        for overlay in &state.overlays {
            cursor = match overlay {
                Overlay::Help(help) => self.help.draw(buffer, theme, area, help),
                Overlay::Sessions(list) => {
                    sessions::draw(buffer, theme, area, list, state.clock.unix_ms)
                }
                Overlay::Ledger(ledger) => ledger::draw(buffer, theme, area, ledger, state),
                Overlay::Line(line) => line::draw(buffer, theme, area, line),
                Overlay::Pull(pull) => {
                    pull::draw(buffer, theme, area, pull, state);
                    None
                }
                Overlay::Confirm(pending) => {
                    confirm::draw(buffer, theme, area, pending, state);
                    None
                }
                Overlay::Challenge(choice) => {
                    challenge::draw(buffer, theme, area, choice, state);
                    None
                }
                Overlay::Brief(brief) => {
                    brief::draw(buffer, theme, area, brief, state);
                    None
                }
                Overlay::Export(export) => {
                    export::draw(buffer, theme, area, export, state);
                    None
                }
            };
        }
        cursor
    }
}

/// Whether a list can be narrowed, by what, and how many rows that leaves.
struct Search<'a> {
    filter: &'a str,
    typing: bool,
    found: String,
}

/// A box of so many columns and rows in the middle of `area`, with a title; the room inside.
fn boxed(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (title, columns, rows): (&str, u16, usize),
) -> Rect {
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let width_ = columns.min(area.width);
    let frame = Rect {
        x: area.x + (area.width - width_) / 2,
        y: area.y + (area.height - height) / 2,
        width: width_,
        height,
    };
    clear_area(buffer, frame);
    draw_border(buffer, frame, theme.ui_style(UiRole::PopupBorder));
    let top = inset_sides(row_at(frame, 0), 2, 2);
    let title = format!(" {} ", truncate_to_width(title, usize::from(top.width).saturating_sub(2)));
    draw_text(buffer, top, &title, theme.ui_style(UiRole::PopupTitle));
    inset_sides(Rect { y: frame.y + 1, height: frame.height.saturating_sub(2), ..frame }, 2, 2)
}

/// The same with a search line above its rows; the room for them, and the cursor.
fn open(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (title, columns, rows): (&str, u16, usize),
    search: &Search<'_>,
) -> (Rect, Option<Position>) {
    let inner = boxed(buffer, theme, area, (title, columns, rows.saturating_add(2)));
    let top = Rect { y: inner.y.saturating_sub(1), height: 1, ..inner };
    let frame = Rect { height: inner.height + 1, ..top };
    draw_text_right(buffer, top, &[(&format!(" {} ", search.found), theme.ui_style(UiRole::Note))]);
    let mut painter = RowPainter::new(buffer, row_at(inner, 0));
    painter.write(
        "/ ",
        theme.ui_style(if search.typing { UiRole::Prompt } else { UiRole::PromptIdle }),
    );
    let room = painter.columns_left();
    if search.filter.is_empty() {
        let hint = if search.typing { "type to narrow the list" } else { "narrows the list" };
        painter.write(&truncate_to_width(hint, room), theme.ui_style(UiRole::Placeholder));
    } else {
        painter.write(&truncate_to_width(search.filter, room), theme.ui_style(UiRole::Input));
    }
    let typed = u16::try_from(width(search.filter)).unwrap_or(0);
    let cursor = Position::new((inner.x + 2 + typed).min(inner.right()), inner.y);
    let list = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    // A box of one row or column has no room for the line that is typed into.
    (list, (search.typing && frame.contains(cursor)).then_some(cursor))
}

/// The first of `total` rows to be shown in `height`, so that row `wanted` is among them.
fn first_shown(wanted: usize, total: usize, height: usize) -> usize {
    let middle = wanted.saturating_sub(height / 2);
    middle.min(total.saturating_sub(height))
}

/// The style of `part`, or of the chosen row.
fn ink(theme: &Theme, chosen: bool, part: UiRole) -> Style {
    theme.ui_style(if chosen { UiRole::Selection } else { part })
}
