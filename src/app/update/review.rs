//! What actions mean where answers are compared and decided on: which of them, in which view or overlay, does what.
//!
//! Only hands out; called by `keys` before an action means what it means everywhere else.

use super::{aside, decide, export, history, ledger, overlay, select, session, views};
use crate::app::overlay::{LineFor, Pending};
use crate::app::{Action, Effect, Effects, Focus, Overlay, Scroll, State, ViewKind};
use crate::domain::Decision;

/// Runs `action` when it means something of its own here.
pub(super) fn run(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    if everywhere(state, action, effects) {
        return true;
    }
    if !state.overlays.is_empty() {
        return in_overlay(state, action, effects);
    }
    if state.focus != Focus::Panes {
        return false;
    }
    match state.view {
        ViewKind::Answers => false,
        ViewKind::Compare => in_compare(state, action, effects),
        ViewKind::Triage if state.triage.typing => in_filter(state, action),
        ViewKind::Triage if state.triage.selecting.is_some() => {
            in_selection(state, action, effects)
        }
        ViewKind::Triage => in_triage(state, action, effects),
        ViewKind::Change => in_change(state, action, effects),
    }
}

/// Actions that only this area has.
fn everywhere(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        Action::DecideAccept => decide::decide(state, Decision::Accepted, effects),
        Action::DecideReject => decide::decide(state, Decision::Rejected, effects),
        Action::DecideDefer => decide::decide(state, Decision::Deferred, effects),
        Action::DecideAgain => decide::again(state, effects),
        Action::AcceptListed => decide::ask_listed(state, Decision::Accepted),
        Action::RejectListed => decide::ask_listed(state, Decision::Rejected),
        Action::DeferListed => decide::ask_listed(state, Decision::Deferred),
        Action::Comment => decide::write(state, LineFor::Comment),
        Action::Owner => decide::write(state, LineFor::Owner),
        Action::Same => decide::same(state, effects),
        Action::Undo => history::undo(state, effects),
        Action::Redo => history::redo(state, effects),
        Action::NextOpen => decide::next_open(state),
        Action::FilterFacet => decide::filter_facet(state),
        Action::FilterWhich => decide::filter_which(state),
        Action::FilterNone => decide::filter_none(state),
        Action::Select => select::mark(state, effects),
        Action::Challenge => aside::challenge(state, effects),
        Action::Ledger => ledger::open(state),
        Action::Brief => aside::brief(state, effects),
        Action::Export => export::open(state),
        Action::Tag => session::name(state, true),
        _ => return false,
    }
    true
}

fn in_overlay(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    let Some(top) = state.overlays.last() else { return false };
    match (top, action) {
        (Overlay::Confirm(pending), Action::Yes | Action::OnlyOpen) => {
            let pending = pending.clone();
            state.overlays.pop();
            confirmed(state, pending, action == Action::OnlyOpen, effects);
        }
        (Overlay::Confirm(_), Action::No) => {
            state.overlays.pop();
        }
        (Overlay::Ledger(_), Action::Open) => ledger::go(state, effects),
        (Overlay::Export(_), Action::Open) => export::write(state, effects),
        (Overlay::Export(_), Action::Edit) => export::edit_path(state),
        (Overlay::Brief(_), Action::Open) => overlay::open_quote(state, effects),
        (Overlay::Brief(_), Action::Retry) => aside::rewrite(state, effects),
        (Overlay::Brief(_), Action::Cancel) => aside::stop_brief(state, effects),
        (Overlay::Brief(brief), Action::CopyBlock) => {
            let Some(display) = state.displays.get(brief.run) else { return false };
            let text = display.document.source().to_owned();
            effects.push(Effect::Copy { text, what: "the brief".to_owned() });
        }
        (Overlay::Challenge(choice), Action::Open) => {
            let (about, persona) = (choice.about, choice.personas.get(choice.selected).cloned());
            let Some(persona) = persona else { return false };
            aside::ask_challenge(state, about, &persona, effects);
        }
        (Overlay::Sessions(_), Action::Rename) => session::name(state, false),
        (Overlay::Sessions(_), Action::Drop) => session::ask_delete(state),
        (_, Action::PageDown) => overlay::step(state, 10),
        (_, Action::PageUp) => overlay::step(state, -10),
        _ => return false,
    }
    true
}

