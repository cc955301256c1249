//! Every key that decides, groups, corrects and takes back.

use super::{desk, progress, rows, saved};

/// All five rows as they begin.
const OPEN: [&str; 5] = [
    "open infra: Keep one primary",
    "open infra: Archive the log all the time",
    "open infra: A replica lags",
    "open edge: Archive the log, continuously",
    "open edge: Keep a queue in every shop",
];

#[test]
fn one_key_decides_saves_and_selects_the_next() {
    let mut desk = desk();
    assert_eq!(rows(&desk.state), OPEN);
    assert_eq!(progress(&desk.state), "0 of 5 decided · 0 accepted · 0 rejected · 0 deferred");
    for (key, first) in [
        ("a", "accepted infra: Keep one primary"),
        ("x", "rejected infra: Archive the log all the time"),
        ("d", "deferred infra: A replica lags"),
    ] {
        desk.keys(key);
        assert_eq!(saved(&desk.take()), ["edited"], "{key}: one change, at once");
        assert!(rows(&desk.state).iter().any(|row| row == first), "{key}: {:?}", rows(&desk.state));
    }
    assert_eq!(progress(&desk.state), "3 of 5 decided · 1 accepted · 1 rejected · 1 deferred");
    // `.` repeats the last decision, on the next one each time.
    desk.keys(". .");
    assert_eq!(saved(&desk.take()), ["edited", "edited"]);
    assert_eq!(progress(&desk.state), "5 of 5 decided · 1 accepted · 1 rejected · 3 deferred");
    // The same decision a second time reopens it.
    desk.keys("g g a");
    assert_eq!(rows(&desk.state)[0], OPEN[0]);
}

#[test]
fn undo_and_redo_have_no_end_and_a_new_step_ends_redo() {
    let mut desk = desk();
    desk.keys("a a a a a");
    desk.take();
    desk.keys("u u u u u");
    assert_eq!(saved(&desk.take()), ["undone"; 5]);
    assert_eq!(rows(&desk.state), OPEN);
    desk.keys("u");
    assert!(
        saved(&desk.take()).is_empty() && desk.notice().contains("nothing"),
        "{}",
        desk.notice()
    );
    desk.keys("U U U");
    assert_eq!(saved(&desk.take()), ["redone"; 3]);
    assert_eq!(progress(&desk.state), "3 of 5 decided · 3 accepted · 0 rejected · 0 deferred");
    desk.keys("g g x").take();
    desk.keys("U");
    assert!(saved(&desk.take()).is_empty(), "what was undone is gone");
    assert_eq!(progress(&desk.state), "3 of 5 decided · 2 accepted · 1 rejected · 0 deferred");
}

#[test]
fn two_that_say_the_same_are_one_row_and_one_decision() {
    let mut desk = desk();
    // The second and the fourth.
    desk.keys("g g j m j j m");
    assert_eq!(saved(&desk.take()), ["edited"]);
    let joined = "open infra+edge: Archive the log all the time";
    assert!(rows(&desk.state).contains(&joined.to_owned()), "{:?}", rows(&desk.state));
    assert_eq!(progress(&desk.state), "0 of 4 decided · 0 accepted · 0 rejected · 0 deferred");
    desk.keys("g g j a");
    assert_eq!(progress(&desk.state), "1 of 4 decided · 1 accepted · 0 rejected · 0 deferred");
    desk.keys("u u");
    assert_eq!(rows(&desk.state), OPEN, "marking is a step like any other");
    desk.keys("U U");
    assert_eq!(progress(&desk.state), "1 of 4 decided · 1 accepted · 0 rejected · 0 deferred");
}

