//! Handles reports of runs: progress, text, endings.
//!
//! All updates of a run since the last frame are handled together, so that the work of a frame does not depend on the number
//! of tokens.

use std::time::Duration;

use super::reading;
use crate::app::{Effect, Effects, State};
use crate::domain::{Change, Ending, RunId, RunState, RunUpdate};
use crate::text::sanitize_line;

/// Applies the updates of run `id` since the last frame. Updates of unknown or ended runs are dropped.
pub(super) fn on_run_updates(
    state: &mut State,
    id: RunId,
    updates: Vec<RunUpdate>,
    effects: &mut Effects,
) {
    let mut arrived = Arrived::default();
    for update in updates {
        if !is_live(state, id) {
            break;
        }
        match update {
            RunUpdate::Text(more) => arrived.text.push_str(&more),
            RunUpdate::Reasoning(more) => arrived.reasoning.push_str(&more),
            RunUpdate::Note(note) => {
                let note = sanitize_line(&note);
                state.apply_change(Change::Note { run: id, note }, effects);
            }
            RunUpdate::Ended(ending) => {
                append_arrived(state, id, &mut arrived, effects);
                end_run(state, id, ending, effects);
            }
            other => show_progress(state, id, other),
        }
    }
    append_arrived(state, id, &mut arrived, effects);
    request_highlighting(state, id, effects);
}

fn is_live(state: &State, id: RunId) -> bool {
    state.run(id).is_some_and(|run| run.is_live())
}

/// Received text that is not in the session yet.
#[derive(Default)]
struct Arrived {
    text: String,
    reasoning: String,
}

/// Appends the received text to the session as one change a frame.
fn append_arrived(state: &mut State, run: RunId, arrived: &mut Arrived, effects: &mut Effects) {
    let Arrived { text, reasoning } = std::mem::take(arrived);
    if !text.is_empty() || !reasoning.is_empty() {
        state.apply_change(Change::Append { run, text, reasoning }, effects);
    }
}

/// Applies progress of a live run, which is not stored.
fn show_progress(state: &mut State, id: RunId, update: RunUpdate) {
    let now = state.clock.since_start;
    let Some(session) = &mut state.session else { return };
    let Some(display) = state.displays.get_mut(id) else { return };
    match update {
        RunUpdate::Queued => session.set_live_state(id, RunState::Queued),
        RunUpdate::Connecting { .. } => {
            display.started.get_or_insert(now);
            session.set_live_state(id, RunState::Connecting);
        }
        RunUpdate::Open { model } => {
            if let Some(model) = model {
                display.served_model = Some(sanitize_line(&model));
            }
        }
        RunUpdate::Waiting(words) => display.waiting = sanitize_line(&words),
        RunUpdate::Usage(usage) => session.set_live_usage(id, usage),
        RunUpdate::Retry { attempt, of, wait, reason } => {
            let retrying = RunState::Retrying { attempt, of, at: now + wait, reason };
            session.set_live_state(id, retrying);
        }
        RunUpdate::Text(_) | RunUpdate::Reasoning(_) | RunUpdate::Note(_) | RunUpdate::Ended(_) => {
        }
    }
}

/// Ends a live run. Its text stays, and its recommendations are requested.
pub(super) fn end_run(state: &mut State, id: RunId, ending: Ending, effects: &mut Effects) {
    let now = state.clock.since_start;
    let Some(run) = state.run(id).filter(super::super::RunRef::is_live) else { return };
    let change = Change::Ended {
        run: id,
        ending,
        model: run.served_model.clone(),
        usage: run.run.usage,
        elapsed: run.started.map_or(Duration::ZERO, |started| now.saturating_sub(started)),
    };
    state.apply_change(change, effects);
    request_highlighting(state, id, effects);
    reading::request_recommendations(state, id, effects);
}

/// Requests highlighting of code received since the last call.
pub(super) fn request_highlighting(state: &mut State, id: RunId, effects: &mut Effects) {
    let Some(display) = state.displays.get_mut(id) else { return };
    let jobs = display.document.take_jobs();
    if !jobs.is_empty() {
        effects.push(Effect::Highlight(id, jobs));
    }
}
