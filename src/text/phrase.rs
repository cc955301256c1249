//! Plain text as words: joined on one line, or searched for a phrase that does not begin or end inside a word.
//!
//! Compares characters; case and plural are the caller's business.

use std::ops::Range;

use serde::Deserialize;

/// Words and phrases of a data file, in its order. Lower case; compared with text in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct WordList(Vec<String>);

impl WordList {
    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// True when exactly `word` is in the list.
    pub fn contains(&self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }

    /// True when `text` contains one of the phrases, anywhere.
    pub fn occurs_in(&self, text: &str) -> bool {
        self.iter().any(|phrase| text.contains(phrase))
    }

    /// True when `text` contains one of the phrases as whole words (see [`find_phrase`]).
    pub fn has_phrase_in(&self, text: &str, is_word_char: fn(char) -> bool) -> bool {
        self.iter().any(|phrase| find_phrase(text, phrase, is_word_char).next().is_some())
    }
}

/// The words of `text` on one line, with one space between them.
pub fn collapse_whitespace(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text on one line, runs of blanks as one, cut after `chars` characters with `…`.
pub fn shorten_line(text: &str, chars: usize) -> String {
    let line = collapse_whitespace(text);
    match line.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// True when `text` contains a letter or a digit.
pub fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The byte ranges of `phrase` in `text` as whole words; `is_word_char` says which characters words are made of.
pub fn find_phrase<'a>(
    text: &'a str,
    phrase: &'a str,
    is_word_char: fn(char) -> bool,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let is_word = move |c: Option<char>| c.is_some_and(is_word_char);
    let (first, last) = (phrase.chars().next(), phrase.chars().next_back());
    text.match_indices(phrase).map(|(at, hit)| at..at + hit.len()).filter(move |range| {
        let before = text.get(..range.start).and_then(|t| t.chars().next_back());
        let after = text.get(range.end..).and_then(|t| t.chars().next());
        let begins_inside = is_word(before) && is_word(first);
        let ends_inside = is_word(last) && is_word(after);
        !(phrase.is_empty() || begins_inside || ends_inside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_as_whole_words() {
        let found = |text, phrase| -> Vec<usize> {
            find_phrase(text, phrase, char::is_alphanumeric).map(|range| range.start).collect()
        };
        assert_eq!(found("lag, flag, lags, lag", "lag"), [0, 17]);
        assert_eq!(found("a :b", ":b"), [2]);
        assert_eq!(found("a", ""), [0_usize; 0]);
    }

    #[test]
    fn whitespace_collapses() {
        assert_eq!(collapse_whitespace(" a\n\tb  c "), "a b c");
        assert_eq!(
            (shorten_line(" a  b\n", 3), shorten_line("äöü", 2)),
            ("a b".into(), "äö…".into())
        );
        assert!(has_letters("- 漢") && !has_letters("- *"));
    }
}
