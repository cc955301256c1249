//! Actions of the views Answers, Compare and Change, and actions that all views share.

use super::Handled;
use crate::app::state::EXAMPLES;
use crate::app::update::{ask, composer, panes, views};
use crate::app::{Action, Effect, Effects, ScrollMove, State, ViewKind};

/// Handles the shared actions of all views.
pub(super) fn handle_view_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    if let Some(scroll) = scroll_move(action) {
        panes::scroll_view(state, scroll, effects);
        return Handled::Yes;
    }
    if let Some(index) = action.pane() {
        // On the first screen the digits send the examples.
        if state.is_fresh() && index < EXAMPLES.len() {
            composer::send_example(state, index, effects);
        } else {
            panes::focus_pane(state, index);
        }
        return Handled::Yes;
    }
    match action {
        Action::PaneNext => panes::focus_next_pane(state, true),
        Action::PanePrevious => panes::focus_next_pane(state, false),
        Action::Zoom => panes::toggle_zoom(state),
        Action::Layout => panes::switch_layout(state),
        Action::Wrap => effects.push(Effect::ToggleWrap),
        Action::CopyBlock => panes::copy_block(state, effects),
        Action::CopyAnswer => panes::copy_answer(state, effects),
        Action::Edit => panes::open_answer_in_editor(state, effects),
        Action::Retry => ask::retry_focused(state, effects),
        Action::Cancel => ask::cancel_focused(state, effects),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// The scroll command of an action.
fn scroll_move(action: Action) -> Option<ScrollMove> {
    Some(match action {
        Action::LineDown | Action::ScrollDown => ScrollMove::Lines(1),
        Action::LineUp | Action::ScrollUp => ScrollMove::Lines(-1),
        Action::HalfPageDown => ScrollMove::HalfPages(1),
        Action::HalfPageUp => ScrollMove::HalfPages(-1),
        Action::PageDown => ScrollMove::Pages(1),
        Action::PageUp => ScrollMove::Pages(-1),
        Action::Top => ScrollMove::Top,
        Action::Bottom => ScrollMove::Bottom,
        Action::ScrollRight => ScrollMove::Columns(8),
        Action::ScrollLeft => ScrollMove::Columns(-8),
        Action::SectionNext => ScrollMove::Section(true),
        Action::SectionPrevious => ScrollMove::Section(false),
        Action::CodeNext => ScrollMove::Code(true),
        Action::CodePrevious => ScrollMove::Code(false),
        Action::Follow => ScrollMove::ToggleFollow,
        _ => return None,
    })
}

/// Handles actions of the Answers view.
pub(super) fn handle_panes_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::Back if state.zoomed => state.zoomed = false,
        Action::Back => ask::cancel_focused(state, effects),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Handles actions of the Compare view.
pub(super) fn handle_compare_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::SectionNext => views::select_facet(state, true, effects),
        Action::SectionPrevious => views::select_facet(state, false, effects),
        Action::Top => views::select_edge_facet(state, false, effects),
        Action::Bottom => views::select_edge_facet(state, true, effects),
        Action::Zoom => views::toggle_cell_zoom(state, effects),
        Action::Open => views::open_cell(state, effects),
        Action::Back if state.compare.zoomed => state.compare.zoomed = false,
        Action::Back => views::show_view(state, ViewKind::Answers, effects),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Handles actions of the Change view.
pub(super) fn handle_change_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::Open => views::open_changed_section(state, effects),
        Action::PaneNext => views::switch_changed_persona(state, true, effects),
        Action::PanePrevious => views::switch_changed_persona(state, false, effects),
        Action::Back => views::show_view(state, ViewKind::Answers, effects),
        _ => return Handled::No,
    }
    Handled::Yes
}
