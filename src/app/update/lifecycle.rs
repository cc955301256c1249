//! Expiry of notices, quitting, signals. Every run is saved before the program ends.

use std::time::Duration;

use super::{ask, run_updates};
use crate::app::{Effect, Effects, Notice, NoticeLevel, Signal, State, overlay};
use crate::domain::Ending;

/// How long the first of two quit keys is remembered.
const QUIT_TIMEOUT: Duration = Duration::from_secs(3);

/// Drops an expired notice, and forgets the first of two quit keys after its timeout.
pub(super) fn expire_notices(state: &mut State) {
    let now = state.clock.since_start;
    if state.notice.as_ref().is_some_and(|n| n.until <= now) {
        state.notice = None;
    }
    if let (None, Some(text)) = (&state.notice, &state.store_problem) {
        let text = text.clone();
        state.notice = Some(Notice { level: NoticeLevel::Error, text, until: Notice::STAYS });
    }
    if state.quitting.is_some_and(|until| until <= now) {
        state.quitting = None;
    }
}

/// Quits immediately when nothing is streaming, else when the key is pressed twice.
pub(super) fn quit_when_idle(state: &mut State, effects: &mut Effects) {
    if state.is_live() {
        confirm_quit(state, "q", effects);
    } else {
        end_program(state, &Ending::Cancelled, 0, effects);
    }
}

/// Quits when the key (named `key` in the message) is pressed twice.
pub(super) fn confirm_quit(state: &mut State, key: &str, effects: &mut Effects) {
    if state.quitting.is_some() {
        end_program(state, &Ending::Cancelled, 0, effects);
        return;
    }
    state.quitting = Some(state.clock.since_start + QUIT_TIMEOUT);
    let live = state.panes().iter().filter(|pane| pane.is_live()).count();
    let what = match live {
        0 => String::new(),
        1 => " (an answer is still streaming; its text is kept)".to_owned(),
        n => format!(" ({n} answers are still streaming; their text is kept)"),
    };
    state.show_notice(NoticeLevel::Warning, format!("{key} again to quit{what}"));
}

/// Ends the program; running answers are saved as cut.
pub(super) fn on_signal(state: &mut State, signal: Signal, effects: &mut Effects) {
    let ending = Ending::Cut(format!("the program was ended by {}", signal.name()));
    end_program(state, &ending, 128 + signal.number(), effects);
}

/// Says why changes cannot be written, until they can.
pub(super) fn on_store_failing(state: &mut State, text: String) {
    state.notice = None;
    state.store_problem = Some(text);
    expire_notices(state);
}

/// Says that everything is on disk again, in place of the problem and of the question at quitting.
pub(super) fn on_store_recovered(state: &mut State, text: String) {
    state.store_problem = None;
    overlay::close_unsaved(state);
    state.show_notice(NoticeLevel::Info, text);
}

fn end_program(state: &mut State, ending: &Ending, status: u8, effects: &mut Effects) {
    effects.push(Effect::CancelAll);
    for run in ask::live_runs(state) {
        run_updates::end_run(state, run, ending.clone(), effects);
    }
    // Asked, and insisted: the user must not be kept.
    let asked = overlay::asked_unsaved(state).filter(|_| status == 0);
    effects.push(match asked {
        Some(changes) => Effect::QuitUnsaved(changes.describe_loss()),
        None => Effect::Quit(status),
    });
}
