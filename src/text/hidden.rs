//! Where real writing needs joiners and selectors, which are hidden everywhere else.
//!
//! Derived from the Unicode properties in `icu_properties`. Which characters are hidden is decided in
//! `domain::visible_text`; they are replaced in `sanitize`.

use icu_properties::props::{
    Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory, Ideographic,
    IndicSyllabicCategory, JoiningType, RegionalIndicator, Script,
};
use icu_properties::script::ScriptWithExtensions;
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::domain::is_hidden;

pub(super) const ZWNJ: char = '\u{200C}';
pub(super) const ZWJ: char = '\u{200D}';
const KEYCAP: char = '\u{20E3}';

/// The scripts with joining letters whose combining marks are shared with other scripts.
const JOINING_SCRIPTS: [Script; 4] = [Script::Arabic, Script::Syriac, Script::Nko, Script::Adlam];

/// True for a joiner or selector: a hidden character that real writing needs in some places.
pub(super) fn is_contextual(c: char) -> bool {
    matches!(c, ZWNJ | ZWJ) || is_selector(c)
}

/// True for a variation selector: at most one is kept after a character.
pub(super) fn is_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// True when the joiner or selector `c` is needed between `base` and `next`: in an emoji, in an ideograph with a selector,
/// between letters of a script that joins them.
pub(super) fn is_needed(c: char, base: Option<char>, next: Option<char>) -> bool {
    let Some(base) = base else { return false };
    match c {
        ZWNJ | ZWJ => next.is_some_and(|next| {
            (joins_emoji(base) && joins_emoji(next)) || (uses_joiners(base) && uses_joiners(next))
        }),
        '\u{FE0E}' | '\u{FE0F}' => is_emoji(base) || (is_keycap_base(base) && next == Some(KEYCAP)),
        '\u{180B}'..='\u{180F}' => is_mongolian_letter(base),
        '\u{FE00}'..='\u{FE02}' | '\u{E0100}'..='\u{E01EF}' => {
            CodePointSetData::new::<Ideographic>().contains(base)
        }
        _ => false,
    }
}

fn is_keycap_base(c: char) -> bool {
    matches!(c, '0'..='9' | '#' | '*')
}

/// True for a character that can be drawn as an emoji, those of the future included.
fn is_emoji(c: char) -> bool {
    !c.is_ascii()
        && (CodePointSetData::new::<ExtendedPictographic>().contains(c)
            || CodePointSetData::new::<Emoji>().contains(c))
        && !CodePointSetData::new::<RegionalIndicator>().contains(c)
}

/// True for a part of an emoji that a joiner connects with another.
fn joins_emoji(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
        || CodePointSetData::new::<EmojiModifier>().contains(c)
}

fn is_mongolian_letter(c: char) -> bool {
    is_letter_or_mark(c) && ScriptWithExtensions::new().has_script(c, Script::Mongolian)
}

fn is_letter_or_mark(c: char) -> bool {
    use GeneralCategory as Gc;
    matches!(
        CodePointMapData::<Gc>::new().get(c),
        Gc::OtherLetter
            | Gc::ModifierLetter
            | Gc::UppercaseLetter
            | Gc::LowercaseLetter
            | Gc::NonspacingMark
            | Gc::SpacingMark
    )
}

/// True for a letter or mark of a script that uses joiners: Arabic and related scripts, the Indic ones and their neighbours.
fn uses_joiners(c: char) -> bool {
    if !is_letter_or_mark(c) || is_hidden(c) {
        return false;
    }
    if CodePointMapData::<IndicSyllabicCategory>::new().get(c) != IndicSyllabicCategory::Other {
        return true;
    }
    match CodePointMapData::<JoiningType>::new().get(c) {
        // `U`: Latin, Greek … and those letters of Arabic that join no neighbour.
        JoiningType::NonJoining | JoiningType::Transparent => {
            let scripts = ScriptWithExtensions::new().get_script_extensions_val(c);
            JOINING_SCRIPTS.iter().any(|script| scripts.contains(script))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_of_unicode_is_one_here() {
        // Unicode adds none to these: the property is stable.
        let all = ['\u{180B}'..='\u{180D}', '\u{180F}'..='\u{180F}', '\u{FE00}'..='\u{FE0F}'];
        for c in all.into_iter().flatten().chain('\u{E0100}'..='\u{E01EF}') {
            assert!(is_selector(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn joiners_are_for_scripts_that_join() {
        for c in "شیसक्ระᠠߊ𞤀\u{64b}\u{94d}".chars() {
            assert!(uses_joiners(c), "{c}");
        }
        for c in "aé1Жα中한 .\u{301}\u{115F}\u{200D}".chars() {
            assert!(!uses_joiners(c), "{c}");
        }
    }
}
