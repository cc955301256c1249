//! Reading answers: sections while they are compared, recommendations once, when a run has ended.
//!
//! What was found is written down, so that a session reads tomorrow as it does today. Called by `stream`, `ask`, `session`
//! and `views`.

use std::sync::Arc;

use crate::app::{Effect, RunView, State, ViewKind};
use crate::domain::{Change, Contract, RunId, RunState};
use crate::review::{self, HeadingSynonyms};

/// Looks for the recommendations of a run that has ended with text, once.
pub(super) fn ended(state: &mut State, id: RunId) -> Vec<Effect> {
    let synonyms = Arc::clone(&state.roster.synonyms);
    let found = state.panes.iter_mut().find_map(|pane| {
        let contract = &pane.persona.contract;
        let view = pane.runs.iter_mut().rfind(|view| view.id() == id)?;
        lift(view, contract, &synonyms)
    });
    found.into_iter().collect()
}

/// The same for every run of the session: those of an older store, or of a program that was killed.
pub(super) fn open_ones(state: &mut State) -> Vec<Effect> {
    let synonyms = Arc::clone(&state.roster.synonyms);
    let mut effects = Vec::new();
    for pane in &mut state.panes {
        let contract = &pane.persona.contract;
        let views = pane.runs.iter_mut();
        effects.extend(views.filter_map(|view| lift(view, contract, &synonyms)));
    }
    effects
}

fn lift(view: &mut RunView, contract: &Contract, synonyms: &HeadingSynonyms) -> Option<Effect> {
    let over = matches!(view.run.state, RunState::Ended(_));
    if !over || view.elsewhere || view.run.recommendations.is_some() || view.run.text.is_empty() {
        return None;
    }
    view.read(contract, synonyms);
    let found = review::extract_recommendations(&view.document, &view.sections, view.id());
    view.run.recommendations = Some(found.clone());
    Some(Effect::Save(Change::Lifted { run: view.id(), found }))
}

/// Reads the sections of what has grown since they were read last, for the views that show them.
pub(super) fn read(state: &mut State) {
    if !matches!(state.view, ViewKind::Compare | ViewKind::Change) {
        return;
    }
    let synonyms = Arc::clone(&state.roster.synonyms);
    for pane in &mut state.panes {
        let contract = &pane.persona.contract;
        for view in &mut pane.runs {
            view.read(contract, &synonyms);
        }
    }
}
