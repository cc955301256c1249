//! The steps of triage: applying, undoing, redoing. The only place where a verdict changes.

use super::triage_list;
use crate::app::{Effect, Effects, Level, State};
use crate::domain::{Change, Edit, Step};

/// Applies one step and clears the redo list. False when there is nothing to change.
pub(super) fn apply_step(
    state: &mut State,
    description: String,
    steps: Vec<Step>,
    effects: &mut Effects,
) -> bool {
    let Some(session) = state.session.id.filter(|_| !steps.is_empty()) else { return false };
    set_verdicts(state, &steps, true);
    let edit = Edit { id: state.ids.edit(), what: description, at: state.clock.unix_ms, steps };
    state.session.history.undone.clear();
    state.session.history.done.push(edit.clone());
    effects.push(Effect::Save(Change::Edited { session, edit }));
    true
}

/// Undoes the last step.
pub(super) fn undo_step(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = state.session.id.zip(state.session.history.done.pop()) else {
        state.tell(Level::Info, "nothing left to undo");
        return;
    };
    let id = edit.id;
    set_verdicts(state, &edit.steps, false);
    show_step(state, &edit, "undone");
    state.session.history.undone.push(edit);
    effects.push(Effect::Save(Change::Undone { session, edit: id }));
}

/// Redoes the step that was undone last.
pub(super) fn redo_step(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = state.session.id.zip(state.session.history.undone.pop()) else {
        state.tell(Level::Info, "nothing left to redo");
        return;
    };
    let id = edit.id;
    set_verdicts(state, &edit.steps, true);
    show_step(state, &edit, "redone");
    state.session.history.done.push(edit);
    effects.push(Effect::Save(Change::Redone { session, edit: id }));
}

fn set_verdicts(state: &mut State, steps: &[Step], forward: bool) {
    for step in steps {
        if let Some(found) = state.recommendation_mut(step.id) {
            found.verdict = if forward { step.after.clone() } else { step.before.clone() };
        }
    }
}

/// Says what happened, and selects the recommendation that it happened to.
fn show_step(state: &mut State, edit: &Edit, how: &str) {
    state.triage.chosen = edit.steps.first().map(|step| step.id).or(state.triage.chosen);
    triage_list::reselect_listed(state);
    state.tell(Level::Info, format!("{how}: {}", edit.what));
}
