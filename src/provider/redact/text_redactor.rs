//! Removes keys from text that arrives in pieces: whole keys, parts of them, and their encodings.
//!
//! Percent-encoded characters and those escaped with a backslash count as what they mean. What may be the beginning of a key is held
//! back until the next piece, at most a few characters. The result does not depend on how the text was split, except that
//! the first three characters of a key may have been passed on before the rest arrives.

use std::borrow::Cow;
use std::sync::Arc;

use super::key_windows::{HEAD, KeyWindows, MAX_WINDOW, Window, WindowMatch};
use super::known_keys::{KnownKeys, known_keys};

/// The most bytes of a character, written as an escape.
const MAX_UNIT: usize = 8;

/// What is written instead of a key.
pub(super) const REPLACEMENT: &str = "[key]";

/// Removes the keys that this process knows from one text.
pub(crate) struct TextRedactor {
    keys: KnownKeys,
    /// The end of what was passed on, in which a key may begin.
    context: String,
    /// What was not passed on, because it may be the beginning of a key.
    held: String,
    /// The key whose end has not arrived.
    run: Option<KeyRun>,
}

/// A key of which a beginning was found and replaced.
struct KeyRun {
    class: usize,
    /// The last characters of the key so far, one fewer than the windows of its class have.
    recent: Vec<u8>,
}

/// One character as it is compared.
enum Unit {
    /// A character that a key may contain, and its bytes in the text.
    Char(u8, usize),
    /// Something else, with its first byte.
    Other,
    /// An escape whose end has not arrived.
    Incomplete,
}

impl Default for TextRedactor {
    fn default() -> Self {
        Self { keys: known_keys(), context: String::new(), held: String::new(), run: None }
    }
}

impl TextRedactor {
    /// The next piece without keys. Its end may be held back.
    pub(crate) fn push<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.keys.refresh() {
            self.run = None;
        }
        if self.keys.windows().is_empty() && self.held.is_empty() {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.redact(text, false))
    }

    /// The text has ended: what was held back, without keys.
    pub(crate) fn finish(&mut self) -> String {
        let rest = self.redact("", true);
        self.run = None;
        self.context.clear();
        rest
    }

    fn redact(&mut self, text: &str, is_end: bool) -> String {
        let windows = Arc::clone(self.keys.windows());
        let whole = [&self.context, &self.held, text].concat();
        let mut scan = Scan::new(&whole, self.context.len(), is_end);
        if let Some(run) = self.run.take() {
            self.run = scan.skip_key(&windows, run);
        }
        while self.run.is_none() && scan.find_key(&windows) {
            let run = scan.replace_key(&windows);
            self.run = scan.skip_key(&windows, run);
        }
        let (out, context, held) = scan.finish();
        context.clone_into(&mut self.context);
        held.clone_into(&mut self.held);
        out
    }
}

/// A walk over one piece of text.
struct Scan<'a> {
    text: &'a str,
    is_end: bool,
    /// The position of the next character.
    at: usize,
    /// Text before it was passed on, or replaced.
    passed: usize,
    /// Text before it belongs to keys that were found.
    searched: usize,
    out: String,
    /// The last characters, the latest in the lowest byte, and where each begins, the latest last.
    head: u32,
    starts: [usize; HEAD],
    /// The number of characters in a row that a key may contain, at most [`HEAD`].
    seen: usize,
    /// Where a key may begin that the text does not show to its end.
    partial: Option<usize>,
    class: usize,
}

impl<'a> Scan<'a> {
    /// Of `text`, of which so many bytes were passed on before.
    fn new(text: &'a str, passed: usize, is_end: bool) -> Self {
        Self {
            text,
            is_end,
            at: 0,
            passed,
            searched: 0,
            out: String::with_capacity(text.len() - passed),
            head: 0,
            starts: [0; HEAD],
            seen: 0,
            partial: None,
            class: 0,
        }
    }

