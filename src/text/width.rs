//! STUB: widths by grapheme. The text layer's author replaces it.

/// Columns that `text` takes on a terminal, by grapheme.
pub fn width(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// The longest beginning of `text` that fits into `columns`, never cutting a grapheme.
pub fn fit(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in unicode_segmentation::UnicodeSegmentation::grapheme_indices(text, true) {
        used += width(grapheme);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}
