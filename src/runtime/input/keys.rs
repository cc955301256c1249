//! The names of keys in control sequences: the legacy forms of xterm, rxvt and the Linux console, and kitty's protocol.
//!
//! A pure table: finding where a sequence begins and ends is the parser's work. What is not the press of a key that the
//! program knows has no name here and is dropped.

use crate::app::{KeyCode, KeyPress};

/// The largest number in a sequence; larger ones are no key's.
const MAX_NUMBER: u32 = 0x10_FFFF;

/// The modifiers of a key, as terminals number them: the number minus one is a set of bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Modifiers(u32);

impl Modifiers {
    const SHIFT: u32 = 1;
    const ALT: u32 = 2;
    const CTRL: u32 = 4;
    /// Super and Hyper: such keys are the desktop's, not ours.
    const FOREIGN: u32 = 8 | 16;
    const META: u32 = 32;

    fn of(number: u32) -> Self {
        Self(number.saturating_sub(1))
    }

    fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    /// `code` with these modifiers; none when it is a key of the desktop.
    fn press(self, code: KeyCode) -> Option<KeyPress> {
        if self.has(Self::FOREIGN) {
            return None;
        }
        let (ctrl, alt) = (self.has(Self::CTRL), self.has(Self::ALT | Self::META));
        let mut key = KeyPress { code, ctrl, alt, shift: self.has(Self::SHIFT) };
        if let KeyCode::Char(c) = code {
            // Control and a letter is the same key with and without shift or caps lock.
            key.code = KeyCode::Char(match (key.ctrl, key.shift) {
                (true, _) => c.to_ascii_lowercase(),
                (false, true) => c.to_ascii_uppercase(),
                (false, false) => c,
            });
            key.shift = false;
        }
        Some(key)
    }
}

/// The key of one byte of ASCII.
pub(super) fn ascii_key(byte: u8) -> KeyPress {
    match byte {
        b'\r' => KeyPress::plain(KeyCode::Enter),
        b'\t' => KeyPress::plain(KeyCode::Tab),
        0x1b => KeyPress::plain(KeyCode::Esc),
        0x7f => KeyPress::plain(KeyCode::Backspace),
        0 => KeyPress::ctrl(' '),
        0x01..=0x1a => KeyPress::ctrl(char::from(byte - 1 + b'a')),
        0x1c..=0x1f => KeyPress::ctrl(char::from(byte - 0x1c + b'4')),
        _ => KeyPress::char(char::from(byte)),
    }
}

/// The key of `ESC O BYTE`, with the number that some terminals write between them.
pub(super) fn ss3_key(number: &[u8], last: u8) -> Option<KeyPress> {
    let modifiers = Modifiers::of(parse_number(number).unwrap_or(1));
    let code = match last {
        b'a'..=b'd' => {
            let code = cursor_key(last.to_ascii_uppercase())?;
            return Some(KeyPress { ctrl: true, ..KeyPress::plain(code) });
        }
        b'M' => KeyCode::Enter,
        b'X' => KeyCode::Char('='),
        // The number pad in application mode: `j` is `*`, `p` is `0`.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        b'R' => KeyCode::F(3),
        _ => cursor_key(last)?,
    };
    modifiers.press(code)
}

/// The function key of `CSI [ BYTE`, as the Linux console sends it.
pub(super) fn console_key(byte: u8) -> Option<KeyPress> {
    matches!(byte, b'A'..=b'E').then(|| KeyPress::plain(KeyCode::F(byte - b'A' + 1)))
}

