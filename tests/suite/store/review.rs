//! Triage, side turns, titles and tags: reads return what was written, from file and memory, and after kill -9.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use plenary::domain::TriageHistory;

use super::*;

/// A long timeout for slow machines: the test fails because of `false`, not because of time.
const LIMIT: Duration = Duration::from_mins(1);

/// One question with two answers, one of which has extracted recommendations and verdicts.
fn reviewed(store: &Store) {
    store.write(turn(SESSION, 1, vec![new_run(1, "infra"), new_run(2, "edge")]));
    store.write(append(1, "do this. do that. and more"));
    store.write(ended(1, Ending::Done));
    store.write(extracted(1, &[(0, 4), (9, 13), (18, 22)]));
    store.write(ended(2, Ending::Done));
    store.write(extracted(2, &[]));
    store.write(edited(1, 1, 0..4, Verdict::default(), decided(Decision::Accepted)));
}

fn verdict(store: &Store, span: Range<usize>) -> Verdict {
    let id = RecommendationId::from_span(RunId::from_number(1), &span);
    let session = load(store);
    session.recommendations().find(|r| r.id == id).expect("it exists").verdict.clone()
}

fn counts(store: &Store) -> (u32, u32) {
    let summary = store.list_sessions(1).unwrap().remove(0);
    (summary.proposed, summary.decided)
}

fn steps(history: &TriageHistory) -> [Vec<u128>; 2] {
    [&history.done, &history.undone].map(|steps| steps.iter().map(|e| e.id.number()).collect())
}

#[test]
fn load_returns_the_review_as_written() {
    let (_home, path) = home();
    let memory = Store::in_memory();
    let file = Store::open(&path);
    for store in [&file, &memory] {
        reviewed(store);
        let owner = Verdict {
            owner: "Ada".into(),
            comment: "soon\n日本".into(),
            ..decided(Decision::Deferred)
        };
        store.write(edited(2, 1, 9..13, Verdict::default(), owner));
        store.write(selected(1, 5..8));
        store.write(edited(3, 1, 5..8, Verdict::default(), decided(Decision::Rejected)));
        store.write(undone(3));
        store.write(challenge(50, 51));
        store.write(append(51, "it will break"));
        store.write(Change::Ended {
            run: RunId::from_number(51),
            ending: Ending::Done,
            model: None,
            usage: Some(Usage { cost_microusd: Some(1_234), ..Usage::default() }),
            elapsed: Duration::from_secs(1),
        });
        store.write(Change::Renamed { session: SESSION, title: "The region \0 move".into() });
        store.write(Change::Tagged {
            session: SESSION,
            tags: vec!["q3".into(), "a \"b\" 設計".into()],
        });
    }
    let before = load(&file);
    // The changes were queued at other times.
    let updated_at = before.updated_at;
    assert_eq!(before, Session { updated_at, ..load(&memory) });
    drop(file);
    let file = Store::open(&path);
    let session = load(&file);
    assert_eq!(session, before);
    assert_eq!(session.title, "The region \0 move");
    assert_eq!(session.tags, ["q3", "a \"b\" 設計"]);
    assert_eq!(steps(&session.history), [vec![1, 2], vec![3]]);
    let starts: Vec<_> = session.recommendations().map(|r| (r.span.start, r.origin)).collect();
    let found = RecommendationOrigin::Found;
    assert_eq!(starts, [(0, found), (5, RecommendationOrigin::Selected), (9, found), (18, found)]);
    assert_eq!(
        session.turns[0].runs[1].recommendations,
        Some(Vec::new()),
        "searched, nothing found"
    );
    assert_eq!(verdict(&file, 9..13).comment, "soon\n日本");
    let side_turn = &session.side_turns[0];
    assert_eq!(side_turn.run.text, "it will break");
    assert_eq!(side_turn.run.usage.unwrap().cost_microusd, Some(1_234));
    assert_eq!(side_turn.run.recommendations, None);
    let summary = file.list_sessions(1).unwrap().remove(0);
    assert_eq!((summary.proposed, summary.decided), (4, 2));
    assert_eq!(
        (summary.turns, summary.runs, summary.answered),
        (1, 2, 2),
        "side turns are not counted"
    );
    assert_eq!(summary.tags, session.tags);
    assert_eq!(memory.list_sessions(1).unwrap()[0].proposed, 4);
    assert_eq!([file.take_error(), memory.take_error()], [None, None]);
}

