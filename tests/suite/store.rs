//! The store as its callers see it: what is written comes back, whatever happens to the file or to the
//! process in between.

mod delete;
mod measure;
mod migration;
mod review;
mod search;
mod sessions;

use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use plenary::domain::{
    AsideKind, Change, Decision, Edit, EditId, Ending, Facet, ModelRef, NewAside, NewRun, Origin,
    PersonaId, Recommendation, RecommendationId, RunId, RunNotes, RunState, Session, SessionId,
    Severity, Step, TurnId, Usage, Verdict,
};
use plenary::store::{Store, StoreError};
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::common::server::{Reply, Server, delta};
use crate::common::term::Home;

const SESSION: SessionId = SessionId::from_number(0xabc << 116);

fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data").join("plenary.db");
    (home, path)
}

fn new_run(id: u128, persona: &str) -> NewRun {
    NewRun {
        id: RunId::from_number(id),
        persona: PersonaId::from_name(persona),
        persona_name: persona.to_uppercase(),
        view: persona.to_owned(),
        model: ModelRef::parse("gateway:large").unwrap(),
        notes: RunNotes::default(),
    }
}

fn turn(session: SessionId, number: u128, runs: Vec<NewRun>) -> Change {
    Change::Turn {
        session,
        title: format!("title of {}", session.short()),
        panel: "design-review".into(),
        turn: TurnId::from_number(number),
        question: format!("question {number}?"),
        at: 1_700_000_000_000 + i64::try_from(number).unwrap(),
        runs,
    }
}

fn append(run: u128, text: &str) -> Change {
    let run = RunId::from_number(run);
    Change::Append { run, text: text.into(), reasoning: String::new() }
}

fn ended(run: u128, ending: Ending) -> Change {
    Change::Ended {
        run: RunId::from_number(run),
        ending,
        model: None,
        usage: Some(Usage { input: 1, output: 2, cached: 3, reasoning: 4, cost_microusd: None }),
        elapsed: Duration::from_millis(9_800),
    }
}

/// What a search of run `run` finds at `span`.
fn item(run: u128, span: Range<usize>) -> Recommendation {
    let run = RunId::from_number(run);
    Recommendation {
        id: RecommendationId::at(run, &span),
        run,
        facet: Facet::Risks,
        title: format!("at {}", span.start),
        span,
        origin: Origin::Found,
        severity: Some(Severity::High),
        verdict: Verdict::default(),
    }
}

fn lifted(run: u128, spans: &[(usize, usize)]) -> Change {
    let found = spans.iter().map(|(start, end)| item(run, *start..*end)).collect();
    Change::Lifted { run: RunId::from_number(run), found }
}

fn selected(run: u128, span: Range<usize>) -> Change {
    Change::Selected(Recommendation { origin: Origin::Selected, ..item(run, span) })
}

fn decided(decision: Decision) -> Verdict {
    Verdict { decision: Some(decision), ..Verdict::default() }
}

/// Edit `number`: what was found at `span` of `run` gets another verdict.
fn edited(number: u128, run: u128, span: Range<usize>, before: Verdict, after: Verdict) -> Change {
    let id = RecommendationId::at(RunId::from_number(run), &span);
    Change::Edited {
        session: SESSION,
        edit: Edit {
            id: EditId::from_number(number),
            what: format!("edit {number}"),
            at: 1_700_000_000_000,
            steps: vec![Step { id, before, after }],
        },
    }
}

fn undone(number: u128) -> Change {
    Change::Undone { session: SESSION, edit: EditId::from_number(number) }
}

fn redone(number: u128) -> Change {
    Change::Redone { session: SESSION, edit: EditId::from_number(number) }
}

/// A challenge to what was found at `0..4` of run 1, asked as turn `number` and answered by run `run`.
fn challenge(number: u128, run: u128) -> Change {
    let target = RecommendationId::at(RunId::from_number(1), &(0..4));
    Change::Aside {
        session: SESSION,
        aside: NewAside {
            id: TurnId::from_number(number),
            kind: AsideKind::Challenge(target),
            question: "attack this".into(),
            at: 1_700_000_000_050,
            run: new_run(run, "edge"),
        },
    }
}

