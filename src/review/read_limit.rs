//! How much of an answer is read: patterns are looked for in its beginning only, so that reading has an end.
//!
//! What is shown, copied, stored and exported is always the whole answer.

use super::extract::MAX_RECOMMENDATIONS;
use super::{HeadingSynonyms, Section, split_sections};
use crate::domain::Contract;
use crate::domain::format::format_bytes;
use crate::text::ParsedMarkdown;

/// Bytes of an answer that are read. The longest answers of real models have a tenth of that.
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

/// `the first 1.0 MB of 8.4 MB` when an answer of `bytes` is not read to its end.
pub fn describe_part_read(bytes: usize) -> Option<String> {
    let size = |bytes: usize| format_bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
    (bytes > MAX_READ_BYTES)
        .then(|| format!("the first {} of {}", size(MAX_READ_BYTES), size(bytes)))
}

/// What the recommendations of an answer of `bytes` leave out, of which `found` were found: notes for its run.
pub fn describe_unread(bytes: usize, found: usize) -> Vec<String> {
    let part = describe_part_read(bytes);
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
}

impl ReadText {
    /// Reads the beginning of the raw answer `text`.
    pub fn new(text: &str, contract: &Contract, synonyms: &HeadingSynonyms) -> Self {
        let document = ParsedMarkdown::from_raw(readable_part(text));
        let sections = split_sections(&document, contract, synonyms);
        Self { document, sections }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_read_up_to_a_line_end() {
        let line = format!("{}\n", "é".repeat(50));
        let long = line.repeat(2 * MAX_READ_BYTES / line.len());
        let part = readable_part(&long);
        assert!(part.ends_with("é\n") && part.len() > MAX_READ_BYTES - line.len());
        let one_line = "é".repeat(MAX_READ_BYTES);
        assert_eq!(readable_part(&one_line).len(), MAX_READ_BYTES);
        assert_eq!(readable_part(&line), line);
        assert_eq!(describe_part_read(MAX_READ_BYTES), None);
        assert_eq!(describe_part_read(8_000_000).unwrap(), "the first 1.0 MB of 8.0 MB");
    }
}
