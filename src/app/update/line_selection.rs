//! Selection of lines of an answer as a recommendation that extraction missed.
//!
//! Lines are source lines, so that a selection does not depend on the width of the screen. Blank lines are skipped.

use super::{triage, triage_history, triage_list};
use crate::app::triage::{LineSelection, line_at, lines_to_span};
use crate::app::{Effects, NoticeLevel, RunRef, State};
use crate::domain::{Change, Verdict, VerdictUpdate};
use crate::review;

/// Starts at the selected recommendation, or else at the top of the focused answer.
pub(super) fn start_selection(state: &mut State) {
    let recommended = triage_list::selected_item(state).map(|item| {
        let member = &item.leader;
        let line = line_at(member.run.document.source(), member.found.span.start);
        (member.pane, member.run.id(), line)
    });
    let focused = || {
        let run = state.pane()?.current()?;
        Some((state.focused, run.id(), first_line(&run)))
    };
    match recommended.or_else(focused) {
        Some((pane, run, line)) => {
            state.triage.selecting = Some(LineSelection { pane, run, line, from: None });
        }
        None => state.show_notice(NoticeLevel::Info, "no answer to select lines from yet"),
    }
}

/// Marks the start of the selection at the cursor; with a marked start, recommends the selected lines.
pub(super) fn mark_or_recommend(state: &mut State, effects: &mut Effects) {
    match &mut state.triage.selecting {
        Some(selecting) if selecting.from.is_none() => selecting.from = Some(selecting.line),
        _ => recommend_selection(state, effects),
    }
}

/// Moves the cursor by `delta` lines; blank lines are skipped.
pub(super) fn move_cursor(state: &mut State, delta: isize) {
    let Some(selecting) = state.triage.selecting else { return };
    let Some(source) = source_of(state, selecting) else { return };
    let lines: Vec<usize> = numbered_lines(source)
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(n, _)| n)
        .collect();
    let at = lines.partition_point(|line| *line < selecting.line);
    let to = at.saturating_add_signed(delta).min(lines.len().saturating_sub(1));
    if let (Some(line), Some(selecting)) = (lines.get(to), &mut state.triage.selecting) {
        selecting.line = *line;
    }
}

/// Moves the selection to the next or previous persona's answer.
pub(super) fn switch_persona(state: &mut State, forward: bool) {
    let Some(selecting) = state.triage.selecting else { return };
    let n = state.pane_personas.len();
    let panes = (1..n).map(|k| (selecting.pane + if forward { k } else { n - k }) % n);
    let next = panes.into_iter().find_map(|pane| {
        let run = state.pane_at(pane)?.current().filter(|run| !run.document.is_empty())?;
        Some(LineSelection { pane, run: run.id(), line: first_line(&run), from: None })
    });
    state.triage.selecting = next.or(state.triage.selecting);
}

/// Adds the selected lines as a recommendation.
pub(super) fn recommend_selection(state: &mut State, effects: &mut Effects) {
    let Some(selecting) = state.triage.selecting else { return };
    // Recommendations are extracted when the answer has ended, unless it has any: one that is added earlier would prevent
    // it.
    if state.run(selecting.run).is_some_and(|run| run.is_live() || run.elsewhere) {
        state.show_notice(
            NoticeLevel::Info,
            "this answer is still streaming: select the lines when it has ended",
        );
        return;
    }
    if state.run(selecting.run).is_some_and(|run| run.is_being_read()) {
        state.show_notice(
            NoticeLevel::Info,
            "this answer is still being read: select the lines again in a moment",
        );
        return;
    }
    state.triage.selecting = None;
    let found = state.displays.get(selecting.run).and_then(|display| {
        let span = lines_to_span(display.document.source(), selecting.lines());
        review::select_recommendation(&display.document, &display.sections, selecting.run, span)
    });
    let Some(mut found) = found else {
        state.show_notice(NoticeLevel::Info, "the selected lines contain no words");
        return;
    };
    let id = found.id;
    if let Some(known) = state.recommendation(id) {
        let is_removed = known.verdict.dropped;
        if is_removed {
            let description = "restored to the list".to_owned();
            let set = |verdict: &mut Verdict| verdict.dropped = false;
            triage::update_verdicts(state, description, &[id], set, effects);
        } else {
            state.show_notice(NoticeLevel::Info, "these lines are already a recommendation");
        }
        state.triage.chosen = Some(id);
        triage_list::reselect_listed(state);
        return;
    }
    // It is added as removed, so that undoing the step removes it again.
    found.verdict.dropped = true;
    let title = found.title.clone();
    state.apply_change(Change::RecommendationSelected(found), effects);
    let before = Verdict { dropped: true, ..Verdict::default() };
    let step = VerdictUpdate { id, before, after: Verdict::default() };
    triage_history::apply_step(
        state,
        format!("select \u{201c}{title}\u{201d}"),
        vec![step],
        effects,
    );
    state.triage.chosen = Some(id);
    // Hidden by a filter it would look lost.
    if triage_list::listed_rows(state).iter().all(|(_, listed)| *listed != id) {
        triage_list::clear_filter(state);
    }
    triage_list::reselect_listed(state);
}

/// Ends the selection.
pub(super) fn cancel_selection(state: &mut State) {
    state.triage.selecting = None;
}

fn source_of(state: &State, selecting: LineSelection) -> Option<&str> {
    Some(state.displays.get(selecting.run)?.document.source())
}

fn numbered_lines(source: &str) -> impl Iterator<Item = (usize, &str)> {
    source.lines().enumerate()
}

fn first_line(run: &RunRef<'_>) -> usize {
    numbered_lines(run.document.source())
        .find(|(_, text)| !text.trim().is_empty())
        .map_or(0, |(n, _)| n)
}