    /// Walks to the next key, whose first characters are then the last ones seen. False if there is none, or if it may
    /// continue beyond the text.
    fn find_key(&mut self, windows: &KeyWindows) -> bool {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            let (char, length) = match read_unit(bytes, self.at) {
                Unit::Char(char, length) => (char, length),
                Unit::Incomplete => (bytes.get(self.at).copied().unwrap_or_default(), 1),
                Unit::Other => {
                    self.seen = 0;
                    self.at += 1;
                    continue;
                }
            };
            self.head = self.head << 8 | u32::from(char);
            self.starts.rotate_left(1);
            if let Some(last) = self.starts.last_mut() {
                *last = self.at;
            }
            self.seen = (self.seen + 1).min(HEAD);
            self.at += length;
            if self.seen == HEAD && windows.may_begin(self.head) {
                let (text, is_cut) = self.read_window(self.starts[0]);
                match windows.find(&text) {
                    WindowMatch::Whole(class) => {
                        self.class = class;
                        return true;
                    }
                    WindowMatch::Partial if is_cut && !self.is_end => {
                        self.partial = Some(self.starts[0]);
                        return false;
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// The characters from `start`, as many as the longest window has, and whether the end of the text cut them.
    fn read_window(&self, start: usize) -> (Vec<u8>, bool) {
        let bytes = self.text.as_bytes();
        let (mut window, mut at) = (Vec::with_capacity(MAX_WINDOW), start);
        while window.len() < MAX_WINDOW {
            match read_unit(bytes, at) {
                _ if at >= bytes.len() => return (window, true),
                Unit::Char(char, length) => {
                    window.push(char);
                    at += length;
                }
                Unit::Incomplete => return (window, true),
                Unit::Other => break,
            }
        }
        (window, false)
    }

    /// Replaces the key whose head was seen last.
    fn replace_key(&mut self, windows: &KeyWindows) -> KeyRun {
        let start = self.starts[0];
        self.out.push_str(self.text.get(self.passed..start).unwrap_or_default());
        self.out.push_str(REPLACEMENT);
        let (mut recent, _) = self.read_window(start);
        recent.truncate(windows.length(self.class));
        self.at = start;
        for _ in 0..recent.len() {
            if let Unit::Char(_, length) = read_unit(self.text.as_bytes(), self.at) {
                self.at += length;
            }
        }
        recent.remove(0);
        self.seen = 0;
        self.mark_replaced();
        KeyRun { class: self.class, recent }
    }

    /// Skips what belongs to the key. The run is returned if the text ends before the key does.
    fn skip_key(&mut self, windows: &KeyWindows, mut run: KeyRun) -> Option<KeyRun> {
        let bytes = self.text.as_bytes();
        while self.at < bytes.len() {
            let (char, length) = match read_unit(bytes, self.at) {
                Unit::Char(char, length) => (char, length),
                Unit::Incomplete if !self.is_end => return Some(run),
                _ => return None,
            };
            run.recent.push(char);
            let mut window = Window::default();
            window.iter_mut().zip(&run.recent).for_each(|(to, from)| *to = *from);
            if !windows.continues(run.class, &window) {
                return None;
            }
            run.recent.remove(0);
            self.at += length;
            self.mark_replaced();
        }
        Some(run)
    }

    fn mark_replaced(&mut self) {
        self.passed = self.passed.max(self.at);
        self.searched = self.at;
    }

    /// The text without keys, the end of it in which a key may begin, and what is held back.
    fn finish(mut self) -> (String, &'a str, &'a str) {
        let bytes = self.text.as_bytes();
        // Without a partial key, the walk stopped before the end at an escape inside a key.
        let kept = self.partial.unwrap_or(self.at).max(self.passed).min(bytes.len());
        self.out.push_str(self.text.get(self.passed..kept).unwrap_or_default());
        let earliest = kept.saturating_sub((HEAD - 1) * MAX_UNIT).max(self.searched);
        let earlier = bytes.get(earliest..kept).unwrap_or_default();
        let length = earlier.iter().rev().take_while(|byte| byte.is_ascii_graphic()).count();
        let context = self.text.get(kept - length..kept).unwrap_or_default();
        (self.out, context, self.text.get(kept..).unwrap_or_default())
    }
}

/// The character at `at`.
fn read_unit(bytes: &[u8], at: usize) -> Unit {
    match bytes.get(at) {
        Some(b'%') => read_percent(bytes, at),
        Some(b'\\') => read_backslash(bytes, at),
        Some(byte) if byte.is_ascii_graphic() => Unit::Char(*byte, 1),
        _ => Unit::Other,
    }
}

/// `%2D`, and `%252D`, which was encoded twice.
fn read_percent(bytes: &[u8], at: usize) -> Unit {
    let twice = if bytes.get(at + 1..at + 3) == Some(b"25") { 2 } else { 0 };
    read_hex(bytes, at, 1 + twice, 2)
}

/// `\u002d`, `\x2d`, and `\-`, as in JSON, code and Markdown.
fn read_backslash(bytes: &[u8], at: usize) -> Unit {
    match bytes.get(at + 1) {
        None => Unit::Incomplete,
        Some(b'u') => read_hex(bytes, at, 2, 4),
        Some(b'x') => read_hex(bytes, at, 2, 2),
        Some(byte) if byte.is_ascii_punctuation() => Unit::Char(*byte, 2),
        Some(_) => Unit::Char(b'\\', 1),
    }
}

/// The character whose code is in `digits` hexadecimal digits, `skip` bytes after `at`.
fn read_hex(bytes: &[u8], at: usize, skip: usize, digits: usize) -> Unit {
    let plain = Unit::Char(bytes.get(at).copied().unwrap_or_default(), 1);
    let mut code = 0;
    for index in 0..digits {
        match bytes.get(at + skip + index).map(|byte| char::from(*byte).to_digit(16)) {
            Some(Some(digit)) => code = code << 4 | digit,
            Some(None) => return plain,
            None => return Unit::Incomplete,
        }
    }
    match u8::try_from(code) {
        Ok(byte) if byte.is_ascii_graphic() => Unit::Char(byte, skip + digits),
        _ => plain,
    }
}

#[cfg(test)]
mod tests;
