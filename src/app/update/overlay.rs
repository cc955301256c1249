//! What lies above the views: opening, narrowing, choosing, closing. Called by `keys` and `review`.
//!
//! What an entry of a list does is the business of the file that it belongs to.

use super::{decide, export, keys, ledger, pull, session, views};
use crate::app::keymap;
use crate::app::overlay::LineFor;
use crate::app::{
    Action, Effect, Effects, HelpOverlay, Key, KeyCode, LedgerOverlay, Overlay, SessionsOverlay,
    State, ViewKind,
};
use crate::domain::AsideKind;
use crate::review::BriefLine;

/// Opens the list of keys; as a palette, typing narrows it at once.
pub(super) fn open_help(state: &mut State, typing: bool) {
    state.overlays.retain(|o| !matches!(o, Overlay::Help(_)));
    let from = Some(state.context());
    state.overlays.push(Overlay::Help(HelpOverlay { from, typing, ..HelpOverlay::default() }));
}

/// Opens the list of sessions and asks the store for it.
pub(super) fn open_sessions(state: &mut State, effects: &mut Effects) {
    state.overlays.retain(|o| !matches!(o, Overlay::Sessions(_)));
    state.overlays.push(Overlay::Sessions(SessionsOverlay::default()));
    effects.push(Effect::ListSessions);
}

/// Closes the top; a search line first.
pub(super) fn close(state: &mut State) {
    match state.overlays.last_mut() {
        Some(
            Overlay::Help(HelpOverlay { typing, filter, selected, .. })
            | Overlay::Sessions(SessionsOverlay { typing, filter, selected, .. }),
        ) if *typing && !filter.is_empty() => {
            *typing = false;
            filter.clear();
            *selected = 0;
        }
        Some(Overlay::Ledger(ledger)) if ledger.typing && !ledger.filter.is_empty() => {
            ledger.typing = false;
            ledger.filter.clear();
            ledger.selected = 0;
            ledger::step(ledger, 0);
        }
        Some(
            Overlay::Sessions(SessionsOverlay { typing, .. })
            | Overlay::Ledger(LedgerOverlay { typing, .. }),
        ) if *typing => *typing = false,
        _ => {
            if let Some(Overlay::Pull(_)) = state.overlays.pop() {
                pull::closed(state);
            }
        }
    }
}

/// Typing narrows the list from now on.
pub(super) fn filter(state: &mut State) {
    if let Some(
        Overlay::Help(HelpOverlay { typing, .. })
        | Overlay::Sessions(SessionsOverlay { typing, .. })
        | Overlay::Ledger(LedgerOverlay { typing, .. }),
    ) = state.overlays.last_mut()
    {
        *typing = true;
    }
}

/// A key typed into the search line, or into the one line that is edited.
pub(super) fn typed(state: &mut State, key: Key, effects: &mut Effects) {
    match state.overlays.last_mut() {
        Some(
            Overlay::Help(HelpOverlay { filter, selected, typing, .. })
            | Overlay::Sessions(SessionsOverlay { filter, selected, typing, .. })
            | Overlay::Ledger(LedgerOverlay { filter, selected, typing, .. }),
        ) => {
            *typing = true;
            if !narrow(filter, key) {
                return;
            }
            *selected = 0;
        }
        Some(Overlay::Line(line)) => {
            line.line.input(key);
            return;
        }
        Some(_) => return,
        None => {
            if state.triage.typing && narrow(&mut state.triage.filter.text, key) {
                decide::settle(state);
            }
            return;
        }
    }
    match state.overlays.last_mut() {
        Some(Overlay::Ledger(ledger)) => {
            ledger::step(ledger, 0);
        }
        Some(Overlay::Sessions(list)) if !list.filter.trim().is_empty() => {
            effects.push(Effect::Search(list.filter.clone()));
        }
        _ => {}
    }
}

/// False when the key changes nothing.
fn narrow(filter: &mut String, key: Key) -> bool {
    match (key.code, key.typed()) {
        (KeyCode::Backspace, _) => {
            filter.pop();
        }
        (KeyCode::Char('u'), _) if key.ctrl => filter.clear(),
        (_, Some(c)) if filter.len() < 200 => filter.push(c),
        _ => return false,
    }
    true
}

