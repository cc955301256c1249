//! Full-text search: all words, no syntax, newest first, pending changes included.

use super::*;

/// A session of one question and one answer.
fn say(store: &Store, number: u128, title: &str, question: &str, answer: &str) -> SessionId {
    let session = SessionId::from_number(number << 100);
    store.write(Change::Turn {
        session,
        title: title.into(),
        panel: "p".into(),
        turn: TurnId::from_number(number),
        question: question.into(),
        at: 1_700_000_000_000 + i64::try_from(number).unwrap(),
        runs: vec![new_run(number, "infra")],
    });
    store.write(append(number, answer));
    session
}

/// The same with an ended answer; all at one time, so that sessions are ordered by number.
fn ask_and_end(
    store: &Store,
    number: u128,
    title: &str,
    question: &str,
    answer: &str,
) -> SessionId {
    let session = say(store, number, title, question, answer);
    store.write(ended(number, Ending::Done));
    session
}

fn numbers(store: &Store, words: &str) -> Vec<u128> {
    let hits = store.search_sessions(words, 99).unwrap();
    hits.iter().map(|hit| hit.session.id.number() >> 100).collect()
}

fn stores() -> [(tempfile::TempDir, Store); 2] {
    let (home, path) = home();
    [(home, Store::open(&path)), (tempfile::tempdir().unwrap(), Store::in_memory())]
}

#[test]
fn every_word_must_occur_in_the_session() {
    for (_home, store) in stores() {
        ask_and_end(
            &store,
            1,
            "Which database?",
            "Which database for Zürich?",
            "PostgreSQL in eu-central-1.",
        );
        ask_and_end(
            &store,
            2,
            "Edge",
            "How do 40 nodes sync?",
            "Use CRDTs, no database; see https://example.org/a_b",
        );
        store.write(Change::Tagged {
            session: SessionId::from_number(2 << 100),
            tags: vec!["quarter-three".into(), "ops".into()],
        });
        for (words, found) in [
            ("database", &[2, 1][..]),
            ("DATABASE zürich", &[1]),
            ("zurich data", &[1]),
            ("postgres", &[1]),
            ("eu-central", &[1]),
            ("central-eu", &[]),
            ("crdt nodes edge", &[2]),
            ("crdt zurich", &[]),
            ("quarter ops", &[2]),
            ("40", &[2]),
            ("a_b", &[2]),
            ("b", &[2]),
            ("atabase", &[]),
            ("which which which", &[1]),
            ("", &[]),
            ("?!", &[]),
        ] {
            assert_eq!(numbers(&store, words), found, "{words:?}");
        }
        // Removed words are not found.
        let second = SessionId::from_number(2 << 100);
        store.write(Change::Renamed { session: second, title: "Nodes".into() });
        store.write(Change::Tagged { session: second, tags: Vec::new() });
        assert_eq!((numbers(&store, "edge"), numbers(&store, "quarter")), (vec![], vec![]));
        assert_eq!(numbers(&store, "nodes"), [2]);
        assert_eq!(store.take_error(), None);
    }
}

#[test]
fn scripts_without_spaces_match_anywhere() {
    for (_home, store) in stores() {
        ask_and_end(
            &store,
            1,
            "データベースの設計",
            "複数リージョンのデータベース設計はどうする?",
            "まずPostgresを使う。",
        );
        ask_and_end(&store, 2, "数据库", "数据库的选择", "成本最低的方案是数据库集群");
        ask_and_end(&store, 3, "한국어", "데이터베이스 설계", "ฐานข้อมูลที่ดี");
        ask_and_end(&store, 4, "Latin", "no such script: é", "設 alone");
        for (words, found) in [
            ("設計", &[1][..]),
            ("設", &[4, 1]),
            ("ース設", &[1]),
            ("データベース どうする", &[1]),
            ("postgres", &[1]),
            ("ostgres", &[1]),
            ("数据库集群", &[2]),
            ("群", &[2]),
            ("数据 成本", &[2]),
            ("数据 設計", &[]),
            ("이터베", &[3]),
            ("ข้อมูล", &[3]),
            ("計設", &[]),
        ] {
            assert_eq!(numbers(&store, words), found, "{words:?}");
        }
        let hit = store.search_sessions("リージョン", 9).unwrap().remove(0);
        assert!(hit.excerpt.contains("複数\u{2}リージョン\u{3}の"), "{}", hit.excerpt);
    }
}

#[test]
fn hit_has_author_and_excerpt_and_newest_is_first() {
    for (_home, store) in stores() {
        let answer = format!("{}\n\nuse a \u{2}quorum\u{3} of three", "Long before. ".repeat(40));
        for number in 1..=5 {
            say(&store, number, "the quorum", "How large?", &answer);
        }
        for number in 1..=5 {
            store.write(ended(number, Ending::Done));
        }
        store.flush();
        let hits = store.search_sessions("quorum", 3).unwrap();
        let order: Vec<u128> = hits.iter().map(|hit| hit.session.id.number() >> 100).collect();
        assert_eq!(order.len(), 3);
        let newest: Vec<u128> = store
            .list_sessions(3)
            .unwrap()
            .iter()
            .map(|session| session.id.number() >> 100)
            .collect();
        assert_eq!(order, newest);
        // The excerpt is of the answer, not of the title, which the list shows anyway.
        assert_eq!(hits[0].who, "INFRA");
        assert!(
            hits[0].excerpt.contains("use a ␂\u{2}quorum\u{3}␃ of three"),
            "{}",
            hits[0].excerpt
        );
        assert!(hits[0].excerpt.starts_with('…') && !hits[0].excerpt.contains('\n'));
        let title = store.search_sessions("the quorum large", 1).unwrap().remove(0);
        assert_eq!(title.who, "");
        assert_eq!(title.excerpt, "\u{2}the\u{3} \u{2}quorum\u{3}");
        let question = store.search_sessions("large", 1).unwrap().remove(0);
        assert_eq!(
            (question.who.as_str(), question.excerpt.as_str()),
            ("", "How \u{2}large\u{3}?")
        );
        assert_eq!(question.session, store.list_sessions(1).unwrap()[0]);
        assert_eq!(store.search_sessions("quorum", 0).unwrap(), []);
    }
}

