//! Width of text on a terminal in columns, by grapheme, as ratatui counts its cells.
//!
//! Not for control characters: text is sanitised before it is measured.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Width of `text` in columns, by grapheme.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme_width).sum() }
}

/// Width of one grapheme: a joined emoji is drawn as one and takes at most two columns.
pub(crate) fn grapheme_width(grapheme: &str) -> usize {
    let columns = UnicodeWidthStr::width(grapheme);
    let joined_emoji = || grapheme.contains('\u{200D}') && grapheme.starts_with(|c| c > '\u{FFFF}');
    if columns > 2 && joined_emoji() { 2 } else { columns }
}

/// The longest beginning of `text` that fits into `columns`, without cutting a grapheme.
pub fn fit(text: &str, columns: usize) -> &str {
    if text.is_ascii() {
        return text.get(..columns.min(text.len())).unwrap_or_default();
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme_width(grapheme);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// `text` in at most `columns`; a beginning that does not fit is replaced by `…`.
pub(crate) fn shorten_front(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        let Some(rest) = left.checked_sub(grapheme_width(grapheme)) else { break };
        (left, start) = (rest, at);
    }
    format!("…{}", text.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_by_grapheme() {
        for (text, columns) in [
            ("", 0),
            ("plain", 5),
            ("中文", 4),
            ("e\u{301}", 1),
            ("👨‍👩‍👧‍👦", 2),
            ("❤\u{fe0f}", 2),
            ("🇩🇪", 2),
            ("1\u{fe0f}\u{20e3}", 2),
        ] {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    #[test]
    fn fitting_never_cuts_a_grapheme() {
        assert_eq!(fit("plain", 3), "pla");
        assert_eq!(fit("中文", 3), "中");
        assert_eq!(fit("a👨‍👩‍👧‍👦b", 2), "a");
        assert_eq!(fit("e\u{301}x", 1), "e\u{301}");
        assert_eq!(fit("ab", 9), "ab");
        assert_eq!(fit("中", 0), "");
        assert_eq!(shorten_front("src/main.rs", 20), "src/main.rs");
        assert_eq!(shorten_front("src/main.rs", 8), "…main.rs");
        assert_eq!(shorten_front("中文", 4), "中文");
        assert_eq!(shorten_front("中文", 3), "…文");
        assert_eq!(shorten_front("x", 0), "…");
    }
}
