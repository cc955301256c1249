//! Row selection and text filter of lists, shared by all list overlays.
//!
//! Does not store the rows: methods take their number.

use super::OverlayOutcome;
use crate::app::{Action, KeyCode, KeyPress};

/// Rows that a page key moves by.
const PAGE: isize = 10;
/// Maximum length of a filter, in bytes.
const MAX_FILTER_BYTES: usize = 200;

/// The selected row of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListCursor {
    /// Index of the selected row.
    pub selected: usize,
}

impl ListCursor {
    /// Moves the selection by `delta` rows within a list of `rows`.
    pub fn move_by(&mut self, delta: isize, rows: usize) {
        self.selected = self.selected.saturating_add_signed(delta).min(rows.saturating_sub(1));
    }

    /// Handles the actions that move the selection or close the list.
    pub fn handle_action(&mut self, action: Action, rows: usize) -> OverlayOutcome {
        let Some(delta) = list_delta(action) else {
            return match action {
                Action::Back => OverlayOutcome::Close,
                _ => OverlayOutcome::Unhandled,
            };
        };
        self.move_by(delta, rows);
        OverlayOutcome::Keep
    }
}

/// The number of rows by which `action` moves the selection of a list; none for other actions.
pub(in crate::app) fn list_delta(action: Action) -> Option<isize> {
    match action {
        Action::Next => Some(1),
        Action::Previous => Some(-1),
        Action::PageDown => Some(PAGE),
        Action::PageUp => Some(-PAGE),
        // Half of the range is more rows than any list has, and adding to it cannot overflow.
        Action::Top => Some(isize::MIN / 2),
        Action::Bottom => Some(isize::MAX / 2),
        _ => None,
    }
}

/// Filter and selection of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picker {
    /// The text that rows must contain.
    pub filter: String,
    /// Keys are typed into the filter.
    pub typing: bool,
    /// The selected row among the matching ones.
    pub cursor: ListCursor,
}

impl Picker {
    /// Index of the selected row among the matching ones.
    pub fn selected(&self) -> usize {
        self.cursor.selected
    }

    /// The words of the filter, in lower case.
    pub fn filter_words(&self) -> Vec<String> {
        split_filter(&self.filter)
    }

    /// Edits the filter by one key. Returns whether it changed, which selects the first match.
    pub fn handle_text(&mut self, key: KeyPress) -> bool {
        self.typing = true;
        let changed = edit_filter(&mut self.filter, key);
        if changed {
            self.cursor.selected = 0;
        }
        changed
    }

    /// Appends pasted text to the filter. Returns whether it changed.
    pub fn handle_paste(&mut self, text: &str) -> bool {
        let mut changed = false;
        for c in text.chars().filter(|c| !c.is_control()).take(MAX_FILTER_BYTES) {
            changed |= self.handle_text(KeyPress::char(c));
        }
        changed
    }

    /// Handles the actions that filter a list, move its selection or close it; `rows` is the number of matching rows.
    pub fn handle_action(&mut self, action: Action, rows: usize) -> OverlayOutcome {
        match action {
            Action::Filter => self.typing = true,
            Action::Back if self.typing => self.end_search(),
            _ => return self.cursor.handle_action(action, rows),
        }
        OverlayOutcome::Keep
    }

    fn end_search(&mut self) {
        self.typing = false;
        if !self.filter.is_empty() {
            self.filter.clear();
            self.cursor.selected = 0;
        }
    }
}

/// The words of a filter, in lower case. A row matches when its text in lower case contains all of them.
pub(in crate::app) fn split_filter(filter: &str) -> Vec<String> {
    filter.split_whitespace().map(str::to_lowercase).collect()
}

/// Edits a filter by one key: a character, Backspace, or Ctrl+U. False when the key changes nothing.
pub(in crate::app) fn edit_filter(filter: &mut String, key: KeyPress) -> bool {
    match (key.code, key.typed_char()) {
        (KeyCode::Backspace, _) => {
            filter.pop();
        }
        (KeyCode::Char('u'), _) if key.ctrl => filter.clear(),
        (_, Some(c)) if filter.len() < MAX_FILTER_BYTES => filter.push(c),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selection_stays_inside_the_list() {
        let mut cursor = ListCursor::default();
        for (action, rows, wanted) in [
            (Action::Previous, 5, 0),
            (Action::Next, 5, 1),
            (Action::PageDown, 5, 4),
            (Action::PageUp, 5, 0),
            (Action::Bottom, 500, 499),
            (Action::Next, 3, 2),
            (Action::Top, 3, 0),
            (Action::Bottom, 0, 0),
        ] {
            assert_eq!(cursor.handle_action(action, rows), OverlayOutcome::Keep);
            assert_eq!(cursor.selected, wanted, "{action:?}");
        }
        assert_eq!(cursor.handle_action(Action::Back, 3), OverlayOutcome::Close);
        assert_eq!(cursor.handle_action(Action::Zoom, 3), OverlayOutcome::Unhandled);
    }

    #[test]
    fn escape_clears_the_filter_before_it_closes() {
        let mut picker = Picker::default();
        assert!(picker.handle_paste("a\nb"));
        assert_eq!((picker.filter.as_str(), picker.typing), ("ab", true));
        assert_eq!(picker.handle_action(Action::Back, 9), OverlayOutcome::Keep);
        assert_eq!((picker.filter.as_str(), picker.typing), ("", false));
        assert_eq!(picker.handle_action(Action::Back, 9), OverlayOutcome::Close);
        assert_eq!(picker.handle_action(Action::Filter, 9), OverlayOutcome::Keep);
        assert!(picker.typing);
        assert!(!picker.handle_text(KeyPress::plain(KeyCode::Enter)));
    }
}
