//! A key → its action in the current context → what the action does. Keys without an action are text. Called by
//! `update` and by the palette, which runs actions without a key.

use super::{ask, compose, lifecycle, navigate, overlay, pull, review, session, views};
use crate::app::state::EXAMPLES;
use crate::app::{Action, Context, Effect, Effects, Focus, Key, Overlay, Scroll, State, ViewKind};

/// A key was pressed.
pub(super) fn key(state: &mut State, key: Key, effects: &mut Effects) {
    let context = state.context();
    let mut pending = std::mem::take(&mut state.pending);
    let found = state.keymap.lookup(context, &mut pending, key);
    state.pending = pending;
    if found != Some(Action::Interrupt) && found != Some(Action::Quit) {
        state.quitting = None;
    }
    match found {
        Some(action) => run(state, action, effects),
        None => typed(state, context, key, effects),
    }
}

/// A key that means nothing in this context: text where text is written.
fn typed(state: &mut State, context: Context, key: Key, effects: &mut Effects) {
    match context {
        Context::Composer | Context::Completion => compose::typed(state, key),
        Context::Filter | Context::Line => overlay::typed(state, key, effects),
        _ => {}
    }
}

/// Runs an action, whatever key (or palette row) asked for it.
pub(super) fn run(state: &mut State, action: Action, effects: &mut Effects) {
    if review::run(state, action, effects) || run_view(state, action, effects) {
        return;
    }
    let pulling = matches!(state.overlays.last(), Some(Overlay::Pull(_)));
    match action {
        Action::Open | Action::Retry if pulling => pull::get(state, effects),
        Action::Cancel if pulling => pull::cancel(state, effects),
        Action::GetModel => pull::open(state),
        Action::Send => ask::send(state, effects),
        Action::Newline => compose::newline(state),
        Action::Leave => compose::leave(state),
        Action::Compose => compose::enter(state),
        Action::HistoryOlder => compose::history(state, true),
        Action::HistoryNewer => compose::history(state, false),
        Action::Edit => compose::edit(state, effects),
        Action::Example1 | Action::Example2 | Action::Example3 => {
            example(state, action.example(), effects);
        }
        Action::Dismiss => compose::dismiss(state),
        Action::Accept => compose::accept(state),
        Action::Next => overlay::step(state, 1),
        Action::Previous => overlay::step(state, -1),
        Action::Back => back(state, effects),
        Action::Retry => ask::retry(state, effects),
        Action::View => views::show(state, state.view.next(), effects),
        Action::Answers => views::show(state, ViewKind::Answers, effects),
        Action::Compare => views::toggle(state, ViewKind::Compare, effects),
        Action::Triage => views::toggle(state, ViewKind::Triage, effects),
        Action::Change => views::toggle(state, ViewKind::Change, effects),
        Action::RetryFailed => ask::retry_failed(state, effects),
        Action::Cancel => ask::cancel(state, effects),
        Action::CancelAll => ask::cancel_all(state, effects),
        Action::CopyAnswer => navigate::copy_answer(state, effects),
        Action::Sessions => overlay::open_sessions(state, effects),
        Action::Open => overlay::open(state, effects),
        Action::New => session::new(state, effects),
        Action::Filter => overlay::filter(state),
        Action::Help => overlay::open_help(state, false),
        Action::Palette => overlay::open_help(state, true),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Quit => lifecycle::quit(state, "q", effects),
        Action::Interrupt => lifecycle::quit(state, "Ctrl-c", effects),
        // Every action that moves the view was taken above.
        _ => {}
    }
}

/// The actions that move the view or choose a pane.
fn run_view(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        Action::LineDown | Action::ScrollDown => navigate::scroll(state, Scroll::Lines(1), effects),
        Action::LineUp | Action::ScrollUp => navigate::scroll(state, Scroll::Lines(-1), effects),
        Action::HalfPageDown => navigate::scroll(state, Scroll::HalfPages(1), effects),
        Action::HalfPageUp => navigate::scroll(state, Scroll::HalfPages(-1), effects),
        Action::PageDown => navigate::scroll(state, Scroll::Pages(1), effects),
        Action::PageUp => navigate::scroll(state, Scroll::Pages(-1), effects),
        Action::Top => navigate::scroll(state, Scroll::Top, effects),
        Action::Bottom => navigate::scroll(state, Scroll::Bottom, effects),
        Action::ScrollRight => navigate::scroll(state, Scroll::Columns(8), effects),
        Action::ScrollLeft => navigate::scroll(state, Scroll::Columns(-8), effects),
        Action::SectionNext => navigate::scroll(state, Scroll::Section(true), effects),
        Action::SectionPrevious => navigate::scroll(state, Scroll::Section(false), effects),
        Action::CodeNext => navigate::scroll(state, Scroll::Code(true), effects),
        Action::CodePrevious => navigate::scroll(state, Scroll::Code(false), effects),
        Action::Follow => navigate::scroll(state, Scroll::ToggleFollow, effects),
        Action::PaneNext => navigate::step(state, true),
        Action::PanePrevious => navigate::step(state, false),
        Action::Pane1
        | Action::Pane2
        | Action::Pane3
        | Action::Pane4
        | Action::Pane5
        | Action::Pane6
        | Action::Pane7
        | Action::Pane8
        | Action::Pane9 => match action.pane() {
            Some(n) if state.is_fresh() && n < EXAMPLES.len() => {
                example(state, Some(n), effects);
            }
            Some(n) => navigate::choose(state, n),
            None => {}
        },
        Action::Zoom => navigate::zoom(state),
        Action::Layout => navigate::layout(state),
        Action::Wrap => effects.push(Effect::ToggleWrap),
        Action::Theme => effects.push(Effect::NextTheme),
        Action::CopyBlock if !state.pane_personas.is_empty() => {
            effects.push(Effect::CopyBlock(state.focused));
        }
        Action::CopyBlock => {}
        _ => return false,
    }
    true
}

/// Sends an example, but only from the first screen: later the key must not ask anything by accident.
fn example(state: &mut State, n: Option<usize>, effects: &mut Effects) {
    let question = n.and_then(|n| EXAMPLES.get(n)).filter(|_| state.is_fresh());
    match question {
        Some(question) if state.composer.is_empty() => ask::question(state, question, effects),
        _ => {}
    }
}

/// Esc: closes what is on top; else leaves zoom; else cancels the focused answer.
fn back(state: &mut State, effects: &mut Effects) {
    if !state.overlays.is_empty() {
        overlay::close(state);
        return;
    }
    if state.completion.take().is_some() {
        return;
    }
    if state.focus == Focus::Panes && state.view != ViewKind::Answers {
        review::back(state, effects);
        return;
    }
    if state.zoomed {
        state.zoomed = false;
        return;
    }
    match state.focus {
        Focus::Panes => ask::cancel(state, effects),
        Focus::Composer => {}
    }
}
