//! A store of an older version: opening migrates it, without loss.

use plenary::domain::TriageHistory;

use super::*;

const INIT: &str = include_str!("../../../src/store/migrations/0001_init.sql");
const REVIEW: &str = include_str!("../../../src/store/migrations/0002_review.sql");
const ORDER: &str = include_str!("../../../src/store/migrations/0003_order.sql");

/// An open store of the first version: a session of two questions with every kind of answer, one of which was streaming
/// when its program was killed, and a second session.
pub(super) fn old_store(path: &Path) -> Connection {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let conn = Connection::open(path).unwrap();
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = on; BEGIN").unwrap();
    conn.execute_batch(INIT).unwrap();
    conn.execute_batch(&format!(
        "PRAGMA application_id = {}; PRAGMA user_version = 1; COMMIT",
        0x706C_656E
    ))
    .unwrap();
    conn.execute_batch(
        "INSERT INTO session (id, title, panel, created_at, updated_at) VALUES \
             ('000000000000000000000000000000aa', 'Which database?', 'design-review', 100, 900), \
             ('000000000000000000000000000000bb', 'データベース', 'full', 50, 60); \
         INSERT INTO turn (id, session, question, asked_at) VALUES \
             ('00000000000000000000000000000001', 1, 'Which database for Zürich?', 100), \
             ('00000000000000000000000000000002', 2, '設計はどうする?', 50), \
             ('00000000000000000000000000000003', 1, 'And how many replicas?', 200); \
         INSERT INTO run (id, turn, persona, persona_name, view, model, served_model, notes, state, reason, \
             text, reasoning, input_tokens, output_tokens, cached_tokens, reasoning_tokens, started_at, \
             elapsed_ms) VALUES \
             ('00000000000000000000000000000011', 1, 'infra', 'Kael Voss', 'infra', 'gw:', 'large', \
              '[\"a note\"]', 'streaming', NULL, 'PostgreSQL. ', 'hm', 1, 2, 3, 4, 100, 9800), \
             ('00000000000000000000000000000012', 1, 'edge', 'Kai Lennox', 'edge', 'gw:large', NULL, '[]', \
              'failed', '401: no key', '', '', NULL, NULL, NULL, NULL, 100, 5), \
             ('00000000000000000000000000000013', 3, 'infra', 'Kael Voss', 'infra', 'gw:large', NULL, '[]', \
              'streaming', NULL, 'Three replicas.', '', 5, 6, 0, 0, 200, 7), \
             ('00000000000000000000000000000014', 2, 'infra', 'Kael Voss', 'infra', 'gw:large', NULL, '[]', \
              'streaming', NULL, 'データベースを二つ', '', 5, 6, 0, 0, 200, 7); \
         UPDATE run SET state = 'done' WHERE state = 'streaming'; \
         INSERT INTO instance VALUES ('killed', 2147483647, 1, 0); \
         INSERT INTO run (id, turn, persona, persona_name, view, model, started_at, owner) VALUES \
             ('00000000000000000000000000000015', 3, 'edge', 'Kai Lennox', 'edge', 'gw:large', 200, 'killed'); \
         INSERT INTO chunk (run, at, text, reasoning) VALUES (5, 210, 'half of ', 'so'), (5, 260, 'it', ''); \
         UPDATE session SET updated_at = 900 WHERE seq = 1;",
    )
    .unwrap();
    conn
}

/// Checks the sessions of `old_store` after the migration.
fn assert_migrated(store: &Store) {
    let list = store.list_sessions(9).unwrap();
    let listed: Vec<_> = list
        .iter()
        .map(|s| (s.title.as_str(), s.panel.as_str(), s.updated_at, s.turns, s.runs, s.answered))
        .collect();
    assert_eq!(
        listed,
        [("Which database?", "design-review", 900, 2, 4, 2), ("データベース", "full", 60, 1, 1, 1)]
    );
    assert!(list.iter().all(|s| (s.proposed, s.decided, s.tags.len()) == (0, 0, 0)));
    let session = store.load_session(list[0].id).unwrap().unwrap();
    assert_eq!(session.created_at, 100);
    let questions: Vec<_> =
        session.turns.iter().map(|t| (t.question.as_str(), t.asked_at)).collect();
    assert_eq!(questions, [("Which database for Zürich?", 100), ("And how many replicas?", 200)]);
    let runs: Vec<_> = session.turns.iter().flat_map(|turn| &turn.runs).collect();
    let read: Vec<_> = runs
        .iter()
        .map(|r| {
            (r.persona_name.as_str(), r.text.as_str(), r.model.to_string(), r.elapsed.as_millis())
        })
        .collect();
    let large = || "gw:large".to_owned();
    assert_eq!(
        read,
        [
            ("Kael Voss", "PostgreSQL. ", large(), 9800),
            ("Kai Lennox", "", large(), 5),
            ("Kael Voss", "Three replicas.", large(), 7),
            ("Kai Lennox", "half of it", large(), 60),
        ]
    );
    assert_eq!((runs[0].notes.remarks()[0].as_str(), runs[0].reasoning.as_str()), ("a note", "hm"));
    let usage = Usage { input: 1, output: 2, cached: 3, reasoning: 4, cost_microusd: None };
    assert_eq!(runs[0].usage, Some(usage));
    assert_eq!(runs[1].state, RunState::Ended(Ending::Failed("401: no key".into())));
    let cut = Ending::Cut("the program ended while it streamed".into());
    assert_eq!(runs[3].state, RunState::Ended(cut));
    assert!(runs.iter().all(|run| run.recommendations.is_none()), "never searched");
    assert_eq!(
        (session.side_turns.len(), session.tags.len(), session.history),
        (0, 0, TriageHistory::default())
    );
}

