//! The changes that create a given session: how a loaded session gets through the one writer into another
//! connection.
//!
//! The inverse of [`Session::apply`]. Writes nothing.

use crate::domain::{Change, NewRun, NewSideTurn, Run, RunState, Session};

use super::backlog::QueuedChange;

/// Returns the changes that create a session equal to `session` when they are applied in order. Empty for a session
/// without turns, which no change can create.
pub(super) fn changes_to_create(session: &Session) -> Vec<QueuedChange> {
    let Session {
        id,
        title,
        panel,
        // The time of the first turn.
        created_at: _,
        updated_at,
        tags,
        turns,
        side_turns,
        history,
        unsearched,
    } = session;
    let session_id = *id;
    let mut changes: Vec<QueuedChange> = Vec::new();
    let mut push = |change| changes.push(QueuedChange::new(0, change));
    for turn in turns {
        push(Change::Turn {
            session: session_id,
            title: title.clone(),
            panel: panel.clone(),
            turn: turn.id,
            question: turn.question.clone(),
            at: turn.asked_at,
            runs: turn.runs.iter().map(new_run).collect(),
        });
    }
    for side_turn in side_turns {
        let side_turn = NewSideTurn {
            id: side_turn.id,
            kind: side_turn.kind,
            question: side_turn.question.clone(),
            at: side_turn.asked_at,
            run: new_run(&side_turn.run),
        };
        push(Change::SideTurn { session: session_id, side_turn: Box::new(side_turn) });
    }
    // Before the recommendations, whose verdicts already are the result of these steps.
    for step in history.done.iter().chain(&history.undone) {
        push(Change::TriageStepDone { session: session_id, step: step.clone() });
    }
    for step in &history.undone {
        push(Change::TriageStepUndone { session: session_id, step: step.id });
    }
    for item in unsearched {
        push(Change::RecommendationSelected(item.clone()));
    }
    push(Change::Tagged { session: session_id, tags: tags.clone() });
    changes.extend(session.runs().flat_map(run_changes));
    changes.extend(repeat_first_turn(session, *updated_at));
    changes
}

fn new_run(run: &Run) -> NewRun {
    NewRun {
        id: run.id,
        persona: run.persona.clone(),
        persona_name: run.persona_name.clone(),
        view: run.view.clone(),
        model: run.model.clone(),
        notes: run.notes.clone(),
    }
}

/// The changes of a run since its start.
fn run_changes(run: &Run) -> Vec<QueuedChange> {
    let mut changes = Vec::new();
    if !run.text.is_empty() || !run.reasoning.is_empty() {
        // For a live run the store computes the elapsed time from the latest text.
        let at = i64::try_from(run.elapsed.as_millis()).unwrap_or(i64::MAX);
        let (text, reasoning) = (run.text.clone(), run.reasoning.clone());
        changes.push(QueuedChange::new(at, Change::Append { run: run.id, text, reasoning }));
    }
    if let RunState::Ended(ending) = &run.state {
        let ended = Change::Ended {
            run: run.id,
            ending: ending.clone(),
            model: None,
            usage: run.usage,
            elapsed: run.elapsed,
        };
        changes.push(QueuedChange::new(0, ended));
    }
    if let Some(items) = &run.recommendations {
        let extracted = Change::Extracted { run: run.id, found: items.clone() };
        changes.push(QueuedChange::new(0, extracted));
    }
    changes
}

/// Repeats the first question, which only sets the time of the latest change of the session.
fn repeat_first_turn(session: &Session, updated_at: i64) -> Option<QueuedChange> {
    let first = session.turns.first()?;
    let repeated = Change::Turn {
        session: session.id,
        title: String::new(),
        panel: String::new(),
        turn: first.id,
        question: String::new(),
        at: updated_at,
        runs: Vec::new(),
    };
    Some(QueuedChange::new(0, repeated))
}
