//! The store as its callers see it: reads return what was written, whatever happens to the file or the process.

mod delete;
mod instances;
mod lost_file;
mod measure;
mod migration;
mod review;
mod search;
mod sessions;
mod unusable;

use std::fs;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plenary::domain::{
    Change, Decision, Ending, Facet, ModelRef, NewRun, NewSideTurn, PersonaId, Recommendation,
    RecommendationId, RecommendationOrigin, RunId, RunNotes, RunState, Session, SessionId,
    Severity, SideTurnKind, TriageStep, TriageStepId, TurnId, Usage, Verdict, VerdictUpdate,
};
use plenary::store::{SearchStop, Store, StoreError};
use proptest::prelude::*;
use rusqlite::{Connection, OpenFlags};

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

/// The recommendation extracted from run `run` at `span`.
fn item(run: u128, span: Range<usize>) -> Recommendation {
    let run = RunId::from_number(run);
    Recommendation {
        id: RecommendationId::from_span(run, &span),
        run,
        facet: Facet::Risks,
        title: format!("at {}", span.start),
        span,
        origin: RecommendationOrigin::Found,
        severity: Some(Severity::High),
        verdict: Verdict::default(),
    }
}

fn extracted(run: u128, spans: &[(usize, usize)]) -> Change {
    let found = spans.iter().map(|(start, end)| item(run, *start..*end)).collect();
    Change::Extracted { run: RunId::from_number(run), found }
}

fn selected(run: u128, span: Range<usize>) -> Change {
    Change::RecommendationSelected(Recommendation {
        origin: RecommendationOrigin::Selected,
        ..item(run, span)
    })
}

fn decided(decision: Decision) -> Verdict {
    Verdict { decision: Some(decision), ..Verdict::default() }
}

/// Triage step `number`: the recommendation at `span` of `run` gets another verdict.
fn edited(number: u128, run: u128, span: Range<usize>, before: Verdict, after: Verdict) -> Change {
    let id = RecommendationId::from_span(RunId::from_number(run), &span);
    Change::TriageStepDone {
        session: SESSION,
        step: TriageStep {
            id: TriageStepId::from_number(number),
            what: format!("edit {number}"),
            at: 1_700_000_000_000,
            updates: vec![VerdictUpdate { id, before, after }],
        },
    }
}

fn undone(number: u128) -> Change {
    Change::TriageStepUndone { session: SESSION, step: TriageStepId::from_number(number) }
}

fn redone(number: u128) -> Change {
    Change::TriageStepRedone { session: SESSION, step: TriageStepId::from_number(number) }
}

/// A challenge to the recommendation at `0..4` of run 1: turn `number`, answered by run `run`.
fn challenge(number: u128, run: u128) -> Change {
    let target = RecommendationId::from_span(RunId::from_number(1), &(0..4));
    Change::SideTurn {
        session: SESSION,
        side_turn: Box::new(NewSideTurn {
            id: TurnId::from_number(number),
            kind: SideTurnKind::Challenge(target),
            question: "attack this".into(),
            at: 1_700_000_000_050,
            run: new_run(run, "edge"),
        }),
    }
}

fn load(store: &Store) -> Session {
    store.load_session(SESSION).unwrap().expect("the session exists")
}

/// Waits until `done` returns a value; the long timeout is for slow machines.
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

/// All text of the runs as another program reads it from the file, in the order of the runs.
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
fn load_returns_the_conversation_as_written() {
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
    let runs_read: Vec<_> = session
        .turns
        .iter()
        .flat_map(|t| &t.runs)
        .map(|r| (r.persona.as_str(), r.text.as_str(), r.state.clone()))
        .collect();
    assert_eq!(
        runs_read,
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
    assert!(run.notes.iter().eq(["2 turns were left out", "\"ChatML\" is used"]));
    assert_eq!(
        run.usage,
        Some(Usage { input: 1, output: 2, cached: 3, reasoning: 4, cost_microusd: None })
    );
    assert_eq!(run.elapsed, Duration::from_millis(9_800));
    assert_eq!(session.turns[0].runs[1].reasoning, "let me think");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The file has the text of each run in the order in which it was written.
    #[test]
    fn text_of_each_run_is_complete_and_in_order(script in prop::collection::vec((0u128..4, ".{0,12}", 0..20u8), 0..60)) {
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
                    2 => drop(store.list_sessions(1).unwrap()),
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
fn streaming_text_reaches_the_disk_without_a_flush() {
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
fn long_answer_is_complete_and_not_rewritten() {
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
fn list_counts_each_persona_once_by_its_latest_run() {
    let (_home, path) = home();
    for store in [Store::open(&path), Store::in_memory()] {
        let counts = || {
            let summary = store.list_sessions(1).unwrap().remove(0);
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
        assert_eq!(counts(), (4, 4), "three were retried and answered");

        store.write(again(8, "infra"));
        assert_eq!(counts(), (4, 3), "the latest run of infra has not ended");
        store.write(ended(8, Ending::Cancelled));
        assert_eq!(counts(), (4, 3));
        store.write(again(9, "edge"));
        store.write(again(10, "edge"));
        store.write(ended(9, Ending::Done));
        assert_eq!(counts(), (4, 2), "an earlier run that ends late does not count");
        store.write(ended(10, Ending::Done));
        assert_eq!(counts(), (4, 3));
        store.write(turn(SESSION, 2, vec![new_run(11, "infra")]));
        store.write(ended(11, Ending::Done));
        assert_eq!(counts(), (5, 4), "each question counts");
    }
}

/// An open store with one session.
fn written(path: &Path) -> Store {
    let store = Store::open(path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.write(append(1, "text"));
    store.write(ended(1, Ending::Done));
    store.flush();
    assert_eq!(store.take_error(), None);
    store
}

#[test]
fn list_is_newest_first_and_ids_are_found_by_prefix() {
    for store in [Store::in_memory(), Store::open(&home().1)] {
        let ids: Vec<SessionId> =
            [0xa1u128, 0xa2, 0xb1].iter().map(|n| SessionId::from_number(n << 120)).collect();
        for (n, id) in (1..).zip(&ids) {
            store.write(turn(*id, n, vec![new_run(n, "infra")]));
        }
        let listed: Vec<SessionId> = store.list_sessions(2).unwrap().iter().map(|s| s.id).collect();
        assert_eq!(listed, [ids[2], ids[1]]);
        assert_eq!(store.find_sessions("a").unwrap(), [ids[1], ids[0]]);
        assert_eq!(store.find_sessions("A1").unwrap(), [ids[0]]);
        assert_eq!(store.find_sessions(&ids[2].to_string()).unwrap(), [ids[2]]);
        for nothing in ["ff", "xyz", "%", "'", "a1 "] {
            assert_eq!(store.find_sessions(nothing).unwrap(), [], "{nothing:?}");
        }
        // Most recently changed first.
        store.write(ended(1, Ending::Done));
        assert_eq!(store.list_sessions(9).unwrap()[0].id, ids[0]);
        assert_eq!(store.load_session(SessionId::from_number(7)).unwrap(), None);
    }
}

#[tokio::test]
async fn waiting_for_an_error_returns_when_there_is_one() {
    let store = Store::open(Path::new("/dev/null"));
    tokio::time::timeout(Duration::from_secs(30), store.wait_for_error()).await.expect("reported");
    assert!(store.take_error().is_some());
}
