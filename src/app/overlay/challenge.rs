//! Choice of the persona that challenges a recommendation: any persona that does not propose it.

use super::{ListCursor, Overlay, OverlayHandler, OverlayOutcome, open_overlay};
use crate::app::update::{ask, side_turn, triage_list};
use crate::app::{Action, Effects, KeyContext, NoticeLevel, State};
use crate::domain::{PersonaId, RecommendationId, RunId};

/// The personas that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeOverlay {
    /// The recommendation.
    pub target: RecommendationId,
    /// The personas; those with a pane are listed first.
    pub personas: Vec<PersonaId>,
    /// The selected persona.
    pub cursor: ListCursor,
}

/// Opens the choice for the selected recommendation, or cancels its challenge if one is streaming.
pub(in crate::app) fn open_challenge(state: &mut State, effects: &mut Effects) {
    let Some(item) = triage_list::selected_item(state) else { return };
    let target = item.id();
    let ids: Vec<RecommendationId> = item.members().map(|member| member.found.id).collect();
    let authors: Vec<PersonaId> = item
        .panes()
        .into_iter()
        .filter_map(|pane| Some(state.pane_personas.get(pane)?.id.clone()))
        .collect();
    if let Some(run) = live_challenge(state, &ids) {
        state.show_notice(NoticeLevel::Info, "challenge cancelled. Press ! to ask again");
        ask::cancel_run(state, run, effects);
        return;
    }
    let personas = possible_challengers(state, &authors);
    if personas.is_empty() {
        state.show_notice(NoticeLevel::Warning, "no persona left to ask: all of them propose this");
        return;
    }
    let overlay = ChallengeOverlay { target, personas, cursor: ListCursor::default() };
    open_overlay(state, Overlay::Challenge(overlay));
}

fn live_challenge(state: &State, ids: &[RecommendationId]) -> Option<RunId> {
    let mut challenges = ids.iter().flat_map(|id| state.challenges_of(*id));
    challenges.find(|side| side.run.is_live()).map(|side| side.run.id())
}

fn possible_challengers(state: &State, authors: &[PersonaId]) -> Vec<PersonaId> {
    let shown = state.pane_personas.iter().map(|persona| &persona.id);
    let all = shown.chain(state.roster.personas.iter().map(|persona| &persona.id));
    let mut personas: Vec<PersonaId> = Vec::new();
    for id in all.filter(|id| id.as_str() != PersonaId::BRIEF && !authors.contains(id)) {
        if !personas.contains(id) && state.roster.persona(id).is_some() {
            personas.push(id.clone());
        }
    }
    personas
}

impl OverlayHandler for ChallengeOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Challenge
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match (action, self.personas.get(self.cursor.selected)) {
            (Action::Open, Some(persona)) => {
                side_turn::ask_challenge(state, self.target, persona, effects);
                OverlayOutcome::Close
            }
            _ => self.cursor.handle_action(action, self.personas.len()),
        }
    }
}
