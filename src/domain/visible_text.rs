//! Which characters draw nothing, and whether a text shows anything: one of blanks and hidden characters is no answer.
//!
//! Derived from the Unicode properties in `icu_properties`, not from a list of ranges; only blanks that no property names
//! are listed. Where real writing needs a hidden character is decided in `text`.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, NoncharacterCodePoint, PrependedConcatenationMark,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Symbols whose glyph is blank, or represents something that is not in the text: braille blank, null notehead, object
/// replacement.
const BLANK_SYMBOLS: [char; 3] = ['\u{2800}', '\u{1D159}', '\u{FFFC}'];

/// True for a character that draws nothing wherever it is, or that changes how its neighbours are drawn or ordered: C1
/// controls, bidi controls, fillers, invisible operators, annotations, tags, variation selectors, noncharacters.
///
/// Selectors and joiners are hidden, too, although real writing needs them in some places.
pub fn is_hidden(c: char) -> bool {
    use GeneralCategory as Gc;
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\n' | '\t');
    }
    match CodePointMapData::<Gc>::new().get(c) {
        Gc::Control | Gc::LineSeparator | Gc::ParagraphSeparator => true,
        // `ARABIC NUMBER SIGN` and its like are drawn.
        Gc::Format => !CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        Gc::Unassigned | Gc::NonspacingMark | Gc::OtherLetter => {
            CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
                || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
        }
        Gc::OtherSymbol => BLANK_SYMBOLS.contains(&c),
        _ => false,
    }
}

/// True if `text` contains a character that can be seen.
pub fn has_visible_text(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_hidden(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The characters that `regex-syntax`, an independent reading of the Unicode data, has for a class.
    fn chars_of(class: &str) -> Vec<char> {
        use regex_syntax::hir::{Class, HirKind};
        let hir = regex_syntax::Parser::new().parse(class).unwrap();
        let HirKind::Class(Class::Unicode(ranges)) = hir.into_kind() else { panic!("{class}") };
        ranges.iter().flat_map(|range| range.start()..=range.end()).collect()
    }

    #[test]
    fn invisible_characters_are_hidden_and_no_text() {
        let hidden = chars_of(
            r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Bidi_Control}\p{Variation_Selector}]--[\n\t\p{Prepended_Concatenation_Mark}]]",
        );
        assert!(hidden.len() > 4_000, "{}", hidden.len());
        let fillers =
            "\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}\u{1D159}\u{FFFC}\u{34F}\u{AD}\u{180F}";
        for c in hidden.iter().copied().chain(fillers.chars()) {
            assert!(is_hidden(c), "U+{:04X}", u32::from(c));
            assert!(!has_visible_text(&format!("\n{c} ")), "U+{:04X}", u32::from(c));
        }
        assert!(!has_visible_text(&hidden.into_iter().collect::<String>()));
    }

    #[test]
    fn drawn_characters_are_not_hidden() {
        let drawn = chars_of(
            r"[[\p{L}\p{N}\p{P}\p{S}\p{Mc}\p{Zs}]--[\p{Default_Ignorable_Code_Point}\x{2800}\x{1D159}\x{FFFC}]]",
        );
        for c in drawn {
            assert!(!is_hidden(c), "U+{:04X}", u32::from(c));
            assert_eq!(has_visible_text(&format!("\u{200b}{c}")), !c.is_whitespace(), "{c:?}");
        }
    }

    #[test]
    fn spaces_and_line_ends_are_no_text() {
        for text in ["", " \t\r\n", "\u{a0}\u{3000}\u{2003}\u{85}", "\0\u{1b}\u{e0041}"] {
            assert!(!has_visible_text(text), "{text:?}");
        }
        for text in [".", " \n-", "\u{fffd}"] {
            assert!(has_visible_text(text), "{text:?}");
        }
    }
}
