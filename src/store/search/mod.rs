//! Full-text search: which sessions hold every word, the newest first, and where.
//!
//! The index tells documents (a title with its tags, a question, an answer) by numbers that carry their session
//! (see `migrations/0002_review.sql`), so that a word that stands in every answer of 100,000 sessions is still found
//! by reading one list. What is in memory only is searched by the same code in a store of its own. Called by the
//! worker.

mod excerpt;
mod query;

use rusqlite::{Connection, params};

use super::{migrate, read};
use crate::domain::{SearchHit, Session, SessionId};
use excerpt::Excerpts;
pub(super) use query::Query;
use query::Word;

/// The most pieces of three characters that one or two characters are looked up by.
const PIECES: u32 = 4096;

/// True when the file has the index that is read here.
pub(super) fn is_indexed(conn: &Connection) -> bool {
    [WORDS, PIECES_OF, PIECES_TERMS].iter().all(|sql| conn.prepare(sql).is_ok())
}

const WORDS: &str = "SELECT rowid FROM words WHERE words MATCH ?1";
const PIECES_OF: &str = "SELECT rowid FROM pieces WHERE pieces MATCH ?1";
const PIECES_TERMS: &str = "SELECT term FROM pieces_terms WHERE term >= ?1 AND term < ?2 LIMIT ?3";

/// The sessions in the file that hold every word, the one that changed last first, `limit` at most and none of
/// `without`.
pub(super) fn find(
    conn: &Connection,
    query: &Query,
    limit: usize,
    without: &[SessionId],
) -> rusqlite::Result<Vec<SearchHit>> {
    // One snapshot: another instance may be writing.
    let tx = conn.unchecked_transaction()?;
    let excerpts = Excerpts::new()?;
    let mut words = Vec::new();
    for word in query.words() {
        if word.is_dense() || excerpts.is_word(word)? {
            words.push(word.clone());
        }
    }
    let Some((lists, sessions)) = everywhere(&tx, &words)? else { return Ok(Vec::new()) };
    let mut hits = Vec::new();
    let mut newest =
        tx.prepare_cached("SELECT seq FROM session ORDER BY updated_at DESC, seq DESC")?;
    let mut rows = newest.query([])?;
    while let Some(row) = rows.next()? {
        if hits.len() >= limit {
            break;
        }
        let session: i64 = row.get(0)?;
        if sessions.binary_search(&session).is_err() {
            continue;
        }
        let summary = read::summary_of(&tx, session)?;
        if without.contains(&summary.id) {
            continue;
        }
        let (who, text) = document(&tx, best(&lists, session))?;
        hits.push(SearchHit { session: summary, who, excerpt: excerpts.of(&text, &words)? });
    }
    Ok(hits)
}

/// The same for sessions that are in memory.
pub(super) fn find_in(
    sessions: &[Session],
    query: &Query,
    limit: usize,
) -> rusqlite::Result<Vec<SearchHit>> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let mut conn = Connection::open_in_memory()?;
    migrate::migrate(&mut conn)?;
    let tx = conn.transaction()?;
    for session in sessions {
        copy(&tx, session)?;
    }
    tx.commit()?;
    let mut hits = find(&conn, query, limit, &[])?;
    for hit in &mut hits {
        if let Some(session) = sessions.iter().find(|session| session.id == hit.session.id) {
            hit.session = session.summarize();
        }
    }
    Ok(hits)
}

/// Puts what is searched of a session into the tables; triggers index it. An answer that is still streaming is left
/// out, as it is in the file.
fn copy(conn: &Connection, session: &Session) -> rusqlite::Result<()> {
    let tags = serde_json::to_string(&session.tags).unwrap_or_default();
    conn.prepare_cached(
        "INSERT INTO session (id, title, panel, created_at, updated_at, tags) \
         VALUES (?1, ?2, '', 0, ?3, ?4)",
    )?
    .execute(params![session.id.to_string(), session.title, session.updated_at, tags])?;
    let seq = conn.last_insert_rowid();
    let turns = session.turns.iter().map(|t| (t.id, "question", t.question.as_str(), &t.runs[..]));
    let asides = session.asides.iter();
    let asides = asides.map(|a| (a.id, a.kind.word(), "", std::slice::from_ref(&a.run)));
    for (id, kind, question, runs) in turns.chain(asides) {
        conn.prepare_cached(
            "INSERT INTO turn (id, session, question, asked_at, kind) VALUES (?1, ?2, ?3, 0, ?4)",
        )?
        .execute(params![id.to_string(), seq, question, kind])?;
        let turn = conn.last_insert_rowid();
        for run in runs {
            let text = if run.state.is_live() { "" } else { run.text.as_str() };
            conn.prepare_cached(
                "INSERT INTO run (id, turn, persona, persona_name, view, model, started_at, text) \
                 VALUES (?1, ?2, ?3, ?4, '', '', 0, ?5)",
            )?
            .execute(params![
                run.id.to_string(),
                turn,
                run.persona.as_str(),
                run.persona_name,
                text
            ])?;
        }
    }
    Ok(())
}

