//! A challenge and a brief: one model call each, beside the conversation.

use plenary::app::{Effect, Overlay, RunRequest};
use plenary::domain::{Change, Ending, RunId, RunUpdate};
use plenary::review::BriefLine;

use super::{desk, rows};

fn order(effects: &[Effect]) -> Option<RunRequest> {
    let mut orders = effects.iter().filter_map(|e| match e {
        Effect::Ask(orders) => Some(orders.clone()),
        _ => None,
    });
    orders.next().and_then(|mut orders| orders.pop())
}

fn says(run: RunId, text: &str) -> plenary::app::Msg {
    plenary::app::Msg::Run(run, vec![RunUpdate::Text(text.into()), RunUpdate::Ended(Ending::Done)])
}

#[test]
fn a_challenge_quotes_the_item_without_its_author_and_stays_with_it() {
    let mut desk = desk();
    desk.keys("g g j !");
    assert!(matches!(desk.state.overlays.last(), Some(Overlay::Challenge(_))));
    assert!(order(&desk.take()).is_none(), "no persona is asked until one is chosen");
    desk.keys("enter");
    let effects = desk.take();
    let order = order(&effects).expect("one call");
    assert_ne!(order.persona.as_str(), "infra", "its author is not asked");
    assert!(matches!(effects[0], Effect::Save(Change::SideTurn { .. })), "written down first");
    let sent = &order.request.messages.last().unwrap().text;
    assert!(sent.contains("Archive the log all the time"), "{sent}");
    let all: String = order.request.messages.iter().map(|m| m.text.to_string()).collect();
    assert!(!all.contains("Kael") && !all.contains("infra"), "{all}");
    desk.send(says(order.run, "It fills the disk."));
    let id = desk.state.triage.chosen.unwrap();
    let said: Vec<String> =
        desk.state.challenges_of(id).map(|side| side.run.document.source().to_owned()).collect();
    assert_eq!(said, ["It fills the disk."]);
    assert_eq!(rows(&desk.state).len(), 5, "its reply proposes nothing");
    // No pane knows of it.
    assert!(desk.state.panes().iter().all(|p| p.runs.iter().all(|v| v.id() != order.run)));
    desk.take();
    desk.ask("and now?");
    for effect in desk.take() {
        if let Effect::Ask(orders) = effect {
            for message in orders.iter().flat_map(|o| &o.request.messages) {
                assert!(!message.text.contains("fills the disk"));
            }
        }
    }
}

#[test]
fn a_brief_is_asked_for_and_every_sentence_is_checked() {
    let mut desk = desk();
    desk.state
        .roster
        .personas
        .push(plenary::config::personas::built_in(&crate::common::desk::id("brief")).unwrap());
    let any = desk.state.roster.models.values().next().unwrap().clone();
    desk.state.roster.models.insert(crate::common::desk::id("brief"), any);
    desk.keys("B");
    let mut effects = desk.take();
    if order(&effects).is_none() {
        desk.keys("enter");
        effects = desk.take();
    }
    let order = order(&effects).expect("one call");
    let sent = &order.request.messages.last().unwrap().text;
    assert!(sent.contains("Keep one primary") && sent.contains("Keep a queue in every shop"));
    let brief = "## Agreement\n\n- [infra, edge] Both archive: \"Archive the log, continuously\"\n- [edge] A queue: \"no such words there\"\n- Nobody says this.\n";
    desk.send(says(order.run, brief));
    let lines = &desk.state.displays.get(order.run).unwrap().brief.lines;
    let faults: Vec<bool> = lines
        .iter()
        .filter_map(|line| match line {
            BriefLine::Sentence { fault, .. } => Some(fault.is_some()),
            BriefLine::Heading(_) => None,
        })
        .collect();
    assert_eq!(faults, [false, true, true]);
    // The panes are as they were.
    assert!(desk.state.panes().iter().all(|pane| pane.runs.len() <= 1));
}
