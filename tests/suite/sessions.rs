//! `plenary sessions …` as users see it: the real binary with a separate store, pipes and a terminal.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use plenary::domain::{
    Change, Decision, Ending, Facet, ModelRef, NewRun, PersonaId, Recommendation, RecommendationId,
    RecommendationOrigin, RunId, RunNotes, SessionId, TriageStep, TriageStepId, TurnId, Verdict,
    VerdictUpdate,
};
use plenary::store::Store;
use serde_json::{Value, json};

use crate::common::ran::Ran;
use crate::common::term::{Home, Term};

const DATABASE: SessionId = SessionId::from_number(0xda << 120);
const EDGE: SessionId = SessionId::from_number(0xed << 120);

/// Creates a home folder with two sessions: one about a database, with triage, and a newer one about the edge.
fn home_with_sessions() -> Home {
    let home = Home::new("");
    let store = open_store(&home);
    store_turn(
        &store,
        1,
        DATABASE,
        "Which database?",
        "Use PostgreSQL with three replicas. \u{1b}[31mred",
    );
    let run = RunId::from_number(1);
    let found = [(0, 3), (4, 14), (20, 25)].map(|(start, end)| Recommendation {
        id: RecommendationId::from_span(run, &(start..end)),
        run,
        facet: Facet::Recommendation,
        title: "use it".into(),
        span: start..end,
        origin: RecommendationOrigin::Found,
        severity: None,
        verdict: Verdict::default(),
    });
    let after = Verdict { decision: Some(Decision::Accepted), ..Verdict::default() };
    let updates = vec![VerdictUpdate { id: found[0].id, before: Verdict::default(), after }];
    store.write(Change::Extracted { run, found: found.to_vec() });
    let step =
        TriageStep { id: TriageStepId::from_number(1), what: "accept".into(), at: 1, updates };
    store.write(Change::TriageStepDone { session: DATABASE, step });
    store_turn(&store, 2, EDGE, "How do 40 nodes sync? \u{202e}", "With CRDTs, 設計 first.");
    store.flush();
    assert_eq!(store.take_error(), None);
    home
}

fn open_store(home: &Home) -> Store {
    Store::open(&home.path("data/plenary/plenary.db"))
}

fn store_turn(store: &Store, n: u128, session: SessionId, question: &str, answer: &str) {
    let run = NewRun {
        id: RunId::from_number(n),
        persona: PersonaId::from_name("infra"),
        persona_name: "Kael Voss".into(),
        view: "infra".into(),
        model: ModelRef::parse("gateway:large").unwrap(),
        notes: RunNotes::default(),
    };
    store.write(Change::Turn {
        session,
        title: question.into(),
        panel: "design-review".into(),
        turn: TurnId::from_number(n),
        question: question.into(),
        at: 4_000_000_000_000 + i64::try_from(n).unwrap(),
        runs: vec![run],
    });
    let run = RunId::from_number(n);
    store.write(Change::Append { run, text: answer.into(), reasoning: String::new() });
    store.write(Change::Ended {
        run,
        ending: Ending::Done,
        model: None,
        usage: None,
        elapsed: Duration::from_secs(1),
    });
}

/// Exit code and output of a command.
fn run_sessions(home: &Home, args: &[&str]) -> Ran {
    Ran::of(&home.run(&[&["sessions"], args].concat()))
}