/// Moves the choice by `by` rows, staying inside the list.
pub(super) fn step(state: &mut State, by: isize) {
    if state.overlays.is_empty() {
        if let Some(completion) = &mut state.completion {
            completion.selected = moved(completion.selected, by, completion.items.len());
        }
        return;
    }
    let rows = match state.overlays.last() {
        Some(Overlay::Help(help)) => keymap::rows(&state.keymap, &help.filter, help.from).len(),
        Some(Overlay::Sessions(list)) => list.matching().len(),
        Some(Overlay::Challenge(choice)) => choice.personas.len(),
        Some(Overlay::Export(_)) => crate::export::TARGETS.len(),
        Some(Overlay::Brief(brief)) => quoted(state, brief.run).len(),
        _ => 0,
    };
    match state.overlays.last_mut() {
        Some(Overlay::Ledger(ledger)) => ledger::step(ledger, by),
        Some(
            Overlay::Help(HelpOverlay { selected, .. })
            | Overlay::Sessions(SessionsOverlay { selected, .. }),
        ) => {
            *selected = moved(*selected, by, rows);
        }
        Some(Overlay::Challenge(choice)) => choice.selected = moved(choice.selected, by, rows),
        Some(Overlay::Brief(brief)) => brief.selected = moved(brief.selected, by, rows),
        Some(Overlay::Export(export)) => export.selected = moved(export.selected, by, rows),
        _ => {}
    }
}

fn moved(at: usize, by: isize, rows: usize) -> usize {
    at.saturating_add_signed(by).min(rows.saturating_sub(1))
}

/// Runs the chosen action, opens the chosen session, keeps the edited line.
pub(super) fn open(state: &mut State, effects: &mut Effects) {
    match state.overlays.last() {
        Some(Overlay::Help(help)) => {
            let rows = keymap::rows(&state.keymap, &help.filter, help.from);
            let Some(action) = rows.get(help.selected).map(|r| r.action) else {
                return;
            };
            state.overlays.pop();
            // Rows of this very list would act on the list that was just closed.
            if matches!(action, Action::Open | Action::Filter | Action::Accept) {
                return;
            }
            keys::run(state, action, effects)
        }
        Some(Overlay::Sessions(list)) => {
            let Some(id) = list.matching().get(list.selected).map(|row| row.session.id) else {
                return;
            };
            session::open(state, id, effects)
        }
        Some(Overlay::Line(_)) => keep_line(state, effects),
        _ => {}
    }
}

fn keep_line(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Line(line)) = state.overlays.pop() else { return };
    let text = line.line.text();
    match &line.purpose {
        LineFor::ExportPath => {
            export::set_path(state, &text);
        }
        LineFor::SessionTitle(_) | LineFor::SessionTags(_) => {
            session::named(state, &line.purpose, &text, effects);
        }
        _ => decide::written(state, &line.purpose, &text, effects),
    }
}

/// The sentences of a brief: each with the witness and the words of its first quote that stands in an answer, where one does.
fn quoted(state: &State, run: crate::domain::RunId) -> Vec<Option<(usize, String)>> {
    let Some(display) = state.displays.get(run) else { return Vec::new() };
    let lines = display.brief.lines.iter().filter_map(|line| match line {
        BriefLine::Sentence { quotes, .. } => {
            let quote = quotes.iter().find(|quote| !quote.found_in.is_empty());
            Some(quote.and_then(|quote| Some((*quote.found_in.first()?, quote.text.clone()))))
        }
        BriefLine::Heading(_) => None,
    });
    lines.collect()
}

/// Opens the answer that the chosen line of the brief quotes, at the quote.
pub(super) fn open_quote(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Brief(brief)) = state.overlays.last() else { return };
    let chosen = quoted(state, brief.run).into_iter().nth(brief.selected);
    let turn = state.side_turn_of_run(brief.run).and_then(|side| match side.kind {
        AsideKind::Brief(turn) => Some(turn),
        AsideKind::Challenge(_) => None,
    });
    if chosen == Some(None) {
        state
            .tell(crate::app::Level::Info, "nothing that this sentence quotes stands in an answer");
        return;
    }
    let place = chosen.flatten().and_then(|(witness, quote)| {
        let answers = super::aside::turn_answers(state, turn?);
        let run = answers.get(witness)?;
        let pane = state.pane_personas.iter().position(|p| p.id == run.run.persona)?;
        let at = crate::review::find_quote(run.document.source(), &quote).unwrap_or(0);
        Some((pane, run.id(), at))
    });
    let Some((pane, run, at)) = place else { return };
    state.focused = pane;
    views::show(state, ViewKind::Answers, effects);
    effects.push(Effect::Reveal(pane, run, at));
}
