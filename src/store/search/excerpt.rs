//! Cuts the words around the first match out of a text, on one line, with marks around the matches.
//!
//! SQLite determines what a word is and where it matches, as it did for the search: it folds case and accents by its
//! own rules.

use std::ops::Range;

use rusqlite::Connection;

use super::query::{SearchTerm, is_dense};

/// Characters before and after a match.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Maximum number of characters before the first match.
const MAX_LEADING_CHARS: usize = 40;

/// Number of characters after which an excerpt ends at the next space.
const EXCERPT_CHARS: usize = 200;

/// Builds excerpts of texts, one at a time.
pub(super) struct Excerpts {
    /// An index of one text.
    conn: Connection,
    /// Random strings that do not occur in any text; SQLite puts them around matches.
    markers: [String; 2],
}

impl Excerpts {
    /// An empty index.
    pub(super) fn new() -> rusqlite::Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(
            "CREATE VIRTUAL TABLE one USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2'); \
             CREATE VIRTUAL TABLE terms USING fts5vocab ('one', 'row')",
        )?;
        let markers = [(); 2].map(|()| uuid::Uuid::new_v4().simple().to_string());
        Ok(Self { conn, markers })
    }

    /// False for a term in which the index finds no word, only symbols.
    pub(super) fn is_word(&self, term: &SearchTerm) -> rusqlite::Result<bool> {
        self.index_text(term.as_str())?;
        self.conn.prepare_cached("SELECT 1 FROM terms")?.exists([])
    }

    fn index_text(&self, text: &str) -> rusqlite::Result<()> {
        self.conn.execute("DELETE FROM one", [])?;
        self.conn.execute("INSERT INTO one (text) VALUES (?1)", [text])?;
        Ok(())
    }

    /// Returns the words around the first match of one of `terms` in `text`.
    pub(super) fn build_excerpt(
        &self,
        text: &str,
        terms: &[SearchTerm],
    ) -> rusqlite::Result<String> {
        let mut matches = self.match_prefixes(text, terms)?;
        let has_dense_script = text.contains(is_dense);
        for term in terms.iter().filter(|_| has_dense_script) {
            matches.extend(match_anywhere(text, term.as_str()));
        }
        Ok(cut_excerpt(text, merge_ranges(matches)))
    }

    /// Byte ranges of the words that begin with one of `terms`.
    fn match_prefixes(
        &self,
        text: &str,
        terms: &[SearchTerm],
    ) -> rusqlite::Result<Vec<Range<usize>>> {
        self.index_text(text)?;
        let prefixes: Vec<String> = terms.iter().map(SearchTerm::prefix_expression).collect();
        let expression = prefixes.join(" OR ");
        let [open, close] = &self.markers;
        let marked: Option<String> = {
            let mut query = self
                .conn
                .prepare_cached("SELECT highlight(one, 0, ?2, ?3) FROM one WHERE one MATCH ?1")?;
            let mut rows = query.query([&expression, open, close])?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        let mut matches = Vec::new();
        let mut offset = 0;
        for piece in marked.unwrap_or_default().split(open.as_str()).enumerate() {
            match (piece, piece.1.split_once(close.as_str())) {
                ((1.., _), Some((found, rest))) => {
                    matches.push(offset..offset + found.len());
                    offset += found.len() + rest.len();
                }
                ((_, piece), _) => offset += piece.len(),
            }
        }
        Ok(matches)
    }
}

/// Byte ranges of `word` anywhere in `text`, ignoring ASCII case.
fn match_anywhere(text: &str, word: &str) -> Vec<Range<usize>> {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    text.match_indices(&word).map(|(offset, found)| offset..offset + found.len()).collect()
}

