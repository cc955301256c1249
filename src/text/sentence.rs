//! Splits running text into sentences by the rules of Unicode (UAX #29), except after abbreviations such as `e.g.`.
//!
//! Works on one paragraph, list item or cell; it does not read Markdown.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::domain::script::SENTENCE_MARKS;

/// Abbreviations whose full stop does not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "e.g.", "i.e.", "vs.", "cf.", "approx.", "ca.", "z.B.", "d.h.", "No.", "Nr.", "Fig.", "Dr.",
    "St.", "incl.", "excl.", "resp.", "p.ej.",
];

/// Bytes of a text that [`first_sentence`] looks at.
const FIRST_SENTENCE_BYTES: usize = 4_000;

/// Characters other than [`SENTENCE_MARKS`] after which a line break ends a sentence.
const LINE_END_MARKS: [char; 6] = [':', ';', '”', '"', ')', '|'];

/// The byte ranges of the sentences of `text`, without the whitespace around them. A line break ends a sentence only
/// after punctuation.
pub fn split_sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut continues = false;
    for (start, piece) in text.split_sentence_bound_indices() {
        let trimmed = piece.trim();
        if trimmed.is_empty() {
            continue;
        }
        let from = start + (piece.len() - piece.trim_start().len());
        let to = from + trimmed.len();
        match sentences.last_mut().filter(|_| continues) {
            Some(last) => last.end = to,
            None => sentences.push(from..to),
        }
        let broken_line = piece.ends_with('\n')
            && !trimmed.ends_with(SENTENCE_MARKS)
            && !trimmed.ends_with(LINE_END_MARKS);
        continues = broken_line || ends_with_abbreviation(trimmed) || is_list_number(trimmed);
    }
    sentences
}

/// The first sentence of `text`; its beginning when the sentence is very long.
pub fn first_sentence(text: &str) -> &str {
    let text = text.get(..text.floor_char_boundary(FIRST_SENTENCE_BYTES)).unwrap_or_default();
    let first = split_sentences(text).into_iter().next();
    first.and_then(|range| text.get(range)).unwrap_or_default()
}

/// True when the full stop at the end of `text` belongs to an abbreviation.
pub fn ends_with_abbreviation(text: &str) -> bool {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    ABBREVIATIONS.contains(&last.trim_start_matches(['(', '[']))
}

/// True for the number of a list item: `1.`, `12.`
fn is_list_number(text: &str) -> bool {
    text.strip_suffix('.').is_some_and(|n| n.len() < 3 && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_and_list_numbers_do_not_end_a_sentence() {
        for (text, expected) in [
            ("One. Two! Three?", vec!["One.", "Two!", "Three?"]),
            (
                "Use it, e.g. Kafka, at approx. 3.5 ms. Then stop.",
                vec!["Use it, e.g. Kafka, at approx. 3.5 ms.", "Then stop."],
            ),
            ("1. First of all. Then", vec!["1. First of all.", "Then"]),
            ("It goes\non. Then:\nb", vec!["It goes\non.", "Then:", "b"]),
            ("p99 is 4.2 ms. Fine.", vec!["p99 is 4.2 ms.", "Fine."]),
            ("先に進む。次へ。", vec!["先に進む。", "次へ。"]),
            ("no end", vec!["no end"]),
            ("", vec![]),
        ] {
            let sentences: Vec<&str> =
                split_sentences(text).into_iter().filter_map(|range| text.get(range)).collect();
            assert_eq!(sentences, expected, "{text:?}");
        }
        assert_eq!(first_sentence("It fails. Always."), "It fails.");
    }
}
