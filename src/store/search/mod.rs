//! Full-text search: finds the sessions that contain every search term, most recently changed first, and an excerpt.
//!
//! The index knows texts (a title with its tags, a question, an answer) by numbers that include their session (see
//! `migrations/0002_review.sql`), so that a word that occurs in every answer of 100,000 sessions is still found by
//! reading one list. Reads one connection, whose snapshot it holds only while it finds the sessions, not while it builds
//! the excerpts.

mod excerpt;
mod query;
mod stop;

use rusqlite::{Connection, OptionalExtension, params};

use super::read;
use crate::domain::{RunNotes, SearchHit, SessionSummary, mark_project};
use excerpt::Excerpts;
pub(super) use query::SearchQuery;
use query::SearchTerm;
pub use stop::SearchStop;

/// Maximum number of trigrams by which one or two characters are looked up.
const MAX_TRIGRAMS: u32 = 4096;

/// True if the store has the index that is read here.
pub(super) fn is_indexed(conn: &Connection) -> bool {
    [MATCH_WORDS, MATCH_TRIGRAMS, LIST_TRIGRAMS].iter().all(|sql| conn.prepare(sql).is_ok())
}

const MATCH_WORDS: &str = "SELECT rowid FROM words WHERE words MATCH ?1";
const MATCH_TRIGRAMS: &str = "SELECT rowid FROM pieces WHERE pieces MATCH ?1";
const LIST_TRIGRAMS: &str = "SELECT term FROM pieces_terms WHERE term >= ?1 AND term < ?2 LIMIT ?3";

/// Returns the sessions that contain every term, most recently changed first, at most `limit`.
///
/// # Errors
/// `SQLITE_INTERRUPT` if `stop` was stopped.
pub(super) fn search_sessions(
    conn: &Connection,
    query: &SearchQuery,
    limit: usize,
    stop: &SearchStop,
) -> rusqlite::Result<Vec<SearchHit>> {
    let mut excerpts = Excerpts::new()?;
    let mut terms = Vec::new();
    for term in query.terms() {
        if term.is_dense() || excerpts.is_word(term)? {
            terms.push(term.clone());
        }
    }
    let mut hits = Vec::new();
    for (session, text) in find_texts(conn, &terms, limit, stop)? {
        stop.check()?;
        // Another instance may have deleted the session since.
        if let Some((who, text)) = read_text(conn, text).optional()? {
            let excerpt = excerpts.build_excerpt(&text, &terms, stop)?;
            hits.push(SearchHit { session, who, excerpt });
        }
    }
    Ok(hits)
}

/// Returns the sessions that contain every term, most recently changed first, at most `limit`, each with the number of
/// the text to show.
fn find_texts(
    conn: &Connection,
    terms: &[SearchTerm],
    limit: usize,
    stop: &SearchStop,
) -> rusqlite::Result<Vec<(SessionSummary, i64)>> {
    // One snapshot, as another instance may be writing.
    let tx = conn.unchecked_transaction()?;
    let Some((lists, sessions)) = sessions_with_all_terms(&tx, terms, stop)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut newest = tx.prepare_cached(read::SESSIONS_BY_CHANGE)?;
    let mut rows = newest.query([])?;
    while let Some(row) = rows.next()? {
        if found.len() >= limit {
            break;
        }
        let session: i64 = row.get(0)?;
        if sessions.binary_search(&session).is_ok() {
            found.push((read::load_summary(&tx, session)?, best_text(&lists, session)));
        }
    }
    Ok(found)
}

/// Numbers of texts, ascending.
type IndexedTexts = Vec<i64>;

fn session_of_text(text: i64) -> i64 {
    text >> 32
}

