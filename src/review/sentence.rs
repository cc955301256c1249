//! Sentences of running text, by the rules of Unicode (UAX #29), with short forms such as `e.g.` that end none.
//!
//! Used by the other readers here and by `export`.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Short forms whose full stop does not end a sentence.
const SHORT: &[&str] = &[
    "e.g.", "i.e.", "vs.", "cf.", "approx.", "ca.", "z.B.", "d.h.", "No.", "Nr.", "Fig.", "Dr.",
    "St.", "incl.", "excl.", "resp.", "p.ej.",
];

/// Bytes within which the first sentence is looked for.
const LONGEST: usize = 4_000;

/// Marks at the end of a line that end a sentence.
const ENDS: [char; 13] = ['.', '!', '?', ':', ';', '…', '。', '！', '？', '”', '"', ')', '|'];

/// The bytes of each sentence of `text`, blanks around it left out. A line break ends a sentence only behind a
/// mark that does.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (start, piece) in text.split_sentence_bound_indices() {
        let words = piece.trim();
        if words.is_empty() {
            continue;
        }
        let from = start + (piece.len() - piece.trim_start().len());
        let to = from + words.len();
        match found.last_mut().filter(|_| open) {
            Some(last) => last.end = to,
            None => found.push(from..to),
        }
        open = is_open(words) || (piece.ends_with('\n') && !words.ends_with(ENDS));
    }
    found
}

/// The first sentence of `text`; its beginning when it has no end.
pub fn first_sentence(text: &str) -> &str {
    // A sentence that goes on longer is cut by whoever shows it.
    let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
    let first = sentences(text).into_iter().next();
    first.and_then(|range| text.get(range)).unwrap_or_default()
}

/// True when no sentence ends like that.
fn is_open(text: &str) -> bool {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let last = last.trim_start_matches(['(', '[']);
    let number = || {
        last.strip_suffix('.').is_some_and(|n| n.len() < 3 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    SHORT.contains(&last) || (text == last && number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_and_numbers_end_no_sentence() {
        for (text, parts) in [
            ("One. Two! Three?", vec!["One.", "Two!", "Three?"]),
            (
                "Use it, e.g. Kafka, at approx. 3.5 ms. Then stop.",
                vec!["Use it, e.g. Kafka, at approx. 3.5 ms.", "Then stop."],
            ),
            ("1. First of all. Then", vec!["1. First of all.", "Then"]),
            ("It goes\non. Then:\nb", vec!["It goes\non.", "Then:", "b"]),
            ("先に進む。次へ。", vec!["先に進む。", "次へ。"]),
            ("", vec![]),
        ] {
            let found: Vec<&str> =
                sentences(text).into_iter().filter_map(|r| text.get(r)).collect();
            assert_eq!(found, parts);
        }
    }
}
