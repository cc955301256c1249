//! The severity that an answer states in a label: `[High]`, `P1:`, `Severity: low`.
//!
//! Only labels count; severity is never guessed from the content.

use super::word_lists::word_lists;
use crate::domain::Severity;

/// Bytes within which a label ends.
const MAX_LABEL_BYTES: usize = 40;

/// The severity that `text` is labelled with at its beginning, or after `Severity:` or `Priority:`.
pub(super) fn find_severity(text: &str) -> Option<Severity> {
    let start = text.trim_start();
    let bracketed = start.strip_prefix(['[', '(']).and_then(|rest| rest.split([']', ')']).next());
    if let Some(severity) = bracketed.and_then(parse_severity) {
        return Some(severity);
    }
    let label = start.split_once([':', '.', '–', '—']).map(|(label, _)| label);
    let label = label.filter(|label| label.len() <= MAX_LABEL_BYTES);
    if let Some(severity) = label.and_then(parse_severity) {
        return Some(severity);
    }
    let lower = text.to_lowercase();
    word_lists().severity.prefixes.iter().find_map(|prefix| {
        let (_, after) = lower.split_once(prefix)?;
        parse_severity(after.split([',', ';', '.', ')', ']', '\n', '|']).next()?)
    })
}

/// The severity that a label or a table cell is: `High`, `high risk`, `P1`.
pub(super) fn parse_severity(text: &str) -> Option<Severity> {
    let lists = &word_lists().severity;
    let lower = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let mut words = lower.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    let is_label =
        second.is_none_or(|word| lists.suffixes.contains(word)) && words.next().is_none();
    lists.find_severity(first).filter(|_| is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_label_counts() {
        for (text, expected) in [
            ("[High] Encrypt it", Some(Severity::High)),
            ("P0: stop the bleeding", Some(Severity::Critical)),
            ("Low risk – leave it", Some(Severity::Low)),
            ("Rotate the keys (severity: medium)", Some(Severity::Medium)),
            ("High availability needs two zones", None),
            ("High: availability", Some(Severity::High)),
            ("Critical path first. Then the rest", None),
            ("", None),
        ] {
            assert_eq!(find_severity(text), expected, "{text}");
        }
        assert_eq!(parse_severity("**High**"), Some(Severity::High));
        assert_eq!(parse_severity("High without redaction"), None);
    }
}
