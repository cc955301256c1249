//! Characters that a reader does not see but a model reads, or a terminal obeys.
//!
//! Hidden instructions in a persona file may be written with them. Sanitising what is displayed is `text`'s work.

use crate::text::is_hidden;

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

/// Finds invisible characters. A byte order mark at the very start is allowed, and so are the joiners that emoji
/// and scripts need.
pub fn find_invisible(text: &str) -> Vec<InvisibleChar> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut previous = None;
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        let name = if c == '\r' && chars.peek() == Some(&'\n') {
            None
        } else if is_joiner(c) {
            // A joiner between two ASCII characters has no effect.
            let plain = |c: Option<char>| c.is_none_or(|c| c.is_ascii());
            (plain(previous) && plain(chars.peek().copied())).then_some("zero-width joiner")
        } else if is_tag(c) && previous.is_some_and(|b| b == '\u{1f3f4}' || is_tag(b)) {
            None // the flags of England, Scotland and Wales are spelt with tags
        } else {
            describe_char(c)
        };
        if let Some(name) = name {
            found.push(InvisibleChar { line, character: c, name });
        }
        line += usize::from(c == '\n');
        previous = Some(c);
    }
    found
}

/// True for a character that shows nothing and is no space.
pub(super) fn is_invisible(c: char) -> bool {
    describe_char(c).is_some()
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
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
        '\u{feff}' => "zero-width no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{2028}' | '\u{2029}' => "line or paragraph separator",
        '\u{180e}' | '\u{2060}'..='\u{2064}' => "invisible separator or operator",
        '\u{fff9}'..='\u{fffb}' => "interlinear annotation",
        '\u{e0000}'..='\u{e007f}' => "tag character",
        '\u{e0100}'..='\u{e01ef}' => "variation selector",
        // The sanitiser hides more: fillers, selectors, marks of notations that no persona needs.
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
                (4, '\u{1b}'),
                (4, '\u{200d}'),
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
    fn all_characters_hidden_on_screen_are_found() {
        for c in ('\0'..=char::MAX).filter(|c| is_hidden(*c)) {
            assert_eq!(find_invisible(&format!("a{c}b")).len(), 1, "U+{:04X}", u32::from(c));
        }
    }
}
