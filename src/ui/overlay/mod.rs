//! Overlays as a stack of bordered boxes in the middle of the screen. One file per overlay; the box and the search line are
//! the same for all.

mod brief;
mod challenge;
mod confirm;
mod download;
mod export;
mod help;
mod ledger;
mod line_edit;
mod sessions;
mod unsaved;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::paint::{
    RowPainter, clear_area, draw_border, draw_text, draw_text_right, inset_sides, row_at,
    truncate_to_width,
};
use super::theme::{Theme, UiRole};
use crate::app::{Overlay, Picker, State};
use crate::text::width::width;

/// What is kept of the overlays between frames.
#[derive(Debug, Default)]
pub(super) struct OverlayRenderer {
    help: help::HelpRenderer,
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

    /// Draws all of them, the topmost last; returns the position of the cursor when the topmost has a text line.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        state: &State,
    ) -> Option<Position> {
        let mut cursor = None;
        for overlay in &state.overlays {
            cursor = self.draw_overlay(buffer, theme, area, (overlay, state));
        }
        cursor
    }

    fn draw_overlay(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        (overlay, state): (&Overlay, &State),
    ) -> Option<Position> {
        match overlay {
            Overlay::Help(overlay) => return self.help.draw(buffer, theme, area, overlay),
            Overlay::Sessions(overlay) => {
                return sessions::draw_sessions(buffer, theme, area, overlay, state.clock.unix_ms);
            }
            Overlay::Ledger(overlay) => {
                return ledger::draw_ledger(buffer, theme, area, overlay, state);
            }
            Overlay::LineEdit(overlay) => {
                return line_edit::draw_line_edit(buffer, theme, area, overlay);
            }
            Overlay::Download(overlay) => {
                download::draw_download(buffer, theme, area, overlay, state);
            }
            Overlay::Confirm(overlay) => confirm::draw_confirm(buffer, theme, area, overlay, state),
            Overlay::Challenge(overlay) => {
                challenge::draw_challenge(buffer, theme, area, overlay, state);
            }
            Overlay::Brief(overlay) => brief::draw_brief(buffer, theme, area, overlay, state),
            Overlay::Export(overlay) => export::draw_export(buffer, theme, area, overlay, state),
            Overlay::Unsaved(overlay) => unsaved::draw_unsaved(buffer, theme, area, overlay, state),
        }
        None
    }
}

/// The search line of a list.
struct SearchLine<'a> {
    filter: &'a str,
    typing: bool,
    /// Number of matching rows, as text.
    found: String,
}

impl<'a> SearchLine<'a> {
    fn new(picker: &'a Picker, found: String) -> Self {
        Self { filter: &picker.filter, typing: picker.typing, found }
    }
}

/// Draws a box with a title in the middle of `area`; returns the area inside.
fn draw_box(
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

/// Draws a box with a search line above its rows; returns the area of the rows, and the position of the cursor.
fn draw_search_box(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (title, columns, rows): (&str, u16, usize),
    search: &SearchLine<'_>,
) -> (Rect, Option<Position>) {
    let inner = draw_box(buffer, theme, area, (title, columns, rows.saturating_add(2)));
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
    // A box of one row or column has no room for the search line.
    (list, (search.typing && frame.contains(cursor)).then_some(cursor))
}

/// Index of the first of `total` rows to show in `height` rows, so that row `wanted` is visible.
fn first_visible_row(wanted: usize, total: usize, height: usize) -> usize {
    let middle = wanted.saturating_sub(height / 2);
    middle.min(total.saturating_sub(height))
}

/// The style of `part`, or of the selected row.
fn row_style(theme: &Theme, chosen: bool, part: UiRole) -> Style {
    theme.ui_style(if chosen { UiRole::Selection } else { part })
}
