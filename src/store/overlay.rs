//! Changes that are not in the file yet, seen as part of the sessions they belong to.
//!
//! While the store cannot be written, and in a store that lives in memory only, what waits is all there
//! is: lists and sessions are made of the file's rows with the waiting changes replayed over them. Pure
//! functions; called by the worker.

use crate::domain::{
    Change, History, ModelRef, Run, RunId, RunState, Session, SessionId, SessionSummary, Turn,
};

use super::queue::Entry;

/// A session with what only lists show.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    /// The session.
    pub(super) session: Session,
    /// When something last changed in it, in milliseconds since 1970 UTC.
    pub(super) updated_at: i64,
}

impl Stored {
    /// Its line in a list.
    pub(super) fn summary(&self) -> SessionSummary {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let runs = || self.session.turns.iter().flat_map(Turn::latest);
        SessionSummary {
            id: self.session.id,
            title: self.session.title.clone(),
            panel: self.session.panel.clone(),
            created_at: self.session.created_at,
            updated_at: self.updated_at,
            turns: count(self.session.turns.len()),
            runs: count(runs().count()),
            answered: count(
                runs().filter(|r| matches!(&r.state, RunState::Ended(e) if e.answered())).count(),
            ),
            tags: self.session.tags.clone(),
            proposed: 0,
            decided: 0,
        }
    }

    fn run(&mut self, id: RunId) -> Option<&mut Run> {
        self.session.turns.iter_mut().flat_map(|turn| &mut turn.runs).find(|run| run.id == id)
    }
}

/// Takes the model that answered where the provider's default was asked for.
pub(super) fn served(model: &mut ModelRef, answered: Option<&str>) {
    if let Some(answered) = answered
        && model.model.is_empty()
    {
        answered.clone_into(&mut model.model);
    }
}

/// Session `id` as it is once `entries` have been written over `base`.
pub(super) fn replay(base: Option<Stored>, id: SessionId, entries: &[Entry]) -> Option<Stored> {
    let mut stored = base;
    for entry in entries {
        match (&entry.change, &mut stored) {
            (Change::Turn { session, .. }, stored) if *session == id => add_turn(stored, entry),
            (Change::Run { turn, run }, Some(stored)) => {
                if let Some(turn) = stored.session.turns.iter_mut().find(|t| t.id == *turn) {
                    turn.runs.push(run.begun(RunState::Streaming));
                    stored.updated_at = stored.updated_at.max(entry.at);
                }
            }
            (Change::Append { run, text, reasoning }, Some(stored)) => {
                if let Some(run) = stored.run(*run) {
                    run.text.push_str(text);
                    run.reasoning.push_str(reasoning);
                }
            }
            (Change::Note { run, note }, Some(stored)) => {
                if let Some(run) = stored.run(*run) {
                    run.notes.push(note.clone());
                }
            }
            (Change::Ended { run, ending, model, usage, elapsed }, Some(stored)) => {
                if let Some(run) = stored.run(*run) {
                    run.state = RunState::Ended(ending.clone());
                    served(&mut run.model, model.as_deref());
                    run.usage = *usage;
                    run.elapsed = *elapsed;
                    stored.updated_at = stored.updated_at.max(entry.at);
                }
            }
            _ => {}
        }
    }
    stored
}

fn add_turn(stored: &mut Option<Stored>, entry: &Entry) {
    let Change::Turn { session, title, panel, turn, question, at, runs } = &entry.change else {
        return;
    };
    let stored = stored.get_or_insert_with(|| Stored {
        session: Session {
            id: *session,
            title: title.clone(),
            panel: panel.clone(),
            created_at: *at,
            tags: Vec::new(),
            turns: Vec::new(),
            asides: Vec::new(),
            history: History::default(),
        },
        updated_at: *at,
    });
    stored.updated_at = stored.updated_at.max(*at);
    stored.session.turns.push(Turn {
        id: *turn,
        question: question.clone(),
        asked_at: *at,
        runs: runs.iter().map(|run| run.begun(RunState::Streaming)).collect(),
    });
}
