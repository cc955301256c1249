//! Every action in every context that binds it: none is left without a handler.

use std::collections::BTreeSet;

use plenary::app::keymap::Binding;
use plenary::app::local_models::DownloadReport;
use plenary::app::update::{Handled, run_action};
use plenary::app::{Action, Effects, KeyContext, Keymap, Msg, ViewKind};
use plenary::domain::{Ending, RunUpdate, UnsavedChanges};

use crate::common::desk::{Desk, FOUR, id, roster, session_summary, weights};

const INFRA: &str = "## Recommendation\n\n- Keep one primary.\n- Archive the log.\n\n## Risks\n\nI assume one region. The RTO is 1 hour.\n";

/// Two answers with recommendations and numbers, and a persona that can write a brief; the answers are shown.
fn reviewed() -> Desk {
    let mut roster = roster(&FOUR);
    roster.personas.push(plenary::config::personas::built_in(&id("brief")).unwrap());
    let any = roster.models.values().next().unwrap().clone();
    roster.models.insert(id("brief"), any);
    let mut desk = Desk::with(roster);
    for question in ["What breaks first?", "And then?"] {
        desk.ask(question);
        for (persona, text) in [
            ("infra", INFRA),
            ("edge", "- Keep a queue."),
            ("devops", "Nothing."),
            ("ai-lead", "x"),
        ] {
            desk.run(persona, vec![RunUpdate::Text(text.into()), RunUpdate::Ended(Ending::Done)]);
        }
    }
    desk.keys("esc");
    desk
}

fn missing_model() -> Desk {
    let mut roster = roster(&FOUR);
    let weights = weights("qwen2.5-coder-1.5b");
    for answerer in roster.models.values_mut() {
        answerer.as_mut().unwrap().weights = Some(weights.clone().into());
    }
    let mut desk = Desk::with(roster);
    desk.send(Msg::Download(weights.id, DownloadReport::Missing(0))).keys("alt-p");
    desk
}

fn listed_sessions() -> Desk {
    let session = session_summary();
    let mut desk = reviewed();
    desk.keys("o").send(Msg::SessionsListed(Ok(vec![session])));
    desk
}

/// A desk whose keys are looked up in `context`; none for the contexts that only others fall back to.
fn desk_in(context: KeyContext) -> Option<Desk> {
    let mut desk = match context {
        KeyContext::Views | KeyContext::List | KeyContext::Global => return None,
        KeyContext::Composer | KeyContext::Completion => Desk::new(),
        KeyContext::Pull => missing_model(),
        KeyContext::Sessions => listed_sessions(),
        _ => reviewed(),
    };
    match context {
        KeyContext::Completion => desk.type_text("@ed"),
        KeyContext::Compare => desk.keys("f2"),
        KeyContext::Triage => desk.keys("f3"),
        KeyContext::Select => desk.keys("f3 v"),
        KeyContext::Filter => desk.keys("f3 /"),
        KeyContext::Change => desk.keys("c"),
        KeyContext::Ledger => desk.keys("#"),
        KeyContext::Brief => desk.keys("B"),
        KeyContext::Export => desk.keys("S"),
        KeyContext::Challenge => desk.keys("f3 !"),
        KeyContext::Line => desk.keys("f3 c"),
        KeyContext::Confirm => desk.keys("f3 A"),
        KeyContext::Unsaved => desk.send(Msg::UnsavedFound(UnsavedChanges::default())),
        KeyContext::Help => desk.keys("?"),
        _ => &mut desk,
    };
    assert_eq!(desk.state.key_context(), context, "the keys above no longer lead there");
    Some(desk)
}

#[test]
fn every_bound_action_is_handled_where_it_is_bound() {
    let keymap = Keymap::default_keys().unwrap();
    let mut unhandled = Vec::new();
    for context in KeyContext::ALL {
        let bound: Vec<&Binding> = keymap.in_force(*context).collect();
        for binding in bound {
            let Some(mut desk) = desk_in(*context) else { continue };
            if run_action(&mut desk.state, binding.run, &mut Effects::new()) == Handled::No {
                unhandled.push(format!("[{}] {}", context.id(), binding.run.id()));
            }
        }
    }
    assert!(unhandled.is_empty(), "bound, but no handler knows them: {unhandled:#?}");
}

#[test]
fn every_overlay_with_a_search_line_handles_its_keys_while_typing() {
    for keys in ["?", "#", "o"] {
        for action in [Action::Open, Action::Next, Action::Previous, Action::Back] {
            let mut desk = listed_sessions();
            desk.keys("esc").keys(keys).keys("/");
            assert_eq!(desk.state.key_context(), KeyContext::Filter, "{keys}");
            let handled = run_action(&mut desk.state, action, &mut Effects::new());
            assert_eq!(handled, Handled::Yes, "{keys} {}", action.id());
        }
    }
}

/// What the palette chose either happens, or a notice says where it would.
#[test]
fn the_palette_is_never_silent() {
    let keymap = Keymap::default_keys().unwrap();
    let rows: BTreeSet<(KeyContext, Action)> =
        keymap.bindings().iter().map(|binding| (binding.context, binding.run)).collect();
    for from in [KeyContext::Composer, KeyContext::Panes, KeyContext::Triage, KeyContext::Export] {
        for (context, action) in &rows {
            let mut desk = desk_in(from).unwrap();
            desk.state.notice = None;
            desk.keys("ctrl-p");
            let Some(plenary::app::Overlay::Help(help)) = desk.state.overlays.last_mut() else {
                panic!("no palette");
            };
            let help_rows = help.clone().matching_rows(&desk_in(from).unwrap().state);
            let at = help_rows.iter().position(|r| r.context == *context && r.action == *action);
            help.picker.cursor.selected = at.expect("every action is listed");
            let handled = run_action(&mut desk.state, Action::Open, &mut Effects::new());
            assert_eq!(handled, Handled::Yes, "{from:?} {context:?} {action:?}");
            let is_elsewhere =
                context.is_transient() && !from.lookup_order().any(|c| c == *context);
            if is_elsewhere {
                assert!(desk.notice().contains("works here"), "{from:?} {context:?} {action:?}");
                assert!(desk.state.view != ViewKind::Change, "nothing else happens");
            }
        }
    }
}