#[test]
fn the_list_shows_decisions_and_tags() {
    let home = home_with_sessions();
    open_store(&home).tag_session(DATABASE, vec!["q3".into()]).unwrap();
    let text = run_sessions(&home, &["list"]);
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = text.out.lines().collect();
    assert_eq!(lines.len(), 2);
    let has = |line: &str, parts: &[&str]| parts.iter().all(|part| line.contains(part));
    assert!(
        has(
            lines[1],
            &[
                "da000000  ",
                "1 question  1 of 1 answered  1 of 3 decided  design-review  #q3  Which"
            ]
        ),
        "{}",
        text.out
    );
    assert!(has(lines[0], &["ed000000  ", "How do 40 nodes sync? ‹U+202E›"]), "{}", text.out);
    assert!(!lines[0].contains("decided"), "{}", text.out);

    let rows: Value =
        serde_json::from_str(&run_sessions(&home, &["list", "--format", "json"]).out).unwrap();
    let row = &rows[1];
    assert_eq!(
        (&row["tags"], &row["proposed"], &row["decided"]),
        (&json!(["q3"]), &json!(3), &json!(1))
    );
    assert_eq!((&row["turns"], &row["runs"], &row["answered"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(rows[0]["tags"], json!([]));
}

#[test]
fn search_prints_speakers_and_excerpts() {
    let home = home_with_sessions();
    let text = run_sessions(&home, &["search", "repl", "postgres"]);
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = text.out.lines().collect();
    assert!(
        lines[0].starts_with("da000000  ") && lines[0].ends_with("Which database?"),
        "{}",
        text.out
    );
    let excerpt = "          Kael Voss: Use PostgreSQL with three replicas. ␛[31mred";
    assert_eq!(&lines[1..], [excerpt], "a pipe gets no marks");

    let hits = run_sessions(&home, &["search", "sync", "設計", "--format", "json"]);
    let hits: Value = serde_json::from_str(&hits.out).unwrap();
    assert_eq!(hits.as_array().unwrap().len(), 1);
    assert_eq!(hits[0]["id"], EDGE.to_string());
    assert_eq!(
        (&hits[0]["title"], &hits[0]["turns"]),
        (&json!("How do 40 nodes sync? ‹U+202E›"), &json!(1))
    );
    assert_eq!(
        (&hits[0]["who"], &hits[0]["excerpt"]),
        (&json!(""), &json!("How do 40 nodes sync? ‹U+202E›"))
    );

    let newest = run_sessions(&home, &["search", "w", "--limit", "1"]);
    assert!(newest.out.starts_with("ed000000"), "{}", newest.out);
    assert_eq!(newest.out.lines().count(), 2);
    let none = run_sessions(&home, &["search", "\"nothing", "OR", "such*"]);
    assert_eq!(none.code, Some(0));
    assert!(none.out.starts_with("No session holds every one of these words."), "{}", none.out);
    assert_eq!(run_sessions(&home, &["search", "nothing", "--format", "json"]).out, "[]\n");
    for (args, said) in [
        (&["search"][..], "<WORDS>"),
        (&["search", "?!"], "there is no word to search for in \"?!\""),
        (&["search", "a", "--limit", "x"], "--limit"),
    ] {
        let ran = run_sessions(&home, args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
    }
}

#[test]
fn matches_are_bold_on_terminals_with_colours() {
    let home = home_with_sessions();
    let bold = b"Kael Voss: Use \x1b[1mPostgreSQL\x1b[22m with";
    for (env, shown) in
        [(&[][..], true), (&[("NO_COLOR", "1")][..], false), (&[("TERM", "dumb")][..], false)]
    {
        let mut term = Term::start_with(&home, (100, 24), &["sessions", "search", "postgres"], env);
        term.wait("the excerpt", |screen| screen.contains("Use PostgreSQL with three"));
        assert_eq!(term.end().exit_code(), 0);
        let bytes = term.bytes();
        assert_eq!(bytes.windows(bold.len()).any(|window| window == bold), shown, "{env:?}");
        assert!(shown || !bytes.contains(&0x1b), "{env:?}: {:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn sessions_are_renamed_and_tagged() {
    let home = home_with_sessions();
    let ran = run_sessions(&home, &["rename", "da", "  The \u{1b}region ", "move\n"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert_eq!(ran.err, "plenary: session da000000 is now \"The ␛region move\"\n");
    assert_eq!(
        open_store(&home).load_session(DATABASE).unwrap().unwrap().title,
        "The \u{1b}region move"
    );
    assert!(run_sessions(&home, &["list"]).out.contains("The ␛region move"));
    let order: Vec<SessionId> =
        open_store(&home).list_sessions(9).unwrap().iter().map(|s| s.id).collect();
    assert_eq!(order, [EDGE, DATABASE], "renaming does not change the order");

    assert_eq!(run_sessions(&home, &["tag", "da"]).out, "");
    let ran = run_sessions(&home, &["tag", "da", "q3", "+ops", "#infra", "OPS"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "q3\nops\ninfra\n", ""));
    let ran = run_sessions(&home, &["tag", "da", "-Q3", "-gone", "+設計"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "ops\ninfra\n設計\n"), "{}", ran.err);
    assert_eq!(ran.err, "plenary: session da000000 has no tag \"gone\"\n");
    assert_eq!(run_sessions(&home, &["tag", "last"]).out, "");
    assert!(run_sessions(&home, &["search", "設計", "region"]).out.starts_with("da000000"));

    let long = "x".repeat(201);
    for (args, said) in [
        (&["rename", "da", " "][..], "the title is empty"),
        (&["rename", "da"], "<TITLE>"),
        (&["rename", "da", &long], "the title has 201 characters; 200 is the most"),
        (&["rename", "99", "x"], "no session has an id that begins with \"99\""),
        (&["tag", "da", "a b"], "\"a b\" is not a tag: a tag is one word"),
        (&["tag", "da", "ok", "--no"], "\"--no\" is not a tag"),
        (&["tag", "99", "x"], "no session has an id"),
    ] {
        let ran = run_sessions(&home, args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
    }
    assert_eq!(
        run_sessions(&home, &["tag", "da"]).out,
        "ops\ninfra\n設計\n",
        "nothing was changed partially"
    );
}

#[test]
fn delete_asks_and_needs_yes_without_a_terminal() {
    let home = home_with_sessions();
    let refused = run_sessions(&home, &["delete", "da"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    for part in [
        "session da000000 \"Which database?\" (",
        ", 1 question, 1 of 1 answered, 1 of 3 decided) was not deleted",
        "there is no terminal to ask on; add --yes",
    ] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    for (answer, gone) in [("\r", false), ("\u{4}", false), ("nope\r", false), ("y\r", true)] {
        let mut term = Term::start(&home, (100, 24), &["sessions", "delete", "da"]);
        let asked = term.wait("the question", |screen| screen.contains("[y/N]"));
        assert!(asked.contains("delete session da000000 \"Which database?\" ("), "{asked}");
        term.send(answer);
        let said = if gone { "was deleted" } else { "was not deleted" };
        term.wait(said, |screen| screen.replace('\n', " ").contains(said));
        assert_eq!(term.end().exit_code(), if gone { 0 } else { 2 }, "{answer:?}");
        assert_eq!(open_store(&home).load_session(DATABASE).unwrap().is_none(), gone, "{answer:?}");
    }
    let ran = run_sessions(&home, &["delete", "last", "--yes"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert!(
        ran.err.starts_with("plenary: session ed000000 \"How do 40 nodes sync? ‹U+202E›\""),
        "{}",
        ran.err
    );
    assert!(ran.err.ends_with("was deleted\n"), "{}", ran.err);
    assert!(run_sessions(&home, &["list"]).out.starts_with("No sessions yet."));
    let file = std::fs::read(home.path("data/plenary/plenary.db")).unwrap();
    assert!(
        !file.windows(10).any(|window| window == b"PostgreSQL"),
        "its text is still in the file"
    );
    assert_eq!(run_sessions(&home, &["delete", "last", "--yes"]).code, Some(2));
}

#[test]
fn delete_refuses_a_session_with_a_run_in_another_instance() {
    let home = home_with_sessions();
    let other_instance = open_store(&home);
    other_instance.write(Change::Run {
        turn: TurnId::from_number(1),
        run: NewRun {
            id: RunId::from_number(9),
            persona: PersonaId::from_name("edge"),
            persona_name: "Kai Lennox".into(),
            view: "edge".into(),
            model: ModelRef::parse("gateway:large").unwrap(),
            notes: RunNotes::default(),
        },
    });
    other_instance.flush();
    let ran = run_sessions(&home, &["delete", "da", "--yes"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("another plenary is writing one of its answers"), "{}", ran.err);
    assert!(other_instance.load_session(DATABASE).unwrap().is_some());
    // Renaming and tagging are allowed.
    assert_eq!(run_sessions(&home, &["rename", "da", "now"]).code, Some(0));
    assert_eq!(other_instance.load_session(DATABASE).unwrap().unwrap().title, "now");
}

#[test]
fn unwritable_stores_are_reported_and_not_changed() {
    let home = home_with_sessions();
    let path = home.path("data/plenary/plenary.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(conn);
    let before = std::fs::read(&path).unwrap();
    for args in [&["rename", "da", "x"][..], &["tag", "da", "x"], &["delete", "da", "--yes"]] {
        let ran = run_sessions(&home, args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{args:?}");
        for part in
            ["plenary.db: nothing was changed", "newer plenary (format 99", "update plenary"]
        {
            assert!(ran.err.contains(part), "{args:?}: {part}: {}", ran.err);
        }
    }
    let found = run_sessions(&home, &["search", "postgres"]);
    assert!(
        found.code == Some(0) && found.out.starts_with("da000000"),
        "{}{}",
        found.out,
        found.err
    );
    assert!(found.err.contains("newer plenary"), "{}", found.err);
    assert_eq!(run_sessions(&home, &["tag", "da"]).code, Some(0));
    assert!(std::fs::read(&path).unwrap() == before, "the file was changed");

    std::fs::write(&path, "this is no store, but it is longer than a header ".repeat(40)).unwrap();
    for args in [
        &["search", "x"][..],
        &["rename", "last", "x"],
        &["tag", "last"],
        &["delete", "last", "--yes"],
    ] {
        let ran = run_sessions(&home, args);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{args:?}");
        assert!(ran.err.contains("damaged") && ran.err.contains("mv '"), "{args:?}: {}", ran.err);
    }
}

#[test]
fn every_command_has_help_completions_and_a_man_page() {
    let home = home_with_sessions();
    let help = run_sessions(&home, &["--help"]).out;
    for command in ["list", "show", "search", "rename", "tag", "delete"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        let own = run_sessions(&home, &[command, "--help"]);
        assert_eq!(own.code, Some(0), "{command}: {}", own.err);
        assert!(own.out.contains(&format!("sessions {command} ")), "{command}: {}", own.out);
    }
    let bash = Ran::of(&home.run(&["completions", "bash"])).out;
    assert!(
        bash.contains("plenary__subcmd__sessions__subcmd__rename")
            || bash.contains("sessions__rename")
    );
    let man = Ran::of(&home.run(&["man", "sessions"])).out;
    assert!(man.contains("rename") && man.contains("delete"), "{man}");
}

#[test]
fn a_closed_pipe_ends_quietly_with_141() {
    let home = home_with_sessions();
    for args in [&["search", "w"][..], &["list"], &["tag", "da", "a", "b"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plenary"))
            .arg("sessions")
            .args(args)
            .env_clear()
            .envs(home.env())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.stdin.take().unwrap().flush().unwrap();
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (Some(141), ""), "{args:?}");
    }
}

/// An answer in which every word matches took 20 s, and then the disk was said to hang.
#[test]
fn search_in_an_answer_full_of_matches_finds_it() {
    let home = home_with_sessions();
    let store = open_store(&home);
    store_turn(&store, 3, SessionId::from_number(0xab << 120), "Which?", &"a b ".repeat(100_000));
    drop(store);
    let found = run_sessions(&home, &["search", "a"]);
    assert_eq!((found.code, found.err.as_str()), (Some(0), ""));
    assert!(found.out.starts_with("ab000000") && found.out.contains("a b a b"), "{}", found.out);
}

#[test]
fn last_is_the_session_changed_last_even_after_a_clock_in_the_future() {
    let home = home_with_sessions();
    let store = open_store(&home);
    // Its time is years after those of the others.
    store_turn(&store, 1 << 40, SessionId::from_number(0xfe << 120), "From the future?", "Yes.");
    store_turn(&store, 4, SessionId::from_number(0xab << 120), "And now?", "Now.");
    drop(store);
    let shown = run_sessions(&home, &["show", "last"]);
    assert!(shown.out.contains("And now?"), "{}{}", shown.out, shown.err);
    let listed = run_sessions(&home, &["list"]);
    assert!(listed.out.starts_with("ab000000"), "{}", listed.out);
}