#[test]
fn second_extraction_changes_no_verdict() {
    let (_home, path) = home();
    for store in [Store::open(&path), Store::in_memory()] {
        reviewed(&store);
        assert_eq!(counts(&store), (3, 1));
        store.write(extracted(1, &[(0, 4), (23, 26)]));
        assert_eq!(verdict(&store, 0..4), decided(Decision::Accepted));
        assert_eq!(load(&store).recommendations().count(), 3, "a second extraction adds nothing");
        assert_eq!(counts(&store), (3, 1));
        // A recommendation selected before the extraction is listed with the extracted ones.
        store.write(turn(SESSION, 2, vec![new_run(3, "infra")]));
        store.write(selected(3, 2..4));
        store.write(ended(3, Ending::Done));
        assert_eq!(load(&store).turns[1].runs[0].recommendations, None);
        store.write(extracted(3, &[(2, 4), (0, 1)]));
        let items = load(&store).turns[1].runs[0].recommendations.clone().unwrap();
        let items: Vec<_> = items.iter().map(|r| (r.span.start, r.origin)).collect();
        assert_eq!(items, [(0, RecommendationOrigin::Found), (2, RecommendationOrigin::Selected)]);
        assert_eq!(store.take_error(), None);
    }
}

#[test]
fn undo_reaches_the_first_step_and_a_new_step_clears_redo() {
    let (_home, path) = home();
    let file = Store::open(&path);
    for store in [&file, &Store::in_memory()] {
        reviewed(store);
        let accepted = decided(Decision::Accepted);
        store.write(edited(2, 1, 0..4, accepted.clone(), decided(Decision::Rejected)));
        store.write(edited(3, 1, 9..13, Verdict::default(), accepted.clone()));
        assert_eq!(counts(store), (3, 2));
        for step in [3, 2, 1] {
            store.write(undone(step));
        }
        assert_eq!(counts(store), (3, 0));
        assert_eq!(steps(&load(store).history), [vec![], vec![3, 2, 1]]);
        store.write(redone(1));
        assert_eq!(verdict(store, 0..4), accepted);
        // Writing it twice changes nothing.
        store.write(redone(1));
        store.write(edited(1, 1, 0..4, Verdict::default(), accepted.clone()));
        assert_eq!(steps(&load(store).history), [vec![1], vec![3, 2]]);
        store.write(edited(4, 1, 18..22, Verdict::default(), decided(Decision::Deferred)));
        assert_eq!(steps(&load(store).history), [vec![1, 4], vec![]]);
        assert_eq!(counts(store), (3, 2));
        assert_eq!(store.take_error(), None);
    }
    drop(file);
    // Undo works after a restart.
    let store = Store::open(&path);
    store.write(undone(4));
    assert_eq!(steps(&load(&store).history), [vec![1], vec![4]]);
    assert_eq!(counts(&store), (3, 1));
}

#[test]
fn merged_recommendations_count_once_and_a_retry_replaces_the_answer() {
    let (_home, path) = home();
    for store in [Store::open(&path), Store::in_memory()] {
        reviewed(&store);
        let leader = RecommendationId::from_span(RunId::from_number(1), &(0..4));
        let same = Verdict { same_as: Some(leader), ..Verdict::default() };
        store.write(edited(2, 1, 9..13, Verdict::default(), same));
        assert_eq!(counts(&store), (2, 1));
        let dropped = Verdict { dropped: true, ..Verdict::default() };
        store.write(edited(3, 1, 18..22, Verdict::default(), dropped));
        assert_eq!(counts(&store), (1, 1));
        // A retry without recommendations does not replace the answer.
        store.write(undone(3));
        store.write(Change::Run { turn: TurnId::from_number(1), run: new_run(3, "infra") });
        assert_eq!(counts(&store), (2, 1));
        store.write(ended(3, Ending::Failed("429".into())));
        assert_eq!(counts(&store), (2, 1));
        // Of the replaced answer only decided recommendations count.
        store.write(Change::Run { turn: TurnId::from_number(1), run: new_run(4, "infra") });
        store.write(ended(4, Ending::Done));
        store.write(extracted(4, &[(0, 2), (2, 3)]));
        assert_eq!(counts(&store), (3, 1));
    }
}