#[test]
fn a_filter_shows_less_and_deciding_on_all_asks_first() {
    let mut desk = desk();
    desk.keys("/").type_text("archive").keys("enter");
    assert_eq!(rows(&desk.state).len(), 2);
    desk.keys("X");
    assert!(saved(&desk.take()).is_empty(), "it asks first");
    desk.keys("esc");
    assert_eq!(progress(&desk.state), "0 of 5 decided · 0 accepted · 0 rejected · 0 deferred");
    desk.keys("X y");
    assert_eq!(saved(&desk.take()), ["edited"], "one step for all");
    assert_eq!(progress(&desk.state), "2 of 5 decided · 0 accepted · 2 rejected · 0 deferred");
    desk.keys("0");
    assert_eq!(rows(&desk.state).len(), 5);
    desk.keys("u");
    assert_eq!(progress(&desk.state), "0 of 5 decided · 0 accepted · 0 rejected · 0 deferred");
    // By persona, by facet, by decision.
    desk.keys("tab");
    let of = |rows: Vec<String>, who: &str| rows.iter().all(|row| row.contains(who));
    assert!(of(rows(&desk.state), "infra:") && rows(&desk.state).len() == 3);
    desk.keys("0 f");
    assert_eq!(rows(&desk.state).len(), 4, "{:?}", rows(&desk.state));
    desk.keys("0 g g a F");
    assert_eq!(rows(&desk.state).len(), 4, "open ones only");
    desk.keys("F F");
    assert_eq!(rows(&desk.state), ["accepted infra: Keep one primary"]);
    desk.keys("esc");
    assert_eq!(rows(&desk.state).len(), 5);
}

#[test]
fn words_about_an_item_are_kept_on_enter_only() {
    let mut desk = desk();
    desk.keys("c").type_text("who pays?").keys("esc");
    assert!(saved(&desk.take()).is_empty());
    desk.keys("c").type_text("who pays?").keys("enter");
    desk.keys("o").type_text("Maria").keys("enter");
    assert_eq!(saved(&desk.take()), ["edited", "edited"]);
    desk.keys("e ctrl-u").type_text("One primary").keys("enter");
    assert_eq!(rows(&desk.state)[0], "open infra: One primary");
    let found = &desk.state.panes()[0].runs[0].run.recommendations.as_ref().unwrap()[0];
    assert_eq!(
        (found.verdict.comment.as_str(), found.verdict.owner.as_str()),
        ("who pays?", "Maria")
    );
    desk.keys("u u u");
    let found = &desk.state.panes()[0].runs[0].run.recommendations.as_ref().unwrap()[0];
    assert_eq!(found.verdict, plenary::domain::Verdict::default());
    // What is none leaves the list; undoing brings it back.
    desk.keys("g g -");
    assert_eq!(rows(&desk.state).len(), 4);
    desk.keys("u");
    assert_eq!(rows(&desk.state), OPEN);
}

#[test]
fn lines_that_were_not_found_are_selected() {
    let mut desk = desk();
    // The third answer proposes nothing; its one line is taken.
    desk.keys("space tab tab");
    assert!(desk.state.triage.selecting.is_some());
    desk.keys("enter");
    assert_eq!(saved(&desk.take()), ["selected", "edited"]);
    assert_eq!(rows(&desk.state).len(), 6);
    assert!(rows(&desk.state).contains(&"open devops: Nothing to add".to_owned()));
    desk.keys("u");
    assert_eq!(rows(&desk.state), OPEN);
    desk.keys("U");
    assert_eq!(rows(&desk.state).len(), 6);
    desk.keys("v esc");
    assert!(desk.state.triage.selecting.is_none());
}

#[test]
fn the_progress_line_is_exactly_this() {
    let mut desk = crate::common::desk::Desk::new();
    desk.ask("q");
    let list: String = (1..=42)
        .fold(String::from("## Risks\n\n"), |text, n| format!("{text}- Risk number {n}.\n"));
    desk.run(
        "infra",
        vec![
            plenary::domain::RunUpdate::Text(list.as_str().into()),
            plenary::domain::RunUpdate::Ended(plenary::domain::Ending::Done),
        ],
    );
    desk.keys("esc t a a a a a a a a a x x x x x d d d");
    assert_eq!(progress(&desk.state), "17 of 42 decided · 9 accepted · 5 rejected · 3 deferred");
}
