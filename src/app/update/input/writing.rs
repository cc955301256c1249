//! Actions of the composer.

use super::Handled;
use crate::app::update::{ask, composer};
use crate::app::{Action, Effects, State};

/// Handles actions of the composer.
pub(super) fn handle_composer_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match action {
        Action::Send => ask::send_composer(state, effects),
        Action::Newline => composer::insert_newline(state),
        Action::Leave => composer::leave_composer(state),
        Action::HistoryOlder => composer::browse_history(state, true),
        Action::HistoryNewer => composer::browse_history(state, false),
        Action::Edit => composer::open_question_in_editor(state, effects),
        Action::Dismiss => composer::toggle_triggered(state),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Handles actions while names are offered after `@`.
pub(super) fn handle_completion_action(state: &mut State, action: Action) -> Handled {
    match action {
        Action::Accept => composer::accept_completion(state),
        Action::Next => composer::move_completion(state, 1),
        Action::Previous => composer::move_completion(state, -1),
        Action::Back => state.completion = None,
        _ => return Handled::No,
    }
    Handled::Yes
}
