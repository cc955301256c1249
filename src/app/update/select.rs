//! Selecting lines of an answer as a recommendation: extraction is always correctable. Called by `keys` in Triage.
//!
//! Lines are those of the source, so that what is selected does not depend on the width; blank ones are passed over.

use std::sync::Arc;

use super::{decide, history};
use crate::app::triage::{Selecting, line_at, span_of};
use crate::app::{Effects, Level, RunRef, State, ViewKind};
use crate::domain::{Change, Step, Verdict};
use crate::review;

/// Begins: at the chosen recommendation's place, else at the top of the focused answer.
pub(super) fn begin(state: &mut State) {
    if state.view != ViewKind::Triage {
        state.tell(Level::Info, "lines are selected in triage: open it first");
        return;
    }
    let chosen = decide::chosen(state).map(|item| {
        let member = &item.leader;
        let line = line_at(member.run.document.source(), member.found.span.start);
        (member.pane, member.run.id(), line)
    });
    let focused = || {
        let view = state.pane()?.current()?;
        Some((state.focused, view.id(), first_line(&view)))
    };
    match chosen.or_else(focused) {
        Some((pane, run, line)) => {
            state.triage.selecting = Some(Selecting { pane, run, line, from: None });
        }
        None => state.tell(Level::Info, "there is no answer yet whose lines could be selected"),
    }
}

/// Begins the selection at the cursor; pressed again, takes it.
pub(super) fn mark(state: &mut State, effects: &mut Effects) {
    match &mut state.triage.selecting {
        None => begin(state),
        Some(selecting) if selecting.from.is_none() => {
            selecting.from = Some(selecting.line);
        }
        Some(_) => take(state, effects),
    }
}

/// Moves the cursor by so many lines that say something.
pub(super) fn step(state: &mut State, by: isize) {
    let Some(selecting) = state.triage.selecting else { return };
    let Some(source) = source(state, selecting) else { return };
    let lines: Vec<usize> =
        lines(source).filter(|(_, text)| !text.trim().is_empty()).map(|(n, _)| n).collect();
    let at = lines.partition_point(|line| *line < selecting.line);
    let to = at.saturating_add_signed(by).min(lines.len().saturating_sub(1));
    if let (Some(line), Some(selecting)) = (lines.get(to), &mut state.triage.selecting) {
        selecting.line = *line;
    }
}

/// Moves the cursor to the first line, or the last.
pub(super) fn edge(state: &mut State, last: bool) {
    // Half of the range is more lines than any answer has.
    step(state, if last { isize::MAX / 2 } else { isize::MIN / 2 });
}

/// The answer of the next persona, or of the one before.
pub(super) fn persona(state: &mut State, forward: bool) {
    let Some(selecting) = state.triage.selecting else { return };
    let n = state.pane_personas.len();
    let panes = (1..n).map(|k| (selecting.pane + if forward { k } else { n - k }) % n);
    let next = panes.into_iter().find_map(|pane| {
        let view = state.pane_at(pane)?.current().filter(|view| !view.document.is_empty())?;
        Some(Selecting { pane, run: view.id(), line: first_line(&view), from: None })
    });
    state.triage.selecting = next.or(state.triage.selecting);
}

/// Makes a recommendation of the selected lines.
pub(super) fn take(state: &mut State, effects: &mut Effects) {
    let Some(selecting) = state.triage.selecting else { return };
    // What is found in an answer is written down once, when it has ended; before that a selection would stand alone.
    if state.run(selecting.run).is_some_and(|run| run.is_live() || run.elsewhere) {
        state.tell(Level::Info, "this answer is still streaming: take the lines when it has ended");
        return;
    }
    state.triage.selecting = None;
    let synonyms = Arc::clone(&state.roster.synonyms);
    let found = state.displays.get_mut(selecting.run).and_then(|display| {
        let persona = Arc::clone(&display.persona);
        display.read_sections(&persona.contract, &synonyms);
        let span = span_of(display.document.source(), selecting.lines());
        review::select_recommendation(&display.document, &display.sections, selecting.run, span)
    });
    let Some(mut found) = found else {
        state.tell(Level::Info, "there are no words in these lines");
        return;
    };
    let id = found.id;
    if let Some(known) = state.recommendation(id) {
        let off = known.verdict.dropped;
        if off {
            let what = "put back on the list".to_owned();
            decide::change(state, what, &[id], |verdict| verdict.dropped = false, effects);
        } else {
            state.tell(Level::Info, "these lines are a recommendation already");
        }
        state.triage.chosen = Some(id);
        decide::settle(state);
        return;
    }
    // It begins as none, so that undoing the step takes it off again.
    found.verdict.dropped = true;
    let title = found.title.clone();
    state.apply_change(Change::Selected(found), effects);
    let before = Verdict { dropped: true, ..Verdict::default() };
    let step = Step { id, before, after: Verdict::default() };
    history::edit(state, format!("select \u{201c}{title}\u{201d}"), vec![step], effects);
    state.triage.chosen = Some(id);
    // A filter that hides it would make it look lost.
    if decide::rows(state).iter().all(|(_, listed)| *listed != id) {
        decide::filter_none(state);
    }
    decide::settle(state);
}

/// Selects nothing.
pub(super) fn cancel(state: &mut State) {
    state.triage.selecting = None;
}

fn source(state: &State, selecting: Selecting) -> Option<&str> {
    Some(state.displays.get(selecting.run)?.document.source())
}

fn lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.lines().enumerate()
}

fn first_line(view: &RunRef<'_>) -> usize {
    lines(view.document.source()).find(|(_, text)| !text.trim().is_empty()).map_or(0, |(n, _)| n)
}
