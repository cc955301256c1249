//! Key presses, independent of the terminal library. Keymaps write `ctrl-d`, `g`, `f1`; the screen shows
//! `Ctrl+D`, `g`, `F1`.

use std::fmt;

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character, as typed (`G` is not `g`).
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab; with shift it is back-tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F24.
    F(u8),
}

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    /// Which key.
    pub code: KeyCode,
    /// Control was held.
    pub ctrl: bool,
    /// Alt was held.
    pub alt: bool,
    /// Shift was held; never set for characters, which include it.
    pub shift: bool,
}

/// The names of keys that are not characters, as keymaps write them.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    // The forms that the screen shows.
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("↑", KeyCode::Up),
    ("↓", KeyCode::Down),
    ("←", KeyCode::Left),
    ("→", KeyCode::Right),
];

impl KeyPress {
    /// The key without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// Control and a character.
    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), ctrl: true, alt: false, shift: false }
    }

    /// The character that this key types, if it types one.
    pub fn typed_char(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// Reads `ctrl-d`, `alt-enter`, `shift-tab`, `G`, `?`, `space`, `f1`, and the form that the screen shows: `Ctrl+D`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Self::plain(KeyCode::Esc);
        let (mut rest, mut as_shown) = (text, false);
        while let Some((name, separator, after)) = split_modifier(rest) {
            match name {
                Modifier::Ctrl => key.ctrl = true,
                Modifier::Alt => key.alt = true,
                Modifier::Shift => key.shift = true,
            }
            as_shown |= separator == '+';
            rest = after;
        }
        key.code = Self::parse_code(rest)?;
        if let KeyCode::Char(c) = key.code {
            key.code = KeyCode::Char(match (key.shift, as_shown) {
                // Terminals send the same for Ctrl+d and Ctrl+Shift+D.
                _ if key.ctrl => c.to_ascii_lowercase(),
                (true, _) => c.to_ascii_uppercase(),
                // The screen shows a letter after a modifier as a capital.
                (false, true) => c.to_ascii_lowercase(),
                (false, false) => c,
            });
            key.shift = false;
        }
        Some(key)
    }

    fn parse_code(text: &str) -> Option<KeyCode> {
        if let Some((_, code)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Some(*code);
        }
        let mut chars = text.chars();
        match (chars.next()?, chars.as_str()) {
            (c, "") => Some(KeyCode::Char(c)),
            ('f' | 'F', digits) => {
                digits.parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F)
            }
            _ => None,
        }
    }
}

/// A key that is held while another is pressed.
enum Modifier {
    Ctrl,
    Alt,
    Shift,
}

/// Splits `ctrl-d` or `Ctrl+D` into the modifier, the separator and the rest.
fn split_modifier(text: &str) -> Option<(Modifier, char, &str)> {
    let at = text.find(['-', '+'])?;
    let (name, rest) = text.split_at_checked(at)?;
    let modifier = match name.to_ascii_lowercase().as_str() {
        "ctrl" => Modifier::Ctrl,
        "alt" => Modifier::Alt,
        "shift" => Modifier::Shift,
        _ => return None,
    };
    let mut chars = rest.chars();
    let separator = chars.next()?;
    Some((modifier, separator, chars.as_str())).filter(|(_, _, after)| !after.is_empty())
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_capital = matches!(self.code, KeyCode::Char(c) if c.is_ascii_uppercase());
        let with_modifier = self.ctrl || self.alt;
        let shift = self.shift || (with_modifier && is_capital);
        for (held, name) in [(self.ctrl, "Ctrl+"), (self.alt, "Alt+"), (shift, "Shift+")] {
            if held {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if with_modifier => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(n) => write!(f, "F{n}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => write!(f, "{code:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        for (text, shown) in [
            ("ctrl-d", "Ctrl+D"),
            ("Ctrl-d", "Ctrl+D"),
            ("Ctrl+D", "Ctrl+D"),
            ("alt-enter", "Alt+Enter"),
            ("alt-p", "Alt+P"),
            ("Alt+P", "Alt+P"),
            ("alt-P", "Alt+Shift+P"),
            ("Alt+Shift+P", "Alt+Shift+P"),
            ("shift-tab", "Shift+Tab"),
            ("G", "G"),
            ("-", "-"),
            ("+", "+"),
            ("ctrl--", "Ctrl+-"),
            ("Ctrl++", "Ctrl++"),
            ("space", "Space"),
            ("f1", "F1"),
            ("f", "f"),
            ("up", "↑"),
            ("pagedown", "PgDn"),
            ("ctrl-shift-x", "Ctrl+X"),
        ] {
            let key = KeyPress::parse(text).unwrap();
            assert_eq!(key.to_string(), shown, "{text}");
            assert_eq!(KeyPress::parse(shown), Some(key), "{shown} is not read as {text}");
        }
        assert_eq!(KeyPress::parse("Ctrl+D"), Some(KeyPress::ctrl('d')));
        for bad in ["", "ctrl-", "Ctrl+", "f0", "f99", "enterr", "gg", "meta-j"] {
            assert_eq!(KeyPress::parse(bad), None, "{bad}");
        }
    }
}