/// The keys of `CSI BODY LAST`: one, or the characters of a text that was composed. Empty for anything else.
pub(super) fn csi_keys(body: &[u8], last: u8) -> Vec<KeyPress> {
    if body.iter().any(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':')) {
        return Vec::new();
    }
    let fields: Vec<Vec<Option<u32>>> = body
        .split(|byte| *byte == b';')
        .map(|field| field.split(|byte| *byte == b':').map(parse_number).collect())
        .collect();
    let field =
        |at: usize, part: usize| fields.get(at).and_then(|f| f.get(part)).copied().flatten();
    if field(1, 1) == Some(3) {
        // The release of a key.
        return Vec::new();
    }
    let (first, modifiers) = (field(0, 0).unwrap_or(1), Modifiers::of(field(1, 0).unwrap_or(1)));
    let key = match last {
        b'Z' => Modifiers(modifiers.0 | Modifiers::SHIFT).press(KeyCode::Tab),
        b'~' if first == 27 && fields.len() == 3 => kitty_key([field(2, 0), None, None], modifiers),
        b'~' => numbered_key(first).and_then(|code| modifiers.press(code)),
        b'^' => numbered_key(first).map(|code| KeyPress { ctrl: true, ..KeyPress::plain(code) }),
        b'@' => numbered_key(first).map(|code| KeyPress {
            ctrl: true,
            shift: true,
            ..KeyPress::plain(code)
        }),
        // rxvt with shift. The `$` is an intermediate byte: nothing ends the sequence.
        b'$' if fields.len() == 1 => {
            numbered_key(first).map(|code| KeyPress { shift: true, ..KeyPress::plain(code) })
        }
        b'a'..=b'd' if body.is_empty() => cursor_key(last.to_ascii_uppercase())
            .map(|code| KeyPress { shift: true, ..KeyPress::plain(code) }),
        b'u' if first == 0 => return composed_text(fields.get(2).map_or(&[], Vec::as_slice)),
        b'u' => kitty_key([field(0, 0), field(0, 1), field(0, 2)], modifiers),
        _ if first == 1 => cursor_key(last).and_then(|code| modifiers.press(code)),
        _ => None,
    };
    key.into_iter().collect()
}

fn parse_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    Some(digits.iter().fold(0, value).min(MAX_NUMBER + 1))
}

/// The keys whose sequence ends with a letter. `R` is missing: with numbers it is the report of the cursor's position.
fn cursor_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// The keys whose sequence is a number and `~`.
fn numbered_key(number: u32) -> Option<KeyCode> {
    let function = |first: u32, base: u8| {
        u8::try_from(number - first).map(|offset| KeyCode::F(base + offset)).ok()
    };
    match number {
        1 | 7 => Some(KeyCode::Home),
        2 => Some(KeyCode::Insert),
        3 => Some(KeyCode::Delete),
        4 | 8 => Some(KeyCode::End),
        5 => Some(KeyCode::PageUp),
        6 => Some(KeyCode::PageDown),
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=26 => function(23, 11),
        28 | 29 => function(28, 15),
        31..=34 => function(31, 17),
        _ => None,
    }
}

/// The key of `CSI KEY:SHIFTED:BASE ; MODIFIERS u`. `BASE` is the key at the same place of a US layout: shortcuts use it
/// where the layout has no Latin letters.
fn kitty_key([key, shifted, base]: [Option<u32>; 3], modifiers: Modifiers) -> Option<KeyPress> {
    let key = key?;
    let code = match key {
        9 => KeyCode::Tab,
        13 | 57_414 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        57_376..=57_387 => KeyCode::F(u8::try_from(key - 57_376 + 13).ok()?),
        57_399..=57_408 => KeyCode::Char(char::from_digit(key - 57_399, 10)?),
        57_409..=57_413 => KeyCode::Char("./*-+".chars().nth(usize::try_from(key - 57_409).ok()?)?),
        57_415 => KeyCode::Char('='),
        57_416 => KeyCode::Char(','),
        57_417 => KeyCode::Left,
        57_418 => KeyCode::Right,
        57_419 => KeyCode::Up,
        57_420 => KeyCode::Down,
        57_421 => KeyCode::PageUp,
        57_422 => KeyCode::PageDown,
        57_423 => KeyCode::Home,
        57_424 => KeyCode::End,
        57_425 => KeyCode::Insert,
        57_426 => KeyCode::Delete,
        // The rest of the private area: locks, media keys, modifiers alone.
        57_344..=63_743 => return None,
        _ => {
            let is_shortcut = modifiers.has(Modifiers::CTRL | Modifiers::ALT);
            let typed = shifted.filter(|_| modifiers.has(Modifiers::SHIFT)).unwrap_or(key);
            let chosen = base.filter(|_| is_shortcut && key > 0x7f).unwrap_or(typed);
            KeyCode::Char(printable(chosen)?)
        }
    };
    modifiers.press(code)
}