fn load(store: &Store) -> Session {
    store.load(SESSION).unwrap().expect("the session is there")
}

/// Waits until `done`; a generous limit, so that a slow machine does not fail.
fn eventually<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(Instant::now() < end, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// What another program sees in the file: all text of the runs, in the order of the runs.
fn text_on_disk(path: &Path) -> Vec<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let conn = Connection::open_with_flags(path, flags).unwrap();
    conn.busy_timeout(Duration::from_secs(5)).unwrap();
    let mut query = conn
        .prepare(
            "SELECT text || (SELECT coalesce(group_concat(c.text, '' ORDER BY c.seq), '') \
             FROM chunk c WHERE c.run = run.seq) FROM run ORDER BY seq",
        )
        .unwrap();
    query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[test]
fn a_conversation_comes_back_as_it_was_written() {
    let (_home, path) = home();
    let store = Store::open(&path);
    let mut noted = new_run(1, "infra");
    noted.notes = vec!["2 turns were left out".to_owned()].into();
    store.write(turn(SESSION, 1, vec![noted, new_run(2, "edge"), new_run(3, "devops")]));
    store.write(append(1, "# Über\r\n"));
    store.write(append(2, "日本 👩‍👩‍👧 \u{202e}\u{1b}[31m\0 "));
    store.write(append(1, "text"));
    store.write(Change::Append {
        run: RunId::from_number(2),
        text: "end".into(),
        reasoning: "let me think".into(),
    });
    store.write(Change::Note { run: RunId::from_number(1), note: "\"ChatML\" is used".into() });
    store.write(ended(1, Ending::Done));
    store.write(ended(3, Ending::Failed("401: no key".into())));
    store.write(Change::Run { turn: TurnId::from_number(1), run: new_run(4, "devops") });
    store.write(ended(4, Ending::Refused(String::new())));
    store.write(ended(2, Ending::Cut("length limit".into())));
    store.write(turn(SESSION, 2, vec![new_run(5, "edge")]));
    store.write(ended(5, Ending::Cancelled));
    let before = load(&store);
    drop(store);

    let session = load(&Store::open(&path));
    assert_eq!(session, before);
    assert_eq!(session.created_at, 1_700_000_000_001);
    let told: Vec<_> = session
        .turns
        .iter()
        .flat_map(|t| &t.runs)
        .map(|r| (r.persona.as_str(), r.text.as_str(), r.state.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("infra", "# Über\r\ntext", RunState::Ended(Ending::Done)),
            (
                "edge",
                "日本 👩‍👩‍👧 \u{202e}\u{1b}[31m\0 end",
                RunState::Ended(Ending::Cut("length limit".into()))
            ),
            ("devops", "", RunState::Ended(Ending::Failed("401: no key".into()))),
            ("devops", "", RunState::Ended(Ending::Refused(String::new()))),
            ("edge", "", RunState::Ended(Ending::Cancelled)),
        ]
    );
    let run = &session.turns[0].runs[0];
    assert!(run.notes.iter().eq(&["2 turns were left out", "\"ChatML\" is used"]));
    assert_eq!(
        run.usage,
        Some(Usage { input: 1, output: 2, cached: 3, reasoning: 4, cost_microusd: None })
    );
    assert_eq!(run.elapsed, Duration::from_millis(9_800));
    assert_eq!(session.turns[0].runs[1].reasoning, "let me think");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is written in whatever order, the file holds each run's text in the order in which it came.
    #[test]
    fn text_is_never_lost_or_mixed_up(script in prop::collection::vec((0u128..4, ".{0,12}", 0..20u8), 0..60)) {
        let (_home, path) = home();
        let mut expected = vec![String::new(); 4];
        {
            let store = Store::open(&path);
            store.write(turn(SESSION, 1, (0..4).map(|n| new_run(n, "infra")).collect()));
            for (run, text, also) in script {
                expected[usize::try_from(run).unwrap()].push_str(&text);
                store.write(append(run, &text));
                match also {
                    0 => store.flush(),
                    1 => store.write(ended(run, Ending::Done)),
                    2 => drop(store.list(1).unwrap()),
                    _ => {}
                }
            }
        }
        let session = load(&Store::open(&path));
        let texts: Vec<&str> = session.turns[0].runs.iter().map(|r| r.text.as_str()).collect();
        prop_assert_eq!(texts, expected);
    }
}

#[test]
fn text_reaches_the_disk_while_it_streams_without_being_asked_to() {
    let (_home, path) = home();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra"), new_run(2, "edge")]));
    store.write(append(1, "a"));
    store.write(append(2, "b"));
    store.write(append(1, "c"));
    eventually("text on disk", || {
        (path.exists() && fs::metadata(&path).unwrap().len() > 0).then_some(())?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(&path, flags).ok()?;
        let chunks: i64 =
            conn.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0)).ok()?;
        (chunks == 2).then_some(())
    });
    assert_eq!(text_on_disk(&path), ["ac", "b"]);
    store.write(ended(1, Ending::Done));
    store.flush();
    let conn = Connection::open(&path).unwrap();
    let chunks: i64 = conn.query_row("SELECT count(*) FROM chunk", [], |row| row.get(0)).unwrap();
    assert_eq!(chunks, 1, "the chunks of the run that ended were not folded into it");
    assert_eq!(text_on_disk(&path), ["ac", "b"]);
}

