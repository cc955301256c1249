//! Sanitises text from models, files and servers: everything passes through here before it is displayed.
//!
//! Line ends and tabs stay; any other control, bidi or invisible character becomes visible and has no effect. The result
//! does not depend on how the input was split. Independent of Markdown and of the terminal. Which characters are invisible
//! is decided in `domain::visible_text`, where they are needed in `hidden`.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation;

use super::hidden::{is_contextual, is_needed, is_selector};
use crate::domain::is_hidden;

/// Characters of a grapheme before it is cut; the longest emoji in use has eleven.
const MAX_CLUSTER: usize = 12;

/// Replaces the part of a grapheme that was cut.
const CUT: &str = "‹…›";

/// Sanitises text that arrives in pieces; the result does not depend on how it was split.
#[derive(Debug, Default, Clone)]
pub struct Sanitizer {
    /// A CR, joiner or variation selector whose meaning depends on the next character.
    held: Option<char>,
    /// The character that a joiner or selector would attach to.
    base: Option<char>,
    /// `base` already has a variation selector.
    selected: bool,
    /// The current grapheme.
    cluster: String,
    /// The current grapheme has been cut.
    cut: bool,
    /// The invisible characters that were made visible, when they are asked for.
    found: Option<Vec<char>>,
}

impl Sanitizer {
    /// Appends the sanitised form of `raw` to `out`; may hold back a character until it knows the next one.
    pub fn push(&mut self, raw: &str, out: &mut String) {
        out.reserve(raw.len());
        let mut rest = raw;
        while let Some(first) = rest.chars().next() {
            let plain = if self.held.is_none() { plain_prefix(rest) } else { 0 };
            if let (Some(text), Some(after)) = (rest.get(..plain), rest.get(plain..))
                && plain > 0
            {
                out.push_str(text);
                self.start_grapheme(text.chars().next_back());
                rest = after;
            } else {
                self.push_char(first, out);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }

    /// Appends what was held back.
    pub fn finish(&mut self, out: &mut String) {
        self.resolve_held_char(None, out);
        *self = Self::default();
    }

    fn push_char(&mut self, c: char, out: &mut String) {
        let was_cr = self.held == Some('\r');
        self.resolve_held_char(Some(c), out);
        match c {
            '\n' if was_cr => {}
            '\n' | '\u{2028}' | '\u{2029}' => self.write_char('\n', out),
            '\t' => self.write_char('\t', out),
            '\r' => self.held = Some(c),
            _ if is_contextual(c) => self.held = Some(c),
            '\0'..='\u{1F}' => self.write_char(control_picture(0x2400 + u32::from(c)), out),
            '\u{7F}' => self.write_char('␡', out),
            _ if is_hidden(c) => self.write_visible(c, out),
            _ => self.write_char(c, out),
        }
    }

    /// Resolves the character that was held back, now that the next one is known.
    fn resolve_held_char(&mut self, next: Option<char>, out: &mut String) {
        let Some(held) = self.held.take() else { return };
        if held == '\r' {
            return self.write_char('\n', out);
        }
        let selects = is_selector(held);
        if !is_needed(held, self.base, next) || (selects && self.selected) {
            return self.write_visible(held, out);
        }
        let base = self.base;
        self.write_char(held, out);
        if selects {
            // A joiner after `❤️` joins the heart, not its selector.
            self.base = base;
            self.selected = true;
        }
    }

    /// Writes a character verbatim; cuts a grapheme that grows without limit (Zalgo).
    fn write_char(&mut self, c: char, out: &mut String) {
        if c.is_ascii() {
            self.start_grapheme(Some(c));
            return out.push(c);
        }
        self.cluster.push(c);
        let clusters = self.cluster.graphemes(true).count();
        if clusters > 1 || self.cluster.len() == c.len_utf8() {
            self.start_grapheme(Some(c));
        } else if self.cut || self.cluster.chars().count() > MAX_CLUSTER {
            self.cluster.pop();
            if !self.cut {
                self.cut = true;
                out.push_str(CUT);
            }
            return;
        }
        self.base = Some(c);
        self.selected = false;
        out.push(c);
    }

    /// Writes the visible form of an invisible character.
    fn write_visible(&mut self, c: char, out: &mut String) {
        self.found.iter_mut().for_each(|found| found.push(c));
        // Writing to a String cannot fail.
        let _ = write!(out, "‹U+{:04X}›", u32::from(c));
        self.start_grapheme(Some('›'));
    }

    fn start_grapheme(&mut self, last: Option<char>) {
        self.cluster.clear();
        self.cluster.extend(last);
        self.base = last;
        self.selected = false;
        self.cut = false;
    }
}

/// Sanitises a complete text: line ends and tabs stay, any other control or invisible character becomes visible.
pub fn sanitize(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut s = Sanitizer::default();
    s.push(raw, &mut out);
    s.finish(&mut out);
    out
}

/// Sanitises a text that is on one line (names, titles, messages): line ends and tabs become spaces.
pub fn sanitize_line(raw: &str) -> String {
    sanitize(raw).replace(['\n', '\t'], " ")
}

/// True when [`sanitize`] would look at more than plain text: there may be something to make visible.
pub(crate) fn has_hidden(raw: &str) -> bool {
    raw.get(plain_prefix(raw)..).is_some_and(|rest| rest.chars().any(is_hidden))
}

/// The invisible characters of `raw` that [`sanitize`] makes visible, each with its line, 1-based.
///
/// Control characters of ASCII are not among them.
pub(crate) fn find_hidden(raw: &str) -> Vec<(usize, char)> {
    let mut hidden = Vec::new();
    let mut s = Sanitizer { found: Some(Vec::new()), ..Sanitizer::default() };
    for (line, text) in (1..).zip(raw.split('\n')) {
        let mut out = String::new();
        s.push(text, &mut out);
        s.push("\n", &mut out);
        hidden.extend(s.found.iter_mut().flat_map(std::mem::take).map(|c| (line, c)));
    }
    hidden
}

/// Number of bytes at the start of `text` that are plain ASCII.
fn plain_prefix(text: &str) -> usize {
    text.bytes().take_while(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t')).count()
}

fn control_picture(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::hidden::{ZWJ, ZWNJ};
    use super::*;

    #[test]
    fn keeps_text_and_shows_what_hides() {
        for (raw, shown) in [
            ("a\tb\r\nc\rd\n", "a\tb\nc\nd\n"),
            ("\u{1b}[31mred\u{7}", "␛[31mred␇"),
            ("\u{7f}\0", "␡␀"),
            ("\u{9b}31m", "‹U+009B›31m"),
            ("x\u{202e}y\u{2066}z\u{61c}", "x‹U+202E›y‹U+2066›z‹U+061C›"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            ("zero\u{200b}width\u{feff}", "zero‹U+200B›width‹U+FEFF›"),
            ("tag\u{e0041}vs\u{e0100}", "tag‹U+E0041›vs‹U+E0100›"),
            ("a\u{200d}b", "a‹U+200D›b"),
            ("a\u{200c}", "a‹U+200C›"),
            ("a\u{fe0f}", "a‹U+FE0F›"),
            ("1\u{fe0f}2", "1‹U+FE0F›2"),
            ("❤\u{fe0f}\u{fe0f}", "❤\u{fe0f}‹U+FE0F›"),
            ("a\u{180b}b\u{180f}", "a‹U+180B›b‹U+180F›"),
            ("ᠠ\u{180b}\u{180b}", "ᠠ\u{180b}‹U+180B›"),
            ("\u{fffe}\u{ffff}\u{fdd0}\u{10ffff}", "‹U+FFFE›‹U+FFFF›‹U+FDD0›‹U+10FFFF›"),
            ("葛\u{e0100}\u{e0101}", "葛\u{e0100}‹U+E0101›"),
            ("😀\u{e0100}", "😀‹U+E0100›"),
            ("中\u{fe0f}", "中‹U+FE0F›"),
            ("\u{3164}\u{115f}\u{2800}\u{34f}", "‹U+3164›‹U+115F›‹U+2800›‹U+034F›"),
            ("e\u{301}\u{200d}\u{301}", "e\u{301}‹U+200D›\u{301}"),
            ("🇩\u{200d}🇪", "🇩‹U+200D›🇪"),
        ] {
            assert_eq!(sanitize(raw), shown, "{raw:?}");
        }
    }

    #[test]
    fn leaves_real_writing_alone() {
        for text in [
            "👨‍👩‍👧‍👦 family, 👩🏻‍❤️‍💋‍👨🏼 kiss, 1️⃣ one, 🇩🇪 flag",
            "می‌خواهم, کِتاب‌ها",
            "क्‍ष श्रीमान, ক্‌ষ, ശ്‍രീ, ක්‍රම",
            "🏳️‍🌈 🏴‍☠️ ❤️‍🔥 🧑🏽‍🚀 ©️ ☎︎",
            "葛\u{e0101}飾, ᠠ\u{180b}ᠨ",
            "Ünïcödé e\u{301} 中文 한국어 ไทยที่",
        ] {
            assert_eq!(sanitize(text), text);
        }
    }

    #[test]
    fn one_grapheme_cannot_grow_without_bound() {
        for mark in ["\u{301}", "\u{93e}", "\u{600}", "\u{1100}"] {
            let out = sanitize(&format!("é{}end", mark.repeat(5_000)));
            assert!(out.len() < 200, "{mark:?}: {}", out.len());
            assert!(out.contains(CUT) && out.ends_with("end"), "{out:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_found_with_its_line() {
        let raw = "\u{200b}a\nb\u{202e}\r\n❤\u{fe0f}\u{fe0f}\n\nc\u{200d}";
        assert_eq!(
            find_hidden(raw),
            [(1, '\u{200b}'), (2, '\u{202e}'), (3, '\u{fe0f}'), (5, '\u{200d}')]
        );
    }

    fn hostile() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            '\r',
            '\n',
            '\t',
            '\u{1b}',
            '\u{9b}',
            '\u{202e}',
            ZWJ,
            ZWNJ,
            '\u{fe0f}',
            '\u{fe0e}',
            '\u{301}',
            '\u{93e}',
            '❤',
            '👩',
            '🏻',
            '🇩',
            'ش',
            'क',
            '्',
            '1',
            '\u{20e3}',
            '葛',
            '\u{e0100}',
            'ᠠ',
            '\u{180b}',
            '\u{3164}',
            '\u{fffe}',
            'a',
            '\u{e0020}',
        ]);
        let one = prop_oneof![4 => special, 1 => any::<char>()];
        prop::collection::vec(one, 0..60).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_hidden_comes_out_and_cutting_does_not_matter(raw in hostile(), size in 1usize..5) {
            let whole = sanitize(&raw);
            let mut pieces = String::new();
            let mut s = Sanitizer::default();
            let chars: Vec<char> = raw.chars().collect();
            for chunk in chars.chunks(size) {
                s.push(&chunk.iter().collect::<String>(), &mut pieces);
            }
            s.finish(&mut pieces);
            prop_assert_eq!(&whole, &pieces);
            for (at, c) in whole.char_indices() {
                prop_assert!(!c.is_control() || matches!(c, '\n' | '\t'), "{:?}", whole);
                if !is_hidden(c) || c == '\n' {
                    continue;
                }
                // What is kept follows the character that needs it, at most one of a kind.
                let before = whole.get(..at).unwrap().chars().next_back();
                let selected = before.is_some_and(is_selector);
                prop_assert!(is_contextual(c), "{:?}", whole);
                prop_assert!(!(selected && is_selector(c)), "{:?}", whole);
                prop_assert!(before.is_some_and(|b| !b.is_ascii() || "0123456789#*".contains(b)), "{:?}", whole);
                prop_assert!(!matches!(before, Some(ZWJ | ZWNJ)), "{:?}", whole);
            }
        }
    }
}
