//! Splits search input into terms; no part of it is ever syntax of the index.

use crate::domain::script;

/// Maximum number of terms; further ones are ignored.
const MAX_TERMS: usize = 32;

/// Maximum number of characters of a term.
const MAX_TERM_CHARS: usize = 128;

/// Terms that must all occur.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) struct SearchQuery {
    terms: Vec<SearchTerm>,
}

impl SearchQuery {
    /// Splits `input` into terms. None if it contains neither a letter nor a digit.
    pub(in crate::store) fn parse(input: &str) -> Option<Self> {
        let mut terms = Vec::new();
        let words = input.split(|c: char| c.is_whitespace() || c.is_control());
        for word in words.filter(|word| word.contains(char::is_alphanumeric)) {
            let term = SearchTerm(word.chars().take(MAX_TERM_CHARS).collect());
            if !terms.contains(&term) && terms.len() < MAX_TERMS {
                terms.push(term);
            }
        }
        // The longest first: it occurs in the fewest texts.
        terms.sort_by_key(|term| std::cmp::Reverse(term.0.chars().count()));
        if terms.is_empty() { None } else { Some(Self { terms }) }
    }

    /// The terms, longest first.
    pub(super) fn terms(&self) -> &[SearchTerm] {
        &self.terms
    }
}

/// One word as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchTerm(String);

impl SearchTerm {
    /// True if it contains a character of a script without spaces between words.
    pub(super) fn is_dense(&self) -> bool {
        self.0.chars().any(script::is_unspaced)
    }

    /// The word as typed.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Query of the word index for words that begin with the term. `us-east` is two consecutive words.
    pub(super) fn prefix_expression(&self) -> String {
        format!("{} *", quote_phrase(&self.0))
    }

    /// Query of the trigram index; none for a term of less than three characters.
    pub(super) fn trigram_expression(&self) -> Option<String> {
        (self.0.chars().count() >= 3).then(|| quote_phrase(&self.0))
    }

    /// The half-open range of the trigrams that begin with the term.
    pub(super) fn trigram_range(&self) -> (String, String) {
        let from = self.0.to_lowercase();
        let to = format!("{from}{}", char::MAX);
        (from, to)
    }
}

/// Quotes `text` for the index, so that none of it is syntax.
pub(super) fn quote_phrase(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(typed: &str) -> Vec<String> {
        let query = SearchQuery::parse(typed);
        query.map(|q| q.terms.into_iter().map(|word| word.0).collect()).unwrap_or_default()
    }

    #[test]
    fn splits_input_into_words_without_syntax() {
        assert_eq!(words(" two\twords\u{3000}設計 two\0x "), ["words", "two", "設計", "x"]);
        assert_eq!(
            words("NEAR(a, b) \"a OR b\" * -c ^ :"),
            ["NEAR(a,", "b)", "\"a", "OR", "b\"", "-c"]
        );
        for nothing in ["", " \n", "* - \" ( ) :", "→ 🚀 …"] {
            assert_eq!(SearchQuery::parse(nothing), None, "{nothing:?}");
        }
        assert_eq!(words(&"x".repeat(500))[0].len(), MAX_TERM_CHARS);
        let many: Vec<String> = (0..100).map(|n| format!("w{n}")).collect();
        assert_eq!(words(&many.join(" ")).len(), MAX_TERMS);
    }

    #[test]
    fn index_and_query_agree_on_scripts_without_spaces() {
        let mut conn = rusqlite::Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate_to_newest(&mut conn).unwrap();
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
    fn quote_in_a_term_does_not_end_the_phrase() {
        assert_eq!(SearchTerm("a\" OR \"b".into()).prefix_expression(), "\"a\"\" OR \"\"b\" *");
        assert_eq!(SearchTerm("設計".into()).trigram_expression(), None);
        assert_eq!(SearchTerm("設計書".into()).trigram_expression().as_deref(), Some("\"設計書\""));
    }
}
