//! The title of a session: the first line of its first question, short enough for a list. Called by `app` and the headless `ask`.

use crate::text::sanitize_line;

/// Characters of a title at most.
const LONGEST: usize = 120;

/// The title that a session with this first question gets; clean, on one line, cut at a word.
pub fn title(question: &str) -> String {
    let line = question.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = sanitize_line(line);
    if line.chars().count() <= LONGEST {
        return line;
    }
    let head: String = line.chars().take(LONGEST - 1).collect();
    let words = head.rsplit_once(' ').map(|(words, _)| words).filter(|w| w.len() > LONGEST / 2);
    format!("{}…", words.unwrap_or(&head).trim_end_matches([',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_cut_at_a_word() {
        assert_eq!(title("\n  Which one?  \nmore"), "Which one?");
        assert_eq!(title(""), "");
        let long = title(&"some words ".repeat(20));
        assert!(long.ends_with("some…") || long.ends_with("words…"), "{long}");
        assert!(long.chars().count() <= LONGEST);
        assert_eq!(title(&"x".repeat(200)).chars().count(), LONGEST);
    }
}