#[test]
fn title_set_by_the_user_survives_the_next_question() {
    let (_home, path) = home();
    for store in [Store::open(&path), Store::in_memory()] {
        let quiet = SessionId::from_number(5);
        store.write(turn(quiet, 7, Vec::new()));
        reviewed(&store);
        store.write(Change::Renamed { session: SESSION, title: "mine".into() });
        store.write(turn(SESSION, 2, vec![new_run(3, "infra")]));
        assert_eq!(load(&store).title, "mine");
        assert_eq!(store.list_sessions(1).unwrap()[0].title, "mine");
        // Neither title nor tags move a session to the top.
        store.write(Change::Renamed { session: quiet, title: "old".into() });
        store.write(Change::Tagged { session: quiet, tags: vec!["x".into()] });
        let last = store.list_sessions(9).unwrap().pop().unwrap();
        assert_eq!((last.id, last.title.as_str(), last.tags), (quiet, "old", vec!["x".to_owned()]));
    }
}

#[test]
fn side_turn_of_an_ended_program_is_cut_and_unknown_kinds_are_skipped() {
    let (_home, path) = home();
    let store = Store::open(&path);
    reviewed(&store);
    store.write(challenge(50, 51));
    store.write(append(51, "half"));
    store.write(Change::SideTurn {
        session: SESSION,
        side_turn: Box::new(NewSideTurn {
            id: TurnId::from_number(60),
            kind: SideTurnKind::Brief(TurnId::from_number(1)),
            question: "sum up".into(),
            at: 1,
            run: new_run(61, "brief"),
        }),
    });
    assert_eq!(load(&store).side_turns[0].run.state, RunState::Streaming);
    store.flush();
    // The instance ends without ending the run; a kill is handled in the same way.
    drop(store);
    let conn = Connection::open(&path).unwrap();
    let changed = conn.execute("UPDATE turn SET kind = 'vote' WHERE kind = 'brief'", []).unwrap();
    assert_eq!(changed, 1);
    drop(conn);
    let session = load(&Store::open(&path));
    assert_eq!((session.turns.len(), session.side_turns.len()), (1, 1));
    let run = &session.side_turns[0].run;
    assert_eq!(run.text, "half");
    let cut = RunState::Ended(Ending::Cut("the program ended while it streamed".into()));
    assert_eq!(run.state, cut);
}

#[test]
fn values_of_a_later_version_are_read_as_the_closest_known_value() {
    let (_home, path) = home();
    let store = Store::open(&path);
    reviewed(&store);
    drop(store);
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(
        "UPDATE recommendation SET facet = 'ethics', severity = 'cosmic', decision = 'maybe', \
         same_as = 'nobody', origin = 'voted'; UPDATE edit SET steps = '[{\"later\":1}]'; \
         UPDATE session SET tags = '{}'",
    )
    .unwrap();
    drop(conn);
    let store = Store::open(&path);
    let session = load(&store);
    let first = session.recommendations().next().unwrap();
    assert_eq!(
        (first.facet, first.severity, first.origin),
        (Facet::Other, None, RecommendationOrigin::Found)
    );
    assert_eq!(first.verdict, Verdict::default());
    assert_eq!((steps(&session.history), session.tags.len()), ([vec![1], vec![]], 0));
    store.write(undone(1));
    assert_eq!(steps(&load(&store).history), [vec![], vec![1]]);
    assert_eq!(store.take_error(), None);
}

