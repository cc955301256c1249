//! What other instances change in the store, as messages: what was read late is not shown, and nothing is missed.

use plenary::app::{Effect, Msg};
use plenary::domain::{Ending, RunUpdate, SessionId};

use crate::common::desk::{Desk, FOUR};

#[test]
fn what_was_read_before_a_change_of_this_instance_does_not_undo_it() {
    let mut desk = Desk::new();
    desk.ask("q")
        .run("infra", vec![RunUpdate::Text(ADVICE.into()), RunUpdate::Ended(Ending::Done)]);
    desk.keys("X").send(Msg::StoreChanged);
    let asked = take_refreshes(&mut desk);
    let [.., (id, revision)] = asked[..] else { panic!("not read again: {asked:?}") };
    let read = desk.state.session.clone().unwrap();
    desk.keys("t a");
    let decided = desk.state.session.clone().unwrap();
    assert_ne!(decided, read, "the recommendation was accepted");
    take_refreshes(&mut desk);
    // What the store had before that key.
    desk.send(Msg::SessionRefreshed(id, revision, Some(Box::new(read.clone()))));
    assert_eq!(desk.state.session, Some(decided.clone()));
    let again = take_refreshes(&mut desk);
    assert_eq!(again, [(id, desk.state.session_revision)], "read once more");
    desk.send(Msg::SessionRefreshed(id, again[0].1, Some(Box::new(decided.clone()))));
    assert_eq!(desk.state.session, Some(decided));
    assert_eq!(take_refreshes(&mut desk).len(), 0);
    // The same while an answer streams: later, but not forgotten.
    desk.send(Msg::StoreChanged);
    let (id, revision) = take_refreshes(&mut desk)[0];
    desk.ask("and then?").send(Msg::SessionRefreshed(id, revision, Some(Box::new(read))));
    assert_eq!((desk.state.turns().len(), take_refreshes(&mut desk).len()), (2, 0));
    for persona in FOUR {
        desk.run(persona, vec![RunUpdate::Ended(Ending::Done)]);
    }
    assert_eq!(take_refreshes(&mut desk).len(), 1);
}

#[test]
fn a_change_elsewhere_is_seen_whatever_the_sums_of_the_session_say() {
    let mut desk = Desk::new();
    desk.ask("q")
        .run("infra", vec![RunUpdate::Text(ADVICE.into()), RunUpdate::Ended(Ending::Done)]);
    desk.keys("X t a");
    let before = desk.state.session.clone().unwrap();
    let id = before.id;
    // Another instance rejects what this one has accepted, in the same moment.
    desk.keys("k x");
    let elsewhere = desk.state.session.clone().unwrap();
    assert_eq!(elsewhere.summarize(), before.summarize());
    desk.keys("u");
    let revision = desk.state.session_revision;
    desk.send(Msg::SessionRefreshed(id, revision, Some(Box::new(elsewhere.clone()))));
    assert_eq!(desk.state.session, Some(elsewhere));
}

/// A question that is asked in the moment in which its session is deleted creates it again, without what was before.
#[test]
fn a_session_that_was_deleted_while_a_question_was_asked_is_reported() {
    let mut desk = Desk::new();
    desk.ask("The secret plan?").keys("X");
    desk.ask("and then?").keys("X").send(Msg::StoreChanged);
    let (id, revision) = take_refreshes(&mut desk)[0];
    let mut stored = desk.state.session.clone().unwrap();
    stored.turns.remove(0);
    desk.send(Msg::SessionRefreshed(id, revision, Some(Box::new(stored.clone()))));
    assert_eq!(desk.state.session, Some(stored));
    let notice = desk.state.notice.as_ref().expect("a notice");
    assert!(notice.text.contains("only what was asked since"), "{}", notice.text);
}

#[test]
fn what_is_renamed_or_tagged_here_is_read_again() {
    let mut desk = Desk::new();
    desk.ask("q").keys("X").take();
    desk.send(Msg::SessionChanged(Ok("the tags were kept".into())));
    assert_eq!(take_refreshes(&mut desk).len(), 1);
}

const ADVICE: &str = "## Recommendation\n\n- Keep PostgreSQL.\n- Drop the cache.\n";

/// The sessions that are to be read again, with their revisions.
fn take_refreshes(desk: &mut Desk) -> Vec<(SessionId, u64)> {
    let refreshes = desk.take().into_iter().filter_map(|e| match e {
        Effect::RefreshSession(id, revision) => Some((id, revision)),
        _ => None,
    });
    refreshes.collect()
}