/// Sorts ranges and merges overlapping ones.
fn merge_ranges(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Cuts an excerpt around the first of `matches`, and marks the matches.
fn cut_excerpt(text: &str, matches: Vec<Range<usize>>) -> String {
    let first = matches.first().map_or(0, |range| range.start);
    let start = excerpt_start(text, first);
    let mut out = String::new();
    if text.get(..start).is_some_and(|before| !before.trim().is_empty()) {
        out.push('…');
    }
    let mut matches = matches.into_iter().peekable();
    let mut is_marked = false;
    let mut shown = 0;
    let rest = text.get(start..).unwrap_or_default();
    for (offset, c) in rest.char_indices().map(|(offset, c)| (start + offset, c)) {
        if is_marked && matches.next_if(|range| range.end <= offset).is_some() {
            out.push(MARKS[1]);
            is_marked = false;
        }
        if shown >= EXCERPT_CHARS
            && (c.is_whitespace() || shown >= EXCERPT_CHARS + MAX_LEADING_CHARS)
        {
            if text.get(offset..).is_some_and(|rest| !rest.trim().is_empty()) {
                out.truncate(out.trim_end().len());
                out.push_str(if is_marked { "\u{3}…" } else { "…" });
            }
            return out;
        }
        if !is_marked && matches.peek().is_some_and(|range| range.start <= offset) {
            out.push(MARKS[0]);
            is_marked = true;
        }
        // One line, without other marks.
        let c = match c {
            '\u{2}' => '␂',
            '\u{3}' => '␃',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if c != ' ' || !(out.is_empty() || out.ends_with([' ', '…'])) {
            out.push(c);
            shown += 1;
        }
    }
    if is_marked {
        out.push(MARKS[1]);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Returns the byte offset where the excerpt of a match at `first` starts: some words earlier, within a word only if
/// that is very long.
fn excerpt_start(text: &str, first: usize) -> usize {
    let before = text.get(..first).unwrap_or_default();
    let mut leading = before.char_indices().rev().take(MAX_LEADING_CHARS);
    match leading.nth(MAX_LEADING_CHARS - 1) {
        None => 0,
        Some((at, _)) => {
            let window = before.get(at..).unwrap_or_default();
            let word = window.find(char::is_whitespace);
            at + word.unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SearchQuery;
    use super::*;

    fn excerpt(input: &str, text: &str) -> String {
        let query = SearchQuery::parse(input).unwrap();
        Excerpts::new().unwrap().build_excerpt(text, query.terms()).unwrap()
    }

    #[test]
    fn marks_matches_ignoring_case_and_accents() {
        assert_eq!(
            excerpt("uber daten", "Die Über-Datenbank"),
            "Die \u{2}Über\u{3}-\u{2}Datenbank\u{3}"
        );
        assert_eq!(excerpt("us-east", "in us-east-1 and us"), "in \u{2}us-east\u{3}-1 and us");
        assert_eq!(excerpt("設計", "クラスタの設計を"), "クラスタの\u{2}設計\u{3}を");
        assert_eq!(excerpt("POSTGRES", "用Postgres数据库"), "用\u{2}Postgres\u{3}数据库");
        assert_eq!(excerpt("none", "nothing is here"), "nothing is here");
    }

    #[test]
    fn excerpt_is_one_line_around_the_first_match() {
        let text = format!("{} needle\n\n  \u{2}and {}", "before ".repeat(50), "after ".repeat(90));
        let line = excerpt("needle", &text);
        assert!(line.starts_with("…before ") && line.ends_with(" after…"), "{line:?}");
        assert!(line.contains("before \u{2}needle\u{3} ␂and after"), "{line:?}");
        assert!(line.chars().count() < EXCERPT_CHARS + 10, "{line:?}");
        assert!(
            line.chars().take_while(|c| *c != '\u{2}').count() <= MAX_LEADING_CHARS + 1,
            "{line:?}"
        );
    }

    #[test]
    fn cuts_text_without_spaces() {
        let text = "設".repeat(5_000) + "費用" + &"計".repeat(5_000);
        let line = excerpt("費用", &text);
        assert!(line.contains("\u{2}費用\u{3}") && line.chars().count() < 300, "{line}");
        let whole = excerpt("xxxx", &"x".repeat(9_000));
        assert!(whole.ends_with("\u{3}…") && whole.chars().count() < 300, "{whole}");
    }
}
