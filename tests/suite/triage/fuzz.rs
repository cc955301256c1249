//! Any keys, in any view, at any size: nothing panics, and what is chosen is there.

use plenary::app::triage::{build_items, filter_items};
use plenary::app::{KeyPress, Msg, State};
use plenary::domain::{Ending, RunUpdate};
use proptest::prelude::*;

use super::{EDGE, INFRA};
use crate::common::script::Script;

const KEYS: &[&str] = &[
    "f1",
    "f2",
    "f3",
    "v",
    "t",
    "a",
    "x",
    "d",
    ".",
    "u",
    "U",
    "c",
    "o",
    "e",
    "m",
    "!",
    "space",
    "enter",
    "esc",
    "-",
    "n",
    "/",
    "f",
    "F",
    "0",
    "1",
    "2",
    "A",
    "X",
    "D",
    "J",
    "K",
    "j",
    "k",
    "g",
    "G",
    "tab",
    "shift-tab",
    "[",
    "]",
    "#",
    "B",
    "S",
    "i",
    "?",
    "z",
    "w",
    "ctrl-d",
    "ctrl-u",
    "ctrl-r",
    "backspace",
    "left",
    "y",
    "r",
    "N",
];

#[derive(Debug, Clone)]
enum Event {
    Key(&'static str),
    Size(u16, u16),
    More,
    End,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        12 => prop::sample::select(KEYS).prop_map(Event::Key),
        1 => (1..240_u16, 1..60_u16).prop_map(|(w, h)| Event::Size(w, h)),
        1 => Just(Event::More),
        1 => Just(Event::End),
    ];
    prop::collection::vec(event, 0..60)
}

/// What has to hold after every event.
fn check(state: &State) {
    let rows = filter_items(state, build_items(state), &state.triage.filter);
    if let Some(chosen) = state.triage.chosen {
        let known = state.recommendation(chosen).is_some();
        assert!(known || rows.is_empty(), "what is chosen is there");
    }
    assert!(state.focused < state.pane_personas.len().max(1));
    for update in state.session.iter().flat_map(|s| &s.history.done).flat_map(|step| &step.updates)
    {
        assert!(
            state.recommendation(update.id).is_some(),
            "the history has unknown recommendations"
        );
    }
    for item in build_items(state) {
        assert!(item.leader.found.verdict.same_as.is_none(), "a leader is merged into nothing");
        assert!(!item.leader.found.verdict.dropped);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_keys_in_any_view(events in events(), answered in 0..4_usize) {
        let mut script = Script::new(120, 30).ask("What breaks first?");
        for pane in 0..answered {
            script = script.answers(pane, if pane % 2 == 0 { INFRA } else { EDGE });
        }
        script = script.keys("esc");
        for event in events {
            script = match event {
                Event::Key(key) => script.msg(Msg::Key(KeyPress::parse(key).unwrap())),
                Event::Size(width, height) => script.msg(Msg::Resize(width, height)),
                Event::More | Event::End => {
                    let live = script.state.panes().into_iter().filter_map(|p| p.current()).find(plenary::app::RunRef::is_live);
                    let Some(run) = live.map(|run| run.id()) else { continue };
                    let update = match event {
                        Event::End => RunUpdate::Ended(Ending::Done),
                        _ => RunUpdate::Text("\n\n- One more proposal.\n".into()),
                    };
                    script.msg(Msg::Run(run, vec![update]))
                }
            };
            check(&script.state);
            let _ = script.screen();
        }
    }
}
