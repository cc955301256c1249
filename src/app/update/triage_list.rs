//! Rows of the triage list: selection and filters. Does not change verdicts.

use crate::app::triage::{TriageItem, build_items, filter_items};
use crate::app::{NoticeLevel, State, TriageFilter, TriageStatus};
use crate::domain::{Facet, RecommendationId};
use crate::text::sanitize_line;

/// Maximum number of characters of a title in a message.
const MAX_TITLE_CHARS: usize = 60;

/// The listed rows: pane of the leader, and id.
pub(super) fn listed_rows(state: &State) -> Vec<(usize, RecommendationId)> {
    listed_items(state).iter().map(|item| (item.leader.pane, item.id())).collect()
}

/// The ids of all listed rows, and of the undecided ones.
pub(in crate::app) fn listed_ids(state: &State) -> (Vec<RecommendationId>, Vec<RecommendationId>) {
    let rows = listed_items(state);
    let undecided = rows.iter().filter(|item| item.decision().is_none());
    (rows.iter().map(TriageItem::id).collect(), undecided.map(TriageItem::id).collect())
}

/// The selected row.
pub(in crate::app) fn selected_item(state: &State) -> Option<TriageItem<'_>> {
    let mut rows = listed_items(state);
    let index = state.triage.selected_index(&rows);
    (index < rows.len()).then(|| rows.swap_remove(index))
}

/// A title for messages: sanitised and short.
pub(in crate::app) fn short_title(item: &TriageItem<'_>) -> String {
    sanitize_line(item.leader.found.title()).chars().take(MAX_TITLE_CHARS).collect()
}

fn listed_items(state: &State) -> Vec<TriageItem<'_>> {
    filter_items(state, build_items(state), &state.triage.filter)
}

/// Selects a listed row again, in case the selected one has left the list.
pub(super) fn reselect_listed(state: &mut State) {
    let index = state.triage.selected_index(&listed_items(state));
    select_row(state, index);
}

/// Selects the row with this index, or the last one.
fn select_row(state: &mut State, index: usize) {
    let rows = listed_rows(state);
    state.triage.select_row(&rows, index);
}

/// Moves the selection by `delta` rows.
pub(super) fn move_selection(state: &mut State, delta: isize) {
    reselect_listed(state);
    let index = state.triage.row.saturating_add_signed(delta);
    select_row(state, index);
}

/// Selects the next undecided row, wrapping around; does nothing if none is left.
pub(super) fn select_next_open(state: &mut State) {
    let (rows, next) = {
        let items = listed_items(state);
        let at = state.triage.selected_index(&items);
        let is_open = |row: &usize| items.get(*row).is_some_and(|item| item.decision().is_none());
        (items.len(), (at + 1..items.len()).chain(0..=at).find(is_open))
    };
    match next {
        Some(index) => select_row(state, index),
        None if rows == 0 => {}
        None => state.show_notice(NoticeLevel::Info, "every listed recommendation is decided"),
    }
}

/// Selects the next undecided row after `id`, else the first undecided one, else the row below `id`, so that a second pass
/// advances too.
pub(super) fn advance_to_next_open(state: &mut State, id: RecommendationId) {
    let index = {
        let items = listed_items(state);
        // When the row has left the list, the row that moved up is the next one.
        let from =
            items.iter().position(|item| item.contains(id)).map_or(state.triage.row, |at| at + 1);
        let is_open = |row: &usize| items.get(*row).is_some_and(|item| item.decision().is_none());
        let next = (from..items.len()).find(is_open);
        let first = (0..from.min(items.len())).find(is_open);
        next.or(first).unwrap_or(from)
    };
    select_row(state, index);
}

/// Lists only the next or previous persona's recommendations; after the last persona, all.
pub(super) fn filter_next_persona(state: &mut State, forward: bool) {
    let now = state.triage.filter.persona.as_ref();
    let at = now.and_then(|id| state.pane_personas.iter().position(|persona| persona.id == *id));
    let panes = state.pane_personas.len();
    let pane = match (at, forward) {
        (None, true) => Some(0),
        (None, false) => panes.checked_sub(1),
        (Some(at), true) => Some(at + 1).filter(|at| *at < panes),
        (Some(at), false) => at.checked_sub(1),
    };
    filter_by_pane(state, pane);
}

/// Lists only the recommendations of one pane, or all if that filter is set already.
pub(super) fn toggle_pane_filter(state: &mut State, pane: usize) {
    let Some(id) = state.pane_personas.get(pane).map(|persona| &persona.id) else { return };
    let is_listed = state.triage.filter.persona.as_ref() == Some(id);
    filter_by_pane(state, (!is_listed).then_some(pane));
}

fn filter_by_pane(state: &mut State, pane: Option<usize>) {
    let persona = pane.and_then(|at| state.pane_personas.get(at)).map(|persona| persona.id.clone());
    state.triage.filter.persona = persona;
    if let Some(pane) = pane {
        state.focused = pane;
    }
    reselect_listed(state);
}

/// Lists the recommendations of the next facet that has any; after the last facet, all.
pub(super) fn filter_next_facet(state: &mut State) {
    let facets: Vec<Facet> = {
        let items = build_items(state);
        let has_any = |facet: &Facet| {
            items.iter().any(|item| item.members().any(|m| m.found.facet == *facet))
        };
        Facet::ALL.into_iter().filter(has_any).collect()
    };
    let now = state.triage.filter.facet;
    let at = now.and_then(|now| facets.iter().position(|facet| *facet == now));
    state.triage.filter.facet = facets.get(at.map_or(0, |at| at + 1)).copied();
    reselect_listed(state);
}

/// Lists the recommendations with the next status; after the last status, all.
pub(super) fn filter_next_status(state: &mut State) {
    let now = state.triage.filter.status;
    let at = now.and_then(|now| TriageStatus::ALL.iter().position(|status| *status == now));
    state.triage.filter.status = TriageStatus::ALL.get(at.map_or(0, |at| at + 1)).copied();
    reselect_listed(state);
}

/// Clears the filter.
pub(super) fn clear_filter(state: &mut State) {
    state.triage.filter = TriageFilter::default();
    state.triage.typing = false;
    reselect_listed(state);
}

/// Clears the words of the filter and ends typing.
pub(super) fn clear_filter_text(state: &mut State) {
    state.triage.typing = false;
    state.triage.filter.text.clear();
    reselect_listed(state);
}
