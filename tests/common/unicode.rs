//! The characters that a reader does not see, by a second reading of the Unicode data.

use std::collections::BTreeSet;

use regex_syntax::Parser;
use regex_syntax::hir::{Class, HirKind};

/// Controls, formats, separators, default ignorables, noncharacters, selectors and blank symbols; without line feed, tab
/// and the few formats that are drawn.
const HIDDEN: &str = r"[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Bidi_Control}\p{Variation_Selector}\x{2800}\x{1D159}\x{FFFC}]--[\n\t\p{Prepended_Concatenation_Mark}]]";

/// All characters that draw nothing, or that change how their neighbours are drawn.
pub fn hidden_characters() -> BTreeSet<char> {
    let hir = Parser::new().parse(HIDDEN).unwrap();
    let HirKind::Class(Class::Unicode(ranges)) = hir.into_kind() else {
        panic!("a class of characters")
    };
    ranges.iter().flat_map(|range| range.start()..=range.end()).collect()
}
