//! The ledger: assumptions and numbers of all answers that count, as one list. Read by pattern when it is opened.
//!
//! What is an assumption and what a number is `review::ledger`'s; here its findings become rows that lead somewhere.

use super::{lift, views};
use crate::app::overlay::{LedgerOverlay, LedgerPlace, LedgerRow};
use crate::app::{Effect, Effects, Level, Overlay, RunRef, State, ViewKind};
use crate::review::{self, LedgerSource};
use crate::text::sanitize_line;

/// Opens it.
pub(super) fn open(state: &mut State) {
    let rows = rows(state);
    if rows.is_empty() {
        state.tell(Level::Info, "no assumption and no number was found in the answers so far");
        return;
    }
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Ledger(_)));
    let selected = rows.iter().position(|row| row.place().is_some()).unwrap_or(0);
    state.overlays.push(Overlay::Ledger(LedgerOverlay { rows, selected, ..Default::default() }));
}

fn rows(state: &mut State) -> Vec<LedgerRow> {
    lift::read_all_sections(state);
    let panes = state.panes();
    let answers: Vec<(usize, RunRef<'_>)> = panes
        .iter()
        .enumerate()
        .filter_map(|(index, pane)| Some((index, pane.answer()?)))
        .filter(|(_, run)| run.run.has_text())
        .collect();
    let voices: Vec<LedgerSource<'_>> = answers
        .iter()
        .map(|(_, run)| LedgerSource {
            document: &run.display.document,
            sections: &run.display.sections,
        })
        .collect();
    let found = review::build_ledger(&voices);
    let place = |voice: usize, at: usize| {
        let (pane, view) = answers.get(voice)?;
        Some(LedgerPlace { pane: *pane, run: view.id(), at })
    };
    let mut rows = Vec::new();
    if !found.assumptions.is_empty() {
        let text = format!("Assumptions ({})", found.assumptions.len());
        rows.push(LedgerRow::Title { text, differs: false });
    }
    for assumption in found.assumptions {
        if let Some(place) = place(assumption.source, assumption.span.start) {
            rows.push(LedgerRow::Assumption { text: sanitize_line(&assumption.text), place });
        }
    }
    for topic in found.topics {
        rows.push(LedgerRow::Title { text: sanitize_line(&topic.subject), differs: topic.differs });
        for number in topic.numbers {
            let Some(place) = place(number.source, number.span.start) else { continue };
            let support = number.support.label();
            let (value, sentence) = (sanitize_line(&number.value), sanitize_line(&number.sentence));
            rows.push(LedgerRow::Number { value, support, sentence, place });
        }
    }
    rows
}

/// Moves the choice by `by` rows; titles are passed over.
pub(super) fn step(ledger: &mut LedgerOverlay, by: isize) {
    let leads: Vec<usize> = {
        let rows = ledger.matching();
        let all = rows.iter().enumerate();
        all.filter(|(_, row)| row.place().is_some()).map(|(at, _)| at).collect()
    };
    let at = leads.partition_point(|row| *row < ledger.selected);
    let to = at.saturating_add_signed(by).min(leads.len().saturating_sub(1));
    ledger.selected = leads.get(to).copied().unwrap_or(0);
}

/// Opens the answer at the chosen row's place.
pub(super) fn go(state: &mut State, effects: &mut Effects) {
    let Some(Overlay::Ledger(ledger)) = state.overlays.last() else { return };
    let place = ledger.matching().get(ledger.selected).and_then(|row| row.place().cloned());
    let Some(place) = place else { return };
    state.focused = place.pane;
    views::show(state, ViewKind::Answers, effects);
    effects.push(Effect::Reveal(place.pane, place.run, place.at));
}
