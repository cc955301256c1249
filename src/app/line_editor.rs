//! Single-line text input. Edits by graphemes; does not look up actions and draws nothing.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{KeyCode, KeyPress};

/// Maximum length of the line, in bytes.
const MAX_BYTES: usize = 2_000;

/// A line of text with a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineEditor {
    before: String,
    after: String,
}

impl LineEditor {
    /// A line of `text`, the cursor at its end.
    pub fn new(text: &str) -> Self {
        Self { before: text.to_owned(), after: String::new() }
    }

    /// The text.
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The text before and after the cursor.
    pub fn split_at_cursor(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// Inserts text at the cursor; control characters become spaces.
    pub fn insert_text(&mut self, text: &str) {
        let room = MAX_BYTES.saturating_sub(self.before.len() + self.after.len());
        let text = text.get(..text.floor_char_boundary(room)).unwrap_or_default();
        self.before.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }

    /// Edits by one key: characters, Backspace, Delete, arrows, Home, End, Ctrl+U, Ctrl+K, Ctrl+W, Ctrl+A, Ctrl+E.
    pub fn handle_key(&mut self, key: KeyPress) {
        match (key.code, key.ctrl) {
            (KeyCode::Backspace, _) => drop(take_last(&mut self.before)),
            (KeyCode::Delete, _) => drop(take_first(&mut self.after)),
            (KeyCode::Left, _) => {
                let moved = take_last(&mut self.before);
                self.after.insert_str(0, &moved);
            }
            (KeyCode::Right, _) => {
                let moved = take_first(&mut self.after);
                self.before.push_str(&moved);
            }
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => {
                self.after.insert_str(0, &std::mem::take(&mut self.before));
            }
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => {
                self.before.push_str(&std::mem::take(&mut self.after));
            }
            (KeyCode::Char('u'), true) => self.before.clear(),
            (KeyCode::Char('k'), true) => self.after.clear(),
            (KeyCode::Char('w'), true) => {
                let kept = self.before.trim_end().trim_end_matches(|c: char| !c.is_whitespace());
                self.before.truncate(kept.len());
            }
            _ => {
                if let Some(c) = key.typed_char() {
                    self.insert_text(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }
}

fn take_last(text: &mut String) -> String {
    let start = text.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
    text.split_off(start)
}

fn take_first(text: &mut String) -> String {
    let end = text.graphemes(true).next().map_or(0, str::len);
    let rest = text.split_off(end);
    std::mem::replace(text, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, keys: &str) -> String {
        let mut line = LineEditor::new(text);
        for key in keys.split(' ').filter(|k| !k.is_empty()) {
            line.handle_key(KeyPress::parse(key).unwrap());
        }
        let (before, after) = line.split_at_cursor();
        format!("{before}|{after}")
    }

    #[test]
    fn keys_edit_whole_graphemes() {
        for (text, keys, wanted) in [
            ("ab", "c", "abc|"),
            ("ab👨‍👩‍👧", "backspace", "ab|"),
            ("ab", "left x", "ax|b"),
            ("ab👨‍👩‍👧", "left delete", "ab|"),
            ("ab", "home x end y", "xaby|"),
            ("one two", "ctrl-w", "one |"),
            ("one two", "ctrl-a right ctrl-k", "o|"),
            ("one", "ctrl-u", "|"),
            ("", "backspace delete left right", "|"),
        ] {
            assert_eq!(edited(text, keys), wanted, "{text} {keys}");
        }
    }

    #[test]
    fn pasted_text_stays_one_line_of_a_limited_length() {
        let mut line = LineEditor::default();
        line.insert_text("a\nb\t\u{1b}c");
        assert_eq!(line.text(), "a b  c");
        line.insert_text(&"é".repeat(5_000));
        assert!(line.text().len() <= MAX_BYTES);
    }
}
