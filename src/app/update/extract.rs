//! Reads sections of the displayed answers, and extracts recommendations once, when a run has ended.
//!
//! Extracted recommendations are stored, so that later versions do not change a session.

use std::sync::Arc;

use crate::app::{Effects, State, ViewKind};
use crate::domain::{Change, RunId, RunState};
use crate::review;

/// Extracts the recommendations of a run that has ended with text, unless they are extracted already. Challenges and
/// briefs have none.
pub(super) fn extract_recommendations(state: &mut State, id: RunId, effects: &mut Effects) {
    let is_of_turn = state.turns().iter().any(|turn| turn.runs.iter().any(|run| run.id == id));
    let Some(run) = state.run(id).filter(|_| is_of_turn) else { return };
    let ended = matches!(run.run.state, RunState::Ended(_));
    let is_done = run.run.recommendations.is_some();
    if !ended || is_done || run.elsewhere || run.run.text.is_empty() {
        return;
    }
    let synonyms = Arc::clone(&state.roster.synonyms);
    let Some(display) = state.displays.get_mut(id) else { return };
    let persona = Arc::clone(&display.persona);
    display.read_sections(&persona.contract, &synonyms);
    let found = review::extract_recommendations(&display.document, &display.sections, id);
    state.apply_change(Change::Extracted { run: id, found }, effects);
}

/// Extracts the recommendations of all runs without any: runs of an older store, or of a program that was killed.
pub(super) fn extract_missing(state: &mut State, effects: &mut Effects) {
    let missing: Vec<RunId> = state
        .turns()
        .iter()
        .flat_map(|turn| &turn.runs)
        .filter(|run| run.recommendations.is_none())
        .map(|run| run.id)
        .collect();
    for run in missing {
        extract_recommendations(state, run, effects);
    }
}

/// Reads the sections of answers that have grown, in the views that show sections.
pub(super) fn read_shown_sections(state: &mut State) {
    if matches!(state.view, ViewKind::Compare | ViewKind::Change) {
        read_all_sections(state);
    }
}

/// Reads the sections of answers that have grown.
pub(in crate::app) fn read_all_sections(state: &mut State) {
    let synonyms = Arc::clone(&state.roster.synonyms);
    for (_, display) in state.displays.iter_mut() {
        let persona = Arc::clone(&display.persona);
        display.read_sections(&persona.contract, &synonyms);
    }
}
