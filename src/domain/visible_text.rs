//! Whether a text shows anything: one of spaces, line ends and invisible characters is no answer.

/// True if `text` contains a character that can be seen.
pub fn has_visible_text(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c))
}

/// Spaces, controls, and characters of no width and no ink.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_every_kind_show_nothing() {
        for text in [
            "",
            " \t\r\n",
            "\u{a0}\u{3000}\u{2003}",
            "\u{200b}\u{200d}\u{feff}",
            "\u{2800}\u{3164}\u{ffa0}\u{180e}",
            "\u{202e}\u{2066}\u{fe0f}\u{e0041}\0\u{1b}",
        ] {
            assert!(!has_visible_text(text), "{text:?}");
        }
        for text in [".", " \n-", "\u{200b}é", "\u{fffd}", "日"] {
            assert!(has_visible_text(text), "{text:?}");
        }
    }
}
