//! Actions of the Triage view: in the list, in the filter line, and during line selection.

use super::Handled;
use crate::app::overlay::{
    LineEditPurpose, confirm_listed, edit_verdict, list_delta, open_challenge,
};
use crate::app::update::{line_selection, triage, triage_list, views};
use crate::app::{Action, Effects, State, ViewKind};
use crate::domain::Decision;

/// Rows that a page key moves by.
const PAGE: isize = 10;

/// Handles actions in the list of recommendations.
pub(super) fn handle_triage_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::DecideAccept => triage::decide_selected(state, Decision::Accepted, effects),
        Action::DecideReject => triage::decide_selected(state, Decision::Rejected, effects),
        Action::DecideDefer => triage::decide_selected(state, Decision::Deferred, effects),
        Action::DecideAgain => triage::repeat_decision(state, effects),
        Action::AcceptListed => confirm_listed(state, Decision::Accepted),
        Action::RejectListed => confirm_listed(state, Decision::Rejected),
        Action::DeferListed => confirm_listed(state, Decision::Deferred),
        Action::Comment => edit_verdict(state, LineEditPurpose::Comment),
        Action::Owner => edit_verdict(state, LineEditPurpose::Owner),
        Action::Rename => edit_verdict(state, LineEditPurpose::Title),
        Action::Merge => triage::merge_selected(state, effects),
        Action::Drop => triage::remove_recommendation(state, effects),
        Action::Challenge => open_challenge(state, effects),
        Action::Select => line_selection::start_selection(state),
        Action::Open => views::open_recommendation(state, effects),
        Action::Back if state.triage.marked.is_some() => state.triage.marked = None,
        Action::Back if !state.triage.filter.is_empty() => triage_list::clear_filter(state),
        Action::Back => views::show_view(state, ViewKind::Answers, effects),
        _ => return handle_list_action(state, action),
    }
    Handled::Yes
}

/// Handles actions that move the selection or filter the list.
fn handle_list_action(state: &mut State, action: Action) -> Handled {
    match action {
        Action::LineDown => triage_list::move_selection(state, 1),
        Action::LineUp => triage_list::move_selection(state, -1),
        Action::HalfPageDown | Action::PageDown => triage_list::move_selection(state, PAGE),
        Action::HalfPageUp | Action::PageUp => triage_list::move_selection(state, -PAGE),
        Action::NextOpen => triage_list::select_next_open(state),
        Action::Filter => state.triage.typing = true,
        Action::FilterFacet => triage_list::filter_next_facet(state),
        Action::FilterStatus => triage_list::filter_next_status(state),
        Action::FilterNone => triage_list::clear_filter(state),
        Action::PaneNext => triage_list::filter_next_persona(state, true),
        Action::PanePrevious => triage_list::filter_next_persona(state, false),
        _ => match (list_delta(action), action.pane()) {
            (Some(delta), _) => triage_list::move_selection(state, delta),
            (None, Some(pane)) => triage_list::toggle_pane_filter(state, pane),
            (None, None) => return Handled::No,
        },
    }
    Handled::Yes
}

/// Handles actions in the filter line.
pub(super) fn handle_filter_action(state: &mut State, action: Action) -> Handled {
    match action {
        Action::Open => state.triage.typing = false,
        Action::Next => triage_list::move_selection(state, 1),
        Action::Previous => triage_list::move_selection(state, -1),
        Action::Back => triage_list::clear_filter_text(state),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Handles actions during line selection.
pub(super) fn handle_selection_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::Select => line_selection::mark_or_recommend(state, effects),
        Action::Open => line_selection::recommend_selection(state, effects),
        Action::PaneNext => line_selection::switch_persona(state, true),
        Action::PanePrevious => line_selection::switch_persona(state, false),
        Action::Back => line_selection::cancel_selection(state),
        _ => match list_delta(action) {
            Some(delta) => line_selection::move_cursor(state, delta),
            None => return Handled::No,
        },
    }
    Handled::Yes
}
