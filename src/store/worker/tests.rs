//! The worker with a full disk and with changes of unknown runs, and whether file, memory and `Session::apply` agree.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use proptest::prelude::*;

use super::super::read;
use super::super::search::SearchStop;
use super::super::session_changes::changes_to_create;
use super::*;
use crate::domain::{
    Change, Decision, Ending, Facet, ModelRef, NewRun, NewSideTurn, PersonaId, Recommendation,
    RecommendationId, RecommendationOrigin, RunId, RunNotes, RunState, SearchHit, Session,
    SessionId, SessionSummary, Severity, SideTurnKind, TriageStep, TriageStepId, TurnId, Usage,
    Verdict, VerdictUpdate,
};

const SESSION: SessionId = SessionId::from_number(1);
const RUN: RunId = RunId::from_number(3);

fn turn() -> Change {
    Change::Turn {
        session: SESSION,
        title: "t".into(),
        panel: "p".into(),
        turn: TurnId::from_number(2),
        question: "q".into(),
        at: 5,
        runs: vec![NewRun {
            id: RUN,
            persona: PersonaId::from_name("edge"),
            persona_name: "Kai".into(),
            view: "edge".into(),
            model: ModelRef::parse("gateway:").unwrap(),
            notes: vec!["a note".to_owned()].into(),
        }],
    }
}

fn text(text: &str) -> Change {
    Change::Append { run: RUN, text: text.into(), reasoning: String::new() }
}

fn done() -> Change {
    Change::Ended {
        run: RUN,
        ending: Ending::Done,
        model: Some("large".into()),
        usage: None,
        elapsed: Duration::from_secs(9),
    }
}

fn queued(change: Change) -> QueuedChange {
    QueuedChange::new(7, change)
}

fn worker(path: &std::path::Path) -> StoreWorker {
    StoreWorker::new(Some(path.to_owned()), Arc::new(StoreErrors::new()))
}

