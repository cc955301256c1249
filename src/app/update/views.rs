//! Switching between the views, and moving inside Compare.

use super::{panes, reading, triage_list};
use crate::app::{
    AnswerPosition, Effect, Effects, Focus, NoticeLevel, ScrollMove, State, ViewKind,
};

/// Shows a view. Before the first question only the answers can be shown.
pub(in crate::app) fn show_view(state: &mut State, view: ViewKind, effects: &mut Effects) {
    if state.is_fresh() && view != ViewKind::Answers {
        state.show_notice(
            NoticeLevel::Info,
            "ask a question first: nothing to compare or decide yet",
        );
        return;
    }
    state.overlays.clear();
    state.completion = None;
    state.focus = Focus::Panes;
    state.triage.typing = false;
    state.triage.selecting = None;
    state.compare.zoomed = false;
    state.view = view;
    reading::request_missing(state, effects);
    match view {
        ViewKind::Triage => triage_list::reselect_listed(state),
        ViewKind::Change => require_two_answers(state),
        ViewKind::Answers | ViewKind::Compare => {}
    }
}

/// Returns to the answers if the focused persona has only one.
fn require_two_answers(state: &mut State) {
    let turns = state.pane().map_or(0, |pane| pane.answers().len());
    if turns < 2 {
        let name =
            state.pane().map(|pane| pane.persona.display_name().into_owned()).unwrap_or_default();
        state.view = ViewKind::Answers;
        let name = crate::text::sanitize_line(&name);
        state.show_notice(
            NoticeLevel::Info,
            format!("{name} has answered only once. Ask again to see what changes"),
        );
    }
}

/// Shows a view, or the answers if it is shown already.
pub(super) fn toggle_view(state: &mut State, view: ViewKind, effects: &mut Effects) {
    show_view(state, if state.view == view { ViewKind::Answers } else { view }, effects);
}

/// Selects the next or previous row of Compare.
pub(super) fn select_facet(state: &mut State, forward: bool, effects: &mut Effects) {
    let rows = state.compare_rows();
    let at = rows.iter().position(|row| *row == state.compare.facet).unwrap_or(0);
    let to = if forward { at + 1 } else { at.saturating_sub(1) };
    if let Some(row) = rows.get(to) {
        state.compare.facet = *row;
        effects.push(Effect::Scroll(state.focused, ScrollMove::Top));
    }
}

/// Selects the first or last row of Compare.
pub(super) fn select_edge_facet(state: &mut State, last: bool, effects: &mut Effects) {
    let rows = state.compare_rows();
    let row = if last { rows.last() } else { rows.first() };
    state.compare.facet = row.copied().flatten();
    effects.push(Effect::Scroll(state.focused, ScrollMove::Top));
}

/// Toggles the zoom of Compare: the selected cell fills the screen.
pub(super) fn toggle_cell_zoom(state: &mut State, effects: &mut Effects) {
    state.compare.zoomed = !state.compare.zoomed;
    effects.push(Effect::Scroll(state.focused, ScrollMove::Top));
}

/// Shows the text of the selected cell in its answer.
pub(super) fn open_cell(state: &mut State, effects: &mut Effects) {
    let pane = state.focused;
    let position = state.pane().and_then(|column| {
        let run = column.answer()?;
        let offset = match state.compare.facet {
            Some(facet) => run.sections.iter().find(|s| s.facet == facet)?.span.start,
            None => run.lead.as_ref()?.span.start,
        };
        Some(AnswerPosition { pane, run: run.id(), offset })
    });
    match position {
        Some(position) => show_position(state, position, effects),
        None => state.show_notice(NoticeLevel::Info, "nothing to open here"),
    }
}

/// Shows the selected recommendation in its answer.
pub(super) fn open_recommendation(state: &mut State, effects: &mut Effects) {
    let position = triage_list::selected_item(state).map(|item| {
        let member = &item.leader;
        let (pane, run) = (member.pane, member.run.id());
        AnswerPosition { pane, run, offset: member.found.span.start }
    });
    if let Some(position) = position {
        show_position(state, position, effects);
    }
}

/// Shows the section at the top of the Change view in its answer. Only the screen knows which section that is.
pub(super) fn open_changed_section(state: &mut State, effects: &mut Effects) {
    let pane = state.focused;
    show_view(state, ViewKind::Answers, effects);
    effects.push(Effect::RevealSection(pane));
}

/// Shows the changes of the next or previous persona.
pub(super) fn switch_changed_persona(state: &mut State, forward: bool, effects: &mut Effects) {
    panes::focus_next_pane(state, forward);
    show_view(state, ViewKind::Change, effects);
}

/// Shows a position of an answer.
pub(in crate::app) fn show_position(
    state: &mut State,
    position: AnswerPosition,
    effects: &mut Effects,
) {
    state.focused = position.pane;
    show_view(state, ViewKind::Answers, effects);
    effects.push(Effect::Reveal(position.pane, position.run, position.offset));
}
