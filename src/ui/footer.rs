//! Draws the footer: keys of the current context, or a notice; at the right the pressed keys of a sequence, the progress of
//! a download, or the scroll position.
//!
//! Keys come from the keymap, so the footer cannot differ from what they do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{RowPainter, draw_text_right};
use super::theme::{Theme, UiRole};
use super::thread::Thread;
use crate::app::{KeyContext, Notice, NoticeLevel, State, keymap};
use crate::text::sanitize_line;
use crate::text::width::width;

/// Texts of the footer.
#[derive(Debug, Default)]
pub(super) struct Footer {
    context: Option<KeyContext>,
    keys: Vec<(String, String)>,
    notice: Option<(Notice, String)>,
    right: String,
}

impl Footer {
    /// Updates the texts. `thread` is that of the focused pane if the Answers view is shown.
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
        } else if let Some(status) =
            state.local_models.download_status().filter(|_| context != KeyContext::Pull)
        {
            self.right = sanitize_line(&status);
        } else if let Some(thread) = thread.filter(|_| context == KeyContext::Panes) {
            self.right = describe_position(thread, state.pane().is_some_and(|pane| pane.is_live()));
        }
    }

    /// Draws the footer into the first row of `area`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let note = theme.ui_style(UiRole::Note);
        let right = format!(" {} ", self.right);
        let used = if self.right.is_empty() {
            0
        } else {
            draw_text_right(buffer, area, &[(&right, note)])
        };
        let area = Rect { width: area.width - used, ..area };
        match &self.notice {
            Some((notice, text)) => draw_notice(buffer, theme, area, notice.level, text),
            None => self.draw_keys(buffer, theme, area),
        }
    }

    fn draw_keys(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let mut painter = RowPainter::new(buffer, area);
        let (key_style, label_style) = (theme.ui_style(UiRole::Key), theme.ui_style(UiRole::Word));
        for (key, label) in &self.keys {
            if width(key) + width(label) + 3 > painter.columns_left() {
                break;
            }
            painter.write(" ", label_style);
            painter.write(key, key_style);
            painter.write(" ", label_style);
            painter.write(label, label_style);
            painter.write(" ", label_style);
        }
    }
}

fn draw_notice(buffer: &mut Buffer, theme: &Theme, area: Rect, level: NoticeLevel, text: &str) {
    let (sign, role) = match level {
        NoticeLevel::Info => ("·", UiRole::Info),
        NoticeLevel::Warning => ("!", UiRole::Warning),
        NoticeLevel::Error => ("✗", UiRole::Error),
    };
    let mut painter = RowPainter::new(buffer, area);
    let style = theme.ui_style(role);
    painter.write(" ", style);
    painter.write(sign, style);
    painter.write(" ", style);
    painter.write_truncated(text, 1, style);
    painter.write(" ", style);
}

/// Describes the scroll position: `following`, `top`, `41 %`, `end`, or nothing if all rows are visible.
fn describe_position(thread: &Thread, is_live: bool) -> String {
    let (top, below) = (thread.viewport().top(), thread.viewport().rows_below());
    match (thread.is_following(), top, below) {
        (_, 0, 0) => String::new(),
        (true, _, _) if is_live => "following".to_owned(),
        (_, 0, _) => "top".to_owned(),
        (_, _, 0) => "end".to_owned(),
        (_, top, below) => format!("{} %", top * 100 / (top + below)),
    }
}
