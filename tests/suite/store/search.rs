//! Full-text search: every word, nothing as syntax, the newest first, also of what is not in the file yet.

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

/// The same, and the answer has ended; all in that instant, so that order is the order of the numbers.
fn told(store: &Store, number: u128, title: &str, question: &str, answer: &str) -> SessionId {
    let session = say(store, number, title, question, answer);
    store.write(ended(number, Ending::Done));
    session
}

fn numbers(store: &Store, words: &str) -> Vec<u128> {
    let hits = store.search(words, 99).unwrap();
    hits.iter().map(|hit| hit.session.id.number() >> 100).collect()
}

fn stores() -> [(tempfile::TempDir, Store); 2] {
    let (home, path) = home();
    [(home, Store::open(&path)), (tempfile::tempdir().unwrap(), Store::in_memory())]
}

#[test]
fn every_word_must_occur_somewhere_in_the_session() {
    for (_home, store) in stores() {
        told(
            &store,
            1,
            "Which database?",
            "Which database for Zürich?",
            "PostgreSQL in eu-central-1.",
        );
        told(
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
        // Words that go are not found any more.
        let second = SessionId::from_number(2 << 100);
        store.write(Change::Renamed { session: second, title: "Nodes".into() });
        store.write(Change::Tagged { session: second, tags: Vec::new() });
        assert_eq!((numbers(&store, "edge"), numbers(&store, "quarter")), (vec![], vec![]));
        assert_eq!(numbers(&store, "nodes"), [2]);
        assert_eq!(store.trouble(), None);
    }
}

#[test]
fn scripts_without_blanks_are_found_anywhere() {
    for (_home, store) in stores() {
        told(
            &store,
            1,
            "データベースの設計",
            "複数リージョンのデータベース設計はどうする?",
            "まずPostgresを使う。",
        );
        told(&store, 2, "数据库", "数据库的选择", "成本最低的方案是数据库集群");
        told(&store, 3, "한국어", "데이터베이스 설계", "ฐานข้อมูลที่ดี");
        told(&store, 4, "Latin", "no such script: é", "設 alone");
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
        let hit = store.search("リージョン", 9).unwrap().remove(0);
        assert!(hit.excerpt.contains("複数\u{2}リージョン\u{3}の"), "{}", hit.excerpt);
    }
}

#[test]
fn a_hit_says_who_said_what_and_the_newest_session_comes_first() {
    for (_home, store) in stores() {
        let answer = format!("{}\n\nuse a \u{2}quorum\u{3} of three", "Long before. ".repeat(40));
        for number in 1..=5 {
            say(&store, number, "the quorum", "How large?", &answer);
        }
        for number in 1..=5 {
            store.write(ended(number, Ending::Done));
        }
        store.flush();
        let hits = store.search("quorum", 3).unwrap();
        let order: Vec<u128> = hits.iter().map(|hit| hit.session.id.number() >> 100).collect();
        assert_eq!(order.len(), 3);
        let newest: Vec<u128> =
            store.list(3).unwrap().iter().map(|session| session.id.number() >> 100).collect();
        assert_eq!(order, newest);
        // The answer, not the title, which the list shows anyway.
        assert_eq!(hits[0].who, "INFRA");
        assert!(
            hits[0].excerpt.contains("use a ␂\u{2}quorum\u{3}␃ of three"),
            "{}",
            hits[0].excerpt
        );
        assert!(hits[0].excerpt.starts_with('…') && !hits[0].excerpt.contains('\n'));
        let title = store.search("the quorum large", 1).unwrap().remove(0);
        assert_eq!(title.who, "");
        assert_eq!(title.excerpt, "\u{2}the\u{3} \u{2}quorum\u{3}");
        let question = store.search("large", 1).unwrap().remove(0);
        assert_eq!(
            (question.who.as_str(), question.excerpt.as_str()),
            ("", "How \u{2}large\u{3}?")
        );
        assert_eq!(question.session, store.list(1).unwrap()[0]);
        assert_eq!(store.search("quorum", 0).unwrap(), []);
    }
}

#[test]
fn challenges_are_found_by_what_was_answered_and_not_by_what_was_asked() {
    for (_home, store) in stores() {
        store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
        store.write(challenge(50, 51));
        store.write(append(51, "it will break"));
        assert_eq!(store.search("break", 9).unwrap(), [], "it is still streaming");
        store.write(ended(51, Ending::Done));
        assert_eq!(store.search("break", 9).unwrap()[0].who, "EDGE");
        assert_eq!(store.search("attack", 9).unwrap(), []);
    }
}

/// A file that cannot be written for a while: what waits is found with what stands in it.
#[test]
fn what_waits_for_the_disk_is_found_too() {
    let (home, path) = home();
    fs::write(home.path().join("data"), "in the way").unwrap();
    let store = Store::open(&path);
    told(&store, 1, "one", "needle one", "");
    store.flush();
    assert!(store.trouble().is_some());
    assert_eq!(numbers(&store, "needle"), [1]);
    fs::remove_file(home.path().join("data")).unwrap();
    store.flush();
    assert!(matches!(store.trouble(), Some(StoreError::Recovered { .. })));
    told(&store, 2, "two", "needle two", "");
    assert_eq!(numbers(&store, "needle"), [2, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Nothing that can be typed is an error, and what stands in a text as a word is found by it.
    #[test]
    fn nothing_that_is_typed_is_syntax(
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
        told(&store, 1, "t", &format!("x {} y", typed.replace('\0', " ")), "");
        told(&store, 2, "t", "nothing of that", "");
        let found = store.search(&typed, 9);
        prop_assert!(found.is_ok(), "{:?}: {:?}", typed, found);
        if typed.split_whitespace().any(|word| word.chars().any(|c| c.is_ascii_alphanumeric())) {
            let found = found.unwrap();
            prop_assert!(found.iter().any(|hit| hit.session.id.number() >> 100 == 1), "{:?}", typed);
        }
    }
}
