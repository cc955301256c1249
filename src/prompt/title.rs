//! The title of a session: the first line of its first question, short enough for a list.

use crate::text::sanitize_line;

/// Characters of a title at most.
const MAX_TITLE_CHARS: usize = 120;

/// The title of a session with this first question: sanitised, on one line, cut after a word.
pub fn title_from_question(question: &str) -> String {
    let line = question.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = sanitize_line(line);
    if line.chars().count() <= MAX_TITLE_CHARS {
        return line;
    }
    let head: String = line.chars().take(MAX_TITLE_CHARS - 1).collect();
    let words =
        head.rsplit_once(' ').map(|(words, _)| words).filter(|w| w.len() > MAX_TITLE_CHARS / 2);
    format!("{}…", words.unwrap_or(&head).trim_end_matches([',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_cut_at_a_word() {
        assert_eq!(title_from_question("\n  Which one?  \nmore"), "Which one?");
        assert_eq!(title_from_question(""), "");
        let long = title_from_question(&"some words ".repeat(20));
        assert!(long.ends_with("some…") || long.ends_with("words…"), "{long}");
        assert!(long.chars().count() <= MAX_TITLE_CHARS);
        assert_eq!(title_from_question(&"x".repeat(200)).chars().count(), MAX_TITLE_CHARS);
    }
}