#[test]
fn a_long_answer_is_written_once_and_comes_back_whole() {
    let (_home, path) = home();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    let piece = "0123456789abcdé\n".repeat(1 << 10);
    let mut whole = String::new();
    while whole.len() < 5 << 20 {
        store.write(append(1, &piece));
        whole.push_str(&piece);
        if whole.len() % (1 << 20) < piece.len() {
            store.flush();
        }
    }
    store.write(ended(1, Ending::Done));
    assert!(load(&store).turns[0].runs[0].text == whole);
    drop(store);
    let size = fs::metadata(&path).unwrap().len();
    assert!(size < 14 << 20, "5 MB of text became a file of {size} bytes");
}

#[test]
fn two_instances_share_a_store_and_leave_each_others_runs_alone() {
    let (_home, path) = home();
    let one = Store::open(&path);
    let two = Store::open(&path);
    let other = SessionId::from_number(0xdef << 116);
    one.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    two.write(turn(other, 2, vec![new_run(2, "edge")]));
    one.write(append(1, "from one"));
    two.write(append(2, "from two"));
    one.flush();
    two.flush();
    // A third that starts now looks for dead runs.
    let three = Store::open(&path);
    for store in [&one, &two, &three] {
        assert_eq!(store.list(9).unwrap().len(), 2);
        let session = store.load(other).unwrap().unwrap();
        assert_eq!(session.turns[0].runs[0].state, RunState::Streaming);
        assert_eq!(session.turns[0].runs[0].text, "from two");
    }
    // An orderly end that forgot a run cuts it; the other instance streams on.
    drop(two);
    let cut = RunState::Ended(Ending::Cut("the program ended while it streamed".into()));
    assert_eq!(three.load(other).unwrap().unwrap().turns[0].runs[0].state, cut);
    assert_eq!(load(&three).turns[0].runs[0].state, RunState::Streaming);
    one.write(ended(1, Ending::Done));
    one.flush();
    assert_eq!(load(&three).turns[0].runs[0].state, RunState::Ended(Ending::Done));
    assert!([&one, &three].iter().all(|store| store.trouble().is_none()));
}

