//! Readings of answers: requested when they are needed, shown when they return, dropped when they are out of date.
//!
//! [`Desk::holds_readings`] holds them back, as a slow thread would.

mod cost;
mod pty;

use plenary::app::reading::{Finding, ReadingResult, ReadingSubject, carry_out};
use plenary::app::{Effect, Msg, Overlay, ViewKind};
use plenary::config::facets;
use plenary::domain::{Change, Ending, Facet, RunNotes, RunUpdate, Session};
use plenary::review::{MAX_READ_BYTES, extract_missing};

use crate::common::desk::Desk;
use crate::common::script::Script;

const ANSWER: &str =
    "## Recommendation\n\n- Keep one region.\n\n## Risks\n\n- The RTO is 1 hour.\n";

/// A desk with the answer of `infra`, which is not read yet.
fn unread(text: &str) -> Desk {
    let mut desk = Desk::new();
    desk.holds_readings = true;
    desk.ask("q");
    desk.run("infra", vec![RunUpdate::Text(text.into()), RunUpdate::Ended(Ending::Done)]);
    for persona in ["edge", "devops", "ai-lead"] {
        desk.run(persona, vec![RunUpdate::Ended(Ending::Cancelled)]);
    }
    desk
}

fn extracted(desk: &Desk) -> usize {
    let is_extracted = |effect: &&Effect| matches!(effect, Effect::Save(Change::Extracted { .. }));
    desk.effects.iter().filter(is_extracted).count()
}

#[test]
fn keys_work_while_the_ledger_is_being_read() {
    let mut desk = unread(ANSWER);
    desk.keys("#");
    let Some(Overlay::Ledger(ledger)) = desk.state.overlays.last() else { panic!("no ledger") };
    assert!(ledger.is_being_read && ledger.rows.is_empty());
    desk.keys("j k enter / x esc").read();
    let Some(Overlay::Ledger(ledger)) = desk.state.overlays.last() else { panic!("no ledger") };
    assert!(!ledger.is_being_read && ledger.rows.len() == 2, "{:?}", ledger.rows);
    // Closed before it is read, it stays closed.
    desk.keys("#").keys("#").keys("esc").read();
    assert!(desk.state.overlays.is_empty());
    // Nothing found: said when it is known.
    let mut desk = unread("Nothing to see.");
    desk.keys("#");
    assert!(!desk.state.overlays.is_empty());
    desk.read();
    assert!(desk.state.overlays.is_empty());
    assert!(desk.notice().contains("no assumptions or numbers"), "{}", desk.notice());
}

#[test]
fn a_run_is_extracted_once_and_what_is_out_of_date_is_dropped() {
    let mut desk = unread(ANSWER);
    assert_eq!((extracted(&desk), desk.state.answers_being_read()), (0, 1));
    // The view asks for nothing that is on its way.
    desk.keys("t f2 t f1");
    assert_eq!(desk.readings.len(), 1);
    let request = desk.readings[0].clone();
    desk.read();
    assert_eq!((extracted(&desk), desk.state.answers_being_read()), (1, 0));
    desk.send(Msg::Read(Box::new(carry_out(&request)))).keys("t f2").read();
    assert_eq!(extracted(&desk), 1);
    // Another session: the result of the first one has no place.
    let mut desk = unread(ANSWER);
    let request = desk.readings[0].clone();
    desk.keys("N").send(Msg::Read(Box::new(carry_out(&request))));
    assert!(desk.state.session.is_none());
    assert_eq!(extracted(&desk), 0);
}

#[test]
fn what_was_not_read_before_the_end_is_read_when_the_session_is_opened() {
    let mut first = unread(ANSWER);
    first.keys("q q");
    assert!(first.effects.iter().any(|effect| matches!(effect, Effect::Quit(0))));
    let session = first.state.session.clone().unwrap();
    assert!(session.turns[0].runs.iter().all(|run| run.recommendations.is_none()));
    let mut second = Desk::new();
    second.send(Msg::SessionLoaded(Ok(Box::new(session))));
    assert_eq!(extracted(&second), 1);
    second.keys("t");
    assert_eq!(second.state.view, ViewKind::Triage);
    assert_eq!(second.state.session.as_ref().unwrap().recommendations().count(), 2);
}

#[test]
fn a_whole_session_is_read_a_few_answers_at_a_time() {
    let mut first = unread(ANSWER);
    for _ in 0..20 {
        first.ask("@infra more");
        first.run("infra", vec![RunUpdate::Text(ANSWER.into()), RunUpdate::Ended(Ending::Done)]);
    }
    let mut session = first.state.session.clone().unwrap();
    session
        .turns
        .iter_mut()
        .flat_map(|turn| &mut turn.runs)
        .for_each(|run| run.recommendations = None);
    let mut second = Desk::new();
    second.holds_readings = true;
    second.send(Msg::SessionLoaded(Ok(Box::new(session))));
    assert_eq!(second.readings.len(), 8);
    second.holds_readings = false;
    second.read();
    assert_eq!(extracted(&second), 21);
}

