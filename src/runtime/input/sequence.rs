//! Sequences of a terminal: which bytes begin them, and which may follow.

/// The string that a terminal sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringKind {
    /// Operating system command: colours, clipboard, titles.
    Osc,
    /// Device control string: XTVERSION, DECRQSS, XTGETTCAP.
    Dcs,
    /// Application command: kitty's graphics.
    Apc,
    /// Privacy message and start of string, which no terminal sends.
    Other,
}

/// Where the parser is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Ground,
    /// Inside a character of several bytes.
    Utf8,
    /// After ESC; `doubled` after two.
    Esc {
        doubled: bool,
    },
    /// After `ESC O`.
    Ss3,
    /// After `ESC [`.
    Csi,
    /// After `ESC [ [`.
    ConsoleKey,
    /// In the three bytes after `ESC [ M`.
    Mouse {
        left: u8,
    },
    String {
        kind: StringKind,
        is_8bit: bool,
    },
    /// After ESC in a string, which ends it, mostly followed by a backslash.
    StringEsc {
        kind: StringKind,
    },
    Paste {
        matched: usize,
    },
    /// A pause made ESC a key: the rest of a sequence may still come.
    AfterEsc,
    /// A string was given up: its end may still come.
    AfterString,
    /// A paste was given up: its rest may still come.
    AfterPaste,
}

/// The sequence that ESC and this byte begin.
pub(super) fn begins_sequence(byte: u8, is_8bit: bool) -> Option<State> {
    let string = |kind| Some(State::String { kind, is_8bit });
    match byte {
        b'O' => Some(State::Ss3),
        b'[' => Some(State::Csi),
        b']' => string(StringKind::Osc),
        b'P' => string(StringKind::Dcs),
        b'_' => string(StringKind::Apc),
        b'X' | b'^' => string(StringKind::Other),
        _ => None,
    }
}

/// Whether a terminal would write `byte` after ESC and this introducer.
pub(super) fn may_follow(introducer: u8, byte: u8) -> bool {
    match introducer {
        b'[' => {
            matches!(byte, b'0'..=b'9' | b'?' | b'>' | b'<' | b'=' | b'A'..=b'F' | b'H' | b'I' | b'M' | b'O' | b'Z' | b'[')
        }
        b'O' => matches!(byte, b'A'..=b'D' | b'F' | b'H' | b'M' | b'P'..=b'S'),
        // BEL ends an empty string; titles begin with a letter.
        b']' => byte.is_ascii_digit() || matches!(byte, 0x07 | b'l' | b'L'),
        b'P' => matches!(byte, b'0'..=b'9' | b'>' | b'!' | b'$' | b'+' | b'|'),
        b'_' => byte == b'G',
        _ => false,
    }
}
