//! What actions mean where answers are compared and decided on: which of them, in which view or overlay, does what.
//!
//! Only hands out; called by `keys` before an action means what it means everywhere else.

use super::{aside, decide, export, history, ledger, overlay, select, session, views};
use crate::app::overlay::{LineFor, Pending};
use crate::app::{Action, Effect, Focus, Overlay, Scroll, State, ViewKind};
use crate::domain::Decision;

/// Runs `action` when it means something of its own here.
pub(super) fn run(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    if let Some(effects) = everywhere(state, action) {
        return Some(effects);
    }
    if !state.overlays.is_empty() {
        return in_overlay(state, action);
    }
    if state.focus != Focus::Panes {
        return None;
    }
    match state.view {
        ViewKind::Answers => None,
        ViewKind::Compare => in_compare(state, action),
        ViewKind::Triage if state.triage.typing => in_filter(state, action),
        ViewKind::Triage if state.triage.selecting.is_some() => in_selection(state, action),
        ViewKind::Triage => in_triage(state, action),
        ViewKind::Change => in_change(state, action),
    }
}

/// Actions that only this area has.
fn everywhere(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::DecideAccept => decide::decide(state, Decision::Accepted),
        Action::DecideReject => decide::decide(state, Decision::Rejected),
        Action::DecideDefer => decide::decide(state, Decision::Deferred),
        Action::DecideAgain => decide::again(state),
        Action::AcceptListed => decide::ask_listed(state, Decision::Accepted),
        Action::RejectListed => decide::ask_listed(state, Decision::Rejected),
        Action::DeferListed => decide::ask_listed(state, Decision::Deferred),
        Action::Comment => decide::write(state, LineFor::Comment),
        Action::Owner => decide::write(state, LineFor::Owner),
        Action::Same => decide::same(state),
        Action::Undo => history::undo(state),
        Action::Redo => history::redo(state),
        Action::NextOpen => decide::next_open(state),
        Action::FilterFacet => decide::filter_facet(state),
        Action::FilterWhich => decide::filter_which(state),
        Action::FilterNone => decide::filter_none(state),
        Action::Select => select::mark(state),
        Action::Challenge => aside::challenge(state),
        Action::Ledger => ledger::open(state),
        Action::Brief => aside::brief(state),
        Action::Export => export::open(state),
        Action::Tag => session::name(state, true),
        _ => return None,
    };
    Some(effects)
}

fn in_overlay(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let top = state.overlays.last()?;
    let effects = match (top, action) {
        (Overlay::Confirm(pending), Action::Yes | Action::OnlyOpen) => {
            let pending = pending.clone();
            state.overlays.pop();
            confirmed(state, pending, action == Action::OnlyOpen)
        }
        (Overlay::Confirm(_), Action::No) => {
            state.overlays.pop();
            Vec::new()
        }
        (Overlay::Ledger(_), Action::Open) => ledger::go(state),
        (Overlay::Export(_), Action::Open) => export::write(state),
        (Overlay::Export(_), Action::Edit) => export::edit_path(state),
        (Overlay::Brief(_), Action::Open) => overlay::open_quote(state),
        (Overlay::Brief(_), Action::Retry) => aside::rewrite(state),
        (Overlay::Brief(_), Action::Cancel) => aside::stop_brief(state),
        (Overlay::Brief(brief), Action::CopyBlock) => {
            let aside = state.asides.of_run(brief.run)?;
            let text = aside.view.document.source().to_owned();
            vec![Effect::Copy { text, what: "the brief".to_owned() }]
        }
        (Overlay::Challenge(choice), Action::Open) => {
            let persona = choice.personas.get(choice.selected).cloned()?;
            let about = choice.about;
            aside::ask_challenge(state, about, &persona)
        }
        (Overlay::Sessions(_), Action::Rename) => session::name(state, false),
        (Overlay::Sessions(_), Action::Drop) => session::ask_delete(state),
        (_, Action::PageDown) => overlay::step(state, 10),
        (_, Action::PageUp) => overlay::step(state, -10),
        _ => return None,
    };
    Some(effects)
}

