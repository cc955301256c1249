//! Moving between the views, and inside Compare.
//!
//! What stands in a view is `ui`'s. Called by `keys` and `review`.

use super::{decide, lift};
use crate::app::{Effect, Effects, Focus, Level, Scroll, State, ViewKind};

/// Shows another view; on the first screen there is nothing to show.
pub(super) fn show(state: &mut State, view: ViewKind, effects: &mut Effects) {
    if state.is_fresh() && view != ViewKind::Answers {
        state
            .tell(Level::Info, "ask something first: there is nothing to compare or to decide yet");
        return;
    }
    state.overlays.clear();
    state.completion = None;
    state.focus = Focus::Panes;
    state.triage.typing = false;
    state.triage.selecting = None;
    state.compare.zoomed = false;
    state.view = view;
    lift::extract_missing(state, effects);
    match view {
        ViewKind::Compare => lift::read_shown_sections(state),
        ViewKind::Triage => decide::settle(state),
        ViewKind::Change => has_changed(state),
        ViewKind::Answers => {}
    }
}

/// A persona that was asked once has nothing to be compared with.
fn has_changed(state: &mut State) {
    lift::read_shown_sections(state);
    let turns = state.pane().map_or(0, |pane| pane.answers().len());
    if turns < 2 {
        let name = state.pane().map(|pane| pane.persona.name.clone()).unwrap_or_default();
        state.view = ViewKind::Answers;
        let name = crate::text::sanitize_line(&name);
        state.tell(Level::Info, format!("{name} has answered once: ask again to see what changes"));
    }
}

/// The key that goes there, and back to the answers.
pub(super) fn toggle(state: &mut State, view: ViewKind, effects: &mut Effects) {
    show(state, if state.view == view { ViewKind::Answers } else { view }, effects);
}

/// The next row of Compare, or the one before.
pub(super) fn facet(state: &mut State, forward: bool, effects: &mut Effects) {
    let rows = state.compare_rows();
    let at = rows.iter().position(|row| *row == state.compare.facet).unwrap_or(0);
    let to = if forward { at + 1 } else { at.saturating_sub(1) };
    if let Some(row) = rows.get(to) {
        state.compare.facet = *row;
        effects.push(Effect::Scroll(state.focused, Scroll::Top));
    }
}

/// The first row or the last.
pub(super) fn edge(state: &mut State, last: bool, effects: &mut Effects) {
    let rows = state.compare_rows();
    let row = if last { rows.last() } else { rows.first() };
    state.compare.facet = row.copied().flatten();
    effects.push(Effect::Scroll(state.focused, Scroll::Top));
}

/// Opens the chosen cell in the answers, at its place.
pub(super) fn open_cell(state: &mut State, effects: &mut Effects) {
    let pane = state.focused;
    let place = state.pane().and_then(|pane| {
        let view = pane.answer()?;
        let at = match state.compare.facet {
            Some(facet) => view.sections.iter().find(|s| s.facet == facet)?.span.start,
            None => view.lead.as_ref()?.span.start,
        };
        Some((view.id(), at))
    });
    let Some((run, at)) = place else {
        state.tell(Level::Info, "there is nothing here that could be opened");
        return;
    };
    show(state, ViewKind::Answers, effects);
    effects.push(Effect::Reveal(pane, run, at));
}
