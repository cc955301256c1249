//! A key → its action in the current context → what the action does. Keys without an action are text. Called by
//! `update` and by the palette, which runs actions without a key.

use super::{ask, compose, lifecycle, navigate, overlay, pull, review, session, views};
use crate::app::state::EXAMPLES;
use crate::app::{Action, Context, Effect, Focus, Key, Overlay, Scroll, State, ViewKind};

/// A key was pressed.
pub(super) fn key(state: &mut State, key: Key) -> Vec<Effect> {
    let context = state.context();
    let mut pending = std::mem::take(&mut state.pending);
    let found = state.keymap.lookup(context, &mut pending, key);
    state.pending = pending;
    if found != Some(Action::Interrupt) && found != Some(Action::Quit) {
        state.quitting = None;
    }
    match found {
        Some(action) => run(state, action),
        None => typed(state, context, key),
    }
}

/// A key that means nothing in this context: text where text is written.
fn typed(state: &mut State, context: Context, key: Key) -> Vec<Effect> {
    match context {
        Context::Composer | Context::Completion => compose::typed(state, key),
        Context::Filter | Context::Line => overlay::typed(state, key),
        _ => Vec::new(),
    }
}

/// Runs an action, whatever key (or palette row) asked for it.
pub(super) fn run(state: &mut State, action: Action) -> Vec<Effect> {
    let taken = review::run(state, action).or_else(|| run_view(state, action));
    if let Some(effects) = taken {
        return effects;
    }
    let pulling = matches!(state.overlays.last(), Some(Overlay::Pull(_)));
    match action {
        Action::Open | Action::Retry if pulling => pull::get(state),
        Action::Cancel if pulling => pull::cancel(state),
        Action::GetModel => pull::open(state),
        Action::Send => ask::send(state),
        Action::Newline => compose::newline(state),
        Action::Leave => compose::leave(state),
        Action::Compose => compose::enter(state),
        Action::HistoryOlder => compose::history(state, true),
        Action::HistoryNewer => compose::history(state, false),
        Action::Edit => compose::edit(state),
        Action::Example1 | Action::Example2 | Action::Example3 => example(state, action.example()),
        Action::Dismiss => compose::dismiss(state),
        Action::Accept => compose::accept(state),
        Action::Next => overlay::step(state, 1),
        Action::Previous => overlay::step(state, -1),
        Action::Back => back(state),
        Action::Retry => ask::retry(state),
        Action::View => views::show(state, state.view.next()),
        Action::Answers => views::show(state, ViewKind::Answers),
        Action::Compare => views::toggle(state, ViewKind::Compare),
        Action::Triage => views::toggle(state, ViewKind::Triage),
        Action::Change => views::toggle(state, ViewKind::Change),
        Action::RetryFailed => ask::retry_failed(state),
        Action::Cancel => ask::cancel(state),
        Action::CancelAll => ask::cancel_all(state),
        Action::CopyAnswer => navigate::copy_answer(state),
        Action::Sessions => overlay::open_sessions(state),
        Action::Open => overlay::open(state),
        Action::New => session::new(state),
        Action::Filter => overlay::filter(state),
        Action::Help => overlay::open_help(state, false),
        Action::Palette => overlay::open_help(state, true),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit => lifecycle::quit(state, "q"),
        Action::Interrupt => lifecycle::quit(state, "Ctrl-c"),
        // Every action that moves the view was taken above.
        _ => Vec::new(),
    }
}

/// The actions that move the view or choose a pane.
fn run_view(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::LineDown | Action::ScrollDown => navigate::scroll(state, Scroll::Lines(1)),
        Action::LineUp | Action::ScrollUp => navigate::scroll(state, Scroll::Lines(-1)),
        Action::HalfPageDown => navigate::scroll(state, Scroll::HalfPages(1)),
        Action::HalfPageUp => navigate::scroll(state, Scroll::HalfPages(-1)),
        Action::PageDown => navigate::scroll(state, Scroll::Pages(1)),
        Action::PageUp => navigate::scroll(state, Scroll::Pages(-1)),
        Action::Top => navigate::scroll(state, Scroll::Top),
        Action::Bottom => navigate::scroll(state, Scroll::Bottom),
        Action::ScrollRight => navigate::scroll(state, Scroll::Columns(8)),
        Action::ScrollLeft => navigate::scroll(state, Scroll::Columns(-8)),
        Action::SectionNext => navigate::scroll(state, Scroll::Section(true)),
        Action::SectionPrevious => navigate::scroll(state, Scroll::Section(false)),
        Action::CodeNext => navigate::scroll(state, Scroll::Code(true)),
        Action::CodePrevious => navigate::scroll(state, Scroll::Code(false)),
        Action::Follow => navigate::scroll(state, Scroll::ToggleFollow),
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
            Some(n) if state.is_fresh() && n < EXAMPLES.len() => example(state, Some(n)),
            Some(n) => navigate::choose(state, n),
            None => Vec::new(),
        },
        Action::Zoom => navigate::zoom(state),
        Action::Layout => navigate::layout(state),
        Action::Wrap => vec![Effect::ToggleWrap],
        Action::Theme => vec![Effect::NextTheme],
        Action::CopyBlock if !state.panes.is_empty() => vec![Effect::CopyBlock(state.focused)],
        Action::CopyBlock => Vec::new(),
        _ => return None,
    };
    Some(effects)
}

/// Sends an example, but only from the first screen: later the key must not ask anything by accident.
fn example(state: &mut State, n: Option<usize>) -> Vec<Effect> {
    let question = n.and_then(|n| EXAMPLES.get(n)).filter(|_| state.is_fresh());
    match question {
        Some(question) if state.composer.is_empty() => ask::question(state, question),
        _ => Vec::new(),
    }
}

/// Esc: closes what is on top; else leaves zoom; else cancels the focused answer.
fn back(state: &mut State) -> Vec<Effect> {
    if !state.overlays.is_empty() {
        return overlay::close(state);
    }
    if state.completion.take().is_some() {
        return Vec::new();
    }
    if state.focus == Focus::Panes && state.view != ViewKind::Answers {
        return review::back(state);
    }
    if state.zoomed {
        state.zoomed = false;
        return Vec::new();
    }
    match state.focus {
        Focus::Panes => ask::cancel(state),
        Focus::Composer => Vec::new(),
    }
}
