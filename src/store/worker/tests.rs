//! What the worker does with a full disk, with changes that belong nowhere, and whether memory shows what the file
//! would.

use std::sync::mpsc::sync_channel;
use std::time::Duration;

use proptest::prelude::*;

use super::super::overlay::replay;
use super::super::read;
use super::*;
use crate::domain::{
    AsideKind, Change, Decision, Edit, EditId, Ending, Facet, ModelRef, NewAside, NewRun, Origin,
    PersonaId, Recommendation, RecommendationId, RunId, RunState, Session, SessionId,
    SessionSummary, Severity, Step, TurnId, Usage, Verdict,
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
            notes: vec!["a note".into()],
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

fn entry(change: Change) -> Entry {
    Entry::new(7, change)
}

fn worker(path: &std::path::Path) -> Worker {
    Worker::new(Some(path.to_owned()), Arc::new(Troubles::new()))
}

fn allow_pages(worker: &Worker, pages: i64) {
    let conn = worker.conn().unwrap();
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

/// The disk is full while an answer comes: what is shown of it is whole all the same, the problem is
/// told once, and when there is room again everything is in the file.
#[test]
fn a_full_disk_loses_nothing_and_is_told_at_its_start_and_its_end() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.db");
    let mut worker = worker(&path);
    worker.take(vec![entry(turn()), entry(text("on disk. "))]);
    allow_pages(&worker, 1);
    let long = "x".repeat(1 << 20);
    worker.take(vec![entry(text(&long))]);
    worker.retry_at = Some(Instant::now());
    worker.take(vec![entry(text(" end")), entry(done())]);
    assert!(matches!(worker.troubles.take(), Some(StoreError::Io(m)) if m.contains("full")));
    assert_eq!(worker.troubles.take(), None, "told twice");

    let whole = format!("on disk. {long} end");
    let shown = worker.load(SESSION).unwrap().unwrap();
    assert_eq!(shown.turns[0].runs[0].text, whole);
    assert_eq!(worker.list(9).unwrap()[0].answered, 1);
    let on_disk = read::load(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
    assert_eq!(on_disk.turns[0].runs[0].text, "on disk. ");

    allow_pages(&worker, 1 << 20);
    assert!(worker.retry_at.is_some());
    worker.flush();
    assert_eq!(worker.troubles.take(), Some(StoreError::Recovered { path }));
    assert!(worker.backlog.is_empty());
    let on_disk = read::load(worker.conn().unwrap(), SESSION, |_| true).unwrap().unwrap();
    assert_eq!(on_disk, shown);
    assert_eq!(on_disk.turns[0].runs[0].text, whole);
}

/// The disk is full while somebody decides: it is said that the step is not written, it is shown all the same, and
/// it is in the file once there is room.
#[test]
fn a_decision_on_a_full_disk_is_kept_and_told_not_to_be_written() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("x.db");
    let mut worker = worker(&path);
    let item = |n: usize| Recommendation {
        id: RecommendationId::at(RUN, &(n..n + 1)),
        run: RUN,
        facet: Facet::Risks,
        title: "x".repeat(5_000),
        span: n..n + 1,
        origin: Origin::Found,
        severity: None,
        verdict: Verdict::default(),
    };
    let decide = |n: u128, decision| Change::Edited {
        session: SESSION,
        edit: Edit {
            id: EditId::from_number(n),
            what: "y".repeat(9_000),
            at: 1,
            steps: vec![Step {
                id: item(0).id,
                before: Verdict::default(),
                after: Verdict { decision: Some(decision), ..Verdict::default() },
            }],
        },
    };
    let found = vec![item(0), item(1)];
    worker.take(vec![entry(turn()), entry(done()), entry(Change::Lifted { run: RUN, found })]);
    allow_pages(&worker, 1);
    let (told, answer) = sync_channel(1);
    let mailbox = Mailbox::<Request>::new();
    mailbox.push_awaited(8, decide(1, Decision::Accepted), told);
    worker.take(mailbox.next(None).entries);
    assert_eq!(answer.try_recv(), Ok(false));
    worker.take(vec![entry(Change::Selected(item(3)))]);
    assert!(matches!(worker.troubles.take(), Some(StoreError::Io(m)) if m.contains("full")));
    for change in [
        Change::Renamed { session: SESSION, title: "z".repeat(9_000) },
        Change::Deleted { session: SESSION },
    ] {
        let error = worker.manage(SESSION, change).unwrap_err().to_string();
        assert!(error.contains("nothing was changed") && error.contains("full"), "{error}");
    }
    assert_eq!(worker.troubles.take(), None, "told twice");
    let shown = worker.load(SESSION).unwrap().unwrap();
    assert_eq!((shown.triage().items, shown.triage().accepted), (3, 1));
    assert_eq!((shown.title.as_str(), shown.history.done.len()), ("t", 1));
    let summary = worker.list(9).unwrap().remove(0);
    assert_eq!((summary.proposed, summary.decided), (3, 1));
    let stored = on_disk(&worker, SESSION).unwrap();
    assert_eq!((stored.triage().items, stored.triage().decided), (2, 0), "what was there is there");

    allow_pages(&worker, 1 << 20);
    let (told, answer) = sync_channel(1);
    mailbox.push_awaited(9, decide(2, Decision::Rejected), told);
    worker.take(mailbox.next(None).entries);
    assert_eq!(answer.try_recv(), Ok(true), "a key tries again at once");
    assert_eq!(worker.troubles.take(), Some(StoreError::Recovered { path }));
    let stored = on_disk(&worker, SESSION).unwrap();
    assert_eq!(stored.history.done.len(), 2);
    assert_eq!(stored.triage().rejected, 1);
}

/// What waits in memory reads exactly as it reads once it is in the file.
#[test]
fn memory_and_file_show_the_same() {
    let home = tempfile::tempdir().unwrap();
    let mut file = worker(&home.path().join("x.db"));
    let mut memory = Worker::new(None, Arc::new(Troubles::new()));
    let more = NewRun {
        id: RunId::from_number(4),
        persona: PersonaId::from_name("edge"),
        persona_name: "Kai \0 Lennox".into(),
        view: String::new(),
        model: ModelRef::parse("a:b:c").unwrap(),
        notes: Vec::new(),
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
        file.take(vec![entry(change.clone())]);
        memory.take(vec![entry(change)]);
        assert_eq!(file.load(SESSION).unwrap(), memory.load(SESSION).unwrap());
        assert_eq!(file.list(9).unwrap(), memory.list(9).unwrap());
        assert_eq!(file.find("0", 9).unwrap(), memory.find("0", 9).unwrap());
    }
    assert!(file.backlog.is_empty() && !memory.backlog.is_empty());
    let session = file.load(SESSION).unwrap().unwrap();
    let run = &session.turns[0].runs[0];
    assert_eq!(run.text, "one \0 two");
    assert_eq!(run.model.to_string(), "gateway:large", "the default was asked, large answered");
    assert_eq!(session.turns[0].runs[1].state, RunState::Queued);
}

#[test]
fn a_change_that_belongs_nowhere_does_not_stop_the_others() {
    let home = tempfile::tempdir().unwrap();
    let mut worker = worker(&home.path().join("x.db"));
    worker.take(vec![entry(text("lost")), entry(turn()), entry(text("kept"))]);
    assert!(
        matches!(worker.troubles.take(), Some(StoreError::Io(m)) if m.contains("unknown answer"))
    );
    assert_eq!(worker.load(SESSION).unwrap().unwrap().turns[0].runs[0].text, "kept");
    assert!(worker.backlog.is_empty());
}

/// Runs of session `s` (1 or 2): of its questions and of its asides.
fn a_run(s: u128) -> impl Strategy<Value = RunId> {
    prop::sample::select(vec![111, 112, 113, 121, 122, 151, 161])
        .prop_map(move |n| RunId::from_number(n + (s - 1) * 100))
}

fn begun(id: u128) -> NewRun {
    NewRun {
        id: RunId::from_number(id),
        // Two of three runs of a turn are of one persona.
        persona: PersonaId::from_name(if id % 10 == 2 { "edge" } else { "infra" }),
        persona_name: "Kai".into(),
        view: String::new(),
        model: ModelRef::parse("a:b").unwrap(),
        notes: Vec::new(),
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
            same_as: same.map(|(run, span)| RecommendationId::at(run, &span)),
            dropped,
        },
    )
}

