//! Triage steps: apply, undo, redo. Verdicts change only here.

use super::triage_list;
use crate::app::{Effects, NoticeLevel, State};
use crate::domain::{Change, SessionId, TriageHistory, TriageStep, VerdictUpdate};

/// Applies one step and clears the redo list. False when the step changes nothing.
pub(super) fn apply_step(
    state: &mut State,
    description: String,
    steps: Vec<VerdictUpdate>,
    effects: &mut Effects,
) -> bool {
    let Some(session) = state.session_id().filter(|_| !steps.is_empty()) else { return false };
    let edit = TriageStep {
        id: state.ids.next_edit_id(),
        what: description,
        at: state.clock.unix_ms,
        updates: steps,
    };
    state.apply_change(Change::TriageStepDone { session, step: edit }, effects);
    true
}

/// Undoes the last step.
pub(super) fn undo_step(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = last_step(state, |history| &history.done) else {
        state.show_notice(NoticeLevel::Info, "nothing left to undo");
        return;
    };
    state.apply_change(Change::TriageStepUndone { session, step: edit.id }, effects);
    show_step(state, &edit, "undone");
}

/// Redoes the step that was undone last.
pub(super) fn redo_step(state: &mut State, effects: &mut Effects) {
    let Some((session, edit)) = last_step(state, |history| &history.undone) else {
        state.show_notice(NoticeLevel::Info, "nothing left to redo");
        return;
    };
    state.apply_change(Change::TriageStepRedone { session, step: edit.id }, effects);
    show_step(state, &edit, "redone");
}

fn last_step(
    state: &State,
    steps: fn(&TriageHistory) -> &Vec<TriageStep>,
) -> Option<(SessionId, TriageStep)> {
    let session = state.session.as_ref()?;
    Some((session.id, steps(&session.history).last()?.clone()))
}

/// Reports the step, and selects the first recommendation that it changed.
fn show_step(state: &mut State, edit: &TriageStep, how: &str) {
    state.triage.chosen = edit.updates.first().map(|step| step.id).or(state.triage.chosen);
    triage_list::reselect_listed(state);
    state.show_notice(NoticeLevel::Info, format!("{how}: {}", edit.what));
}