/// Numbers of documents, ascending.
type Documents = Vec<i64>;

fn session_of(document: i64) -> i64 {
    document >> 32
}

/// For each word the documents that hold it, and the sessions that hold every word, ascending; none when there are
/// none.
fn everywhere(
    conn: &Connection,
    words: &[Word],
) -> rusqlite::Result<Option<(Vec<Documents>, Vec<i64>)>> {
    let mut lists = Vec::new();
    let mut sessions: Option<Vec<i64>> = None;
    for word in words {
        let documents = documents(conn, word)?;
        let mut here: Vec<i64> = documents.iter().copied().map(session_of).collect();
        here.dedup();
        if let Some(before) = &sessions {
            let mut before = before.iter().copied().peekable();
            here.retain(|session| {
                while before.next_if(|known| known < session).is_some() {}
                before.peek() == Some(session)
            });
        }
        if here.is_empty() {
            return Ok(None);
        }
        sessions = Some(here);
        lists.push(documents);
    }
    Ok(sessions.map(|sessions| (lists, sessions)))
}

/// The documents that hold a word, or a longer one that begins so. Where words are written without blanks, it may
/// stand anywhere.
fn documents(conn: &Connection, word: &Word) -> rusqlite::Result<Documents> {
    let mut found = Vec::new();
    if !word.is_dense() {
        collect(conn, WORDS, &word.beginning(), &mut found)?;
    }
    if let Some(phrase) = word.pieces() {
        collect(conn, PIECES_OF, &phrase, &mut found)?;
    } else if word.is_dense() {
        let (from, to) = word.pieces_between();
        let mut terms = conn.prepare_cached(PIECES_TERMS)?;
        let terms = terms.query_map(params![from, to, PIECES], |row| row.get::<_, String>(0))?;
        for term in terms {
            collect(conn, PIECES_OF, &query::phrase(&term?), &mut found)?;
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn collect(
    conn: &Connection,
    sql: &str,
    expression: &str,
    found: &mut Documents,
) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([expression])?;
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
    }
    Ok(())
}

/// The document of a session that holds most of the words; of several the first question or answer, else the title,
/// which is read in the list anyway.
fn best(lists: &[Documents], session: i64) -> i64 {
    let mut words: Vec<(i64, usize)> = Vec::new();
    for list in lists {
        let from = list.partition_point(|document| session_of(*document) < session);
        let here = list.iter().skip(from).take_while(|document| session_of(**document) == session);
        for document in here {
            match words.iter_mut().find(|(known, _)| known == document) {
                Some((_, count)) => *count += 1,
                None => words.push((*document, 1)),
            }
        }
    }
    let title = session << 32;
    let best = words
        .into_iter()
        .max_by_key(|(document, count)| (*count, *document != title, std::cmp::Reverse(*document)));
    best.map_or(title, |(document, _)| document)
}

/// Set in the numbers of answers.
const ANSWER: i64 = 0x8000_0000;

/// Who wrote a document, and what it says.
fn document(conn: &Connection, document: i64) -> rusqlite::Result<(String, String)> {
    let number = document & (ANSWER - 1);
    let sql = if document & ANSWER != 0 {
        "SELECT persona_name, text FROM run WHERE seq = ?1"
    } else if number != 0 {
        "SELECT '', question FROM turn WHERE seq = ?1"
    } else {
        return conn.prepare_cached("SELECT title, tags FROM session WHERE seq = ?1")?.query_row(
            [session_of(document)],
            |row| {
                let (title, tags): (String, String) = (row.get(0)?, row.get(1)?);
                let tags: Vec<String> = serde_json::from_str(&tags).unwrap_or_default();
                Ok((String::new(), format!("{title} {}", tags.join(" "))))
            },
        );
    };
    conn.prepare_cached(sql)?.query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
}