fn allow_pages(worker: &StoreWorker, pages: i64) {
    let conn = worker.conn().unwrap();
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

/// The disk is full while an answer streams: reads return the complete answer, the problem is reported once, and later
/// everything is written to the file.
#[test]
fn full_disk_loses_nothing_and_is_reported_once() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.db");
    let mut worker = worker(&path);
    worker.accept_changes(vec![queued(turn()), queued(text("on disk. "))]);
    allow_pages(&worker, 1);
    let long = "x".repeat(1 << 20);
    worker.accept_changes(vec![queued(text(&long))]);
    worker.retry_at = Some(Instant::now());
    worker.accept_changes(vec![queued(text(" end")), queued(done())]);
    assert!(matches!(worker.errors.take(), Some(StoreError::Failing(m)) if m.contains("full")));
    assert_eq!(worker.errors.take(), None, "reported twice");

    let whole = format!("on disk. {long} end");
    let shown = worker.view().load_session(SESSION).unwrap().unwrap();
    assert_eq!(shown.turns[0].runs[0].text, whole);
    assert_eq!(worker.view().list_sessions(9).unwrap()[0].answered, 1);
    let on_disk = read::load_session(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
    assert_eq!(on_disk.turns[0].runs[0].text, "on disk. ");

    allow_pages(&worker, 1 << 20);
    assert!(worker.retry_at.is_some());
    worker.flush();
    assert_eq!(worker.errors.take(), Some(StoreError::Recovered { path }));
    assert!(worker.backlog.is_empty());
    let on_disk = read::load_session(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
    assert_eq!(on_disk, shown);
    assert_eq!(on_disk.turns[0].runs[0].text, whole);
}

/// The disk is full during triage: the caller hears that the step is not written, reads include it, and later it is
/// written to the file.
#[test]
fn triage_step_on_a_full_disk_is_kept_and_reported_as_unwritten() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.db");
    let mut worker = worker(&path);
    let item = |n: usize| Recommendation {
        id: RecommendationId::from_span(RUN, &(n..n + 1)),
        run: RUN,
        facet: Facet::Risks,
        title: "x".repeat(5_000),
        span: n..n + 1,
        origin: RecommendationOrigin::Found,
        severity: None,
        verdict: Verdict::default(),
    };
    let decide = |n: u128, decision| Change::TriageStepDone {
        session: SESSION,
        step: TriageStep {
            id: TriageStepId::from_number(n),
            what: "y".repeat(9_000),
            at: 1,
            updates: vec![VerdictUpdate {
                id: item(0).id,
                before: Verdict::default(),
                after: Verdict { decision: Some(decision), ..Verdict::default() },
            }],
        },
    };
    let found = vec![item(0), item(1)];
    worker.accept_changes(vec![
        queued(turn()),
        queued(done()),
        queued(Change::Extracted { run: RUN, found }),
    ]);
    allow_pages(&worker, 1);
    let (waiter, answer) = sync_channel(1);
    let queue = ChangeQueue::<StoreRequest>::new();
    queue.push_with_waiter(8, decide(1, Decision::Accepted), waiter);
    worker.accept_changes(queue.next_batch(None).changes);
    assert_eq!(answer.try_recv(), Ok(false));
    worker.accept_changes(vec![queued(Change::RecommendationSelected(item(3)))]);
    assert!(matches!(worker.errors.take(), Some(StoreError::Failing(m)) if m.contains("full")));
    for change in [
        Change::Renamed { session: SESSION, title: "z".repeat(9_000) },
        Change::Deleted { session: SESSION },
    ] {
        let error = worker.run_command(SESSION, change).unwrap_err().to_string();
        assert!(error.contains("nothing was changed") && error.contains("full"), "{error}");
    }
    assert_eq!(worker.errors.take(), None, "reported twice");
    let shown = worker.view().load_session(SESSION).unwrap().unwrap();
    assert_eq!((shown.triage_counts().items, shown.triage_counts().accepted), (3, 1));
    assert_eq!((shown.title.as_str(), shown.history.done.len()), ("t", 1));
    let summary = worker.view().list_sessions(9).unwrap().remove(0);
    assert_eq!((summary.proposed, summary.decided), (3, 1));
    let stored = load_from_file(&worker, SESSION).unwrap();
    assert_eq!(
        (stored.triage_counts().items, stored.triage_counts().decided),
        (2, 0),
        "the file is unchanged"
    );

    allow_pages(&worker, 1 << 20);
    let (waiter, answer) = sync_channel(1);
    queue.push_with_waiter(9, decide(2, Decision::Rejected), waiter);
    worker.accept_changes(queue.next_batch(None).changes);
    assert_eq!(answer.try_recv(), Ok(true), "a waiting caller causes an attempt at once");
    assert_eq!(worker.errors.take(), Some(StoreError::Recovered { path }));
    let stored = load_from_file(&worker, SESSION).unwrap();
    assert_eq!(stored.history.done.len(), 2);
    assert_eq!(stored.triage_counts().rejected, 1);
}

#[test]
fn memory_and_file_return_the_same_session() {
    let home = tempfile::tempdir().unwrap();
    let mut file = worker(&home.path().join("x.db"));
    let mut memory = StoreWorker::new(None, Arc::new(StoreErrors::new()));
    let more = NewRun {
        id: RunId::from_number(4),
        persona: PersonaId::from_name("edge"),
        persona_name: "Kai \0 Lennox".into(),
        view: String::new(),
        model: ModelRef::parse("a:b:c").unwrap(),
        notes: RunNotes::default(),
    };
    let script = [
        turn(),
        text("one \0 two"),
        Change::Append {
            run: RUN, text: String::new(), reasoning: "hm 日本 👩‍👩‍👧".into()
        },
        done(),
        Change::Run { turn: TurnId::from_number(2), run: more },
    ];
    for change in script {
        file.accept_changes(vec![queued(change.clone())]);
        memory.accept_changes(vec![queued(change)]);
        assert_eq!(
            file.view().load_session(SESSION).unwrap(),
            memory.view().load_session(SESSION).unwrap()
        );
        assert_eq!(file.view().list_sessions(9).unwrap(), memory.view().list_sessions(9).unwrap());
        assert_eq!(
            file.view().find_sessions("0", 9).unwrap(),
            memory.view().find_sessions("0", 9).unwrap()
        );
    }
    assert!(file.backlog.is_empty() && memory.backlog.is_empty());
    let session = file.view().load_session(SESSION).unwrap().unwrap();
    let run = &session.turns[0].runs[0];
    assert_eq!(run.text, "one \0 two");
    assert_eq!(
        run.model.to_string(),
        "gateway:large",
        "the provider's default model is replaced by the one that answered"
    );
    assert_eq!(session.turns[0].runs[1].state, RunState::Queued);
}

#[test]
fn change_of_an_unknown_run_does_not_stop_the_others() {
    let home = tempfile::tempdir().unwrap();
    let mut worker = worker(&home.path().join("x.db"));
    worker.accept_changes(vec![queued(text("lost")), queued(turn()), queued(text("kept"))]);
    assert!(
        matches!(worker.errors.take(), Some(StoreError::Io(m)) if m.contains("unknown answer"))
    );
    assert_eq!(worker.view().load_session(SESSION).unwrap().unwrap().turns[0].runs[0].text, "kept");
    assert!(worker.backlog.is_empty());
}

/// Runs of session `s` (1 or 2): of its turns and side turns.
fn a_run(s: u128) -> impl Strategy<Value = RunId> {
    prop::sample::select(vec![111, 112, 113, 121, 122, 151, 161])
        .prop_map(move |n| RunId::from_number(n + (s - 1) * 100))
}

fn new_run(id: u128) -> NewRun {
    NewRun {
        id: RunId::from_number(id),
        // Two of three runs of a turn are of one persona.
        persona: PersonaId::from_name(if id % 10 == 2 { "edge" } else { "infra" }),
        persona_name: "Kai".into(),
        view: String::new(),
        model: ModelRef::parse("a:b").unwrap(),
        notes: RunNotes::default(),
    }
}

fn span() -> impl Strategy<Value = std::ops::Range<usize>> {
    (0..3usize, 1..3usize).prop_map(|(start, length)| start..start + length)
}

fn verdict(s: u128) -> impl Strategy<Value = Verdict> {
    let decision = prop::option::of(prop::sample::select(Decision::ALL.to_vec()));
    let same = prop::option::weighted(0.3, (a_run(s), span()));
    (decision, "[ab]?", "[c]?", prop::option::of("[d]"), same, prop::bool::weighted(0.2)).prop_map(
        |(decision, comment, owner, title, same, dropped)| Verdict {
            decision,
            comment,
            owner,
            title,
            same_as: same.map(|(run, span)| RecommendationId::from_span(run, &span)),
            dropped,
        },
    )
}

fn recommendation(s: u128) -> impl Strategy<Value = Recommendation> {
    let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
    let facet = prop::sample::select(Facet::ALL.to_vec());
    let verdict = prop_oneof![3 => Just(Verdict::default()), 1 => verdict(s)];
    (a_run(s), span(), facet, severity, verdict).prop_map(
        |(run, span, facet, severity, verdict)| Recommendation {
            id: RecommendationId::from_span(run, &span),
            run,
            facet,
            title: format!("title \0 {}", span.start),
            span,
            origin: RecommendationOrigin::Selected,
            severity,
            verdict,
        },
    )
}

fn triage_step(s: u128) -> impl Strategy<Value = TriageStep> {
    let update =
        (a_run(s), span(), verdict(s), verdict(s)).prop_map(|(run, span, before, after)| {
            VerdictUpdate { id: RecommendationId::from_span(run, &span), before, after }
        });
    (0..6u128, prop::collection::vec(update, 0..4)).prop_map(move |(n, updates)| TriageStep {
        id: TriageStepId::from_number(s * 10 + n),
        what: format!("edit {n}"),
        at: 5,
        updates,
    })
}

/// Changes to questions and answers of session `s`.
fn answer_change(s: u128) -> impl Strategy<Value = Change> {
    let session = SessionId::from_number(s);
    let turn = move |n: u128| (s - 1) * 10 + n;
    let usage = |n| Usage { input: n, cost_microusd: (n > 1).then_some(n), ..Usage::default() };
    prop_oneof![
        3 => prop::sample::select(vec![11, 12]).prop_map(move |n| Change::Turn {
            session,
            title: format!("title {n}"),
            panel: "p".into(),
            turn: TurnId::from_number(turn(n)),
            question: format!("question {n}"),
            at: i64::try_from(n).unwrap(),
            runs: vec![new_run(turn(n) * 10 + 1), new_run(turn(n) * 10 + 2)],
        }),
        1 => Just(Change::Run { turn: TurnId::from_number(turn(11)), run: new_run(turn(11) * 10 + 3) }),
        1 => prop::sample::select(vec![15, 16]).prop_map(move |n| Change::SideTurn {
            session,
            side_turn: Box::new(NewSideTurn {
                id: TurnId::from_number(turn(n)),
                kind: SideTurnKind::Brief(TurnId::from_number(turn(11))),
                question: "attack".into(),
                at: 30,
                run: new_run(turn(n) * 10 + 1),
            }),
        }),
        2 => (a_run(s), "[xy設 ]{0,3}")
            .prop_map(|(run, text)| Change::Append { run, reasoning: text.clone(), text }),
        1 => (a_run(s), "[xy]{0,3}").prop_map(|(run, note)| Change::Note { run, note }),
        3 => (a_run(s), prop::option::of(0..3u64), prop::sample::select(vec![Ending::Done, Ending::Cancelled]))
            .prop_map(move |(run, n, ending)| Change::Ended {
                run,
                ending,
                model: None,
                usage: n.map(usage),
                elapsed: Duration::from_secs(1),
            }),
    ]
}

/// Changes to session `s` and its recommendations.
fn triage_change(s: u128) -> impl Strategy<Value = Change> {
    let session = SessionId::from_number(s);
    let step = (0..6u128).prop_map(move |n| TriageStepId::from_number(s * 10 + n));
    let redo = step.clone();
    prop_oneof![
        3 => (a_run(s), prop::collection::vec(recommendation(s), 0..4)).prop_map(|(run, mut found)| {
            for item in &mut found {
                (item.run, item.id) = (run, RecommendationId::from_span(run, &item.span));
            }
            Change::Extracted { run, found }
        }),
        2 => recommendation(s).prop_map(Change::RecommendationSelected),
        4 => triage_step(s).prop_map(move |step| Change::TriageStepDone { session, step }),
        2 => step.prop_map(move |step| Change::TriageStepUndone { session, step }),
        2 => redo.prop_map(move |step| Change::TriageStepRedone { session, step }),
        1 => "[tu設\"]{0,3}".prop_map(move |title| Change::Renamed { session, title }),
        1 => prop::collection::vec("[vw\"\\\\]{1,2}", 0..3)
            .prop_map(move |tags| Change::Tagged { session, tags }),
        1 => Just(Change::Deleted { session }),
    ]
}

fn script() -> impl Strategy<Value = Vec<Change>> {
    let one = |s| prop_oneof![answer_change(s), triage_change(s)];
    let change = prop_oneof![4 => one(1).boxed(), 1 => one(2).boxed()];
    prop::collection::vec(change, 0..60)
}

/// The elapsed time of a live run is known to the store alone, so these changes are all queued at one time.
fn queued_at(at: usize, change: &Change) -> QueuedChange {
    let starts = matches!(
        change,
        Change::Turn { .. } | Change::Run { .. } | Change::SideTurn { .. } | Change::Append { .. }
    );
    QueuedChange::new(if starts { 0 } else { i64::try_from(at).unwrap() }, change.clone())
}

/// Applies a change to session `id`; `None` while the session does not exist.
fn apply(session: &mut Option<Session>, id: SessionId, queued: &QueuedChange) {
    match (session.as_mut(), &queued.change) {
        (Some(known), Change::Deleted { session: deleted }) if *deleted == id => {
            if !known.is_live() {
                *session = None;
            }
        }
        (Some(known), change) => known.apply(change, queued.at),
        (None, change) if change.session() == Some(id) => {
            *session = Session::from_first_turn(change);
        }
        (None, _) => {}
    }
}

fn assert_reads(
    worker: &StoreWorker,
    sessions: &[Option<Session>; 2],
) -> Result<(), TestCaseError> {
    for (session, id) in sessions.iter().zip(IDS) {
        prop_assert_eq!(&worker.view().load_session(id).unwrap(), session);
    }
    let known = || sessions.iter().flatten();
    let expected: Vec<SessionSummary> = known().map(Session::summarize).collect();
    prop_assert_eq!(list_by_id(worker), expected);
    prop_assert_eq!(worker.view().find_sessions("0", 9).unwrap().len(), known().count());
    Ok(())
}

/// The sessions that a search for each of `words` finds, as they are listed.
fn search_hits(worker: &StoreWorker, words: &[&str]) -> Vec<Vec<SessionSummary>> {
    let stop = SearchStop::default();
    let hits = words.iter().map(|word| worker.view().search_sessions(word, 9, &stop).unwrap());
    let sessions = |hits: Vec<SearchHit>| {
        let mut sessions: Vec<_> = hits.into_iter().map(|hit| hit.session).collect();
        sessions.sort_by_key(|session| session.id);
        sessions
    };
    hits.map(sessions).collect()
}

const IDS: [SessionId; 2] = [SessionId::from_number(1), SessionId::from_number(2)];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// For any script of changes these agree with `Session::apply`: a file, memory, a file that cannot be written for a
    /// while, and a file that must not be written. The search index agrees with the tables.
    #[test]
    fn store_and_session_apply_agree(script in script(), cut in 0..60usize) {
        // On a RAM disk if possible, as every change is synced.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut file = worker(&home.path().join("x.db"));
        let mut memory = StoreWorker::new(None, Arc::new(StoreErrors::new()));
        let mut full = worker(&home.path().join("full.db"));
        let mut refused = worker(&home.path().join("refused.db"));
        let mut sessions = [None, None];
        let mut changes = Vec::new();
        let mut words = vec!["question", "title 1", "t", "vv", "x", "設"];
        for (at, change) in script.iter().enumerate() {
            if let Change::Append { run, .. } = change
                && sessions.iter().flatten().filter_map(|s: &Session| s.run(*run)).any(|run| !run.state.is_live())
            {
                // Text that comes after the end of its run, which no program does, is stored but not indexed.
                words.truncate(4);
            }
            let queued = queued_at(at, change);
            for (session, id) in sessions.iter_mut().zip(IDS) {
                apply(session, id, &queued);
            }
            for worker in [&mut file, &mut memory] {
                worker.accept_changes(vec![queued.clone()]);
            }
            changes.push(queued);
            assert_reads(&file, &sessions)?;
            assert_reads(&memory, &sessions)?;
        }
        let later = changes.split_off(cut.min(changes.len()));
        for worker in [&mut full, &mut refused] {
            worker.accept_changes(changes.clone());
        }
        full.retry_at = Some(Instant::now() + Duration::from_hours(1));
        refused.file.as_mut().unwrap().access = FileAccess::Never;
        for worker in [&mut full, &mut refused] {
            worker.accept_changes(later.clone());
        }
        prop_assert!([&file, &memory, &refused].iter().all(|worker| worker.backlog.is_empty()));
        let hits = search_hits(&file, &words);
        for worker in [&memory, &full, &refused] {
            assert_reads(worker, &sessions)?;
            prop_assert_eq!(search_hits(worker, &words), hits.clone());
        }
        full.flush();
        prop_assert!(full.backlog.is_empty());
        assert_reads(&full, &sessions)?;
        for session in sessions.iter().flatten() {
            let mut created = None;
            for queued in changes_to_create(session) {
                apply(&mut created, session.id, &queued);
            }
            prop_assert_eq!(created.as_ref(), Some(session));
        }
        // Fails if the index and the tables differ.
        for worker in [&file, &full] {
            worker.conn().unwrap().execute_batch(
                "INSERT INTO words (words, rank) VALUES ('integrity-check', 1); \
                 INSERT INTO pieces (pieces, rank) VALUES ('integrity-check', 1)",
            ).unwrap();
        }
    }
}

/// The list in an order that does not depend on when a session was created.
fn list_by_id(worker: &StoreWorker) -> Vec<SessionSummary> {
    let mut list = worker.view().list_sessions(9).unwrap();
    list.sort_by_key(|session| session.id);
    list
}

impl StoreWorker {
    fn conn(&self) -> Option<&Connection> {
        self.file.as_ref()?.conn.as_ref()
    }
}

fn load_from_file(worker: &StoreWorker, session: SessionId) -> Option<Session> {
    read::load_session(worker.conn().unwrap(), session, |_| true).unwrap()
}
