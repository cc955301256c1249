//! Whether words stand in an answer exactly like that.
//!
//! Letter by letter, but for what no reader sees or what keyboards change: line breaks and runs of blanks, curly or straight
//! quotes, kinds of dash, and the marks of Markdown. Used by `brief`; `app` finds a quote's place with it.

/// An answer in which quotes are looked up.
#[derive(Debug)]
pub(super) struct Haystack {
    /// The text without what does not count.
    text: String,
    /// For each byte of `text` the byte of the source that it was made of.
    places: Vec<usize>,
}

impl Haystack {
    pub(super) fn new(source: &str) -> Self {
        let (mut text, mut places) = (String::with_capacity(source.len()), Vec::new());
        for (at, c) in source.char_indices() {
            let Some(c) = plain(c) else { continue };
            if c == ' ' && text.ends_with(' ') {
                continue;
            }
            text.push(c);
            places.resize(text.len(), at);
        }
        Self { text, places }
    }

    /// The first byte of the source at which `quote` stands; none when it does not, or is empty.
    pub(super) fn find(&self, quote: &str) -> Option<usize> {
        let needle = Self::new(quote).text;
        // A sentence's own full stop or comma is written inside the quotes; it is not the answer's.
        let needle = needle.trim().trim_end_matches(['.', ',', ';', ':', '!', '?', '…']);
        if needle.is_empty() {
            return None;
        }
        let found = self.text.find(needle).or_else(|| self.text.find(&other_case(needle)?))?;
        self.places.get(found).copied()
    }
}

/// The byte of `source` at which `quote` stands, or none.
pub fn find_quote(source: &str, quote: &str) -> Option<usize> {
    Haystack::new(source).find(quote)
}

/// The character as it counts; none when it does not.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '*' | '`' | '_' | '\\' | '\u{ad}' | '\u{200d}' => return None,
        '“' | '”' | '„' | '«' | '»' | '″' => '"',
        '‘' | '’' | '‚' | '′' => '\'',
        '–' | '—' | '‐' | '‑' | '−' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    })
}

/// The same with a first letter that is large instead of small, or small instead of large: where a sentence begins with it.
fn other_case(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let other: String = if first.is_uppercase() {
        first.to_lowercase().collect()
    } else {
        first.to_uppercase().collect()
    };
    Some(other + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_there_is_found() {
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
