//! Actions with the same meaning in every context.

use super::Handled;
use crate::app::overlay::{open_brief, open_export, open_help, open_ledger, open_sessions};
use crate::app::update::{ask, composer, download, lifecycle, session, triage_history, views};
use crate::app::{Action, Effect, Effects, State, ViewKind};

/// A pattern of the actions whose meaning depends on the context.
macro_rules! contextual_actions {
    () => {
        Action::Newline
            | Action::Leave
            | Action::HistoryOlder
            | Action::HistoryNewer
            | Action::Edit
            | Action::Dismiss
            | Action::Accept
            | Action::Next
            | Action::Previous
            | Action::Back
            | Action::LineDown
            | Action::LineUp
            | Action::HalfPageDown
            | Action::HalfPageUp
            | Action::PageDown
            | Action::PageUp
            | Action::Top
            | Action::Bottom
            | Action::ScrollRight
            | Action::ScrollLeft
            | Action::SectionNext
            | Action::SectionPrevious
            | Action::CodeNext
            | Action::CodePrevious
            | Action::PaneNext
            | Action::PanePrevious
            | Action::Pane1
            | Action::Pane2
            | Action::Pane3
            | Action::Pane4
            | Action::Pane5
            | Action::Pane6
            | Action::Pane7
            | Action::Pane8
            | Action::Pane9
            | Action::Zoom
            | Action::Follow
            | Action::Layout
            | Action::Wrap
            | Action::Retry
            | Action::Cancel
            | Action::CopyBlock
            | Action::CopyAnswer
            | Action::DecideAccept
            | Action::DecideReject
            | Action::DecideDefer
            | Action::DecideAgain
            | Action::AcceptListed
            | Action::RejectListed
            | Action::DeferListed
            | Action::Comment
            | Action::Owner
            | Action::Rename
            | Action::Tag
            | Action::Drop
            | Action::Merge
            | Action::NextOpen
            | Action::FilterFacet
            | Action::FilterStatus
            | Action::FilterNone
            | Action::ScrollDown
            | Action::ScrollUp
            | Action::Select
            | Action::Challenge
            | Action::Yes
            | Action::OnlyOpen
            | Action::No
            | Action::WriteUnsaved
            | Action::Open
            | Action::Filter
    };
}

/// Handles the actions that work everywhere. The match is exhaustive: a new action must be added here or to
/// `contextual_actions`.
pub(super) fn handle_action(state: &mut State, action: Action, effects: &mut Effects) -> Handled {
    match action {
        Action::Send => ask::send_composer(state, effects),
        Action::Compose => composer::enter_composer(state),
        Action::Example1 => composer::send_example(state, 0, effects),
        Action::Example2 => composer::send_example(state, 1, effects),
        Action::Example3 => composer::send_example(state, 2, effects),
        Action::View => views::show_view(state, state.view.next(), effects),
        Action::Answers => views::show_view(state, ViewKind::Answers, effects),
        Action::Compare => views::toggle_view(state, ViewKind::Compare, effects),
        Action::Triage => views::toggle_view(state, ViewKind::Triage, effects),
        Action::Change => views::toggle_view(state, ViewKind::Change, effects),
        Action::RetryFailed => ask::retry_failed(state, effects),
        Action::CancelAll => ask::cancel_all(state, effects),
        Action::Undo => triage_history::undo_step(state, effects),
        Action::Redo => triage_history::redo_step(state, effects),
        Action::New => session::start_new_session(state, effects),
        Action::GetModel => download::open_download(state),
        Action::Sessions => open_sessions(state, effects),
        Action::Ledger => open_ledger(state, effects),
        Action::Brief => open_brief(state, effects),
        Action::Export => open_export(state),
        Action::Help => open_help(state, false),
        Action::Palette => open_help(state, true),
        Action::Theme => effects.push(Effect::NextTheme),
        Action::Redraw => effects.push(Effect::Redraw),
        Action::Suspend => effects.push(Effect::Suspend),
        Action::Quit => lifecycle::quit_when_idle(state, effects),
        Action::Interrupt => lifecycle::confirm_quit(state, "Ctrl+C", effects),
        contextual_actions!() => return Handled::No,
    }
    Handled::Yes
}