fn confirmed(state: &mut State, pending: Pending, only_open: bool, effects: &mut Effects) {
    match pending {
        Pending::Decide { decision, all, open } => {
            decide::decide_all(state, decision, if only_open { &open } else { &all }, effects);
        }
        Pending::Delete { session, .. } => session::delete(state, session, effects),
    }
}

fn in_compare(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        Action::SectionNext => views::facet(state, true, effects),
        Action::SectionPrevious => views::facet(state, false, effects),
        Action::Top => views::edge(state, false, effects),
        Action::Bottom => views::edge(state, true, effects),
        Action::Zoom => {
            state.compare.zoomed = !state.compare.zoomed;
            effects.push(Effect::Scroll(state.focused, Scroll::Top));
        }
        Action::Open => views::open_cell(state, effects),
        _ => return false,
    }
    true
}

fn in_filter(state: &mut State, action: Action) -> bool {
    match action {
        Action::Open => {
            state.triage.typing = false;
        }
        Action::Next => decide::step(state, 1),
        Action::Previous => decide::step(state, -1),
        Action::Back => {
            state.triage.typing = false;
            state.triage.filter.text.clear();
            decide::settle(state);
        }
        _ => return false,
    }
    true
}

fn in_selection(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        Action::Next => select::step(state, 1),
        Action::Previous => select::step(state, -1),
        Action::PageDown => select::step(state, 10),
        Action::PageUp => select::step(state, -10),
        Action::Top => select::edge(state, false),
        Action::Bottom => select::edge(state, true),
        Action::Open => select::take(state, effects),
        Action::PaneNext => select::persona(state, true),
        Action::PanePrevious => select::persona(state, false),
        Action::Back => select::cancel(state),
        _ => return false,
    }
    true
}

fn in_triage(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        Action::LineDown => decide::step(state, 1),
        Action::LineUp => decide::step(state, -1),
        Action::HalfPageDown | Action::PageDown => decide::step(state, 10),
        Action::HalfPageUp | Action::PageUp => decide::step(state, -10),
        Action::Top => decide::edge(state, false),
        Action::Bottom => decide::edge(state, true),
        Action::Open => decide::open(state, effects),
        Action::Rename => decide::write(state, LineFor::Title),
        Action::Drop => decide::drop_it(state, effects),
        Action::Filter => {
            state.triage.typing = true;
        }
        Action::PaneNext => decide::filter_persona(state, true),
        Action::PanePrevious => decide::filter_persona(state, false),
        action if action.pane().is_some() => {
            decide::filter_pane(state, action.pane().unwrap_or_default());
        }
        _ => return false,
    }
    true
}

fn in_change(state: &mut State, action: Action, effects: &mut Effects) -> bool {
    match action {
        // What stands at the top of the view is known to the screen.
        Action::Open => {
            let pane = state.focused;
            views::show(state, ViewKind::Answers, effects);
            effects.push(Effect::RevealSection(pane));
        }
        Action::PaneNext | Action::PanePrevious => {
            let forward = action == Action::PaneNext;
            super::navigate::step(state, forward);
            views::show(state, ViewKind::Change, effects);
        }
        _ => return false,
    }
    true
}

/// Esc outside the answers: leaves the cell, the mark, the filter; else goes back to the answers.
pub(super) fn back(state: &mut State, effects: &mut Effects) {
    match state.view {
        ViewKind::Compare if state.compare.zoomed => {
            state.compare.zoomed = false;
        }
        ViewKind::Triage if state.triage.marked.take().is_some() => {}
        ViewKind::Triage if !state.triage.filter.is_empty() => decide::filter_none(state),
        _ => views::show(state, ViewKind::Answers, effects),
    }
}