#[test]
fn many_instances_may_make_the_same_store_at_once() {
    let (_home, path) = home();
    std::thread::scope(|scope| {
        for n in 0..6u128 {
            let path = &path;
            scope.spawn(move || {
                let store = Store::open(path);
                let session = SessionId::from_number(n + 1);
                store.write(turn(session, n, vec![new_run(n, "infra")]));
                store.write(append(n, "text"));
                store.write(ended(n, Ending::Done));
                store.flush();
                assert_eq!(store.trouble(), None);
            });
        }
    });
    let sessions = Store::open(&path).list(99).unwrap();
    assert_eq!(sessions.len(), 6);
    assert!(sessions.iter().all(|s| (s.turns, s.runs, s.answered) == (1, 1, 1)));
}

#[test]
fn a_list_counts_personas_not_tries_and_the_last_try_decides() {
    let (_home, path) = home();
    for store in [Store::open(&path), Store::in_memory()] {
        let counts = || {
            let summary = store.list(1).unwrap().remove(0);
            (summary.runs, summary.answered)
        };
        let again =
            |id, persona| Change::Run { turn: TurnId::from_number(1), run: new_run(id, persona) };
        let panel = ["infra", "edge", "devops", "ai-lead"];
        let runs = (1..).zip(panel).map(|(id, persona)| new_run(id, persona)).collect();
        store.write(turn(SESSION, 1, runs));
        store.write(ended(1, Ending::Done));
        for id in 2..=4 {
            store.write(ended(id, Ending::Failed("503".into())));
        }
        assert_eq!(counts(), (4, 1));
        for (id, persona) in (5..).zip(&panel[1..]) {
            store.write(again(id, persona));
            store.write(ended(id, Ending::Done));
        }
        assert_eq!(counts(), (4, 4), "three were tried again and answered");

        store.write(again(8, "infra"));
        assert_eq!(counts(), (4, 3), "the last try of infra has not answered");
        store.write(ended(8, Ending::Cancelled));
        assert_eq!(counts(), (4, 3));
        store.write(again(9, "edge"));
        store.write(again(10, "edge"));
        store.write(ended(9, Ending::Done));
        assert_eq!(counts(), (4, 2), "an earlier try that ends late does not count");
        store.write(ended(10, Ending::Done));
        assert_eq!(counts(), (4, 3));
        store.write(turn(SESSION, 2, vec![new_run(11, "infra")]));
        store.write(ended(11, Ending::Done));
        assert_eq!(counts(), (5, 4), "each question counts");
    }
}

#[test]
fn a_killed_instance_leaves_cut_runs_with_their_text() {
    let server = Server::start();
    let half = delta(&json!({"content": "half"}));
    let sent = format!("data: {half}\n\n").len();
    server.script("infra", [Reply::text("whole")]);
    server.script("edge", [Reply::events([half]).stall(sent)]);
    let models = [("infra", "infra"), ("edge", "edge")];
    let home = Home::asking(&server.base_url(), "infra", &models);
    let path = home.path("data/plenary/plenary.db");
    let living = Store::open(&path);
    living.flush();
    let mut asking = Command::new(env!("CARGO_BIN_EXE_plenary"))
        .args(["ask", "--persona", "infra", "--persona", "edge", "Which database?"])
        .env_clear()
        .envs(home.env())
        .current_dir(home.path("work"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("an answer and half of one on disk", || {
        (text_on_disk(&path) == ["whole", "half"]).then_some(())
    });
    let runs = |store: &Store| {
        let id = store.list(1).unwrap()[0].id;
        store.load(id).unwrap().expect("the session is there").turns.remove(0).runs
    };
    let states =
        |store: &Store| runs(store).into_iter().map(|run| run.state).collect::<Vec<RunState>>();
    let done = RunState::Ended(Ending::Done);
    eventually("the end of the first answer", || {
        (states(&living) == [done.clone(), RunState::Streaming]).then_some(())
    });
    asking.kill().unwrap();
    asking.wait().unwrap();

    let cut = RunState::Ended(Ending::Cut("the program ended while it streamed".into()));
    assert_eq!(states(&living), [done.clone(), cut.clone()], "seen by one that lived all the time");
    let later = Store::open(&path);
    assert_eq!(states(&later), [done, cut], "seen by one that starts later");
    assert_eq!(runs(&later)[1].text, "half");
    drop(later);
    let conn = Connection::open(&path).unwrap();
    let word: String = conn
        .query_row("SELECT state FROM run WHERE persona = 'edge'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(word, "cut", "not only shown as cut but stored as cut");
    let locks = fs::read_dir(beside(&path, "-instances")).unwrap().count();
    assert_eq!(locks, 0, "the dead instance's lock file is still there");
}

#[test]
fn every_file_is_private_from_the_start() {
    let (_home, path) = home();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.flush();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&beside(&path, suffix)), 0o600, "{suffix}");
    }
    assert_eq!(mode(&beside(&path, "-instances")), 0o700);
}

