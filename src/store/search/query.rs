//! What was typed, as words to look up: nothing of it is ever syntax of the index.
//!
//! Pure. Called by [`super`] and by the worker.

use crate::domain::script;

/// The most words that are looked up; what comes behind them is left out.
const WORDS: usize = 32;

/// The most characters of a word.
const LONGEST: usize = 128;

/// Words that must all occur.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct Query {
    words: Vec<Word>,
}

impl Query {
    /// The words of what was typed; none when there is no letter and no digit in it.
    pub(in crate::store) fn of(typed: &str) -> Option<Self> {
        let mut words = Vec::new();
        let parts = typed.split(|c: char| c.is_whitespace() || c.is_control());
        for part in parts.filter(|part| part.contains(char::is_alphanumeric)) {
            let word = Word(part.chars().take(LONGEST).collect());
            if !words.contains(&word) && words.len() < WORDS {
                words.push(word);
            }
        }
        // The longest first: it stands in the fewest documents.
        words.sort_by_key(|word| std::cmp::Reverse(word.0.chars().count()));
        if words.is_empty() { None } else { Some(Self { words }) }
    }

    /// The words.
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }
}

/// One word as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word(String);

impl Word {
    /// True when such words stand in the text without blanks around them.
    pub(super) fn is_dense(&self) -> bool {
        self.0.chars().any(script::is_unspaced)
    }

    /// The word as typed.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// An expression of the index of words: all that begins like it. `us-east` is two words behind each other.
    pub(super) fn beginning(&self) -> String {
        format!("{} *", phrase(&self.0))
    }

    /// An expression of the index of pieces of three characters; none for a shorter word.
    pub(super) fn pieces(&self) -> Option<String> {
        (self.0.chars().count() >= 3).then(|| phrase(&self.0))
    }

    /// The first piece that begins like it, and one behind the last.
    pub(super) fn pieces_between(&self) -> (String, String) {
        let from = self.0.to_lowercase();
        let to = format!("{from}{}", char::MAX);
        (from, to)
    }
}

/// Characters as they are, in the index's own quotes.
pub(super) fn phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<String> {
        let query = Query::of(typed);
        query.map(|q| q.words.into_iter().map(|word| word.0).collect()).unwrap_or_default()
    }

    #[test]
    fn what_was_typed_becomes_words_and_nothing_else() {
        assert_eq!(words(" two\twords\u{3000}設計 two\0x "), ["words", "two", "設計", "x"]);
        assert_eq!(
            words("NEAR(a, b) \"a OR b\" * -c ^ :"),
            ["NEAR(a,", "b)", "\"a", "OR", "b\"", "-c"]
        );
        for nothing in ["", " \n", "* - \" ( ) :", "→ 🚀 …"] {
            assert_eq!(Query::of(nothing), None, "{nothing:?}");
        }
        assert_eq!(words(&"x".repeat(500))[0].len(), LONGEST);
        let many: Vec<String> = (0..100).map(|n| format!("w{n}")).collect();
        assert_eq!(words(&many.join(" ")).len(), WORDS);
    }

    #[test]
    fn the_index_and_the_query_take_the_same_scripts_for_dense() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate(&mut conn).unwrap();
        conn.execute_batch(
            "INSERT INTO session (id, title, panel, created_at, updated_at) VALUES ('1', '', '', 0, 0); \
             INSERT INTO turn (id, session, question, asked_at) VALUES ('1', 1, '', 0); \
             INSERT INTO run (id, turn, persona, persona_name, view, model, started_at) \
             VALUES ('1', 1, '', '', '', '', 0)",
        )
        .unwrap();
        let tx = conn.transaction().unwrap();
        let documents = |sql: &str| -> i64 { tx.query_row(sql, [], |row| row.get(0)).unwrap() };
        // The first and the last of every range and their neighbours, and some of the rest.
        let ranges = script::SCRIPT_RANGES.iter().map(|range| &range.chars);
        let edges = ranges.flat_map(|range| [*range.start(), *range.end()]);
        let edges =
            edges.flat_map(|c| (u32::from(c) - 1..=u32::from(c) + 1).filter_map(char::from_u32));
        for c in edges.chain("aéЖ→…🚀設あア한ไက".chars()) {
            let text = format!("a {c} b");
            tx.execute("UPDATE session SET title = ?1", [&text]).unwrap();
            tx.execute("UPDATE turn SET question = ?1", [&text]).unwrap();
            tx.execute("UPDATE run SET text = ?1", [&text]).unwrap();
            let dense = documents("SELECT count(*) FROM dense_document");
            assert_eq!(dense, if script::is_unspaced(c) { 3 } else { 0 }, "U+{:X}", u32::from(c));
        }
    }

    #[test]
    fn quotes_cannot_end_a_phrase() {
        assert_eq!(Word("a\" OR \"b".into()).beginning(), "\"a\"\" OR \"\"b\" *");
        assert_eq!(Word("設計".into()).pieces(), None);
        assert_eq!(Word("設計書".into()).pieces().as_deref(), Some("\"設計書\""));
    }
}
