//! Deleting a session: no table, no index and no byte of the files keeps its text.

use super::*;

/// A word that occurs in no other file.
const NEEDLE: &str = "xqzzyneedle";

/// The files of the store that contain `word`, in any case.
fn files_with(path: &Path, word: &str) -> Vec<String> {
    let files = ["", "-wal", "-shm"].into_iter().filter(|suffix| {
        let bytes = fs::read(beside(path, suffix)).unwrap_or_default().to_ascii_lowercase();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    });
    files.map(|suffix| format!("db{suffix}")).collect()
}

/// Writes a session with `word` in every text field.
fn write_session_with_word(store: &Store, session: SessionId, first: u128, word: &str) {
    let id = |n: u128| first + n;
    let change = match turn(session, id(0), vec![new_run(id(1), "infra"), new_run(id(2), "edge")]) {
        Change::Turn { session, panel, turn, at, runs, .. } => Change::Turn {
            session,
            title: format!("title {word}"),
            panel,
            turn,
            question: format!("which {word}? {}", "and why ".repeat(600)),
            at,
            runs,
        },
        other => other,
    };
    store.write(change);
    for run in [1, 2] {
        for n in 0..30 {
            store.write(append(
                id(run),
                &format!("{word} {n} {} {word}設計 ", "filler text ".repeat(9 * n)),
            ));
            if n % 7 == 0 {
                // Chunks that are folded later leave free pages.
                store.flush();
            }
        }
        store.write(Change::Note { run: RunId::from_number(id(run)), note: word.into() });
        store.write(ended(id(run), Ending::Failed(format!("because {word}"))));
        let found =
            (0..4).map(|n| Recommendation { title: word.into(), ..item(id(run), n..n + 1) });
        store.write(Change::Extracted { run: RunId::from_number(id(run)), found: found.collect() });
    }
    let target = item(id(1), 0..1).id;
    let after = Verdict { comment: word.into(), title: Some(word.into()), ..Verdict::default() };
    for n in 0..9 {
        let updates =
            vec![VerdictUpdate { id: target, before: Verdict::default(), after: after.clone() }];
        let step =
            TriageStep { id: TriageStepId::from_number(id(n)), what: word.into(), at: 1, updates };
        store.write(Change::TriageStepDone { session, step });
    }
    store.write(Change::SideTurn {
        session,
        side_turn: Box::new(NewSideTurn {
            id: TurnId::from_number(id(3)),
            kind: SideTurnKind::Challenge(target),
            question: word.into(),
            at: 1,
            run: new_run(id(4), "edge"),
        }),
    });
    store.write(append(id(4), word));
    store.write(ended(id(4), Ending::Done));
    store.write(Change::Renamed { session, title: format!("{word} once") });
    store.write(Change::Renamed { session, title: format!("{word} again") });
    store.write(Change::Tagged { session, tags: vec![word.into()] });
    store.flush();
    assert_eq!(store.take_error(), None);
}

/// Fails if the index and the tables differ.
fn assert_index_is_sound(path: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "INSERT INTO words (words, rank) VALUES ('integrity-check', 1); \
         INSERT INTO pieces (pieces, rank) VALUES ('integrity-check', 1);",
    )
    .unwrap();
    let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn deleted_session_leaves_no_text_in_the_files() {
    let (_home, path) = home();
    let store = Store::open(&path);
    let ids: Vec<SessionId> = (1..=6).map(SessionId::from_number).collect();
    let words: Vec<String> = (1..=6).map(|n| format!("{NEEDLE}{n}x")).collect();
    for (n, (id, word)) in (1..).zip(ids.iter().zip(&words)) {
        write_session_with_word(&store, *id, n * 100, word);
    }
    // Before the deletion the word is in the files and is found.
    assert!(!files_with(&path, &words[2]).is_empty());
    assert_eq!(store.search_sessions(&words[2], 9).unwrap().len(), 1);
    for n in [2, 0, 5] {
        store.delete_session(ids[n]).unwrap();
        assert_eq!(files_with(&path, &words[n]), Vec::<String>::new(), "{n}");
        assert_eq!(store.load_session(ids[n]).unwrap(), None);
        assert_eq!(store.search_sessions(&words[n], 9).unwrap(), []);
    }
    for n in [1, 3, 4] {
        assert_eq!(store.search_sessions(&words[n], 9).unwrap().len(), 1);
        assert_eq!(store.load_session(ids[n]).unwrap().unwrap().turns.len(), 1);
    }
    assert_eq!(store.list_sessions(9).unwrap().len(), 3);
    assert_eq!(store.find_sessions("").unwrap().len(), 3);
    assert_eq!(store.take_error(), None);
    assert_index_is_sound(&path);
    drop(store);
    let conn = Connection::open(&path).unwrap();
    for table in ["session", "turn", "run", "chunk", "recommendation", "edit"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
        let expected =
            [("session", 3), ("turn", 6), ("run", 9), ("recommendation", 24), ("edit", 27)];
        let expected = expected.iter().find(|(name, _)| *name == table).map_or(0, |(_, n)| *n);
        assert_eq!(rows, expected, "{table}");
    }
}

