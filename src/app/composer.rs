//! The composer: a text area, pasted texts as chips, the question history.
//!
//! The only module that depends on the text area crate. Long pastes never enter the text area: a chip `[paste 1: 312
//! lines]` represents them and is replaced by the text when the question is sent.

use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea, WrapMode};
use unicode_segmentation::UnicodeSegmentation;

use super::{KeyCode, KeyPress};
use crate::domain::PersonaId;
use crate::domain::format::format_quantity;

/// A pasted text and its chip.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Paste {
    chip: String,
    text: String,
    /// Estimated when it is pasted.
    tokens: u32,
}

/// The question being written.
#[derive(Debug)]
pub struct Composer {
    area: TextArea<'static>,
    pastes: Vec<Paste>,
    history: Vec<String>,
    /// Index of the shown question in the history, and the draft that it replaced.
    browsing: Option<(usize, String)>,
}

/// Names offered for the `@` at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The matching personas, best match first.
    pub items: Vec<PersonaId>,
    /// Index of the selected one.
    pub selected: usize,
}

impl Default for Composer {
    fn default() -> Self {
        Self::new()
    }
}

impl Composer {
    /// A paste with more lines than this becomes a chip.
    pub const PASTE_LINES: usize = 10;
    /// A paste with more bytes than this becomes a chip.
    pub const PASTE_BYTES: usize = 1_000;
    /// The largest text that can be pasted.
    pub const PASTE_MAX: usize = 8 << 20;

    /// An empty question.
    pub fn new() -> Self {
        Self { area: new_area(""), pastes: Vec::new(), history: Vec::new(), browsing: None }
    }

