//! A short title for what a recommendation says: its label in bold, its first sentence, or a cell with its verdict.
//!
//! One line, clean, at most [`LONGEST`] characters. Used by `recommend` and `lead`.

use crate::domain::script::{COLONS, SENTENCE_MARKS};
use crate::text::{collapse_whitespace, first_sentence};

/// Characters of a title at most.
pub(super) const LONGEST: usize = 80;
/// A label of so many words says enough without the sentence behind it.
const TELLING: usize = 4;
/// Characters before which no clause ends a title.
const SHORTEST: usize = 24;

/// The title of a text that begins with `lead` in bold; the lead is empty when it does not.
pub(super) fn title(text: &str, lead: &str) -> String {
    let text = strip(text);
    let rest = text.strip_prefix(lead.trim()).unwrap_or_default();
    let label = lead.trim().trim_end_matches(['.', ':', '!', ' ']);
    let closed = is_label(lead, rest);
    let telling = label.split_whitespace().count() >= TELLING && !lead.trim_end().ends_with(':');
    let behind = rest.trim_start_matches([':', '.', '–', '—', '-', ' ']);
    if !label.is_empty()
        && closed
        && (telling && !rest.trim_start().starts_with(':') || behind.is_empty())
    {
        return cut(first_sentence(label));
    }
    if !label.is_empty() && closed {
        return cut(&format!("{label}: {}", first_sentence(behind)));
    }
    cut(first_sentence(text))
}

/// True when bold `lead` is a label or a sentence of its own, not the first word of the sentence that goes on with `rest`.
pub(super) fn is_label(lead: &str, rest: &str) -> bool {
    let lead = lead.trim_end();
    let rest = rest.trim_start();
    !lead.is_empty()
        && (lead.ends_with(SENTENCE_MARKS)
            || lead.ends_with(COLONS)
            || rest.is_empty()
            || rest.starts_with([':', '–', '—', '：'])
            || rest.starts_with("- "))
}

/// The title of a row of a table: what it is about, and its verdict.
pub(super) fn row_title(about: &str, verdict: &str) -> String {
    let (about, verdict) = (about.trim(), verdict.trim());
    match (about.is_empty(), verdict.is_empty()) {
        (_, true) => cut(about),
        (true, false) => cut(first_sentence(verdict)),
        (false, false) => cut(&format!("{about}: {verdict}")),
    }
}

/// Without a box to tick, marks and emoji before the first word, and on one line.
fn strip(text: &str) -> &str {
    let text = text.trim_start();
    let boxed =
        ["[ ]", "[x]", "[X]", "☐", "☑", "☒"].iter().find_map(|mark| text.strip_prefix(mark));
    let text = boxed.unwrap_or(text);
    text.trim_start_matches(|c: char| !c.is_alphanumeric() && !"([\"“‘'`$€£#./<>~≈-−+@".contains(c))
}

/// At most [`LONGEST`] characters: whole, to the end of a clause, or to the end of a word with an ellipsis.
pub(super) fn cut(text: &str) -> String {
    let line = collapse_whitespace(text);
    let line = line.trim_end_matches(['.', ':', ';', ',', '。']);
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let end = line.char_indices().nth(LONGEST - 1).map_or(line.len(), |(at, _)| at);
    let head = line.get(..end).unwrap_or_default();
    let clause =
        ["; ", ", ", " – ", " — ", ": ", " ("].iter().filter_map(|mark| head.rfind(mark)).max();
    let long = |clause: &&str| clause.chars().count() >= SHORTEST;
    let clause = clause.and_then(|at| head.get(..at)).map(closed).filter(long);
    if let Some(clause) = clause {
        return clause.to_owned();
    }
    let word =
        head.rfind(' ').and_then(|at| head.get(..at)).filter(|w| w.chars().count() >= SHORTEST);
    format!("{}…", word.unwrap_or(head).trim_end_matches([',', ';', ':']))
}

/// Without a bracket at the end that is never closed, and what stands in it.
fn closed(clause: &str) -> &str {
    let opens = clause.rfind(['[', '(']);
    let open = opens.filter(|at| !clause.get(*at..).unwrap_or_default().contains([']', ')']));
    open.and_then(|at| clause.get(..at)).map_or(clause, str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_what_is_proposed() {
        for (text, lead, expected) in [
            (
                "Key by order id. Per-order ordering is enough.",
                "Key by order id.",
                "Key by order id",
            ),
            ("Queuing. One log per gateway. Bounded.", "Queuing.", "Queuing: One log per gateway"),
            ("SLO: p99 below 300 ms", "SLO:", "SLO: p99 below 300 ms"),
            ("SLO: p99 below 300 ms", "SLO", "SLO: p99 below 300 ms"),
            ("Kafka is the log here. It stays.", "Kafka", "Kafka is the log here"),
            ("[ ] Is it open today?", "", "Is it open today?"),
            ("❌ No shared key. One per box.", "No shared key.", "No shared key: One per box"),
            (
                "Go with option A, managed Kafka in eu-central-1, with a transactional outbox in every shop gateway and more.",
                "",
                "Go with option A, managed Kafka in eu-central-1",
            ),
            (
                "Supercalifragilistic words without any mark at all go on and on until nobody can read them",
                "",
                "Supercalifragilistic words without any mark at all go on and on until nobody…",
            ),
            (
                "LTE bills: at 1.1 KB per event [design, section 5] the metered shops stay under it only when compressed.",
                "",
                "LTE bills: at 1.1 KB per event",
            ),
            ("", "", ""),
        ] {
            assert_eq!(title(text, lead), expected);
        }
        assert_eq!(row_title("A. Kafka", "Adopt."), "A. Kafka: Adopt");
        assert_eq!(row_title("", "Adopt"), "Adopt");
    }
}