#[test]
fn a_store_that_others_could_read_is_closed_to_them() {
    let (_home, path) = home();
    drop(written(&path));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&path);
    store.flush();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(load(&store).turns.len(), 1);
    assert_eq!(store.trouble(), None);
}

/// A store with one session, open.
fn written(path: &Path) -> Store {
    let store = Store::open(path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.write(append(1, "text"));
    store.write(ended(1, Ending::Done));
    store.flush();
    assert_eq!(store.trouble(), None);
    store
}

/// Opens `path`, which cannot be used: says so in words, works in memory, and leaves the file as it is.
/// Returns the words.
fn refused(path: &Path) -> String {
    let before = fs::read(path).ok();
    let store = Store::open(path);
    let other = SessionId::from_number(9);
    store.write(turn(other, 9, vec![new_run(9, "edge")]));
    store.write(append(9, "kept in memory"));
    store.write(ended(9, Ending::Done));
    store.write(lifted(9, &[(0, 4)]));
    assert!(!store.write_now(selected(9, 5..7), Duration::from_mins(1)));
    store.flush();
    let told = store.trouble().expect("a problem is told");
    assert!(matches!(told, StoreError::Open { .. }), "{told:?}");
    assert_eq!(store.trouble(), None, "told twice");
    let session = store.load(other).unwrap().expect("kept in memory");
    assert_eq!(session.turns[0].runs[0].text, "kept in memory");
    assert_eq!(session.triage().items, 2);
    assert!(store.list(9).unwrap().iter().any(|s| s.id == other && s.proposed == 2));
    for error in [
        store.rename(other, "x".into()).unwrap_err(),
        store.tag(other, Vec::new()).unwrap_err(),
        store.delete(other).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("nothing was changed") && error.contains("plenary.db"), "{error}");
    }
    drop(store);
    assert!(fs::read(path).ok() == before, "the file was changed");
    told.to_string()
}

#[test]
fn what_is_not_a_sound_store_is_named_and_left_as_it_is() {
    let (_home, path) = home();
    drop(written(&path));
    let sound = fs::read(&path).unwrap();
    let cases: [(&str, Vec<u8>); 5] = [
        ("not SQLite", b"this is not a database at all, but longer than a header ".repeat(40)),
        ("too short", b"SQLite format 3\0".to_vec()),
        ("truncated", sound[..sound.len() / 2].to_vec()),
        ("truncated within a page", sound[..4096 + 100].to_vec()),
        ("first page gone", [vec![0u8; 4096], sound[4096..].to_vec()].concat()),
    ];
    for (name, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let words = refused(&path);
        assert!(words.contains("damaged"), "{name}: {words}");
        assert!(words.contains(&path.display().to_string()), "{name}: {words}");
        assert!(words.contains("mv "), "{name}: {words}");
    }
    // An empty file is a fresh store.
    fs::write(&path, "").unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(beside(&path, suffix)).unwrap_or_default();
    }
    drop(written(&path));
    assert_eq!(Store::open(&path).list(9).unwrap().len(), 1);
}