    /// The text area, for drawing.
    pub fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The displayed text, chips included.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// True when nothing is written.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// The lines of the text, unwrapped.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Row and column (in characters) of the cursor.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set_text(&mut self, text: &str) {
        self.area = new_area(text);
        self.browsing = None;
    }

    /// Edits by one key: characters, Backspace, Delete, arrows, Home, End and the usual Emacs keys.
    pub fn handle_key(&mut self, key: KeyPress) {
        let plain = !key.ctrl && !key.alt;
        match key.code {
            KeyCode::Backspace if plain => self.delete_grapheme(),
            KeyCode::Char(c) if plain => self.area.insert_char(c),
            // As in every shell; the crate would undo.
            KeyCode::Char('u') if key.ctrl => {
                self.area.delete_line_by_head();
            }
            _ => {
                if let Some(input) = area_input(key) {
                    self.area.input(input);
                }
            }
        }
        self.browsing = None;
    }

    /// Deletes one grapheme: the crate would delete one character and leave half an emoji.
    fn delete_grapheme(&mut self) {
        let (row, column) = self.cursor();
        let before: String = self
            .area
            .lines()
            .get(row)
            .map(|l| l.chars().take(column).collect())
            .unwrap_or_default();
        let last = before.graphemes(true).next_back().map_or(1, |g| g.chars().count());
        for _ in 0..last.max(1) {
            self.area.delete_char();
        }
    }

    /// Inserts a line break.
    pub fn insert_newline(&mut self) {
        self.area.insert_newline();
        self.browsing = None;
    }

    /// Inserts pasted text, a long one as a chip.
    ///
    /// # Errors
    /// The text is larger than [`Composer::PASTE_MAX`]; nothing is inserted.
    pub fn insert_paste(&mut self, text: &str) -> Result<(), String> {
        self.browsing = None;
        // Terminals send a carriage return for every line end of a paste.
        let text = &text.replace("\r\n", "\n").replace('\r', "\n");
        if text.len() > Self::PASTE_MAX {
            return Err(format!(
                "the pasted text has {} MB, the limit is {} MB; nothing was inserted",
                text.len() >> 20,
                Self::PASTE_MAX >> 20
            ));
        }
        let lines = text.lines().count();
        if lines <= Self::PASTE_LINES && text.len() <= Self::PASTE_BYTES {
            self.area.insert_str(text);
            return Ok(());
        }
        let size = if text.len() < 10_000 {
            format!("{} bytes", text.len())
        } else {
            format!("{} kB", text.len() / 1_000)
        };
        let lines = format_quantity(lines, "line");
        let chip = format!("[paste {}: {lines}, {size}]", self.pastes.len() + 1);
        self.area.insert_str(&chip);
        let tokens = crate::prompt::estimate_tokens(text);
        self.pastes.push(Paste { chip, text: text.to_owned(), tokens });
        Ok(())
    }

    /// The complete question: the trimmed text, with the pasted text of every chip appended as a document. None when the
    /// text is blank. `number` is random; the documents are fenced with it.
    pub fn whole_question(&self, number: u128) -> Option<String> {
        let written = self.text();
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        let pastes = self.pastes.iter().filter(|p| written.contains(&p.chip));
        let documents: Vec<(&str, &str)> = pastes
            .map(|paste| {
                let name = paste.chip.split(':').next().unwrap_or_default();
                (name.trim_start_matches('['), paste.text.as_str())
            })
            .collect();
        if documents.is_empty() {
            return Some(written.to_owned());
        }
        Some(format!("{written}\n\n{}", crate::prompt::format_documents(&documents, number)))
    }

    /// Estimated tokens of the complete question. Does not read the pastes again: it is asked for in every frame.
    pub fn estimate_tokens(&self) -> u32 {
        let written = self.text();
        let pastes = self.pastes.iter().filter(|paste| written.contains(&paste.chip));
        let words = crate::prompt::estimate_tokens(written.trim());
        pastes.map(|paste| paste.tokens).fold(words, u32::saturating_add)
    }

    /// True when a long paste is attached.
    pub fn has_documents(&self) -> bool {
        !self.pastes.is_empty()
    }

    /// Clears the composer and adds its text to the question history.
    pub fn clear_sent(&mut self) {
        let written = self.text();
        // A chip in the history would refer to a deleted text.
        if self.pastes.is_empty() {
            self.remember_question(&written);
        }
        self.pastes.clear();
        self.set_text("");
    }

    /// Adds a question to the history.
    pub fn remember_question(&mut self, question: &str) {
        let question = question.trim();
        if !question.is_empty() && self.history.last().is_none_or(|last| last != question) {
            self.history.push(question.to_owned());
        }
    }

    /// True when the cursor is on the first line, where ↑ browses the history.
    pub fn on_first_line(&self) -> bool {
        self.cursor().0 == 0
    }

    /// True when ↓ browses the history.
    pub fn is_browsing(&self) -> bool {
        self.browsing.is_some()
    }

    /// Shows the previous or next question of the history; after the newest one, the draft.
    pub fn browse_history(&mut self, older: bool) {
        let (at, draft) = match self.browsing.take() {
            Some((at, draft)) => (at, draft),
            None if older => (self.history.len(), self.text()),
            None => return,
        };
        let to = if older { at.saturating_sub(1) } else { at + 1 };
        match self.history.get(to).cloned() {
            Some(question) => {
                self.set_text(&question);
                self.browsing = Some((to, draft));
            }
            None if older => self.browsing = None,
            None => self.set_text(&draft),
        }
    }

    /// The `@word` that ends at the cursor, without its `@`; none when the cursor is not after one.
    pub fn mention_at_cursor(&self) -> Option<String> {
        let (row, column) = self.cursor();
        let before: String = self.area.lines().get(row)?.chars().take(column).collect();
        let at = before.rfind('@')?;
        let (head, word) = (before.get(..at)?, before.get(at + 1..)?);
        let starts = head.chars().next_back().is_none_or(char::is_whitespace);
        let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '-');
        (starts && is_word).then(|| word.to_owned())
    }

    /// Replaces the `@word` at the cursor with `@id` and a space.
    pub fn complete_mention(&mut self, id: &PersonaId) {
        if let Some(word) = self.mention_at_cursor() {
            for _ in 0..word.chars().count() {
                self.area.delete_char();
            }
            self.area.insert_str(format!("{id} "));
        }
    }
}

fn new_area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_tab_length(4);
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