#[test]
fn write_now_is_true_only_for_a_committed_step() {
    let (_home, path) = home();
    let store = Store::open(&path);
    reviewed(&store);
    let step = edited(2, 1, 9..13, Verdict::default(), decided(Decision::Accepted));
    assert!(store.write_now(step.clone(), LIMIT));
    // Another program reads it at once.
    let conn = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let seen: i64 = conn.query_row("SELECT decided FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 2);
    assert!(store.write_now(undone(2), LIMIT));
    assert!(store.write_now(redone(2), LIMIT));
    assert!(store.write_now(selected(1, 5..8), LIMIT));
    assert!(store.write_now(append(1, " text too"), LIMIT));
    // A change of an unknown session is not written, and is reported.
    let nowhere =
        Change::TriageStepUndone { session: SESSION, step: TriageStepId::from_number(99) };
    assert!(!store.write_now(nowhere, LIMIT));
    let reported = store.take_error().expect("reported").to_string();
    assert!(reported.contains("the undoing of a decision of an unknown session"), "{reported}");
    assert_eq!(store.take_error(), None);

    for unwritable in [Store::in_memory(), Store::open(Path::new("/dev/null"))] {
        reviewed(&unwritable);
        assert!(!unwritable.write_now(step.clone(), LIMIT), "in memory only");
        assert_eq!(verdict(&unwritable, 9..13), decided(Decision::Accepted), "kept in memory");
    }
}

/// Environment variable that turns the next test into the program that is killed.
const VICTIM: &str = "PLENARY_TEST_VICTIM";

/// Decides and prints each committed step until it is killed. Does nothing without the environment variable.
#[test]
fn decide_until_killed() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = Store::open(Path::new(&path));
    reviewed(&store);
    let mut out = std::io::stdout().lock();
    for number in 100.. {
        let step = edited(number, 1, 9..13, Verdict::default(), decided(Decision::Accepted));
        let sure = store.write_now(step, LIMIT);
        writeln!(out, "step {number} {sure}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn kill_right_after_a_key_loses_no_step() {
    for keys in [1, 7] {
        let (_home, path) = home();
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "suite::store::review::decide_until_killed", "--nocapture"])
            .env(VICTIM, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        let printed_steps =
            lines.map(|line| line.unwrap()).filter(|line| line.starts_with("step "));
        let printed: Vec<String> = printed_steps.take(keys).collect();
        victim.kill().unwrap();
        victim.wait().unwrap();
        let last = format!("step {} true", 99 + keys);
        assert_eq!(printed.last(), Some(&last));

        let store = Store::open(&path);
        let [done, _] = steps(&load(&store).history);
        assert_eq!(
            done[..=keys],
            std::iter::once(1).chain(100..).take(keys + 1).collect::<Vec<_>>()
        );
        assert_eq!(verdict(&store, 9..13), decided(Decision::Accepted));
        assert_eq!(counts(&store), (3, 2));
    }
}

#[test]
fn title_and_tags_are_changed_at_once_or_not_at_all() {
    let (_home, path) = home();
    let unknown = SessionId::from_number(0xfff);
    for store in [Store::open(&path), Store::in_memory()] {
        reviewed(&store);
        store.rename_session(SESSION, "new".into()).unwrap();
        store.tag_session(SESSION, vec!["a".into(), "b".into()]).unwrap();
        let session = load(&store);
        assert_eq!(
            (session.title.as_str(), &session.tags[..]),
            ("new", &["a".into(), "b".into()][..])
        );
        for error in [
            store.rename_session(unknown, "x".into()).unwrap_err(),
            store.tag_session(unknown, Vec::new()).unwrap_err(),
            store.delete_session(unknown).unwrap_err(),
        ] {
            assert!(error.to_string().contains("no longer exists"), "{error}");
        }
        assert_eq!((store.take_error(), store.list_sessions(9).unwrap().len()), (None, 1));
    }
    let conn = Connection::open(&path).unwrap();
    let title: String = conn.query_row("SELECT title FROM session", [], |row| row.get(0)).unwrap();
    assert_eq!(title, "new");
    drop(conn);

    // If the file cannot be written, nothing is changed, not even in memory.
    let broken = Store::open(Path::new("/dev/null"));
    reviewed(&broken);
    let before = load(&broken);
    for error in [
        broken.rename_session(SESSION, "x".into()).unwrap_err(),
        broken.tag_session(SESSION, Vec::new()).unwrap_err(),
        broken.delete_session(SESSION).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("/dev/null: nothing was changed"), "{error}");
        assert!(error.contains("it is not a file; move it away"), "{error}");
    }
    assert_eq!(load(&broken), before);
}

#[test]
fn two_instances_decide_in_one_session() {
    let (_home, path) = home();
    let (one, two) = (Store::open(&path), Store::open(&path));
    reviewed(&one);
    one.flush();
    std::thread::scope(|scope| {
        for (store, first) in [(&one, 100), (&two, 200)] {
            scope.spawn(move || {
                for number in first..first + 20 {
                    let span = if first == 100 { 9..13 } else { 18..22 };
                    let step =
                        edited(number, 1, span, Verdict::default(), decided(Decision::Accepted));
                    assert!(store.write_now(step, LIMIT));
                }
            });
        }
    });
    for store in [&one, &two] {
        assert_eq!(load(store).history.done.len(), 41);
        assert_eq!(counts(store), (3, 3));
        assert_eq!(store.take_error(), None);
    }
}
