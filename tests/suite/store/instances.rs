//! Several instances share one store; a killed instance leaves cut runs.

use std::process::{Command, Stdio};

use serde_json::json;

use super::*;
use crate::common::server::{Reply, Server, delta};
use crate::common::term::Home;

#[test]
fn instances_share_a_store_and_do_not_change_each_others_runs() {
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
    // A third instance looks for dead runs when it starts.
    let three = Store::open(&path);
    for store in [&one, &two, &three] {
        assert_eq!(store.list_sessions(9).unwrap().len(), 2);
        let session = store.load_session(other).unwrap().unwrap();
        assert_eq!(session.turns[0].runs[0].state, RunState::Streaming);
        assert_eq!(session.turns[0].runs[0].text, "from two");
    }
    // An instance that ends cuts its live runs; those of the other instance stay streaming.
    drop(two);
    let cut = RunState::Ended(Ending::Cut("the program ended while it streamed".into()));
    assert_eq!(three.load_session(other).unwrap().unwrap().turns[0].runs[0].state, cut);
    assert_eq!(load(&three).turns[0].runs[0].state, RunState::Streaming);
    one.write(ended(1, Ending::Done));
    one.flush();
    assert_eq!(load(&three).turns[0].runs[0].state, RunState::Ended(Ending::Done));
    assert!([&one, &three].iter().all(|store| store.take_error().is_none()));
}

#[test]
fn several_instances_create_the_same_store_at_once() {
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
                assert_eq!(store.take_error(), None);
            });
        }
    });
    let sessions = Store::open(&path).list_sessions(99).unwrap();
    assert_eq!(sessions.len(), 6);
    assert!(sessions.iter().all(|s| (s.turns, s.runs, s.answered) == (1, 1, 1)));
}

#[test]
fn killed_instance_leaves_cut_runs_with_their_text() {
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
        let id = store.list_sessions(1).unwrap()[0].id;
        store.load_session(id).unwrap().expect("the session exists").turns.remove(0).runs
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
    assert_eq!(
        states(&living),
        [done.clone(), cut.clone()],
        "read by an instance that lived all the time"
    );
    let later = Store::open(&path);
    assert_eq!(states(&later), [done, cut], "read by an instance that starts later");
    assert_eq!(runs(&later)[1].text, "half");
    drop(later);
    let conn = Connection::open(&path).unwrap();
    let word: String = conn
        .query_row("SELECT state FROM run WHERE persona = 'edge'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(word, "cut", "stored as cut, not only read as cut");
    let locks = fs::read_dir(beside(&path, "-instances")).unwrap().count();
    assert_eq!(locks, 0, "the dead instance's lock file is still there");
}
