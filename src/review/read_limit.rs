//! How much of an answer is read: patterns are looked for in its beginning only, so that reading has an end, and only in
//! what is parsed as Markdown, not in the plain text after it.
//!
//! What is shown, copied, stored and exported is always the whole answer.

use super::extract::MAX_RECOMMENDATIONS;
use super::{HeadingSynonyms, Section, split_sections};
use crate::domain::Contract;
use crate::domain::format::format_bytes;
use crate::text::ParsedMarkdown;

/// Bytes of an answer that are read at most. The longest answers of real models have a tenth of that.
pub const MAX_READ_BYTES: usize = 1 << 20;

/// The beginning of `text` that is read: all of it, or its first complete lines.
pub fn readable_part(text: &str) -> &str {
    if text.len() <= MAX_READ_BYTES {
        return text;
    }
    let part = text.get(..text.floor_char_boundary(MAX_READ_BYTES)).unwrap_or_default();
    // A line that is longer than all that is read is cut.
    part.rfind('\n').and_then(|newline| part.get(..=newline)).unwrap_or(part)
}

/// `the first 1.0 MB of 8.4 MB`, when `read` bytes are less than all `of` an answer.
pub fn describe_part(read: usize, of: usize) -> Option<String> {
    let size = |bytes: usize| format_bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
    (read < of).then(|| format!("the first {} of {}", size(read), size(of)))
}

/// How much of an answer was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadExtent {
    /// Bytes, from the first, that were read.
    pub read: usize,
    /// Bytes of the whole answer.
    pub of: usize,
}

impl ReadExtent {
    /// True when the answer was not read to its end.
    pub fn is_part(self) -> bool {
        self.read < self.of
    }

    /// `the first 60 kB of 104 kB`, when the answer was not read to its end.
    pub fn describe_part(self) -> Option<String> {
        describe_part(self.read, self.of)
    }
}

/// What the recommendations of an answer leave out, of which `found` were found: notes for its run.
pub fn describe_unread(extent: ReadExtent, found: usize) -> Vec<String> {
    let part = extent.describe_part();
    let mut notes: Vec<String> =
        part.map(|part| format!("only {part} was read for recommendations")).into_iter().collect();
    if found >= MAX_RECOMMENDATIONS {
        notes.push(format!("only the first {MAX_RECOMMENDATIONS} recommendations are listed"));
    }
    notes
}

/// The part of an answer that is read, parsed, with its sections.
#[derive(Debug)]
pub struct ReadText {
    /// The beginning of the answer.
    pub document: ParsedMarkdown,
    /// Its sections; together they are the whole document.
    pub sections: Vec<Section>,
    /// How much of the answer was read.
    pub extent: ReadExtent,
}

impl ReadText {
    /// Reads the beginning of a raw answer of `bytes`, of which `text` is at least the [`readable_part`].
    pub fn new(text: &str, bytes: usize, contract: &Contract, synonyms: &HeadingSynonyms) -> Self {
        let text = readable_part(text);
        let document = ParsedMarkdown::from_raw(text);
        let sections = split_sections(&document, contract, synonyms);
        // Sanitised text may be longer than the raw one.
        let parsed = document.source().len();
        let of = parsed + bytes.saturating_sub(text.len());
        let extent = ReadExtent { read: document.plain_start().unwrap_or(parsed), of };
        Self { document, sections, extent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Facet;

    #[test]
    fn long_texts_are_read_up_to_a_line_end() {
        let line = format!("{}\n", "é".repeat(50));
        let long = line.repeat(2 * MAX_READ_BYTES / line.len());
        let part = readable_part(&long);
        assert!(part.ends_with("é\n") && part.len() > MAX_READ_BYTES - line.len());
        let one_line = "é".repeat(MAX_READ_BYTES);
        assert_eq!(readable_part(&one_line).len(), MAX_READ_BYTES);
        assert_eq!(readable_part(&line), line);
        assert_eq!(describe_part(MAX_READ_BYTES, MAX_READ_BYTES), None);
        assert_eq!(describe_part(MAX_READ_BYTES, 8_000_000).unwrap(), "the first 1.0 MB of 8.0 MB");
    }

    #[test]
    fn plain_text_is_not_read() {
        let table = format!("| a | b |\n|---|---|\n{}", "| 1 | 2 |\n".repeat(3_000));
        let long_line = "x".repeat(100_000);
        let many_blocks = "a *b* `c`\n\n".repeat(30_000);
        for large in [table, long_line, many_blocks] {
            let text = format!("## Risks\n\n- Lag.\n\n{large}\n\n## Cost\n\nHigh.\n");
            let synonyms = HeadingSynonyms::default();
            let read = ReadText::new(&text, text.len(), &Contract::default(), &synonyms);
            assert!(read.extent.is_part() && read.extent.of == text.len(), "{:?}", read.extent);
            assert_eq!(describe_unread(read.extent, 0).len(), 1);
            // It is a section about nothing known, and every byte has a section.
            let last = read.sections.last().unwrap();
            assert_eq!((last.facet, last.heading), (Facet::Other, None));
            assert_eq!(last.span, read.extent.read..text.len());
            let starts = read.sections.iter().skip(1).map(|section| section.span.start);
            assert!(
                read.sections
                    .iter()
                    .map(|section| section.span.end)
                    .zip(starts)
                    .all(|(a, b)| a == b)
            );
        }
    }

    #[test]
    fn an_extent_counts_what_sanitising_adds() {
        let text = "\u{1b}".repeat(1_000);
        let synonyms = HeadingSynonyms::default();
        let read = ReadText::new(&text, text.len(), &Contract::default(), &synonyms);
        assert!(!read.extent.is_part(), "{:?}", read.extent);
    }
}
