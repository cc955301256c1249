//! Cuts the words around the first match out of a text, on one line, with marks around the matches.
//!
//! SQLite determines what a word is and where it matches, as it did for the search: it folds case and accents by its
//! own rules. It is given one small window of the text after the other, because the time it takes to mark matches grows
//! with the square of their number.

use std::ops::Range;

use rusqlite::Connection;

use super::SearchStop;
use super::query::SearchTerm;
use crate::domain::script::is_unspaced;

/// Characters before and after a match.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Maximum number of characters before the first match.
const MAX_LEADING_CHARS: usize = 40;

/// Number of characters after which an excerpt ends at the next space.
const EXCERPT_CHARS: usize = 200;

/// Bytes of a window. An excerpt of four-byte characters is not longer.
const WINDOW_BYTES: usize = 1024;

/// Bytes that a window shares with the next one, so that a match of several words is whole in one of them.
const WINDOW_OVERLAP: usize = 256;

/// Bytes that SQLite may look through for all excerpts of a search. The excerpts after that begin with their texts.
const MAX_INDEXED_BYTES: usize = 4 << 20;

/// Builds excerpts of texts, one at a time.
pub(super) struct Excerpts {
    /// An index of one window.
    conn: Connection,
    /// What is left of [`MAX_INDEXED_BYTES`].
    bytes_left: usize,
}