/// Returns for each term the texts that contain it, and the sessions that contain every term, ascending. None if there
/// is no such session.
fn sessions_with_all_terms(
    conn: &Connection,
    terms: &[SearchTerm],
    stop: &SearchStop,
) -> rusqlite::Result<Option<(Vec<IndexedTexts>, Vec<i64>)>> {
    let mut lists = Vec::new();
    let mut sessions: Option<Vec<i64>> = None;
    for term in terms {
        stop.check()?;
        let texts = texts_with_term(conn, term)?;
        let mut here: Vec<i64> = texts.iter().copied().map(session_of_text).collect();
        here.dedup();
        if let Some(previous) = &sessions {
            let mut previous = previous.iter().copied().peekable();
            here.retain(|session| {
                while previous.next_if(|known| known < session).is_some() {}
                previous.peek() == Some(session)
            });
        }
        if here.is_empty() {
            return Ok(None);
        }
        sessions = Some(here);
        lists.push(texts);
    }
    Ok(sessions.map(|sessions| (lists, sessions)))
}

/// Returns the texts that contain the term or a word that begins with it. In scripts without spaces the match may begin
/// anywhere.
fn texts_with_term(conn: &Connection, term: &SearchTerm) -> rusqlite::Result<IndexedTexts> {
    let mut found = Vec::new();
    if !term.is_dense() {
        collect_rowids(conn, MATCH_WORDS, &term.prefix_expression(), &mut found)?;
    }
    if let Some(phrase) = term.trigram_expression() {
        collect_rowids(conn, MATCH_TRIGRAMS, &phrase, &mut found)?;
    } else if term.is_dense() {
        let (from, to) = term.trigram_range();
        let mut trigrams = conn.prepare_cached(LIST_TRIGRAMS)?;
        let trigrams =
            trigrams.query_map(params![from, to, MAX_TRIGRAMS], |row| row.get::<_, String>(0))?;
        for trigram in trigrams {
            collect_rowids(conn, MATCH_TRIGRAMS, &query::quote_phrase(&trigram?), &mut found)?;
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn collect_rowids(
    conn: &Connection,
    sql: &str,
    expression: &str,
    found: &mut IndexedTexts,
) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([expression])?;
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
    }
    Ok(())
}

/// Returns the text of a session that contains most terms: of several the first question or answer, otherwise the
/// title, which the list shows anyway.
fn best_text(lists: &[IndexedTexts], session: i64) -> i64 {
    let mut counts: Vec<(i64, usize)> = Vec::new();
    for list in lists {
        let from = list.partition_point(|text| session_of_text(*text) < session);
        let here = list.iter().skip(from).take_while(|text| session_of_text(**text) == session);
        for text in here {
            match counts.iter_mut().find(|(known, _)| known == text) {
                Some((_, count)) => *count += 1,
                None => counts.push((*text, 1)),
            }
        }
    }
    let title = session << 32;
    let best = counts
        .into_iter()
        .max_by_key(|(text, count)| (*count, *text != title, std::cmp::Reverse(*text)));
    best.map_or(title, |(text, _)| text)
}

/// Bit that is set in the numbers of answers.
const ANSWER_BIT: i64 = 0x8000_0000;

/// Returns the author, marked if that is a project's persona, and the content of a text.
fn read_text(conn: &Connection, text: i64) -> rusqlite::Result<(String, String)> {
    let number = text & (ANSWER_BIT - 1);
    let sql = if text & ANSWER_BIT != 0 {
        "SELECT persona_name, text, notes FROM run WHERE seq = ?1"
    } else if number != 0 {
        "SELECT '', question, '[]' FROM turn WHERE seq = ?1"
    } else {
        return conn.prepare_cached("SELECT title, tags FROM session WHERE seq = ?1")?.query_row(
            [session_of_text(text)],
            |row| {
                let (title, tags): (String, String) = (row.get(0)?, row.get(1)?);
                let tags: Vec<String> = serde_json::from_str(&tags).unwrap_or_default();
                Ok((String::new(), format!("{title} {}", tags.join(" "))))
            },
        );
    };
    conn.prepare_cached(sql)?.query_row([number], |row| {
        let (who, notes): (String, String) = (row.get(0)?, row.get(2)?);
        let notes: RunNotes = serde_json::from_str(&notes).unwrap_or_default();
        Ok((mark_project(&who, notes.is_project()).into_owned(), row.get(1)?))
    })
}
