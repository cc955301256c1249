//! Properties of writing systems: scripts without spaces between words, and punctuation in ASCII and full-width forms.
//!
//! Contains neither display widths (`text::width`) nor Unicode segmentation (crate `unicode-segmentation`).

use std::ops::RangeInclusive;

/// A range of characters that need special treatment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRange {
    /// The characters.
    pub chars: RangeInclusive<char>,
    /// Each of them is a word when text is split into words.
    pub is_word: bool,
    /// A line may break before and after each of them.
    pub breaks_lines: bool,
    /// A search for them also matches inside a run of letters, because spaces do not separate all words. The search
    /// index uses the same ranges (`store/migrations/0002_review.sql`): changing them takes a migration.
    pub is_unspaced: bool,
}

const fn script_range(
    chars: RangeInclusive<char>,
    is_word: bool,
    breaks_lines: bool,
    is_unspaced: bool,
) -> ScriptRange {
    ScriptRange { chars, is_word, breaks_lines, is_unspaced }
}

/// The table, sorted, without overlaps.
pub static SCRIPT_RANGES: [ScriptRange; 14] = [
    // Thai
    script_range('\u{0E00}'..='\u{0E7F}', true, false, true),
    // Lao, Tibetan, Myanmar
    script_range('\u{0E80}'..='\u{109F}', false, false, true),
    // Khmer
    script_range('\u{1780}'..='\u{17FF}', false, false, true),
    // CJK radicals, symbols and punctuation
    script_range('\u{2E80}'..='\u{303F}', false, true, true),
    // Hiragana, Katakana
    script_range('\u{3040}'..='\u{30FF}', true, true, true),
    // Bopomofo, enclosed and compatibility characters
    script_range('\u{3100}'..='\u{33FF}', false, true, true),
    // CJK ideographs
    script_range('\u{3400}'..='\u{9FFF}', true, true, true),
    // Yi
    script_range('\u{A000}'..='\u{A4CF}', false, true, true),
    // Hangul: Korean has spaces, but a search has to find a word with its particles
    script_range('\u{AC00}'..='\u{D7FF}', false, true, true),
    // CJK compatibility ideographs
    script_range('\u{F900}'..='\u{FAFF}', true, true, true),
    // CJK compatibility forms
    script_range('\u{FE30}'..='\u{FE4F}', false, true, false),
    // Full-width forms
    script_range('\u{FF00}'..='\u{FF60}', false, true, false),
    // Half-width Katakana
    script_range('\u{FF66}'..='\u{FF9F}', false, false, true),
    // CJK ideographs, extensions
    script_range('\u{20000}'..='\u{3FFFF}', true, true, true),
];

/// Punctuation that introduces what follows.
pub const COLONS: [char; 2] = [':', '：'];
/// Punctuation that ends a question.
pub const QUESTION_MARKS: [char; 2] = ['?', '？'];
/// Punctuation that ends a sentence.
pub const SENTENCE_MARKS: [char; 7] = ['.', '!', '?', '…', '。', '！', '？'];
/// Punctuation that must not begin a line.
pub const LINE_CLOSING_MARKS: &str = "、。，．・：；？！ー）」』】〕〉》｝］’”.,;:!?)]}%…";
/// Punctuation that must not end a line.
pub const LINE_OPENING_MARKS: &str = "（「『【〔〈《｛［‘“([{";

/// True if `c` alone counts as a word: ideographs, kana, Thai letters.
pub fn is_word_char(c: char) -> bool {
    find_range(c).is_some_and(|range| range.is_word)
}

/// True if a line may break before and after `c`, unless punctuation forbids it.
pub fn can_break_around(c: char) -> bool {
    find_range(c).is_some_and(|range| range.breaks_lines)
}

/// True if `c` belongs to a script that does not separate all words with spaces.
pub fn is_unspaced(c: char) -> bool {
    find_range(c).is_some_and(|range| range.is_unspaced)
}

fn find_range(c: char) -> Option<&'static ScriptRange> {
    if c.is_ascii() {
        return None;
    }
    SCRIPT_RANGES.iter().find(|range| range.chars.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(SCRIPT_RANGES.windows(2).all(|pair| pair[0].chars.end() < pair[1].chars.start()));
    }

    #[test]
    fn scripts_differ_in_what_they_need() {
        for (c, word, breaks, unspaced) in [
            ('a', false, false, false),
            ('設', true, true, true),
            ('。', false, true, true),
            ('한', false, true, true),
            ('ไ', true, false, true),
            ('！', false, true, false),
        ] {
            assert_eq!(
                (is_word_char(c), can_break_around(c), is_unspaced(c)),
                (word, breaks, unspaced)
            );
        }
    }
}
