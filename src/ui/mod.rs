//! STUB: state to cells: [`View::prepare`] fills caches, [`View::draw`] only reads. The author of the screen replaces it.

pub mod theme;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Scroll, State};
use theme::Theme;

/// What the screen remembers between frames: rows, scroll positions, the theme. No part of the state.
#[derive(Debug)]
pub struct View {
    theme: Theme,
}

impl View {
    /// An empty view.
    pub fn new(theme: Theme) -> Self {
        Self { theme }
    }

    /// Brings rows and layout up to date for a screen of `area`. The only place where text is wrapped.
    pub fn prepare(&mut self, _state: &State, _area: Rect) {}

    /// Draws the whole screen into `buffer` (of the area given to `prepare`); says where the cursor stands, if it shows.
    pub fn draw(&self, _state: &State, _buffer: &mut Buffer) -> Option<Position> {
        None
    }

    /// Moves the view of pane `pane`.
    pub fn scroll(&mut self, _state: &State, _pane: usize, _scroll: Scroll) {}

    /// Source text of the code block, or else the section, at the top of pane `pane`'s view, and what to call it.
    pub fn block_at(&self, _state: &State, _pane: usize) -> Option<(String, String)> {
        None
    }

    /// Another session is shown: rows and positions of the old one go.
    pub fn forget(&mut self) {}

    /// Code is wrapped, or scrolls sideways.
    pub fn toggle_wrap(&mut self) {}

    /// The theme.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Another theme; nothing is parsed or wrapped again.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }
}