#[test]
fn an_answer_that_is_not_read_to_its_end_says_so() {
    let mut text = ANSWER.repeat(MAX_READ_BYTES / ANSWER.len());
    text.push_str("\n## Cost\n\n");
    text.push_str(&"x y\n".repeat(MAX_READ_BYTES / 2));
    let mut desk = unread(&text);
    desk.keys("f2").read();
    let pane = &desk.state.panes()[0];
    let run = pane.answer().unwrap();
    let notes: Vec<&str> = run.run.notes.iter().collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("only the first 264 kB of 3.1 MB was read"), "{notes:?}");
    assert!(notes[1].contains("only the first 2000 recommendations"), "{notes:?}");
    // Every byte has a section all the same.
    let mut end = 0;
    for section in &run.sections {
        assert_eq!(section.span.start, end);
        end = section.span.end;
    }
    assert_eq!(end, run.document.source().len());
    assert_eq!(run.sections.last().unwrap().facet, Facet::Other);
}

/// An answer with a table that is too heavy to be parsed, and sections after it.
fn heavy_answer() -> String {
    let table = format!("| a | b |\n|---|---|\n{}", "| one | **two** |\n".repeat(1_300));
    format!("# Plan\n\n{table}\n## Recommendations\n\n- Keep it.\n\n## Risks\n\n- Lag.\n")
}

#[test]
fn an_answer_that_is_too_heavy_to_be_parsed_says_so() {
    let mut desk = unread(&heavy_answer());
    desk.read();
    let notes_of = |session: &Session| -> Vec<String> {
        session.turns[0].runs[0].notes.iter().map(ToOwned::to_owned).collect()
    };
    let mut session = desk.state.session.clone().unwrap();
    let notes = notes_of(&session);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("only the first "), "{notes:?}");
    assert!(notes[0].ends_with(" of 23 kB was read for recommendations"), "{notes:?}");
    desk.keys("esc #").read();
    assert!(desk.notice().contains("of infra was read)"), "{}", desk.notice());
    // The same when an export reads what the store has.
    let stored = &mut session.turns[0].runs[0];
    (stored.recommendations, stored.notes) = (None, RunNotes::default());
    extract_missing(&mut session, |_| None, &facets::built_in());
    assert_eq!(notes_of(&session), notes);
}

#[test]
fn compare_blames_no_persona_for_what_was_not_read() {
    let script = Script::new(160, 40).ask("q").answers(0, &heavy_answer()).keys("esc f2");
    let shown = script.screen();
    assert!(shown.contains("too large: only the first"), "{shown}");
    assert!(!shown.contains("promised, but"), "{shown}");
}

#[test]
fn an_answer_that_grows_is_read_by_sixteenths_and_once_it_has_ended() {
    let mut desk = Desk::new();
    desk.holds_readings = true;
    desk.ask("q").keys("f2");
    desk.run("infra", vec![RunUpdate::Text("a word ".repeat(1_000))]);
    assert_eq!(desk.readings.len(), 1);
    // One reading at a time, and then only when there is enough new text.
    desk.run("infra", vec![RunUpdate::Text("a word ".repeat(1_000))]);
    assert_eq!(desk.readings.len(), 1);
    let first = desk.readings.remove(0);
    desk.send(Msg::Read(Box::new(carry_out(&first))));
    assert_eq!(desk.readings.len(), 1, "twice the text");
    let second = desk.readings.remove(0);
    desk.send(Msg::Read(Box::new(carry_out(&second))));
    desk.run("infra", vec![RunUpdate::Text("a word ".repeat(10))]);
    assert_eq!(desk.readings.len(), 0, "a hundredth more");
    desk.run("infra", vec![RunUpdate::Ended(Ending::Done)]);
    assert_eq!(desk.readings.len(), 1);
    assert!(desk.state.panes()[0].answer().unwrap().is_being_read());
}

#[test]
fn change_waits_for_its_comparison_and_follows_the_focus() {
    let mut desk = unread(ANSWER);
    desk.ask("@infra again");
    let text = RunUpdate::Text(ANSWER.replace("one", "two"));
    desk.run("infra", vec![text, RunUpdate::Ended(Ending::Done)]).read();
    desk.keys("1 c");
    assert!(desk.state.change.reading.compared.is_none());
    assert_eq!(desk.readings.len(), 1);
    desk.keys("j k").read();
    assert_eq!(desk.state.change.reading.sections.len(), 2);
    assert!(desk.readings.is_empty(), "it is compared once");
}

#[test]
fn a_reading_that_fails_is_said_and_not_tried_again() {
    let mut desk = unread(ANSWER);
    let fail = |desk: &mut Desk| {
        let request = desk.readings.remove(0);
        let (subject, number) = (request.task.subject(), request.number);
        let finding = Finding::Failed;
        desk.send(Msg::Read(Box::new(ReadingResult { subject, number, finding })));
        subject
    };
    assert!(matches!(fail(&mut desk), ReadingSubject::Answer(_)));
    assert!(desk.notice().contains("could not be read"), "{}", desk.notice());
    desk.keys("t f2 f1");
    assert!(desk.readings.is_empty());
    desk.keys("#");
    assert_eq!(fail(&mut desk), ReadingSubject::Ledger);
    assert!(desk.state.overlays.is_empty());
}