fn confirmed(state: &mut State, pending: Pending, only_open: bool) -> Vec<Effect> {
    match pending {
        Pending::Decide { decision, all, open } => {
            decide::decide_all(state, decision, if only_open { &open } else { &all })
        }
        Pending::Delete { session, .. } => session::delete(state, session),
    }
}

fn in_compare(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::SectionNext => views::facet(state, true),
        Action::SectionPrevious => views::facet(state, false),
        Action::Top => views::edge(state, false),
        Action::Bottom => views::edge(state, true),
        Action::Zoom => {
            state.compare.zoomed = !state.compare.zoomed;
            vec![Effect::Scroll(state.focused, Scroll::Top)]
        }
        Action::Open => views::open_cell(state),
        _ => return None,
    };
    Some(effects)
}

fn in_filter(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::Open => {
            state.triage.typing = false;
            Vec::new()
        }
        Action::Next => decide::step(state, 1),
        Action::Previous => decide::step(state, -1),
        Action::Back => {
            state.triage.typing = false;
            state.triage.filter.text.clear();
            decide::settle(state);
            Vec::new()
        }
        _ => return None,
    };
    Some(effects)
}

fn in_selection(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::Next => select::step(state, 1),
        Action::Previous => select::step(state, -1),
        Action::PageDown => select::step(state, 10),
        Action::PageUp => select::step(state, -10),
        Action::Top => select::edge(state, false),
        Action::Bottom => select::edge(state, true),
        Action::Open => select::take(state),
        Action::PaneNext => select::persona(state, true),
        Action::PanePrevious => select::persona(state, false),
        Action::Back => select::cancel(state),
        _ => return None,
    };
    Some(effects)
}

fn in_triage(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    let effects = match action {
        Action::LineDown => decide::step(state, 1),
        Action::LineUp => decide::step(state, -1),
        Action::HalfPageDown | Action::PageDown => decide::step(state, 10),
        Action::HalfPageUp | Action::PageUp => decide::step(state, -10),
        Action::Top => decide::edge(state, false),
        Action::Bottom => decide::edge(state, true),
        Action::Open => decide::open(state),
        Action::Rename => decide::write(state, LineFor::Title),
        Action::Drop => decide::drop_it(state),
        Action::Filter => {
            state.triage.typing = true;
            Vec::new()
        }
        Action::PaneNext => decide::filter_persona(state, true),
        Action::PanePrevious => decide::filter_persona(state, false),
        action if action.pane().is_some() => {
            decide::filter_pane(state, action.pane().unwrap_or_default())
        }
        _ => return None,
    };
    Some(effects)
}

fn in_change(state: &mut State, action: Action) -> Option<Vec<Effect>> {
    match action {
        // What stands at the top of the view is known to the screen.
        Action::Open => {
            let pane = state.focused;
            let mut effects = views::show(state, ViewKind::Answers);
            effects.push(Effect::RevealSection(pane));
            Some(effects)
        }
        Action::PaneNext | Action::PanePrevious => {
            let forward = action == Action::PaneNext;
            let effects = super::navigate::step(state, forward);
            Some([effects, views::show(state, ViewKind::Change)].concat())
        }
        _ => None,
    }
}

/// Esc outside the answers: leaves the cell, the mark, the filter; else goes back to the answers.
pub(super) fn back(state: &mut State) -> Vec<Effect> {
    match state.view {
        ViewKind::Compare if state.compare.zoomed => {
            state.compare.zoomed = false;
            Vec::new()
        }
        ViewKind::Triage if state.triage.marked.take().is_some() => Vec::new(),
        ViewKind::Triage if !state.triage.filter.is_empty() => decide::filter_none(state),
        _ => views::show(state, ViewKind::Answers),
    }
}
