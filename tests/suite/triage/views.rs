//! The views, and the way between them and the answers.

use plenary::app::{Effect, Msg, Overlay, ViewKind};
use plenary::domain::{Change, Ending, RunUpdate, Session, SessionId, TriageHistory, Turn, TurnId};

use super::desk;
use crate::common::desk::Desk;

#[test]
fn keys_lead_from_view_to_view_and_back() {
    let mut desk = desk();
    for (keys, view) in [
        ("f1", ViewKind::Answers),
        ("f2", ViewKind::Compare),
        ("f3", ViewKind::Triage),
        ("f1", ViewKind::Answers),
        ("v", ViewKind::Compare),
        ("v", ViewKind::Triage),
        // There it begins a selection.
        ("v", ViewKind::Triage),
        ("esc", ViewKind::Triage),
        ("esc", ViewKind::Answers),
        ("t", ViewKind::Triage),
        ("t", ViewKind::Answers),
    ] {
        desk.keys(keys);
        assert_eq!(desk.state.view, view, "{keys}");
    }
}

#[test]
fn compare_steps_through_facets_zooms_and_opens_the_place() {
    let mut desk = desk();
    desk.keys("f2");
    let rows = desk.state.compare_rows();
    assert_eq!(rows[0], None, "at a glance comes first");
    assert!(rows.iter().flatten().all(|facet| desk.state.has_facet(*facet)));
    desk.keys("]");
    let at = desk.state.compare.facet;
    assert_eq!(at, rows[1]);
    desk.keys("[ ] enter");
    assert!(desk.state.compare.zoomed);
    desk.keys("esc tab");
    assert!(!desk.state.compare.zoomed);
    desk.take();
    desk.keys("o");
    assert_eq!(desk.state.view, ViewKind::Answers);
    let reveal = desk.take().into_iter().find_map(|effect| match effect {
        Effect::Reveal(pane, _, at) => Some((pane, at)),
        _ => None,
    });
    assert_eq!(reveal, Some((1, 0)), "edge's recommendation begins its answer");
}

#[test]
fn enter_on_a_recommendation_opens_its_source() {
    let mut desk = desk();
    desk.keys("g g j j enter");
    let at = super::INFRA.find("1. A replica").unwrap();
    let reveals = |effect: &Effect| matches!(effect, Effect::Reveal(0, _, place) if *place == at);
    assert!(desk.take().iter().any(reveals));
    assert_eq!(desk.state.view, ViewKind::Answers);
}

#[test]
fn the_ledger_lists_and_leads_to_the_source() {
    let mut desk = Desk::new();
    desk.ask("q");
    for (persona, text) in
        [("infra", "I assume one region. The RTO is 1 hour."), ("edge", "RTO: ~5 minutes.")]
    {
        desk.run(persona, vec![RunUpdate::Text(text.into()), RunUpdate::Ended(Ending::Done)]);
    }
    desk.keys("esc #");
    let Some(Overlay::Ledger(ledger)) = desk.state.overlays.last() else { panic!("no ledger") };
    assert_eq!(ledger.rows.len(), 5, "two titles, one assumption, two numbers");
    desk.take();
    desk.keys("j j enter");
    let reveals = |effect: &Effect| matches!(effect, Effect::Reveal(1, _, 6));
    let effects = desk.take();
    assert!(effects.iter().any(reveals), "{effects:?}");
    assert!(desk.state.overlays.is_empty());
}

#[test]
fn without_answers_nothing_breaks_and_every_key_says_why() {
    let mut desk = Desk::new();
    desk.keys("esc");
    for keys in
        ["t a x d . u U c o e m ! - space n A X D", "f2 ] [ enter o", "c", "#", "B", "S", "f1"]
    {
        desk.keys(keys);
        desk.keys("esc esc esc");
    }
    assert!(desk.take().iter().all(|effect| !matches!(effect, Effect::Save(_) | Effect::Ask(_))));
}

#[test]
fn what_another_instance_writes_is_left_to_it() {
    let mut first = desk();
    first.ask("@infra more");
    let live = first.last("infra");
    first.run("infra", vec![RunUpdate::Text("## Risks\n\n- One.\n".into())]);
    // Lines of an answer that is still streaming are not taken: what is found in it is written down once.
    first.keys("t").take();
    let pane = &first.state.panes()[0];
    assert!(pane.current().is_some_and(|run| run.is_live()));
    let run = pane.current().unwrap().run.clone();
    let mut second = Desk::new();
    let session = Session {
        id: SessionId::from_number(7),
        title: "more".into(),
        panel: "design-review".into(),
        created_at: 0,
        updated_at: 0,
        unsearched: Vec::new(),
        tags: Vec::new(),
        turns: vec![Turn {
            id: TurnId::from_number(8),
            question: "more".into(),
            asked_at: 0,
            runs: vec![run],
        }],
        side_turns: Vec::new(),
        history: TriageHistory::default(),
    };
    second.send(Msg::SessionLoaded(Ok(Box::new(session))));
    second.keys("f3 space enter");
    let lifted = second
        .take()
        .into_iter()
        .any(|effect| matches!(effect, Effect::Save(Change::Extracted { run, .. }) if run == live));
    assert!(!lifted && super::rows(&second.state).is_empty());
    assert!(second.notice().contains("still"), "{}", second.notice());
}

#[test]
fn a_retry_that_brings_nothing_takes_nothing_away() {
    let mut desk = Desk::new();
    desk.ask("q");
    desk.run(
        "infra",
        vec![
            RunUpdate::Text(super::INFRA.into()),
            RunUpdate::Ended(Ending::Cut("length limit".into())),
        ],
    );
    for persona in ["edge", "devops", "ai-lead"] {
        desk.run(persona, vec![RunUpdate::Ended(Ending::Failed("401".into()))]);
    }
    desk.keys("1 r");
    assert_eq!(desk.word("infra"), "queued");
    // While it is tried again, and when that fails, the answer that is there counts.
    assert_eq!(super::rows(&desk.state).len(), 3);
    desk.run("infra", vec![RunUpdate::Ended(Ending::Failed("429".into()))]);
    assert_eq!(super::rows(&desk.state).len(), 3);
    desk.keys("f2");
    assert!(desk.state.has_facet(plenary::domain::Facet::Risks));
    // One that brings something takes its place.
    desk.keys("f1 1 r").run(
        "infra",
        vec![RunUpdate::Text("- Only this.\n".into()), RunUpdate::Ended(Ending::Done)],
    );
    assert_eq!(super::rows(&desk.state), ["open infra: Only this"]);
}

#[test]
fn recommendations_are_extracted_when_the_run_ends_not_before() {
    let mut desk = Desk::new();
    desk.ask("q");
    desk.run("infra", vec![RunUpdate::Text(super::INFRA.into())]);
    desk.keys("t");
    assert_eq!(super::rows(&desk.state), Vec::<String>::new());
    desk.run("infra", vec![RunUpdate::Ended(Ending::Cut("length limit".into()))]);
    assert_eq!(super::rows(&desk.state).len(), 3, "what arrived of a cut answer counts");
}
