//! Characters that a reader does not see but a model reads, or a terminal obeys.
//!
//! Hidden instructions in a persona file may be written with them. Sanitising what is displayed is `text`'s work.

use crate::domain::is_hidden;
use crate::text::find_hidden;

/// The flags of England, Scotland and Wales: the only emoji that are spelt with tag characters.
const TAG_FLAGS: [&str; 3] = [
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// An invisible character in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvisibleChar {
    /// Line, 1-based.
    pub line: usize,
    /// The character.
    pub character: char,
    /// Description of the character.
    pub name: &'static str,
}

/// Finds invisible characters: those that are made visible on screen, and control characters. A byte order mark at the very
/// start is allowed, and so are the flags that are spelt with tags.
pub fn find_invisible(text: &str) -> Vec<InvisibleChar> {
    let mut text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    for flag in TAG_FLAGS {
        text = text.replace(flag, "");
    }
    let hidden = find_hidden(&text).into_iter();
    let mut found: Vec<InvisibleChar> = hidden
        .filter_map(|(line, c)| Some(InvisibleChar { line, character: c, name: describe_char(c)? }))
        .collect();
    for (line, text) in (1..).zip(text.split_inclusive('\n')) {
        let text = text.strip_suffix("\r\n").unwrap_or(text);
        let controls =
            text.chars().filter(|c| c.is_ascii_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        found.extend(
            controls.filter_map(|c| {
                Some(InvisibleChar { line, character: c, name: describe_char(c)? })
            }),
        );
    }
    found.sort_by_key(|invisible| invisible.line);
    found
}

/// True for a character that shows nothing, is no space, and is not needed by emoji or scripts.
pub(super) fn is_invisible(c: char) -> bool {
    !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') && describe_char(c).is_some()
}

fn describe_char(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' | '\n' => return None,
        '\u{1b}' => "escape",
        '\r' => "carriage return without line feed",
        c if c.is_control() => "control character",
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "bidirectional control"
        }
        '\u{200b}' => "zero-width space",
        '\u{200c}' | '\u{200d}' => "zero-width joiner",
        '\u{feff}' => "zero-width no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{2028}' | '\u{2029}' => "line or paragraph separator",
        '\u{180e}' | '\u{2060}'..='\u{2064}' => "invisible separator or operator",
        '\u{fff9}'..='\u{fffb}' => "interlinear annotation",
        '\u{e0000}'..='\u{e007f}' => "tag character",
        '\u{180b}'..='\u{180d}'
        | '\u{180f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => "variation selector",
        // Fillers, noncharacters, marks of notations that no persona needs.
        c if is_hidden(c) => "character that draws nothing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_found_with_their_line() {
        let text =
            "\u{feff}one\r\ntwo \u{202e}evil\nthree\u{200b}\u{e0041}\n\u{1b}[31m a\u{200d}b\rx";
        let found: Vec<_> =
            find_invisible(text).into_iter().map(|i| (i.line, i.character)).collect();
        assert_eq!(
            found,
            [
                (2, '\u{202e}'),
                (3, '\u{200b}'),
                (3, '\u{e0041}'),
                (4, '\u{200d}'),
                (4, '\u{1b}'),
                (4, '\r'),
            ]
        );
    }

    #[test]
    fn emoji_and_scripts_keep_their_joiners() {
        let text =
            "🗣️ 👨‍👩‍👧‍👦 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} می‌خواهم ❌\t日本\n";
        assert_eq!(find_invisible(text), []);
    }

    #[test]
    fn a_flag_carries_no_hidden_text() {
        let spelt: String =
            "ignore".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        assert_eq!(find_invisible(&format!("🏴{spelt}\u{e007f}")).len(), 7);
        assert_eq!(find_invisible("a\r\nb\rc\u{7}").len(), 2);
    }

    #[test]
    fn all_characters_hidden_on_screen_are_found() {
        let planes = ('\0'..='\u{1ffff}').chain('\u{e0000}'..='\u{e1000}');
        for c in planes.filter(|c| is_hidden(*c)) {
            assert_eq!(find_invisible(&format!("a{c}b")).len(), 1, "U+{:04X}", u32::from(c));
        }
    }
}
