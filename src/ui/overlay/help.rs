//! Keys and actions, grouped by where they work; also the palette.
//!
//! The rows are the keymap's; the list is made anew only when the filter changed. Called by `overlay`.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Search, first_shown, ink, open};
use crate::app::keymap::{self, HelpRow};
use crate::app::{Context, HelpOverlay, State};
use crate::domain::format::format_quantity;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, row};
use crate::ui::theme::{Part, Theme};

/// Columns that keys take at most; the few that are longer are cut.
const KEYS: usize = 24;

/// The list that the filter leaves.
#[derive(Debug, Default)]
pub(super) struct HelpView {
    filter: Option<String>,
    from: Option<Context>,
    rows: Vec<HelpRow>,
    lines: Vec<Line>,
    keys: usize,
    /// Lines of the whole list: the box keeps its size while the list is narrowed.
    all: usize,
}

/// One line of the list.
#[derive(Debug, Clone, Copy)]
enum Line {
    Blank,
    Title(Context),
    Row(usize),
}

impl HelpView {
    /// Narrows the list when the filter changed.
    pub(super) fn prepare(&mut self, state: &State, help: &HelpOverlay) {
        if self.filter.as_ref() == Some(&help.filter) && self.from == help.from {
            return;
        }
        if self.filter.is_none() && !help.filter.is_empty() {
            self.prepare(state, &HelpOverlay::default());
        }
        (self.filter, self.from) = (Some(help.filter.clone()), help.from);
        self.rows = keymap::rows(&state.keymap, &help.filter, help.from);
        self.keys = self.rows.iter().map(|r| width(&r.keys)).max().unwrap_or(0).min(KEYS);
        self.lines.clear();
        let mut context = None;
        for (i, row) in self.rows.iter().enumerate() {
            if context != Some(row.context) {
                if context.is_some() {
                    self.lines.push(Line::Blank);
                }
                self.lines.push(Line::Title(row.context));
                context = Some(row.context);
            }
            self.lines.push(Line::Row(i));
        }
        self.all = self.all.max(self.lines.len());
    }

    /// Draws the list; where the cursor stands, when typing goes into the filter.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        help: &HelpOverlay,
    ) -> Option<Position> {
        let search = Search {
            filter: &help.filter,
            typing: help.typing,
            found: format_quantity(self.rows.len(), "action"),
        };
        let size = ("keys and actions", 84, self.all);
        let (list, cursor) = open(buffer, theme, area, size, &search);
        if self.rows.is_empty() {
            let mut pen = Pen::new(buffer, list);
            pen.write("no action has these words", theme.part(Part::Note));
        }
        let is_chosen = |line: &Line| matches!(line, Line::Row(i) if *i == help.selected);
        let wanted = self.lines.iter().position(is_chosen).unwrap_or(0);
        let first = first_shown(wanted, self.lines.len(), usize::from(list.height));
        for (y, line) in (0..list.height).zip(self.lines.iter().skip(first)) {
            let mut pen = Pen::new(buffer, row(list, y));
            match line {
                Line::Blank => {}
                Line::Title(context) => {
                    pen.write(context.title(), theme.part(Part::Group));
                }
                Line::Row(i) => {
                    let Some(shown) = self.rows.get(*i) else { continue };
                    let chosen = *i == help.selected;
                    let style = |part| ink(theme, chosen, part);
                    let keys = cut(&shown.keys, self.keys);
                    pen.write(" ", style(Part::Key));
                    pen.write(&keys, style(Part::Key));
                    pen.blanks(self.keys - width(&keys) + 2, style(Part::Word));
                    let room = pen.room().saturating_sub(1);
                    pen.write(&cut(&shown.desc, room), style(Part::Word));
                    let room = pen.room();
                    pen.blanks(room, style(Part::Word));
                }
            }
        }
        cursor
    }
}