fn area_input(key: KeyPress) -> Option<Input> {
    let code = match key.code {
        KeyCode::Char(c) => AreaKey::Char(c),
        KeyCode::Backspace => AreaKey::Backspace,
        KeyCode::Delete => AreaKey::Delete,
        KeyCode::Up => AreaKey::Up,
        KeyCode::Down => AreaKey::Down,
        KeyCode::Left => AreaKey::Left,
        KeyCode::Right => AreaKey::Right,
        KeyCode::Home => AreaKey::Home,
        KeyCode::End => AreaKey::End,
        KeyCode::PageUp => AreaKey::PageUp,
        KeyCode::PageDown => AreaKey::PageDown,
        KeyCode::Enter | KeyCode::Esc | KeyCode::Tab | KeyCode::Insert | KeyCode::F(_) => {
            return None;
        }
    };
    Some(Input { key: code, ctrl: key.ctrl, alt: key.alt, shift: key.shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backspace_takes_a_whole_emoji() {
        let mut composer = Composer::new();
        composer.set_text("ok 👨‍👩‍👧‍👦");
        composer.handle_key(KeyPress::plain(KeyCode::Backspace));
        assert_eq!(composer.text(), "ok ");
        composer.set_text("a\nb");
        composer.handle_key(KeyPress::plain(KeyCode::Backspace));
        composer.handle_key(KeyPress::plain(KeyCode::Backspace));
        assert_eq!(composer.text(), "a");
    }

    #[test]
    fn a_long_paste_is_a_chip_and_comes_back_whole() {
        let mut composer = Composer::new();
        let text = "line\n\u{e9}[31m\n".repeat(200);
        composer.set_text("Review ");
        composer.insert_paste(&text).unwrap();
        assert_eq!(composer.text(), "Review [paste 1: 400 lines, 2400 bytes]");
        let question = composer.whole_question(7).unwrap();
        assert!(question.contains(text.trim_end()));
        assert!(question.ends_with(&format!("END {:032x}", 7)));
        // A chip that was deleted takes its text along.
        composer.set_text("Review nothing");
        assert_eq!(composer.whole_question(7).unwrap(), "Review nothing");
        assert!(composer.insert_paste(&"x".repeat(Composer::PASTE_MAX + 1)).is_err());
    }

    #[test]
    fn line_ends_of_terminals_are_line_ends() {
        for ends in ["\n", "\r\n", "\r"] {
            let mut composer = Composer::new();
            composer.insert_paste(&["one", "two"].join(ends)).unwrap();
            assert_eq!(composer.lines(), ["one", "two"]);
            composer.insert_paste(&["x"; 30].join(ends)).unwrap();
            assert!(composer.text().contains("[paste 1: 30 lines,"), "{ends:?}");
        }
    }

    #[test]
    fn control_u_deletes_to_the_beginning_of_the_line() {
        let mut composer = Composer::new();
        composer.set_text("one\ntwo three");
        composer.handle_key(KeyPress::ctrl('u'));
        assert_eq!(composer.text(), "one\n");
    }

    #[test]
    fn history_goes_back_and_returns_to_the_draft() {
        let mut composer = Composer::new();
        for question in ["first", "second"] {
            composer.set_text(question);
            composer.clear_sent();
        }
        composer.set_text("draft");
        composer.browse_history(true);
        assert_eq!(composer.text(), "second");
        composer.browse_history(true);
        composer.browse_history(true);
        assert_eq!(composer.text(), "first");
        composer.browse_history(false);
        composer.browse_history(false);
        assert_eq!(composer.text(), "draft");
    }

    #[test]
    fn a_mention_is_recognised_only_where_one_is_allowed() {
        let mut composer = Composer::new();
        for (text, mention) in
            [("@ed", Some("ed")), ("ask @", Some("")), ("a@b", None), ("@edge ", None), ("x", None)]
        {
            composer.set_text(text);
            assert_eq!(composer.mention_at_cursor().as_deref(), mention, "{text}");
        }
        composer.set_text("@ed");
        composer.complete_mention(&PersonaId::parse("edge").unwrap());
        assert_eq!(composer.text(), "@edge ");
    }
}
