//! Readings: what of the answers is read when, and what becomes of the results.
//!
//! Recommendations are extracted once, when a run has ended, and stored, so that later versions do not change a session.
//! Everything else is read for the view or the overlay that shows it. Nothing is read here: requests are effects.

use std::sync::Arc;

use super::triage_list;
use crate::app::overlay::on_ledger_read;
use crate::app::reading::{
    AnswerCopy, BriefCopy, ChangeReading, Finding, ReadingResult, ReadingSubject, ReadingTask,
    TextRevision,
};
use crate::app::{Effect, Effects, NoticeLevel, Overlay, RunDisplay, RunRef, State, ViewKind};
use crate::domain::{Change, Facet, Recommendation, Run, RunId, RunState, SideTurnKind};
use crate::review::{self, Lead, ReadExtent, Section};
use crate::text::sanitize_line;

/// Answers that wait to be read at the same time, when those of a whole session are missing: each waits with its text.
const MAX_WAITING_ANSWERS: usize = 8;

/// Requests the recommendations of a run that has ended with text, unless they are known. Challenges and briefs have none.
pub(super) fn request_recommendations(state: &mut State, id: RunId, effects: &mut Effects) {
    let is_of_turn = state.turns().iter().any(|turn| turn.runs.iter().any(|run| run.id == id));
    if is_of_turn && state.run(id).is_some_and(|run| lacks_recommendations(run.run, run.display)) {
        request_answer(state, id, effects);
    }
}

/// Requests the recommendations of the runs that have none: of an older store, or of a program that ended before it had read
/// them. When one is read, the next one follows.
pub(super) fn request_missing(state: &mut State, effects: &mut Effects) {
    let room = MAX_WAITING_ANSWERS.saturating_sub(state.readings.count_answers());
    let missing: Vec<RunId> = missing_runs(state)
        .map(|run| run.id)
        .filter(|id| !state.readings.is_pending(ReadingSubject::Answer(*id)))
        .take(room)
        .collect();
    for run in missing {
        request_answer(state, run, effects);
    }
}

/// Runs whose recommendations are not known yet.
fn missing_runs(state: &State) -> impl Iterator<Item = &Run> {
    let runs = state.turns().iter().flat_map(|turn| &turn.runs);
    runs.filter(|run| {
        state.displays.get(run.id).is_some_and(|display| lacks_recommendations(run, display))
    })
}

fn lacks_recommendations(run: &Run, display: &RunDisplay) -> bool {
    matches!(run.state, RunState::Ended(_))
        && run.recommendations.is_none()
        && !run.text.is_empty()
        && !display.elsewhere
        && !display.is_unreadable
}

impl State {
    /// Number of answers whose recommendations are still being read.
    pub fn answers_being_read(&self) -> usize {
        missing_runs(self).count()
    }
}

fn request_answer(state: &mut State, id: RunId, effects: &mut Effects) {
    let Some(run) = state.run(id) else { return };
    let answer = copy_answer(state, run);
    let extracts = lacks_recommendations(run.run, run.display);
    let revision = answer.revision;
    request(state, ReadingTask::Answer { answer, extracts }, effects);
    if let Some(display) = state.displays.get_mut(id) {
        display.read_requested = Some(revision);
    }
}

/// A copy of what is read of an answer.
pub(in crate::app) fn copy_answer(state: &State, run: RunRef<'_>) -> AnswerCopy {
    AnswerCopy::new(run.run, &run.display.persona, &state.roster.synonyms)
}

/// Requests a reading, instead of one of the same subject that is not done.
pub(in crate::app) fn request(state: &mut State, task: ReadingTask, effects: &mut Effects) {
    let request = state.readings.request(task);
    effects.push(Effect::Read(Box::new(request)));
}

/// Requests what the view and the overlays show and what was not requested yet.
pub(super) fn request_shown(state: &mut State, effects: &mut Effects) {
    match state.view {
        ViewKind::Compare => request_current_answers(state, effects),
        ViewKind::Change => request_change(state, effects),
        ViewKind::Answers | ViewKind::Triage => {}
    }
    let brief = state.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Brief(brief) => Some(brief.run),
        _ => None,
    });
    if let Some(run) = brief {
        request_brief(state, run, effects);
    }
}

/// Requests the sections of the answers that Compare shows.
fn request_current_answers(state: &mut State, effects: &mut Effects) {
    let panes = state.panes();
    let answers = panes.iter().filter_map(crate::app::Pane::answer);
    let outdated = answers.filter(|run| {
        let now = TextRevision::of(run.run);
        run.run.has_text()
            && run.read_requested.is_none_or(|read| read.is_outdated(now))
            && !state.readings.is_pending(ReadingSubject::Answer(run.id()))
    });
    for run in outdated.map(|run| run.id()).collect::<Vec<_>>() {
        request_answer(state, run, effects);
    }
}

/// Requests the comparison of the focused pane's last two answers.
fn request_change(state: &mut State, effects: &mut Effects) {
    let answers = state.pane().map(|pane| pane.answers()).unwrap_or_default();
    let [.., old, new] = answers.as_slice() else { return };
    let wanted = [old, new].map(|run| (run.id(), TextRevision::of(run.run)));
    let is_known = state.change.requested.is_some_and(|requested| {
        let mut pairs = requested.iter().zip(&wanted);
        pairs.all(|((run, read), (other, now))| run == other && !read.is_outdated(*now))
    });
    let has_same_runs = state
        .change
        .requested
        .is_some_and(|requested| requested.map(|(run, _)| run) == wanted.map(|(run, _)| run));
    // A growing answer is compared again when the last comparison is there; another pair of answers at once.
    let waits = has_same_runs && state.readings.is_pending(ReadingSubject::Change);
    if is_known || waits {
        return;
    }
    let copies = Box::new([copy_answer(state, *old), copy_answer(state, *new)]);
    state.change.requested = Some(wanted);
    request(state, ReadingTask::Change(copies), effects);
}