#[test]
fn a_page_that_was_overwritten_is_an_error_in_words() {
    let (_home, path) = home();
    drop(written(&path));
    let conn = Connection::open(&path).unwrap();
    let roots: Vec<u32> = conn
        .prepare(
            "SELECT rootpage FROM sqlite_schema WHERE name IN \
             ('session', 'session_newest', 'turn', 'run', 'words_data', 'recommendation', 'edit')",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    drop(conn);
    let mut bytes = fs::read(&path).unwrap();
    for root in roots.into_iter().map(|root| root as usize) {
        bytes[(root - 1) * 4096..root * 4096].fill(0xA5);
    }
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path);
    let errors = [
        store.load(SESSION).unwrap_err(),
        store.list(9).unwrap_err(),
        store.search("text", 9).unwrap_err(),
    ];
    for error in errors {
        let error = error.to_string();
        assert!(error.contains("damaged") && error.contains("plenary.db"), "{error}");
    }
    for nothing in
        [store.rename(SESSION, "another".into()).unwrap_err(), store.delete(SESSION).unwrap_err()]
    {
        assert!(nothing.to_string().contains("damaged"), "{nothing}");
    }
    assert!(!store.write_now(selected(1, 0..1), Duration::from_mins(1)));
    store.write(turn(SessionId::from_number(9), 9, vec![new_run(9, "edge")]));
    store.flush();
    assert!(store.trouble().is_some());
    drop(store);
    assert!(fs::read(&path).unwrap() == bytes, "the file was changed");
}

#[test]
fn a_newer_store_is_read_and_never_written() {
    let (_home, path) = home();
    drop(written(&path));
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("ALTER TABLE run ADD COLUMN later TEXT; PRAGMA user_version = 99").unwrap();
    drop(conn);
    let words = refused(&path);
    assert!(words.contains("newer plenary") && words.contains("99"), "{words}");
    let store = Store::open(&path);
    assert_eq!(load(&store).turns[0].runs[0].text, "text", "it can still be read");
    assert_eq!(store.search("question text", 9).unwrap().len(), 1, "and searched");
    // What is decided on it is shown until the end of the program, and told not to be written.
    store.write(lifted(1, &[(0, 4)]));
    let decision = edited(1, 1, 0..4, Verdict::default(), decided(Decision::Accepted));
    assert!(!store.write_now(decision, Duration::from_mins(1)));
    assert_eq!(load(&store).triage().accepted, 1);
    assert_eq!(store.search("question text", 9).unwrap()[0].session.decided, 1);
    drop(store);

    // One whose tables cannot be read by this version is left alone.
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("ALTER TABLE session RENAME TO conversation").unwrap();
    drop(conn);
    let words = refused(&path);
    assert!(words.contains("left alone"), "{words}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_home, path) = home();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch("CREATE TABLE session (id TEXT); PRAGMA user_version = 1").unwrap();
    drop(conn);
    let words = refused(&path);
    assert!(words.contains("another program"), "{words}");
}

#[test]
fn a_journal_without_its_store_is_not_thrown_away() {
    let (_home, path) = home();
    let store = written(&path);
    let wal = fs::read(beside(&path, "-wal")).unwrap();
    drop(store);
    fs::remove_file(&path).unwrap();
    fs::write(beside(&path, "-wal"), &wal).unwrap();
    let store = Store::open(&path);
    store.flush();
    let told = store.trouble().expect("told").to_string();
    assert!(told.contains("plenary.db-wal"), "{told}");
    drop(store);
    assert!(fs::read(beside(&path, "-wal")).unwrap() == wal);
}

#[test]
fn a_place_that_cannot_hold_a_store_is_said_and_memory_is_used() {
    let (home, _) = home();
    let file = home.path().join("file");
    fs::write(&file, "x").unwrap();
    let cases = [
        file.join("data").join("plenary.db"),
        home.path().to_owned(),
        PathBuf::from("/dev/null"),
        PathBuf::from("/dev/full"),
        PathBuf::from("/proc/plenary/plenary.db"),
    ];
    for path in cases {
        let store = Store::open(&path);
        store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
        store.write(append(1, "text"));
        store.write(ended(1, Ending::Done));
        store.flush();
        let told = store.trouble().expect("told").to_string();
        assert!(told.contains(&path.display().to_string()), "{told}");
        assert!(told.contains("memory"), "{told}");
        assert_eq!(store.trouble(), None, "told twice: {told}");
        assert_eq!(load(&store).turns[0].runs[0].text, "text");
        assert_eq!(store.find("abc").unwrap(), [SESSION]);
    }
}

#[test]
fn a_link_is_followed_in_a_folder_of_ones_own_and_refused_where_everybody_writes() {
    let (home, path) = home();
    drop(written(&path));
    let own = home.path().join("own");
    let open = home.path().join("open");
    for folder in [&own, &open] {
        fs::create_dir(folder).unwrap();
        std::os::unix::fs::symlink(&path, folder.join("plenary.db")).unwrap();
    }
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    let through = Store::open(&own.join("plenary.db"));
    assert_eq!(load(&through).turns.len(), 1);
    assert_eq!(through.trouble(), None);
    drop(through);
    let words = refused(&open.join("plenary.db"));
    assert!(words.contains("link"), "{words}");
}

#[test]
fn a_store_of_another_user_is_refused() {
    let (_home, path) = home();
    drop(written(&path));
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        eprintln!("not root: nobody's file cannot be made");
        return;
    }
    let words = refused(&path);
    assert!(words.contains("another user") && words.contains("12345"), "{words}");
}

