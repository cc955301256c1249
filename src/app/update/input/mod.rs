//! Key presses: finds the action in the current context and passes it to that context's handler. A key without an action is
//! text.
//!
//! A handler returns whether it handled the action. Unhandled actions go to the wider contexts, in the lookup order of keys,
//! and last to `global`, whose match has no wildcard: a new action does not compile until it is listed there.

mod deciding;
mod global;
mod reading;
mod writing;

use super::{composer, triage_list};
use crate::app::overlay::{OverlayOutcome, edit_filter, handle_overlay_action};
use crate::app::{Action, Effects, Focus, KeyContext, KeyPress, State};

/// Whether a context handled an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Handled {
    /// Done, or a notice says why not.
    Yes,
    /// The action has no meaning in this context.
    No,
}

/// Handles a key press.
pub(super) fn on_key(state: &mut State, key: KeyPress, effects: &mut Effects) {
    let context = state.key_context();
    let mut pending = std::mem::take(&mut state.pending);
    let action = state.keymap.find_action(context, &mut pending, key);
    state.pending = pending;
    if action != Some(Action::Interrupt) && action != Some(Action::Quit) {
        state.quitting = None;
    }
    match action {
        Some(action) => run_or_explain(state, context, action, effects),
        None => handle_text(state, context, key, effects),
    }
}

/// Inserts pasted text into the text line of the top overlay or of the filter, else into the composer. A paste never runs
/// actions.
pub(super) fn on_paste(state: &mut State, text: &str, effects: &mut Effects) {
    if state.overlays.iter().any(|overlay| !overlay.handler().is_transparent_to_paste()) {
        if let Some(top) = state.overlays.last_mut() {
            top.handler_mut().handle_paste(text, effects);
        }
    } else if state.overlays.is_empty() && state.key_context() == KeyContext::Filter {
        for c in text.chars().filter(|c| !c.is_control()) {
            edit_filter(&mut state.triage.filter.text, KeyPress::char(c));
        }
        triage_list::reselect_listed(state);
    } else {
        composer::paste_text(state, text);
    }
}

/// Runs an action in the current context.
pub fn run_action(state: &mut State, action: Action, effects: &mut Effects) -> Handled {
    run_in_context(state, state.key_context(), action, effects)
}

fn run_or_explain(state: &mut State, context: KeyContext, action: Action, effects: &mut Effects) {
    if run_in_context(state, context, action, effects) == Handled::No {
        let bound = state.keymap.bindings().iter().filter(|b| b.run == action);
        let contexts: Vec<KeyContext> = bound.map(|binding| binding.context).collect();
        state.explain_where(action, &contexts);
    }
}

/// Tries `context`, the wider contexts, and (for the palette, which offers every action) the view below.
fn run_in_context(
    state: &mut State,
    context: KeyContext,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    if !state.overlays.is_empty() {
        match handle_overlay_action(state, action, effects) {
            OverlayOutcome::Keep | OverlayOutcome::Close => return Handled::Yes,
            OverlayOutcome::Run(next) => {
                run_or_explain(state, state.key_context(), next, effects);
                return Handled::Yes;
            }
            OverlayOutcome::Unhandled => return global::handle_action(state, action, effects),
        }
    }
    let below = match state.focus {
        Focus::Composer => Some(KeyContext::Composer),
        Focus::Panes => None,
    };
    let view = state.view_context().lookup_order();
    for place in context.lookup_order().chain(below).chain(view) {
        if handle_in(state, place, action, effects) == Handled::Yes {
            return Handled::Yes;
        }
    }
    Handled::No
}

/// Hands `action` to the handler of one context.
fn handle_in(
    state: &mut State,
    context: KeyContext,
    action: Action,
    effects: &mut Effects,
) -> Handled {
    match context {
        KeyContext::Composer => writing::handle_composer_action(state, action, effects),
        KeyContext::Completion => writing::handle_completion_action(state, action),
        KeyContext::Views => reading::handle_view_action(state, action, effects),
        KeyContext::Panes => reading::handle_panes_action(state, action, effects),
        KeyContext::Compare => reading::handle_compare_action(state, action, effects),
        KeyContext::Change => reading::handle_change_action(state, action, effects),
        KeyContext::Triage => deciding::handle_triage_action(state, action, effects),
        KeyContext::Select => deciding::handle_selection_action(state, action, effects),
        KeyContext::Filter => deciding::handle_filter_action(state, action),
        KeyContext::Global => global::handle_action(state, action, effects),
        // Contexts of overlays, which handle their own actions.
        KeyContext::List
        | KeyContext::Sessions
        | KeyContext::Ledger
        | KeyContext::Brief
        | KeyContext::Export
        | KeyContext::Challenge
        | KeyContext::Line
        | KeyContext::Confirm
        | KeyContext::Unsaved
        | KeyContext::Help
        | KeyContext::Pull => Handled::No,
    }
}

/// Handles a key without an action: inserts it as text, in contexts with text input.
fn handle_text(state: &mut State, context: KeyContext, key: KeyPress, effects: &mut Effects) {
    if let Some(top) = state.overlays.last_mut() {
        if matches!(context, KeyContext::Filter | KeyContext::Line) {
            top.handler_mut().handle_text(key, effects);
        }
        return;
    }
    match context {
        KeyContext::Composer | KeyContext::Completion => composer::handle_text(state, key),
        KeyContext::Filter if edit_filter(&mut state.triage.filter.text, key) => {
            triage_list::reselect_listed(state);
        }
        _ => {}
    }
}
