//! Keys and actions, grouped by where they work; also the palette. The list is rebuilt when the filter has changed.

use crate::domain::format::format_quantity;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{SearchLine, draw_search_box, first_visible_row, row_style};
use crate::app::keymap::HelpRow;
use crate::app::{HelpOverlay, KeyContext, State};
use crate::text::width::width;
use crate::ui::paint::{RowPainter, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the keys at most; the few that are longer are cut.
const KEYS: usize = 24;

/// The rows that match the filter.
#[derive(Debug, Default)]
pub(super) struct HelpRenderer {
    filter: Option<String>,
    from: Option<KeyContext>,
    rows: Vec<HelpRow>,
    lines: Vec<HelpLine>,
    keys: usize,
    /// Lines of the whole list: the box keeps its size while the list is narrowed.
    all: usize,
}

/// One line of the list.
#[derive(Debug, Clone, Copy)]
enum HelpLine {
    Blank,
    Title(KeyContext),
    Row(usize),
}

impl HelpRenderer {
    /// Rebuilds the list when the filter has changed.
    pub(super) fn prepare(&mut self, state: &State, help: &HelpOverlay) {
        if self.filter.as_ref() == Some(&help.picker.filter) && self.from == help.from {
            return;
        }
        if self.filter.is_none() && !help.picker.filter.is_empty() {
            self.prepare(state, &HelpOverlay::default());
        }
        (self.filter, self.from) = (Some(help.picker.filter.clone()), help.from);
        self.rows = help.matching_rows(state);
        self.keys = self.rows.iter().map(|r| width(&r.keys)).max().unwrap_or(0).min(KEYS);
        self.lines.clear();
        let mut context = None;
        for (i, row) in self.rows.iter().enumerate() {
            if context != Some(row.context) {
                if context.is_some() {
                    self.lines.push(HelpLine::Blank);
                }
                self.lines.push(HelpLine::Title(row.context));
                context = Some(row.context);
            }
            self.lines.push(HelpLine::Row(i));
        }
        self.all = self.all.max(self.lines.len());
    }

    /// Draws the list; returns the position of the cursor while the filter is edited.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        help: &HelpOverlay,
    ) -> Option<Position> {
        let found = format_quantity(self.rows.len(), "action");
        let search = SearchLine::new(&help.picker, found);
        let size = ("keys and actions", 84, self.all);
        let (list, cursor) = draw_search_box(buffer, theme, area, size, &search);
        if self.rows.is_empty() {
            let mut painter = RowPainter::new(buffer, list);
            painter.write("no action contains these words", theme.ui_style(UiRole::Note));
        }
        let is_chosen =
            |line: &HelpLine| matches!(line, HelpLine::Row(i) if *i == help.picker.selected());
        let wanted = self.lines.iter().position(is_chosen).unwrap_or(0);
        let first = first_visible_row(wanted, self.lines.len(), usize::from(list.height));
        for (y, line) in (0..list.height).zip(self.lines.iter().skip(first)) {
            let mut painter = RowPainter::new(buffer, row_at(list, y));
            match line {
                HelpLine::Blank => {}
                HelpLine::Title(context) => {
                    painter.write(context.title(), theme.ui_style(UiRole::Group));
                }
                HelpLine::Row(i) => {
                    let Some(shown) = self.rows.get(*i) else { continue };
                    let chosen = *i == help.picker.selected();
                    let style = |part| row_style(theme, chosen, part);
                    let keys = truncate_to_width(&shown.keys, self.keys);
                    painter.write(" ", style(UiRole::Key));
                    painter.write(&keys, style(UiRole::Key));
                    painter.write_spaces(self.keys - width(&keys) + 2, style(UiRole::Word));
                    let room = painter.columns_left().saturating_sub(1);
                    painter.write(&truncate_to_width(&shown.desc, room), style(UiRole::Word));
                    let room = painter.columns_left();
                    painter.write_spaces(room, style(UiRole::Word));
                }
            }
        }
        cursor
    }
}