/// A problem that passes: the folder could not be made, then it can. What came in between is written.
#[test]
fn what_came_while_the_store_could_not_be_opened_is_written_later() {
    let (home, path) = home();
    let folder = home.path().join("data");
    fs::write(&folder, "in the way").unwrap();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.write(append(1, "text"));
    store.flush();
    assert!(matches!(store.trouble(), Some(StoreError::Open { .. })));
    fs::remove_file(&folder).unwrap();
    store.flush();
    assert!(matches!(store.trouble(), Some(StoreError::Recovered { .. })));
    assert_eq!(text_on_disk(&path), ["text"]);
}

#[test]
fn the_list_is_newest_first_and_ids_are_found_by_their_beginning() {
    for store in [Store::in_memory(), Store::open(&home().1)] {
        let ids: Vec<SessionId> =
            [0xa1u128, 0xa2, 0xb1].iter().map(|n| SessionId::from_number(n << 120)).collect();
        for (n, id) in (1..).zip(&ids) {
            store.write(turn(*id, n, vec![new_run(n, "infra")]));
        }
        let listed: Vec<SessionId> = store.list(2).unwrap().iter().map(|s| s.id).collect();
        assert_eq!(listed, [ids[2], ids[1]]);
        assert_eq!(store.find("a").unwrap(), [ids[1], ids[0]]);
        assert_eq!(store.find("A1").unwrap(), [ids[0]]);
        assert_eq!(store.find(&ids[2].to_string()).unwrap(), [ids[2]]);
        for nothing in ["ff", "xyz", "%", "'", "a1 "] {
            assert_eq!(store.find(nothing).unwrap(), [], "{nothing:?}");
        }
        // What changed last comes first.
        store.write(ended(1, Ending::Done));
        assert_eq!(store.list(9).unwrap()[0].id, ids[0]);
        assert_eq!(store.load(SessionId::from_number(7)).unwrap(), None);
    }
}

#[tokio::test]
async fn a_loop_can_wait_for_trouble() {
    let store = Store::open(Path::new("/dev/null"));
    tokio::time::timeout(Duration::from_secs(30), store.troubled()).await.expect("told");
    assert!(store.trouble().is_some());
}
