//! How much an item matters, where the answer itself says so in a label: `[High]`, `P1:`, `Severity: low`.
//!
//! Never guessed from what the text is about. Used by `recommend`.

use crate::domain::Severity;

/// Labels and what they stand for.
const WORDS: &[(&str, Severity)] = &[
    ("critical", Severity::Critical),
    ("blocker", Severity::Critical),
    ("p0", Severity::Critical),
    ("high", Severity::High),
    ("major", Severity::High),
    ("p1", Severity::High),
    ("medium", Severity::Medium),
    ("moderate", Severity::Medium),
    ("p2", Severity::Medium),
    ("low", Severity::Low),
    ("minor", Severity::Low),
    ("p3", Severity::Low),
];

/// Characters within which a label stands.
const NEAR: usize = 40;

/// The severity that `text` is labelled with at its beginning, or behind `Severity:` or `Priority:`.
pub(super) fn severity(text: &str) -> Option<Severity> {
    let head = text.trim_start();
    let bracket = head.strip_prefix(['[', '(']).and_then(|rest| rest.split([']', ')']).next());
    if let Some(found) = bracket.and_then(word) {
        return Some(found);
    }
    let label = head.split_once([':', '.', '–', '—']).map(|(label, _)| label);
    if let Some(found) = label.filter(|label| label.len() <= NEAR).and_then(word) {
        return Some(found);
    }
    let lower = text.to_lowercase();
    ["severity:", "priority:", "severity =", "schwere:", "priorität:"].iter().find_map(|mark| {
        let (_, behind) = lower.split_once(mark)?;
        word(behind.split([',', ';', '.', ')', ']', '\n', '|']).next()?)
    })
}

/// The severity that a label or a cell is, with or without the word `risk` or `priority`.
pub(super) fn word(text: &str) -> Option<Severity> {
    let lower = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let mut parts = lower.split_whitespace();
    let (first, second) = (parts.next()?, parts.next());
    let is_alone =
        second.is_none_or(|word| matches!(word, "risk" | "priority" | "severity" | "impact"));
    let known = WORDS.iter().find(|(word, _)| *word == first);
    known.filter(|_| is_alone && parts.next().is_none()).map(|(_, severity)| *severity)
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
            assert_eq!(severity(text), expected, "{text}");
        }
        assert_eq!(word("**High**"), Some(Severity::High));
        assert_eq!(word("High without redaction"), None);
    }
}
