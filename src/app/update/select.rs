//! Selecting lines of an answer as a recommendation: extraction is always correctable. Called by `keys` in Triage.
//!
//! Lines are those of the source, so that what is selected does not depend on the width; blank ones are passed over.

use std::sync::Arc;

use super::{decide, history};
use crate::app::triage::{Selecting, line_at, span_of};
use crate::app::{Effect, Level, RunView, State, ViewKind};
use crate::domain::{Change, Step, Verdict};
use crate::review;

/// Begins: at the chosen recommendation's place, else at the top of the focused answer.
pub(super) fn begin(state: &mut State) -> Vec<Effect> {
    if state.view != ViewKind::Triage {
        state.tell(Level::Info, "lines are selected in triage: open it first");
        return Vec::new();
    }
    let chosen = decide::chosen(state).map(|item| {
        let member = &item.leader;
        let line = line_at(member.run.document.source(), member.found.span.start);
        (member.pane, member.run.id(), line)
    });
    let focused = || {
        let view = state.pane()?.current()?;
        Some((state.focused, view.id(), first_line(view)))
    };
    match chosen.or_else(focused) {
        Some((pane, run, line)) => {
            state.triage.selecting = Some(Selecting { pane, run, line, from: None });
        }
        None => state.tell(Level::Info, "there is no answer yet whose lines could be selected"),
    }
    Vec::new()
}

/// Begins the selection at the cursor; pressed again, takes it.
pub(super) fn mark(state: &mut State) -> Vec<Effect> {
    match &mut state.triage.selecting {
        None => begin(state),
        Some(selecting) if selecting.from.is_none() => {
            selecting.from = Some(selecting.line);
            Vec::new()
        }
        Some(_) => take(state),
    }
}

/// Moves the cursor by so many lines that say something.
pub(super) fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let Some(selecting) = state.triage.selecting else { return Vec::new() };
    let Some(source) = source(state, selecting) else { return Vec::new() };
    let lines: Vec<usize> =
        lines(source).filter(|(_, text)| !text.trim().is_empty()).map(|(n, _)| n).collect();
    let at = lines.partition_point(|line| *line < selecting.line);
    let to = at.saturating_add_signed(by).min(lines.len().saturating_sub(1));
    if let (Some(line), Some(selecting)) = (lines.get(to), &mut state.triage.selecting) {
        selecting.line = *line;
    }
    Vec::new()
}

/// Moves the cursor to the first line, or the last.
pub(super) fn edge(state: &mut State, last: bool) -> Vec<Effect> {
    // Half of the range is more lines than any answer has.
    step(state, if last { isize::MAX / 2 } else { isize::MIN / 2 })
}

/// The answer of the next persona, or of the one before.
pub(super) fn persona(state: &mut State, forward: bool) -> Vec<Effect> {
    let Some(selecting) = state.triage.selecting else { return Vec::new() };
    let n = state.panes.len();
    let panes = (1..n).map(|k| (selecting.pane + if forward { k } else { n - k }) % n);
    let next = panes.into_iter().find_map(|pane| {
        let view = state.panes.get(pane)?.current().filter(|view| !view.document.is_empty())?;
        Some(Selecting { pane, run: view.id(), line: first_line(view), from: None })
    });
    state.triage.selecting = next.or(state.triage.selecting);
    Vec::new()
}

/// Makes a recommendation of the selected lines.
pub(super) fn take(state: &mut State) -> Vec<Effect> {
    let Some(selecting) = state.triage.selecting else { return Vec::new() };
    // What is found in an answer is written down once, when it has ended; before that a selection would stand alone.
    if state.run_mut(selecting.run).is_some_and(|view| view.is_live() || view.elsewhere) {
        state.tell(Level::Info, "this answer is still coming: take the lines when it has ended");
        return Vec::new();
    }
    state.triage.selecting = None;
    let synonyms = Arc::clone(&state.roster.synonyms);
    let found = state.panes.get_mut(selecting.pane).and_then(|pane| {
        let contract = &pane.persona.contract;
        let view = pane.runs.iter_mut().find(|view| view.id() == selecting.run)?;
        view.read(contract, &synonyms);
        let span = span_of(view.document.source(), selecting.lines());
        review::select_recommendation(&view.document, &view.sections, view.id(), span)
    });
    let Some(mut found) = found else {
        state.tell(Level::Info, "there are no words in these lines");
        return Vec::new();
    };
    let id = found.id;
    if let Some(known) = state.recommendation(id) {
        let off = known.verdict.dropped;
        let mut effects = Vec::new();
        if off {
            let what = "put back on the list".to_owned();
            effects = decide::change(state, what, &[id], |verdict| verdict.dropped = false);
        } else {
            state.tell(Level::Info, "these lines are a recommendation already");
        }
        state.triage.chosen = Some(id);
        decide::settle(state);
        return effects;
    }
    // It begins as none, so that undoing the step takes it off again.
    found.verdict.dropped = true;
    let title = found.title.clone();
    let mut effects = vec![Effect::Save(Change::Selected(found.clone()))];
    if let Some(view) = state.run_mut(selecting.run) {
        let all = view.run.recommendations.get_or_insert_default();
        let at = all.partition_point(|other| other.span.start <= found.span.start);
        all.insert(at, found);
    }
    let before = Verdict { dropped: true, ..Verdict::default() };
    let step = Step { id, before, after: Verdict::default() };
    effects.extend(history::edit(state, format!("select \u{201c}{title}\u{201d}"), vec![step]));
    state.triage.chosen = Some(id);
    // A filter that hides it would make it look lost.
    if decide::rows(state).iter().all(|(_, listed)| *listed != id) {
        decide::filter_none(state);
    }
    decide::settle(state);
    effects
}

/// Selects nothing.
pub(super) fn cancel(state: &mut State) -> Vec<Effect> {
    state.triage.selecting = None;
    Vec::new()
}

fn source(state: &State, selecting: Selecting) -> Option<&str> {
    let runs = &state.panes.get(selecting.pane)?.runs;
    let view = runs.iter().find(|view| view.id() == selecting.run)?;
    Some(view.document.source())
}

fn lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.lines().enumerate()
}

fn first_line(view: &RunView) -> usize {
    lines(view.document.source()).find(|(_, text)| !text.trim().is_empty()).map_or(0, |(n, _)| n)
}