#[test]
fn challenges_are_found_by_their_answer_not_their_question() {
    for (_home, store) in stores() {
        store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
        store.write(challenge(50, 51));
        store.write(append(51, "it will break"));
        assert_eq!(store.search_sessions("break", 9).unwrap(), [], "it is still streaming");
        store.write(ended(51, Ending::Done));
        assert_eq!(store.search_sessions("break", 9).unwrap()[0].who, "EDGE");
        assert_eq!(store.search_sessions("attack", 9).unwrap(), []);
    }
}

/// Nothing about an excerpt may grow faster than its text, even where every word is a match.
#[test]
fn text_full_of_matches_is_found() {
    let (_home, store) = &stores()[0];
    ask_and_end(store, 1, "t", "q", &"a b ".repeat(100_000));
    let hit = store.search_sessions("a b", 9).unwrap().remove(0);
    assert!(hit.excerpt.starts_with("\u{2}a\u{3} \u{2}b\u{3} "), "{}", hit.excerpt);
    let stop = SearchStop::default();
    stop.stop();
    assert_eq!(store.search_until("a b", 9, &stop), Err(StoreError::Stopped));
}

/// A clock that was wrong for a while does not keep its sessions on top.
#[test]
fn sessions_are_ordered_by_change_and_not_by_time() {
    let (_home, path) = home();
    let store = Store::open(&path);
    let ask = |number: u128, at: i64| {
        store.write(Change::Turn {
            session: SessionId::from_number(number << 100),
            title: "word".into(),
            panel: "p".into(),
            turn: TurnId::from_number(number),
            question: "q".into(),
            at,
            runs: vec![new_run(number, "infra")],
        });
    };
    let in_a_century = 4_900_000_000_000;
    ask(1, in_a_century);
    ask(2, 1_700_000_000_000);
    let listed = || -> Vec<u128> {
        let list = store.list_sessions(9).unwrap();
        list.iter().map(|session| session.id.number() >> 100).collect()
    };
    assert_eq!(listed(), [2, 1]);
    assert_eq!(numbers(&store, "word"), [2, 1]);
    // A later change in the earlier session, although its time is later already.
    store.write(ended(1, Ending::Done));
    assert_eq!(listed(), [1, 2]);
    ask(3, 1_600_000_000_000);
    assert_eq!(listed(), [3, 1, 2]);
    drop(store);
    let last = Store::open(&path).list_sessions(1).unwrap().remove(0);
    assert_eq!(last.id.number() >> 100, 3);
}

/// A file that cannot be written for a while: pending changes are found with the stored text.
#[test]
fn pending_changes_are_found() {
    let (home, path) = home();
    fs::write(home.path().join("data"), "in the way").unwrap();
    let store = Store::open(&path);
    ask_and_end(&store, 1, "one", "needle one", "");
    store.flush();
    assert!(store.take_error().is_some());
    assert_eq!(numbers(&store, "needle"), [1]);
    fs::remove_file(home.path().join("data")).unwrap();
    store.flush();
    assert!(matches!(store.take_error(), Some(StoreError::Recovered { .. })));
    ask_and_end(&store, 2, "two", "needle two", "");
    assert_eq!(numbers(&store, "needle"), [2, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// No input is an error, and a word of a text finds it.
    #[test]
    fn search_input_is_never_syntax(
        typed in prop::collection::vec(prop_oneof![
            3 => prop::sample::select(vec![
                "\"", "'", "(", ")", "*", "^", ":", "-", "+", "NEAR", "NEAR(a b, 2)", "AND", "OR", "NOT", "{text}:",
                "text:", "%", "_", "\\", "\0", "設計", "設", "データ", "é", "a", "words", ";", "--", "\u{202e}", "🚀",
            ]).prop_map(str::to_owned),
            1 => "\\PC{0,6}",
        ], 0..8),
        glue in prop::sample::select(vec!["", " "]),
    ) {
        let store = Store::in_memory();
        let typed = typed.join(glue);
        ask_and_end(&store, 1, "t", &format!("x {} y", typed.replace('\0', " ")), "");
        ask_and_end(&store, 2, "t", "nothing of that", "");
        let found = store.search_sessions(&typed, 9);
        prop_assert!(found.is_ok(), "{:?}: {:?}", typed, found);
        if typed.split_whitespace().any(|word| word.chars().any(|c| c.is_ascii_alphanumeric())) {
            let found = found.unwrap();
            prop_assert!(found.iter().any(|hit| hit.session.id.number() >> 100 == 1), "{:?}", typed);
        }
    }
}
