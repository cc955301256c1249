//! Time passing, quitting, signals: what ends notices, runs and the program. Nothing ends without being written down.
//! Called by `update` and `keys`.

use std::time::Duration;

use crate::app::{Effect, Effects, Level, Signal, State};
use crate::domain::{Change, Ending, RunState};

/// How long the first of two keys that quit is remembered.
const AGAIN: Duration = Duration::from_secs(3);

/// Drops what has had its time.
pub(super) fn expire(state: &mut State) {
    let now = state.clock.since_start;
    if state.notice.as_ref().is_some_and(|n| n.until <= now) {
        state.notice = None;
    }
    if state.quitting.is_some_and(|until| until <= now) {
        state.quitting = None;
    }
}

/// `q` quits at once when nothing is streaming; Ctrl-c, and `q` while something is, want to be pressed twice.
pub(super) fn quit(state: &mut State, key: &str, effects: &mut Effects) {
    let at_once = key == "q" && !state.is_live();
    if at_once || state.quitting.is_some() {
        end(state, &Ending::Cancelled, 0, effects);
        return;
    }
    state.quitting = Some(state.clock.since_start + AGAIN);
    let live = state.panes.iter().filter(|p| p.is_live()).count();
    let what = match live {
        0 => String::new(),
        1 => " (an answer is still coming; its text is kept)".to_owned(),
        n => format!(" ({n} answers are still coming; their text is kept)"),
    };
    state.tell(Level::Warning, format!("{key} again to quit{what}"));
}

/// The program is to end: what is there is kept, marked as cut.
pub(super) fn signal(state: &mut State, signal: Signal, effects: &mut Effects) {
    let why = Ending::Cut(format!("the program was ended by {}", signal.name()));
    end(state, &why, 128 + signal.number(), effects);
}

fn end(state: &mut State, ending: &Ending, status: u8, effects: &mut Effects) {
    let now = state.clock.since_start;
    effects.push(Effect::CancelAll);
    let asides = state.asides.0.iter_mut().map(|aside| &mut aside.view);
    let views = state.panes.iter_mut().flat_map(|p| p.runs.iter_mut()).chain(asides);
    for view in views.filter(|v| v.is_live()) {
        view.run.elapsed = view.elapsed(now);
        view.run.state = RunState::Ended(ending.clone());
        effects.push(Effect::Save(Change::Ended {
            run: view.run.id,
            ending: ending.clone(),
            model: None,
            usage: view.run.usage,
            elapsed: view.run.elapsed,
        }));
    }
    effects.push(Effect::Quit(status));
}