/// A store written before `secure_delete`: its free pages contain text.
#[test]
fn deletion_erases_free_pages_of_an_older_version() {
    let (_home, path) = home();
    let conn = super::migration::old_store(&path);
    conn.execute_batch("PRAGMA secure_delete = off").unwrap();
    for n in 0..400 {
        let text = format!("{NEEDLE} {}", "x".repeat(500));
        conn.execute(
            "INSERT INTO chunk (run, at, text, reasoning) VALUES (1, ?1, ?2, '')",
            (n, text),
        )
        .unwrap();
    }
    conn.execute_batch("DELETE FROM chunk; PRAGMA wal_checkpoint (TRUNCATE)").unwrap();
    drop(conn);
    assert_eq!(files_with(&path, NEEDLE), ["db"]);
    let store = Store::open(&path);
    let id = store.list_sessions(9).unwrap()[0].id;
    assert!(!files_with(&path, NEEDLE).is_empty(), "an update alone does not rewrite the file");
    store.delete_session(id).unwrap();
    assert_eq!(files_with(&path, NEEDLE), Vec::<String>::new());
    assert_eq!(store.take_error(), None);
    assert_index_is_sound(&path);
}

#[test]
fn session_with_a_live_run_is_not_deleted() {
    let (_home, path) = home();
    let (one, two) = (Store::open(&path), Store::open(&path));
    one.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    one.write(append(1, "half"));
    one.flush();
    let other = two.delete_session(SESSION).unwrap_err().to_string();
    assert!(other.contains("another plenary is writing one of its answers"), "{other}");
    let own = one.delete_session(SESSION).unwrap_err().to_string();
    assert!(own.contains("one of its answers is still streaming; stop it first"), "{own}");
    // A queued deletion is refused, too, and reported.
    two.write(Change::Deleted { session: SESSION });
    two.flush();
    assert!(two.take_error().expect("reported").to_string().contains("is not deleted"));
    let memory = Store::in_memory();
    memory.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    assert!(memory.delete_session(SESSION).is_err());
    for store in [&one, &two, &memory] {
        assert_eq!(load(store).turns.len(), 1);
        assert_eq!(store.take_error(), None);
    }
    one.write(ended(1, Ending::Done));
    one.flush();
    two.delete_session(SESSION).unwrap();
    assert_eq!(one.load_session(SESSION).unwrap(), None);

    // A live run of a challenge counts, too, unless its program has ended.
    one.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    one.write(ended(1, Ending::Done));
    one.write(challenge(50, 51));
    one.flush();
    assert!(two.delete_session(SESSION).is_err());
    let conn = Connection::open(&path).unwrap();
    let gone = conn.execute("UPDATE run SET owner = 'gone' WHERE owner IS NOT NULL", []).unwrap();
    assert_eq!(gone, 1);
    two.delete_session(SESSION).unwrap();
}

#[test]
fn deleted_session_in_memory_can_be_created_again() {
    let memory = Store::in_memory();
    let file = Store::open(&home().1);
    for store in [&memory, &file] {
        store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
        store.write(ended(1, Ending::Done));
        store.delete_session(SESSION).unwrap();
        assert_eq!(store.load_session(SESSION).unwrap(), None);
        assert_eq!(store.list_sessions(9).unwrap(), []);
        assert_eq!(store.find_sessions("abc").unwrap(), []);
        assert_eq!(store.search_sessions("question", 9).unwrap(), []);
        assert!(store.delete_session(SESSION).is_err());
        // A user who has it open asks again: the question creates the session again.
        store.write(turn(SESSION, 2, vec![new_run(2, "infra")]));
        assert_eq!(load(store).turns[0].id, TurnId::from_number(2));
        assert_eq!(store.search_sessions("question", 9).unwrap().len(), 1);
    }
}

/// Another program reads the journal: the session is deleted at once, its text from the journal when that is possible.
#[test]
fn journal_with_a_reader_is_erased_later() {
    let (_home, path) = home();
    let store = Store::open(&path);
    write_session_with_word(&store, SESSION, 100, NEEDLE);
    let reader = Connection::open(&path).unwrap();
    let tx = reader.unchecked_transaction().unwrap();
    let sessions: i64 = tx.query_row("SELECT count(*) FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(sessions, 1);
    store.delete_session(SESSION).unwrap();
    let reported = store.take_error().expect("reported").to_string();
    assert!(
        reported.contains("may remain in the file") && reported.contains("tried again"),
        "{reported}"
    );
    assert_eq!(store.list_sessions(9).unwrap(), []);
    drop(tx);
    store.write(turn(SessionId::from_number(9), 9, vec![new_run(9, "edge")]));
    store.flush();
    assert_eq!(files_with(&path, NEEDLE), Vec::<String>::new());
    assert_eq!(store.take_error(), None);
}
