//! Time passing, quitting, signals: what ends notices, runs and the program. Nothing ends without being written down.
//! Called by `update` and `keys`.

use std::time::Duration;

use super::{ask, stream};
use crate::app::{Effect, Effects, Level, Signal, State};
use crate::domain::Ending;

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
    let live = state.panes().iter().filter(|pane| pane.is_live()).count();
    let what = match live {
        0 => String::new(),
        1 => " (an answer is still streaming; its text is kept)".to_owned(),
        n => format!(" ({n} answers are still streaming; their text is kept)"),
    };
    state.tell(Level::Warning, format!("{key} again to quit{what}"));
}

/// The program is to end: what is there is kept, marked as cut.
pub(super) fn signal(state: &mut State, signal: Signal, effects: &mut Effects) {
    let why = Ending::Cut(format!("the program was ended by {}", signal.name()));
    end(state, &why, 128 + signal.number(), effects);
}

fn end(state: &mut State, ending: &Ending, status: u8, effects: &mut Effects) {
    effects.push(Effect::CancelAll);
    for run in ask::live_runs(state) {
        stream::end_run(state, run, ending.clone(), effects);
    }
    effects.push(Effect::Quit(status));
}
