//! The steps of triage: doing, undoing, doing again.
//!
//! The one place where a verdict changes. Called by `decide`, `select` and `review`.

use crate::app::{Effect, Effects, Level, State};
use crate::domain::{Change, Edit, Step};

/// Does one step; what was undone before can no longer be done again. False when there is nothing to change.
pub(super) fn edit(
    state: &mut State,
    what: String,
    steps: Vec<Step>,
    effects: &mut Effects,
) -> bool {
    let Some(session) = state.session.id.filter(|_| !steps.is_empty()) else { return false };
    apply(state, &steps, true);
    let edit = Edit { id: state.ids.edit(), what, at: state.clock.unix_ms, steps };
    state.session.history.undone.clear();
    state.session.history.done.push(edit.clone());
    effects.push(Effect::Save(Change::Edited { session, edit }));
    true
}

/// Undoes the last step.
pub(super) fn undo(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = state.session.id.zip(state.session.history.done.pop()) else {
        state.tell(Level::Info, "nothing is left to undo");
        return;
    };
    let id = edit.id;
    apply(state, &edit.steps, false);
    after(state, &edit, "undone");
    state.session.history.undone.push(edit);
    effects.push(Effect::Save(Change::Undone { session, edit: id }));
}

/// Does the last step again that was undone.
pub(super) fn redo(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = state.session.id.zip(state.session.history.undone.pop()) else {
        state.tell(Level::Info, "nothing was undone that could be done again");
        return;
    };
    let id = edit.id;
    apply(state, &edit.steps, true);
    after(state, &edit, "done again");
    state.session.history.done.push(edit);
    effects.push(Effect::Save(Change::Redone { session, edit: id }));
}

fn apply(state: &mut State, steps: &[Step], forward: bool) {
    for step in steps {
        if let Some(found) = state.recommendation_mut(step.id) {
            found.verdict = if forward { step.after.clone() } else { step.before.clone() };
        }
    }
}

/// Says what happened, and goes to where it happened.
fn after(state: &mut State, edit: &Edit, how: &str) {
    state.triage.chosen = edit.steps.first().map(|step| step.id).or(state.triage.chosen);
    super::decide::settle(state);
    state.tell(Level::Info, format!("{how}: {}", edit.what));
}