/// The text that several keys composed, or that came without a key.
fn composed_text(scalars: &[Option<u32>]) -> Vec<KeyPress> {
    scalars.iter().flatten().filter_map(|c| printable(*c)).map(KeyPress::char).collect()
}

fn printable(scalar: u32) -> Option<char> {
    char::from_u32(scalar).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_name_their_keys() {
        let cases = [
            ("A", "↑"),
            ("1;5C", "Ctrl+→"),
            ("1;2:1B", "Shift+↓"),
            ("1;2:3B", ""),
            ("H", "Home"),
            ("3~", "Delete"),
            ("3;5~", "Ctrl+Delete"),
            ("24~", "F12"),
            ("Z", "Shift+Tab"),
            ("1;2Z", "Shift+Tab"),
            ("27;5;103~", "Ctrl+G"),
            ("200~", ""),
            ("7^", "Ctrl+Home"),
            ("3$", "Shift+Delete"),
            ("a", "Shift+↑"),
            ("99;5u", "Ctrl+C"),
            ("99;5:2u", "Ctrl+C"),
            ("99;5:3u", ""),
            ("1089::99;5u", "Ctrl+C"),
            ("1089:1057:99;2u", "С"),
            ("97:65:97;4u", "Alt+Shift+A"),
            ("27u", "Esc"),
            ("13;2u", "Shift+Enter"),
            ("57399u", "0"),
            ("57413;5u", "Ctrl++"),
            ("57376u", "F13"),
            ("57441;2u", ""),
            ("57358u", ""),
            ("120;9u", ""),
            ("0;;229:97u", "å a"),
            ("1114112u", ""),
            ("4294967297;4294967297u", ""),
            ("?1u", ""),
            ("12;40R", ""),
            ("1;2R", ""),
            ("48;24;80;480;640t", ""),
            ("I", ""),
            ("O", ""),
            ("0;10;20M", ""),
            (":::;;;u", ""),
        ];
        for (sequence, wanted) in cases {
            let (last, body) = sequence.as_bytes().split_last().unwrap();
            let named: Vec<String> =
                csi_keys(body, *last).iter().map(ToString::to_string).collect();
            assert_eq!(named.join(" "), wanted, "CSI {sequence}");
        }
    }

    #[test]
    fn the_number_pad_and_old_forms_have_names() {
        let name = |number: &[u8], last| ss3_key(number, last).map(|key| key.to_string());
        assert_eq!(name(b"", b'A').as_deref(), Some("↑"));
        assert_eq!(name(b"5", b'A').as_deref(), Some("Ctrl+↑"));
        assert_eq!(name(b"", b'a').as_deref(), Some("Ctrl+↑"));
        assert_eq!(name(b"", b'R').as_deref(), Some("F3"));
        assert_eq!(name(b"", b'j').as_deref(), Some("*"));
        assert_eq!(name(b"", b'y').as_deref(), Some("9"));
        assert_eq!(name(b"", b'M').as_deref(), Some("Enter"));
        assert_eq!(name(b"", b'z'), None);
        assert_eq!(console_key(b'E').map(|key| key.to_string()).as_deref(), Some("F5"));
        assert_eq!(console_key(b'F'), None);
    }

    #[test]
    fn ascii_keys() {
        let name = |byte| ascii_key(byte).to_string();
        for (byte, wanted) in
            [(3, "Ctrl+C"), (0, "Ctrl+Space"), (0x1f, "Ctrl+7"), (0x7f, "Backspace")]
        {
            assert_eq!(name(byte), wanted);
        }
        assert_eq!(ascii_key(b'G'), KeyPress::char('G'));
    }
}
