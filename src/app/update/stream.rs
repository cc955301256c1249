//! What a run reports: its state, its text, its end. Called once a run and frame, with everything since the last one,
//! so that the work of a frame does not depend on the number of tokens.

use std::time::Duration;

use super::lift;
use crate::app::{Clock, Effect, Effects, RunView, State};
use crate::domain::{Change, Ending, RunId, RunState, RunUpdate};

/// Takes everything run `id` reported since the last frame. Reports of runs that are gone or have ended are dropped.
pub(super) fn run(state: &mut State, id: RunId, updates: Vec<RunUpdate>, effects: &mut Effects) {
    let clock = state.clock;
    let Some(view) = state.run_mut(id) else { return };
    let (mut text, mut reasoning) = (String::new(), String::new());
    for update in updates {
        if !view.is_live() {
            break;
        }
        match update {
            RunUpdate::Text(more) => {
                view.run.state = RunState::Streaming;
                text.push_str(&more);
            }
            RunUpdate::Reasoning(more) => {
                view.run.state = RunState::Streaming;
                reasoning.push_str(&more);
            }
            RunUpdate::Note(note) => {
                let note = crate::text::sanitize_line(&note);
                view.run.notes.push(note.clone());
                effects.push(Effect::Save(Change::Note { run: id, note }));
            }
            RunUpdate::Ended(ending) => {
                flush(view, &mut text, &mut reasoning, effects);
                end(view, ending, clock, effects);
            }
            other => step(view, other, clock),
        }
    }
    flush(view, &mut text, &mut reasoning, effects);
    let jobs = view.document.take_jobs();
    if !jobs.is_empty() {
        effects.push(Effect::Highlight(id, jobs));
    }
    let over = !view.is_live();
    if over {
        lift::ended(state, id, effects);
    }
}

/// The steps before the text.
fn step(view: &mut RunView, update: RunUpdate, clock: Clock) {
    match update {
        RunUpdate::Queued => view.run.state = RunState::Queued,
        RunUpdate::Connecting { .. } => {
            view.started.get_or_insert(clock.since_start);
            view.run.state = RunState::Connecting;
        }
        RunUpdate::Open { model } => {
            if let Some(model) = model {
                view.run.model.model = crate::text::sanitize_line(&model);
            }
        }
        RunUpdate::Waiting(words) => view.waiting = crate::text::sanitize_line(&words),
        RunUpdate::Usage(usage) => view.run.usage = Some(usage),
        RunUpdate::Retry { attempt, of, wait, reason } => {
            let at = clock.since_start + wait;
            view.run.state = RunState::Retrying { attempt, of, at, reason };
        }
        RunUpdate::Text(_) | RunUpdate::Reasoning(_) | RunUpdate::Note(_) | RunUpdate::Ended(_) => {
        }
    }
}

/// Text goes into the document and to the store in one piece a frame.
fn flush(view: &mut RunView, text: &mut String, reasoning: &mut String, effects: &mut Effects) {
    if text.is_empty() && reasoning.is_empty() {
        return;
    }
    view.run.text.push_str(text);
    view.run.reasoning.push_str(reasoning);
    if !text.is_empty() {
        view.document.push(text);
    }
    effects.push(Effect::Save(Change::Append {
        run: view.id(),
        text: std::mem::take(text),
        reasoning: std::mem::take(reasoning),
    }));
}

/// A run is over.
pub(super) fn end(view: &mut RunView, ending: Ending, clock: Clock, effects: &mut Effects) {
    view.run.elapsed = view.started.map_or(Duration::ZERO, |s| clock.since_start.saturating_sub(s));
    view.document.finish();
    view.run.state = RunState::Ended(ending.clone());
    effects.push(Effect::Save(Change::Ended {
        run: view.id(),
        ending,
        model: Some(view.run.model.model.clone()),
        usage: view.run.usage,
        elapsed: view.run.elapsed,
    }));
}