fn found(s: u128) -> impl Strategy<Value = Recommendation> {
    let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
    let facet = prop::sample::select(Facet::ALL.to_vec());
    let verdict = prop_oneof![3 => Just(Verdict::default()), 1 => verdict(s)];
    (a_run(s), span(), facet, severity, verdict).prop_map(
        |(run, span, facet, severity, verdict)| Recommendation {
            id: RecommendationId::at(run, &span),
            run,
            facet,
            title: format!("title \0 {}", span.start),
            span,
            origin: Origin::Selected,
            severity,
            verdict,
        },
    )
}

fn an_edit(s: u128) -> impl Strategy<Value = Edit> {
    let step = (a_run(s), span(), verdict(s), verdict(s)).prop_map(|(run, span, before, after)| {
        Step { id: RecommendationId::at(run, &span), before, after }
    });
    (0..6u128, prop::collection::vec(step, 0..4)).prop_map(move |(n, steps)| Edit {
        id: EditId::from_number(s * 10 + n),
        what: format!("edit {n}"),
        at: 5,
        steps,
    })
}

/// Questions and answers of session `s`.
fn of_answers(s: u128) -> impl Strategy<Value = Change> {
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
            runs: vec![begun(turn(n) * 10 + 1), begun(turn(n) * 10 + 2)],
        }),
        1 => Just(Change::Run { turn: TurnId::from_number(turn(11)), run: begun(turn(11) * 10 + 3) }),
        1 => prop::sample::select(vec![15, 16]).prop_map(move |n| Change::Aside {
            session,
            aside: NewAside {
                id: TurnId::from_number(turn(n)),
                kind: AsideKind::Brief(TurnId::from_number(turn(11))),
                question: "attack".into(),
                at: 30,
                run: begun(turn(n) * 10 + 1),
            },
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

/// What is done to session `s` and its recommendations.
fn of_triage(s: u128) -> impl Strategy<Value = Change> {
    let session = SessionId::from_number(s);
    let edit = (0..6u128).prop_map(move |n| EditId::from_number(s * 10 + n));
    let redo = edit.clone();
    prop_oneof![
        3 => (a_run(s), prop::collection::vec(found(s), 0..4)).prop_map(|(run, mut found)| {
            for item in &mut found {
                (item.run, item.id) = (run, RecommendationId::at(run, &item.span));
            }
            Change::Lifted { run, found }
        }),
        2 => found(s).prop_map(Change::Selected),
        4 => an_edit(s).prop_map(move |edit| Change::Edited { session, edit }),
        2 => edit.prop_map(move |edit| Change::Undone { session, edit }),
        2 => redo.prop_map(move |edit| Change::Redone { session, edit }),
        1 => "[tu設\"]{0,3}".prop_map(move |title| Change::Renamed { session, title }),
        1 => prop::collection::vec("[vw\"\\\\]{1,2}", 0..3)
            .prop_map(move |tags| Change::Tagged { session, tags }),
        1 => Just(Change::Deleted { session }),
    ]
}

fn script() -> impl Strategy<Value = Vec<Change>> {
    let one = |s| prop_oneof![of_answers(s), of_triage(s)];
    let change = prop_oneof![4 => one(1).boxed(), 1 => one(2).boxed()];
    prop::collection::vec(change, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is changed in whatever order: what waits in memory reads as what stands in the file, wherever the
    /// one ends and the other begins, and the index holds what the tables hold.
    #[test]
    fn every_change_does_the_same_in_the_file_and_in_memory(script in script(), cut in 0..60usize) {
        // In memory where that is possible: every step is synced.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut file = worker(&home.path().join("x.db"));
        let mut memory = Worker::new(None, Arc::new(Troubles::new()));
        let mut half = [None, None];
        let mut entries = Vec::new();
        for (at, change) in script.iter().enumerate() {
            if at == cut {
                half = [1, 2].map(|s| on_disk(&file, SessionId::from_number(s)));
            }
            // How long an answer has been coming is told by the file alone.
            let timeless = matches!(
                change,
                Change::Turn { .. } | Change::Run { .. } | Change::Aside { .. } | Change::Append { .. }
            );
            let when = if timeless { 0 } else { i64::try_from(at).unwrap() };
            let entry = Entry::new(when, change.clone());
            file.take(vec![entry.clone()]);
            entries.push(entry.clone());
            memory.take(vec![entry]);
            prop_assert_eq!(by_id(&file), by_id(&memory), "{:?}", change);
            prop_assert_eq!(file.find("0", 9).unwrap().len(), memory.find("0", 9).unwrap().len());
            for s in [1, 2].map(SessionId::from_number) {
                prop_assert_eq!(file.load(s).unwrap(), memory.load(s).unwrap(), "{:?}", change);
            }
        }
        prop_assert!(file.backlog.is_empty());
        if cut < script.len() {
            for (base, s) in half.into_iter().zip([1, 2].map(SessionId::from_number)) {
                prop_assert_eq!(replay(base, s, &entries[cut..]), on_disk(&file, s));
            }
        }
        // Fails when the index and the tables differ.
        file.conn().unwrap().execute_batch(
            "INSERT INTO words (words, rank) VALUES ('integrity-check', 1); \
             INSERT INTO pieces (pieces, rank) VALUES ('integrity-check', 1)",
        ).unwrap();
    }
}

/// The list in an order that does not depend on when a session was first heard of.
fn by_id(worker: &Worker) -> Vec<SessionSummary> {
    let mut list = worker.list(9).unwrap();
    list.sort_by_key(|session| session.id);
    list
}

fn on_disk(worker: &Worker, session: SessionId) -> Option<Session> {
    read::load(worker.conn().unwrap(), session, |_| true).unwrap()
}