#[test]
fn older_store_is_migrated_without_loss() {
    let (_home, path) = home();
    drop(old_store(&path));
    let store = Store::open(&path);
    assert_migrated(&store);
    // Existing text is found.
    for (words, title) in [
        ("zurich postgres", "Which database?"),
        ("half replicas", "Which database?"),
        ("設計", "データベース"),
        ("二", "データベース"),
    ] {
        let hits = store.search_sessions(words, 9).unwrap();
        let titles: Vec<_> = hits.iter().map(|hit| hit.session.title.as_str()).collect();
        assert_eq!(titles, [title], "{words}");
    }
    // Counters and triage work.
    let session = SessionId::from_number(0xaa);
    let run = RunId::from_number(0x11);
    store.write(extracted(0x11, &[(0, 4)]));
    let decision = Change::TriageStepDone {
        session,
        step: TriageStep {
            id: TriageStepId::from_number(1),
            what: "accept".into(),
            at: 1,
            updates: vec![VerdictUpdate {
                id: RecommendationId::from_span(run, &(0..4)),
                before: Verdict::default(),
                after: decided(Decision::Accepted),
            }],
        },
    };
    assert!(store.write_now(decision, Duration::from_mins(1)));
    store.write(Change::Run { turn: TurnId::from_number(1), run: new_run(0x16, "edge") });
    store.write(ended(0x16, Ending::Done));
    let summary = store.list_sessions(1).unwrap().remove(0);
    assert_eq!((summary.turns, summary.runs, summary.answered), (2, 4, 3));
    assert_eq!((summary.proposed, summary.decided), (1, 1));
    assert_eq!(store.take_error(), None);
    drop(store);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(
        "INSERT INTO words (words, rank) VALUES ('integrity-check', 1); \
         INSERT INTO pieces (pieces, rank) VALUES ('integrity-check', 1);",
    )
    .unwrap();
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
}

/// Opens a copy of all files, which is what a kill at this moment would leave.
fn as_killed(path: &Path) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let copy = home.path().join("plenary.db");
    for suffix in ["", "-wal"] {
        fs::copy(beside(path, suffix), beside(&copy, suffix)).unwrap();
    }
    (home, copy)
}

#[test]
fn migration_killed_at_any_statement_leaves_the_old_or_the_new_format() {
    let (_home, path) = home();
    let conn = old_store(&path);
    // Every page goes to the journal at once: the worst case for the copies.
    conn.execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").unwrap();
    let mut steps = 0;
    for (version, script) in [(1, REVIEW), (2, ORDER)] {
        let tables = count_tables(&conn);
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        for statement in statements(script) {
            conn.execute_batch(&statement).unwrap();
            steps += 1;
            let (_copied, copy) = as_killed(&path);
            let seen = Connection::open(&copy).unwrap();
            let found = seen.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
            let found = (found.unwrap(), count_tables(&seen));
            assert_eq!(found, (version, tables), "after statement {steps}");
            drop(seen);
            if steps % 8 == 1 {
                let store = Store::open(&copy);
                assert_migrated(&store);
                assert_eq!(store.take_error(), None, "after statement {steps}");
            }
        }
        conn.execute_batch(&format!("PRAGMA user_version = {}; COMMIT", version + 1)).unwrap();
    }
    assert!(steps > 45, "only {steps} statements");
    let (_copied, copy) = as_killed(&path);
    assert_migrated(&Store::open(&copy));
}

fn count_tables(conn: &Connection) -> i64 {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The statements of a script; a trigger with several statements is one.
fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut open = String::new();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with("--")) {
        open.push_str(line);
        open.push('\n');
        let trigger = open.starts_with("CREATE TRIGGER");
        if if trigger { line == "END;" } else { line.ends_with(';') } {
            statements.push(std::mem::take(&mut open));
        }
    }
    assert_eq!(open.trim(), "");
    statements
}

#[test]
fn several_instances_migrate_a_store_at_once() {
    let (_home, path) = home();
    drop(old_store(&path));
    let all_looked = std::sync::Barrier::new(5);
    std::thread::scope(|scope| {
        for n in 0..5u128 {
            let (path, all_looked) = (&path, &all_looked);
            scope.spawn(move || {
                let store = Store::open(path);
                assert_migrated(&store);
                all_looked.wait();
                store.write(Change::Tagged {
                    session: SessionId::from_number(0xaa),
                    tags: vec![format!("tag{n}")],
                });
                store.flush();
                assert_eq!(store.take_error(), None);
                let tags = store.list_sessions(1).unwrap().remove(0).tags;
                assert_eq!(tags.len(), 1);
            });
        }
    });
}