impl Excerpts {
    /// An empty index.
    pub(super) fn new() -> rusqlite::Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(
            "CREATE VIRTUAL TABLE one USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2'); \
             CREATE VIRTUAL TABLE terms USING fts5vocab ('one', 'row')",
        )?;
        Ok(Self { conn, bytes_left: MAX_INDEXED_BYTES })
    }

    /// False for a term in which the index finds no word, only symbols.
    pub(super) fn is_word(&self, term: &SearchTerm) -> rusqlite::Result<bool> {
        self.index_text(term.as_str())?;
        self.conn.prepare_cached("SELECT 1 FROM terms")?.exists([])
    }

    fn index_text(&self, text: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached("DELETE FROM one")?.execute([])?;
        self.conn.prepare_cached("INSERT INTO one (text) VALUES (?1)")?.execute([text])?;
        Ok(())
    }

    /// Returns the words around the first match of one of `terms` in `text`. The beginning of the text if there is no
    /// match, or none is found with what is left of [`MAX_INDEXED_BYTES`].
    pub(super) fn build_excerpt(
        &mut self,
        text: &str,
        terms: &[SearchTerm],
        stop: &SearchStop,
    ) -> rusqlite::Result<String> {
        let Some((window, first)) = self.find_first_match(text, terms, stop)? else {
            return Ok(cut_excerpt(text, Vec::new()));
        };
        // From the same start, so that the word of the match is not cut.
        let end = text.ceil_char_boundary(first + WINDOW_BYTES);
        let mut matches = self.find_matches(text, window..end, terms)?;
        matches.retain(|range| range.start >= first);
        Ok(cut_excerpt(text, matches))
    }

    /// Returns where the first match begins, after the start of its window.
    fn find_first_match(
        &mut self,
        text: &str,
        terms: &[SearchTerm],
        stop: &SearchStop,
    ) -> rusqlite::Result<Option<(usize, usize)>> {
        let needles = ascii_needles(terms);
        let mut start = 0;
        while start < text.len() {
            stop.check()?;
            let end = text.ceil_char_boundary(start + WINDOW_BYTES);
            let window = text.get(start..end).unwrap_or_default();
            if may_match(window, needles.as_deref()) {
                let Some(left) = self.bytes_left.checked_sub(window.len()) else { break };
                self.bytes_left = left;
                let matches = self.find_matches(text, start..end, terms)?;
                if let Some(first) = matches.first() {
                    return Ok(Some((start, first.start)));
                }
            }
            if end == text.len() {
                break;
            }
            start = window_start(text, end - WINDOW_OVERLAP..end);
        }
        Ok(None)
    }

    /// Byte ranges in `text` of the matches within `window`, in order.
    fn find_matches(
        &self,
        text: &str,
        window: Range<usize>,
        terms: &[SearchTerm],
    ) -> rusqlite::Result<Vec<Range<usize>>> {
        let start = window.start;
        let text = text.get(window).unwrap_or_default();
        let mut matches = self.match_prefixes(text, terms)?;
        if text.contains(is_unspaced) {
            for term in terms {
                matches.extend(match_anywhere(text, term.as_str()));
            }
        }
        let in_text = merge_ranges(matches).into_iter();
        Ok(in_text.map(|range| start + range.start..start + range.end).collect())
    }

    /// Byte ranges of the words that begin with one of `terms`.
    fn match_prefixes(
        &self,
        text: &str,
        terms: &[SearchTerm],
    ) -> rusqlite::Result<Vec<Range<usize>>> {
        // Marks of the text itself separate words as any other control character does.
        self.index_text(&text.replace(MARKS, "\u{1}"))?;
        let prefixes: Vec<String> = terms.iter().map(SearchTerm::prefix_expression).collect();
        let expression = prefixes.join(" OR ");
        let [open, close] = MARKS.map(String::from);
        let marked: Option<String> = {
            let mut query = self
                .conn
                .prepare_cached("SELECT highlight(one, 0, ?2, ?3) FROM one WHERE one MATCH ?1")?;
            let mut rows = query.query([&expression, &open, &close])?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        let mut matches = Vec::new();
        let mut offset = 0;
        for piece in marked.unwrap_or_default().split(MARKS[0]).enumerate() {
            match (piece, piece.1.split_once(MARKS[1])) {
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

/// For each term a string that is part of each of its matches in ASCII, in lower case. None if a term has other
/// characters: ASCII text may match it, as `u` does `ü`.
fn ascii_needles(terms: &[SearchTerm]) -> Option<Vec<String>> {
    let longest_word = |term: &SearchTerm| {
        let words = term.as_str().split(|c: char| !c.is_ascii_alphanumeric());
        let longest = words.max_by_key(|word| word.len()).unwrap_or_default();
        term.as_str().is_ascii().then(|| longest.to_ascii_lowercase())
    };
    terms.iter().map(longest_word).collect()
}

/// False if no term can match in `window`, which a scan of its bytes tells faster than an index.
fn may_match(window: &str, needles: Option<&[String]>) -> bool {
    let Some(needles) = needles else { return true };
    if !window.is_ascii() && window.contains(|c: char| !c.is_ascii() && is_part_of_word(c)) {
        return true;
    }
    let window = window.to_ascii_lowercase();
    needles.iter().any(|needle| window.contains(needle))
}

/// True for letters, digits and the combining marks of Latin letters.
fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}')
}

/// The start of the next window in `range`: behind a space, so that no word is cut, if there is one.
fn window_start(text: &str, range: Range<usize>) -> usize {
    let start = text.ceil_char_boundary(range.start);
    let overlap = text.get(start..range.end).unwrap_or_default();
    let space = overlap.char_indices().find(|(_, c)| c.is_whitespace());
    start + space.map_or(0, |(at, c)| at + c.len_utf8())
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
        Excerpts::new().unwrap().build_excerpt(text, query.terms(), &SearchStop::default()).unwrap()
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

    /// Matches at every position around the edges of windows, also of several words and with accents.
    #[test]
    fn match_is_found_wherever_the_windows_meet() {
        for (input, word) in [("needle", "needle"), ("us-east", "us-east-1"), ("uber", "Über")] {
            for before in (WINDOW_BYTES - WINDOW_OVERLAP - 20..WINDOW_BYTES + 20).step_by(7) {
                let text = format!("{} {word} after", "é".repeat(before / 2));
                let line = excerpt(input, &text);
                assert!(line.contains('\u{2}'), "{input} after {before} bytes: {line:?}");
            }
            let far = format!("{} {word} after", "lorem ipsum … ".repeat(200_000));
            assert!(excerpt(input, &far).ends_with(" after"), "{input}");
        }
    }

    /// Highlighting takes time that grows with the square of the matches, and a text may be all matches.
    #[test]
    fn only_one_window_of_a_text_full_of_matches_is_indexed() {
        let mut excerpts = Excerpts::new().unwrap();
        let query = SearchQuery::parse("a b").unwrap();
        let text = "a b ".repeat(100_000);
        let line = excerpts.build_excerpt(&text, query.terms(), &SearchStop::default()).unwrap();
        assert!(line.starts_with("\u{2}a\u{3} \u{2}b\u{3} ") && line.ends_with('…'), "{line:?}");
        assert_eq!(excerpts.bytes_left, MAX_INDEXED_BYTES - WINDOW_BYTES);
    }

    #[test]
    fn text_without_a_match_costs_no_more_than_the_budget_and_a_stop_ends_the_scan() {
        let mut excerpts = Excerpts::new().unwrap();
        let query = SearchQuery::parse("none").unwrap();
        let text = "é ".repeat(3 << 20);
        let line = excerpts.build_excerpt(&text, query.terms(), &SearchStop::default()).unwrap();
        assert!(line.starts_with("é é") && !line.contains('\u{2}'), "{line:?}");
        assert!(excerpts.bytes_left < WINDOW_BYTES, "{}", excerpts.bytes_left);
        let stop = SearchStop::default();
        stop.stop();
        assert!(excerpts.build_excerpt(&text, query.terms(), &stop).is_err());
    }
}
