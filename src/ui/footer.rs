//! The last row: keys that work now, or a notice; at the right the keys of a sequence so far, how a model's fetch stands,
//! or where the view stands.
//!
//! Keys come from the keymap, so the footer cannot differ from what they do. Called by `View`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Pen, cut, put_right};
use super::theme::{Part, Theme};
use super::thread::Thread;
use crate::app::{KeyContext, Level, Notice, State, keymap};
use crate::text::sanitize_line;
use crate::text::width::width;

/// What the footer says.
#[derive(Debug, Default)]
pub(super) struct Footer {
    context: Option<KeyContext>,
    keys: Vec<(String, String)>,
    notice: Option<(Notice, String)>,
    right: String,
}

impl Footer {
    /// Brings the words up to date. `thread` is the focused pane's, when answers are on the screen.
    pub(super) fn prepare(&mut self, state: &State, thread: Option<&Thread>) {
        let context = state.key_context();
        if self.context != Some(context) {
            self.context = Some(context);
            self.keys = keymap::footer_hints(&state.keymap, context);
        }
        if self.notice.as_ref().map(|(n, _)| n) != state.notice.as_ref() {
            self.notice = state.notice.clone().map(|n| {
                let text = sanitize_line(&n.text);
                (n, text)
            });
        }
        let pending = state.pending.keys();
        self.right.clear();
        if !pending.is_empty() {
            for key in pending {
                self.right.push_str(&key.to_string());
                self.right.push(' ');
            }
            self.right.push('…');
        } else if let Some(status) = state.locals.status().filter(|_| context != KeyContext::Pull) {
            self.right = sanitize_line(&status);
        } else if let Some(thread) = thread.filter(|_| context == KeyContext::Panes) {
            self.right = place(thread, state.pane().is_some_and(|pane| pane.is_live()));
        }
    }

    /// Draws it.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let note = theme.part(Part::Note);
        let right = format!(" {} ", self.right);
        let used =
            if self.right.is_empty() { 0 } else { put_right(buffer, area, &[(&right, note)]) };
        let area = Rect { width: area.width - used, ..area };
        match &self.notice {
            Some((notice, text)) => draw_notice(buffer, theme, area, notice.level, text),
            None => self.draw_keys(buffer, theme, area),
        }
    }

    fn draw_keys(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let mut pen = Pen::new(buffer, area);
        let (key_style, word_style) = (theme.part(Part::Key), theme.part(Part::Word));
        for (key, word) in &self.keys {
            if width(key) + width(word) + 3 > pen.room() {
                break;
            }
            pen.write(" ", word_style);
            pen.write(key, key_style);
            pen.write(" ", word_style);
            pen.write(word, word_style);
            pen.write(" ", word_style);
        }
    }
}

fn draw_notice(buffer: &mut Buffer, theme: &Theme, area: Rect, level: Level, text: &str) {
    let (sign, part) = match level {
        Level::Info => ("·", Part::Info),
        Level::Warning => ("!", Part::Warning),
        Level::Error => ("✗", Part::Error),
    };
    let mut pen = Pen::new(buffer, area);
    let style = theme.part(part);
    pen.write(" ", style);
    pen.write(sign, style);
    pen.write(" ", style);
    let room = pen.room().saturating_sub(1);
    pen.write(&cut(text, room), style);
    pen.write(" ", style);
}

/// `following`, `top`, `41 %`, `end`; nothing when all is in view.
fn place(thread: &Thread, live: bool) -> String {
    let (top, _) = thread.extent();
    let below = thread.below();
    match (thread.follows(), top, below) {
        (_, 0, 0) => String::new(),
        (true, _, _) if live => "following".to_owned(),
        (_, 0, _) => "top".to_owned(),
        (_, _, 0) => "end".to_owned(),
        (_, top, below) => format!("{} %", top * 100 / (top + below)),
    }
}
