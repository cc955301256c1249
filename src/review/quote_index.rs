//! Looks up quotes in an answer.
//!
//! A quote matches letter by letter, except for what readers do not see or keyboards change: line breaks and runs of white
//! space, curly or straight quotes, kinds of dashes, and the marks of Markdown.

/// A normalised answer in which quotes are looked up.
#[derive(Debug)]
pub(super) struct QuoteIndex {
    /// The normalised text.
    text: String,
}

impl QuoteIndex {
    pub(super) fn new(source: &str) -> Self {
        let mut text = String::with_capacity(source.len());
        for (c, _) in normalized_chars(source) {
            text.push(c);
        }
        Self { text }
    }

    /// Bytes that looking up one quote reads at most.
    pub(super) fn search_cost(&self) -> usize {
        2 * self.text.len()
    }

    /// True when `quote` is in the answer and not empty.
    pub(super) fn contains(&self, quote: &str) -> bool {
        self.find(quote).is_some()
    }

    /// The byte of the normalised text at which `quote` begins.
    fn find(&self, quote: &str) -> Option<usize> {
        let needle = Self::new(quote).text;
        // Punctuation of the sentence is often written inside the quotation marks.
        let needle = needle.trim().trim_end_matches(['.', ',', ';', ':', '!', '?', '…']);
        if needle.is_empty() {
            return None;
        }
        self.text.find(needle).or_else(|| self.text.find(&toggle_case(needle)?))
    }
}

/// The byte of `source` at which `quote` begins; none when it is not there, or is empty.
pub fn find_quote(source: &str, quote: &str) -> Option<usize> {
    let found = QuoteIndex::new(source).find(quote)?;
    let mut normalized = 0;
    for (c, offset) in normalized_chars(source) {
        if normalized == found {
            return Some(offset);
        }
        normalized += c.len_utf8();
    }
    None
}

/// The characters of the normalised text, each with the byte of `source` that it was made from.
fn normalized_chars(source: &str) -> impl Iterator<Item = (char, usize)> + '_ {
    let mut is_after_space = false;
    source.char_indices().filter_map(move |(offset, c)| {
        let c = normalize_char(c)?;
        let is_repeated = c == ' ' && is_after_space;
        is_after_space = c == ' ';
        (!is_repeated).then_some((c, offset))
    })
}

/// The character that is compared; none for a character that is ignored.
fn normalize_char(c: char) -> Option<char> {
    Some(match c {
        '*' | '`' | '_' | '\\' | '\u{ad}' | '\u{200d}' => return None,
        '“' | '”' | '„' | '«' | '»' | '″' => '"',
        '‘' | '’' | '‚' | '′' => '\'',
        '–' | '—' | '‐' | '‑' | '−' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    })
}

/// The text with the case of its first letter changed: a quote may begin a sentence.
fn toggle_case(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let toggled: String = if first.is_uppercase() {
        first.to_lowercase().collect()
    } else {
        first.to_uppercase().collect()
    };
    Some(toggled + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_quotes_are_found() {
        let source = "# Plan\n\nKeep **PostgreSQL** on one\n  primary – it's “boring”; set `wal_level`.\nÜber all.";
        for (quote, place) in [
            ("Keep PostgreSQL on one primary", Some(8)),
            ("keep PostgreSQL on one primary.", Some(8)),
            ("on one primary - it's \"boring\"", source.find("on one")),
            ("set `wal_level`", source.find("set")),
            ("über all", source.find("Über")),
            ("Keep PostgreSQL on two", None),
            ("keep postgresql", None),
            ("Keep … primary", None),
            ("", None),
            ("…", None),
        ] {
            assert_eq!(find_quote(source, quote), place, "{quote}");
        }
    }
}
