//! The words around the first place where something was found, on one line, with marks around what was found.
//!
//! What a word is and where it stands is asked of SQLite, as it is SQLite that found it: it folds case and accents
//! in its own way. Called by [`super`].

use std::ops::Range;

use rusqlite::Connection;

use super::query::Word;
use crate::domain::script::is_unspaced;

/// Stands before what was found, and behind it.
const MARKS: [char; 2] = ['\u{2}', '\u{3}'];

/// Characters that are shown before the first place.
const BEFORE: usize = 40;

/// Characters that are shown in all.
const LONGEST: usize = 200;

/// Makes excerpts of documents that were found, one at a time.
pub(super) struct Excerpts {
    /// An index of one document.
    conn: Connection,
    /// Characters that stand in no document.
    around: [String; 2],
}

impl Excerpts {
    /// An empty index.
    pub(super) fn new() -> rusqlite::Result<Self> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(
            "CREATE VIRTUAL TABLE one USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2'); \
             CREATE VIRTUAL TABLE terms USING fts5vocab ('one', 'row')",
        )?;
        let around = [(); 2].map(|()| uuid::Uuid::new_v4().simple().to_string());
        Ok(Self { conn, around })
    }

    /// False for signs that are no word to the index.
    pub(super) fn is_word(&self, word: &Word) -> rusqlite::Result<bool> {
        self.read(word.as_str())?;
        self.conn.prepare_cached("SELECT 1 FROM terms")?.exists([])
    }

    fn read(&self, text: &str) -> rusqlite::Result<()> {
        self.conn.execute("DELETE FROM one", [])?;
        self.conn.execute("INSERT INTO one (text) VALUES (?1)", [text])?;
        Ok(())
    }

    /// The words around the first place in `text` where one of `words` stands.
    pub(super) fn of(&self, text: &str, words: &[Word]) -> rusqlite::Result<String> {
        let mut places = self.places(text, words)?;
        let dense = text.contains(is_unspaced);
        for word in words.iter().filter(|_| dense) {
            places.extend(find(text, word.as_str()));
        }
        Ok(excerpt(text, merged(places)))
    }

    /// Where words stand that begin like one of `words`.
    fn places(&self, text: &str, words: &[Word]) -> rusqlite::Result<Vec<Range<usize>>> {
        self.read(text)?;
        let beginnings: Vec<String> = words.iter().map(Word::beginning).collect();
        let beginnings = beginnings.join(" OR ");
        let [open, close] = &self.around;
        let marked: Option<String> = {
            let mut query = self
                .conn
                .prepare_cached("SELECT highlight(one, 0, ?2, ?3) FROM one WHERE one MATCH ?1")?;
            let mut rows = query.query([&beginnings, open, close])?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        let mut places = Vec::new();
        let mut at = 0;
        for piece in marked.unwrap_or_default().split(open.as_str()).enumerate() {
            match (piece, piece.1.split_once(close.as_str())) {
                ((1.., _), Some((found, rest))) => {
                    places.push(at..at + found.len());
                    at += found.len() + rest.len();
                }
                ((_, piece), _) => at += piece.len(),
            }
        }
        Ok(places)
    }
}

/// Every place of `word`, whatever the case of its ASCII letters.
fn find(text: &str, word: &str) -> Vec<Range<usize>> {
    let (text, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    text.match_indices(&word).map(|(at, found)| at..at + found.len()).collect()
}

/// In order, and none over another.
fn merged(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| (place.start, place.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for place in places {
        match merged.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    merged
}

/// Cuts `text` around the first of `places`, and marks them.
fn excerpt(text: &str, places: Vec<Range<usize>>) -> String {
    let first = places.first().map_or(0, |place| place.start);
    let start = begin(text, first);
    let mut out = String::new();
    if text.get(..start).is_some_and(|before| !before.trim().is_empty()) {
        out.push('…');
    }
    let mut places = places.into_iter().peekable();
    let mut open = false;
    let mut shown = 0;
    let rest = text.get(start..).unwrap_or_default();
    for (at, c) in rest.char_indices().map(|(at, c)| (start + at, c)) {
        if open && places.next_if(|place| place.end <= at).is_some() {
            out.push(MARKS[1]);
            open = false;
        }
        if shown >= LONGEST && (c.is_whitespace() || shown >= LONGEST + BEFORE) {
            if text.get(at..).is_some_and(|rest| !rest.trim().is_empty()) {
                out.truncate(out.trim_end().len());
                out.push_str(if open { "\u{3}…" } else { "…" });
            }
            return out;
        }
        if !open && places.peek().is_some_and(|place| place.start <= at) {
            out.push(MARKS[0]);
            open = true;
        }
        // One line, and no mark but ours.
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
    if open {
        out.push(MARKS[1]);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Where an excerpt begins that shows what stands at `first`: some words before it, never within a word unless that
/// is a very long one.
fn begin(text: &str, first: usize) -> usize {
    let before = text.get(..first).unwrap_or_default();
    let mut far = before.char_indices().rev().take(BEFORE);
    match far.nth(BEFORE - 1) {
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
    use super::super::Query;
    use super::*;

    fn of(typed: &str, text: &str) -> String {
        let query = Query::of(typed).unwrap();
        Excerpts::new().unwrap().of(text, query.words()).unwrap()
    }

    #[test]
    fn what_was_found_is_marked_whatever_its_case_and_accents() {
        assert_eq!(
            of("uber daten", "Die Über-Datenbank"),
            "Die \u{2}Über\u{3}-\u{2}Datenbank\u{3}"
        );
        assert_eq!(of("us-east", "in us-east-1 and us"), "in \u{2}us-east\u{3}-1 and us");
        assert_eq!(of("設計", "クラスタの設計を"), "クラスタの\u{2}設計\u{3}を");
        assert_eq!(of("POSTGRES", "用Postgres数据库"), "用\u{2}Postgres\u{3}数据库");
        assert_eq!(of("none", "nothing is here"), "nothing is here");
    }

    #[test]
    fn an_excerpt_is_one_line_around_the_first_place() {
        let text = format!("{} needle\n\n  \u{2}and {}", "before ".repeat(50), "after ".repeat(90));
        let line = of("needle", &text);
        assert!(line.starts_with("…before ") && line.ends_with(" after…"), "{line:?}");
        assert!(line.contains("before \u{2}needle\u{3} ␂and after"), "{line:?}");
        assert!(line.chars().count() < LONGEST + 10, "{line:?}");
        assert!(line.chars().take_while(|c| *c != '\u{2}').count() <= BEFORE + 1, "{line:?}");
    }

    #[test]
    fn a_text_without_blanks_is_cut_too() {
        let text = "設".repeat(5_000) + "費用" + &"計".repeat(5_000);
        let line = of("費用", &text);
        assert!(line.contains("\u{2}費用\u{3}") && line.chars().count() < 300, "{line}");
        let whole = of("xxxx", &"x".repeat(9_000));
        assert!(whole.ends_with("\u{3}…") && whole.chars().count() < 300, "{whole}");
    }
}
