//! The title of a recommendation: its bold label, its first sentence, or a table cell with its verdict.
//!
//! One line of at most [`MAX_TITLE_CHARS`] characters. Titles that the user wrote do not pass through here.

use crate::domain::script::{COLONS, SENTENCE_MARKS};
use crate::text::{collapse_whitespace, first_sentence, has_letters};

/// Characters of a title at most.
const MAX_TITLE_CHARS: usize = 80;
/// A label of this many words is a title without the sentence after it.
const TELLING_LABEL_WORDS: usize = 4;
/// Characters that a title keeps at least when it is shortened to a clause or a word.
const MIN_TITLE_CHARS: usize = 24;

/// The title of a text that begins with `lead` in bold; `lead` is empty when it does not. Has letters if the text has any.
pub(super) fn recommendation_title(text: &str, lead: &str) -> String {
    let text = strip_list_marks(text);
    let title = shorten_title(&title_sentence(text, lead));
    // A first sentence can be punctuation only: `:.漢`.
    if has_letters(&title) { title } else { shorten_title(text) }
}

/// The label with or without the sentence after it, or the first sentence.
fn title_sentence(text: &str, lead: &str) -> String {
    let rest = text.strip_prefix(lead.trim()).unwrap_or_default();
    let label = lead.trim().trim_end_matches(['.', ':', '!', ' ']);
    if label.is_empty() || !is_label(lead, rest) {
        return first_sentence(text).to_owned();
    }
    let is_telling = label.split_whitespace().count() >= TELLING_LABEL_WORDS
        && !lead.trim_end().ends_with(':')
        && !rest.trim_start().starts_with(':');
    let explanation = rest.trim_start_matches([':', '.', '–', '—', '-', ' ']);
    if is_telling || explanation.is_empty() {
        first_sentence(label).to_owned()
    } else {
        format!("{label}: {}", first_sentence(explanation))
    }
}

/// True when the bold `lead` is a label or a sentence, not the first words of a sentence that continues with `rest`.
pub(super) fn is_label(lead: &str, rest: &str) -> bool {
    let lead = lead.trim_end();
    let rest = rest.trim_start();
    !lead.is_empty()
        && (lead.ends_with(SENTENCE_MARKS)
            || lead.ends_with(COLONS)
            || rest.is_empty()
            || rest.starts_with(COLONS)
            || rest.starts_with(['–', '—'])
            || rest.starts_with("- "))
}

/// The title of a table row: its subject and its verdict.
pub(super) fn row_title(subject: &str, verdict: &str) -> String {
    let (subject, verdict) = (subject.trim(), verdict.trim());
    match (subject.is_empty(), verdict.is_empty()) {
        (_, true) => shorten_title(subject),
        (true, false) => shorten_title(first_sentence(verdict)),
        (false, false) => shorten_title(&format!("{subject}: {verdict}")),
    }
}

/// The text without a check box, punctuation and emoji before the first word.
fn strip_list_marks(text: &str) -> &str {
    const CHECK_BOXES: [&str; 6] = ["[ ]", "[x]", "[X]", "☐", "☑", "☒"];
    let text = text.trim_start();
    let text = CHECK_BOXES.iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
    text.trim_start_matches(|c: char| !c.is_alphanumeric() && !"([\"“‘'`$€£#./<>~≈-−+@".contains(c))
}

/// `text` on one line in at most [`MAX_TITLE_CHARS`] characters: complete, up to the end of a clause, or up to the end of a
/// word with an ellipsis.
pub(super) fn shorten_title(text: &str) -> String {
    let line = collapse_whitespace(text);
    let line = line.trim_end_matches(['.', ':', ';', ',', '。']);
    if line.chars().count() <= MAX_TITLE_CHARS {
        return line.to_owned();
    }
    let end = line.char_indices().nth(MAX_TITLE_CHARS - 1).map_or(line.len(), |(end, _)| end);
    let head = line.get(..end).unwrap_or_default();
    let is_long = |text: &&str| text.chars().count() >= MIN_TITLE_CHARS;
    let clause_end =
        ["; ", ", ", " – ", " — ", ": ", " ("].iter().filter_map(|mark| head.rfind(mark)).max();
    let clause = clause_end.and_then(|end| head.get(..end)).map(drop_open_bracket);
    if let Some(clause) = clause.filter(is_long) {
        return clause.to_owned();
    }
    let word = head.rfind(' ').and_then(|end| head.get(..end)).filter(is_long);
    format!("{}…", word.unwrap_or(head).trim_end_matches([',', ';', ':']))
}

/// `text` without a bracket that is never closed, and what is in it.
fn drop_open_bracket(text: &str) -> &str {
    let last = text.rfind(['[', '(']);
    let open = last.filter(|start| !text.get(*start..).unwrap_or_default().contains([']', ')']));
    open.and_then(|start| text.get(..start)).map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_say_what_is_proposed() {
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
            (":.漢", ":.漢", ".漢"),
            ("", "", ""),
        ] {
            assert_eq!(recommendation_title(text, lead), expected);
        }
        assert_eq!(row_title("A. Kafka", "Adopt."), "A. Kafka: Adopt");
        assert_eq!(row_title("", "Adopt"), "Adopt");
    }
}
