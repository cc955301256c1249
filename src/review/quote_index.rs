//! Looks up quotes in an answer.
//!
//! A quote matches letter by letter, except for what readers do not see or keyboards change: line breaks and runs of white
//! space, curly or straight quotes, kinds of dashes, and the marks of Markdown.

/// A normalised answer in which quotes are looked up.
#[derive(Debug)]
pub(super) struct QuoteIndex {
    /// The normalised text.
    text: String,
    /// For each byte of `text`, the byte of the source that it was made from.
    source_offsets: Vec<usize>,
}

impl QuoteIndex {
    pub(super) fn new(source: &str) -> Self {
        let (mut text, mut source_offsets) = (String::with_capacity(source.len()), Vec::new());
        for (offset, c) in source.char_indices() {
            let Some(c) = normalize_char(c) else { continue };
            if c == ' ' && text.ends_with(' ') {
                continue;
            }
            text.push(c);
            source_offsets.resize(text.len(), offset);
        }
        Self { text, source_offsets }
    }

    /// The byte of the source at which `quote` begins; none when it is not there, or is empty.
    pub(super) fn find(&self, quote: &str) -> Option<usize> {
        let needle = Self::new(quote).text;
        // Punctuation of the sentence is often written inside the quotation marks.
        let needle = needle.trim().trim_end_matches(['.', ',', ';', ':', '!', '?', '…']);
        if needle.is_empty() {
            return None;
        }
        let found = self.text.find(needle).or_else(|| self.text.find(&toggle_case(needle)?))?;
        self.source_offsets.get(found).copied()
    }
}

/// The byte of `source` at which `quote` begins, or none.
pub fn find_quote(source: &str, quote: &str) -> Option<usize> {
    QuoteIndex::new(source).find(quote)
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