/// Requests the verification of a brief when a new line is complete or the run has ended.
fn request_brief(state: &mut State, run: RunId, effects: &mut Effects) {
    let Some(side) = state.side_turn_of_run(run) else { return };
    let SideTurnKind::Brief(turn) = side.kind else { return };
    let source = side.run.display.document.source();
    let ended = !side.run.is_live();
    let complete = if ended { source.len() } else { source.rfind('\n').map_or(0, |at| at + 1) };
    if side.run.brief.requested == Some((complete, ended))
        || state.readings.is_pending(ReadingSubject::Brief(run))
    {
        return;
    }
    let promised = &side.run.display.persona.contract.sections;
    let copy = BriefCopy {
        text: source.get(..complete).unwrap_or_default().to_owned(),
        ended,
        headings: promised.iter().map(|section| section.title.clone()).collect(),
        answers: state
            .turn_answers(turn)
            .iter()
            .map(|run| {
                let text = review::readable_part(run.display.document.source()).to_owned();
                (run.run.persona.as_str().to_owned(), run.display.persona.name.clone(), text)
            })
            .collect(),
    };
    if let Some(display) = state.displays.get_mut(run) {
        display.brief.requested = Some((complete, ended));
    }
    request(state, ReadingTask::Brief(run, copy), effects);
}

/// Takes over what was found, unless a newer request was made or the session is not open any more.
pub(super) fn on_read(state: &mut State, result: ReadingResult, effects: &mut Effects) {
    let ReadingResult { subject, number, finding } = result;
    if !state.readings.settle(subject, number) {
        return;
    }
    match (subject, finding) {
        (
            ReadingSubject::Answer(run),
            Finding::Answer { revision, extent, sections, lead, recommendations },
        ) => {
            show_sections(state, run, (revision, extent), sections, lead);
            if let Some(found) = recommendations {
                store_recommendations(state, run, extent, found, effects);
            }
        }
        (ReadingSubject::Ledger, Finding::Ledger(rows, left_out)) => {
            on_ledger_read(state, rows, left_out);
        }
        (ReadingSubject::Change, Finding::Change(reading)) => {
            state.change.reading = Arc::new(reading);
        }
        (ReadingSubject::Brief(run), Finding::Brief(lines)) => {
            if let Some(display) = state.displays.get_mut(run) {
                display.brief.lines = lines;
            }
        }
        (subject, _) => on_reading_failed(state, subject),
    }
    if matches!(subject, ReadingSubject::Answer(_)) {
        request_missing(state, effects);
    }
}

fn show_sections(
    state: &mut State,
    run: RunId,
    (revision, extent): (TextRevision, ReadExtent),
    mut sections: Vec<Section>,
    lead: Option<Lead>,
) {
    let Some(display) = state.displays.get_mut(run) else { return };
    let end = display.document.source().len();
    let last = sections.last_mut().filter(|last| extent.is_part() && last.span.end < end);
    if let Some(last) = last {
        // What was not read is about nothing known.
        let blocks = last.blocks.end..display.document.block_count().max(last.blocks.end);
        if last.facet == Facet::Other && last.heading.is_none() {
            (last.span.end, last.blocks.end) = (end, blocks.end);
        } else {
            let span = last.span.end..end;
            sections.push(Section { facet: Facet::Other, span, blocks, heading: None, level: 0 });
        }
    }
    display.sections = sections;
    display.lead = lead;
    display.read_at = Some(revision);
    display.read_extent = extent;
}

fn store_recommendations(
    state: &mut State,
    run: RunId,
    extent: ReadExtent,
    found: Vec<Recommendation>,
    effects: &mut Effects,
) {
    if state.run(run).is_none_or(|run| run.run.recommendations.is_some()) {
        return;
    }
    for note in review::describe_unread(extent, found.len()) {
        state.apply_change(Change::Note { run, note }, effects);
    }
    state.apply_change(Change::Extracted { run, found }, effects);
    if state.view == ViewKind::Triage {
        triage_list::reselect_listed(state);
    }
}

fn on_reading_failed(state: &mut State, subject: ReadingSubject) {
    let what = match subject {
        ReadingSubject::Answer(run) => {
            let Some(display) = state.displays.get_mut(run) else { return };
            display.is_unreadable = true;
            let name = sanitize_line(&display.persona.display_name());
            format!("the answer of {name} could not be read for recommendations")
        }
        ReadingSubject::Ledger => {
            state.overlays.retain(|overlay| !matches!(overlay, Overlay::Ledger(_)));
            "the ledger could not be built".to_owned()
        }
        ReadingSubject::Change => {
            state.change.reading = Arc::new(ChangeReading {
                compared: state.change.requested,
                left_out: Some("the answers could not be compared".to_owned()),
                ..ChangeReading::default()
            });
            "the answers could not be compared".to_owned()
        }
        ReadingSubject::Brief(_) => "the brief could not be verified".to_owned(),
    };
    let text = format!("internal error: {what}; everything else is unaffected, please report it");
    state.show_notice(NoticeLevel::Error, text);
}
