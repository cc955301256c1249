//! Changes that are not in the file yet, seen as part of the sessions they belong to.
//!
//! While the store cannot be written, and in a store that lives in memory only, what waits is all there is: lists
//! and sessions are made of the file's rows with the waiting changes replayed over them. Each change does here what
//! `write` does to the tables; a test compares the two. Pure functions; called by the worker.

use std::collections::HashMap;

use crate::domain::{
    Aside, Change, Edit, EditId, History, ModelRef, NewAside, NewRun, Recommendation,
    RecommendationId, Run, RunId, RunState, Session, SessionId, SessionSummary, Turn, TurnId,
    Verdict,
};

use super::backlog::Entry;

/// A session with what only lists show and what is not shown yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    /// The session.
    pub(super) session: Session,
    /// When something last changed in it, in milliseconds since 1970 UTC.
    pub(super) updated_at: i64,
    /// What was selected in runs that have not been searched yet: shown once they are.
    unsearched: HashMap<RunId, Vec<Recommendation>>,
}

impl Stored {
    /// A session as it stands.
    pub(super) fn new(session: Session, updated_at: i64) -> Self {
        Self { session, updated_at, unsearched: HashMap::new() }
    }

    /// Its line in a list.
    pub(super) fn summary(&self) -> SessionSummary {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let runs = || self.session.turns.iter().flat_map(Turn::latest);
        let triage = self.session.triage();
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
            proposed: count(triage.items),
            decided: count(triage.decided),
        }
    }

    /// Gives a run what is recommended in it, if it has been searched.
    pub(super) fn give(&mut self, run: &mut Run, items: Vec<Recommendation>) {
        if run.recommendations.is_some() {
            run.recommendations = Some(items);
        } else if !items.is_empty() {
            self.unsearched.insert(run.id, items);
        }
    }

    /// True while an answer of it is coming.
    pub(super) fn is_live(&self) -> bool {
        let turns = self.session.turns.iter().flat_map(|turn| &turn.runs);
        turns.chain(self.session.asides.iter().map(|aside| &aside.run)).any(|r| r.state.is_live())
    }

    fn runs(&mut self) -> impl Iterator<Item = &mut Run> {
        let turns = self.session.turns.iter_mut().flat_map(|turn| &mut turn.runs);
        turns.chain(self.session.asides.iter_mut().map(|aside| &mut aside.run))
    }

    fn run(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs().find(|run| run.id == id)
    }

    fn touch(&mut self, at: i64) {
        self.updated_at = self.updated_at.max(at);
    }

    /// Does to the session what the change, which came at `at`, does to its rows.
    fn take(&mut self, change: &Change, at: i64) {
        let id = self.session.id;
        match change {
            Change::Turn { .. } => self.turn(change),
            Change::Run { turn, run } => self.again(*turn, run, at),
            Change::Append { run, text, reasoning } => {
                if let Some(run) = self.run(*run) {
                    run.text.push_str(text);
                    run.reasoning.push_str(reasoning);
                }
            }
            Change::Note { run, note } => {
                if let Some(run) = self.run(*run) {
                    run.notes.push(note.clone());
                }
            }
            Change::Ended { run, ending, model, usage, elapsed } => {
                if let Some(run) = self.run(*run) {
                    run.state = RunState::Ended(ending.clone());
                    served(&mut run.model, model.as_deref());
                    run.usage = *usage;
                    run.elapsed = *elapsed;
                    self.touch(at);
                }
            }
            Change::Lifted { run, found } => self.lifted(*run, found),
            Change::Selected(item) => {
                if self.run(item.run).is_some() {
                    self.insert(item.run, item);
                    self.touch(at);
                }
            }
            Change::Edited { session, edit } if *session == id => self.edited(edit, at),
            Change::Undone { session, edit } if *session == id => self.undone(*edit, at),
            Change::Redone { session, edit } if *session == id => self.redone(*edit, at),
            Change::Aside { session, aside } if *session == id => self.aside(aside),
            Change::Renamed { session, title } if *session == id => {
                title.clone_into(&mut self.session.title);
            }
            Change::Tagged { session, tags } if *session == id => {
                tags.clone_into(&mut self.session.tags);
            }
            Change::Edited { .. }
            | Change::Undone { .. }
            | Change::Redone { .. }
            | Change::Aside { .. }
            | Change::Renamed { .. }
            | Change::Tagged { .. }
            | Change::Deleted { .. } => {}
        }
    }

    fn turn(&mut self, change: &Change) {
        let Change::Turn { turn, question, at, runs, .. } = change else { return };
        self.touch(*at);
        if self.knows(*turn) {
            return;
        }
        self.session.turns.push(Turn {
            id: *turn,
            question: question.clone(),
            asked_at: *at,
            runs: runs.iter().map(|run| run.begun(RunState::Streaming)).collect(),
        });
    }

    fn knows(&self, turn: TurnId) -> bool {
        self.session.turns.iter().any(|known| known.id == turn)
            || self.session.asides.iter().any(|known| known.id == turn)
    }

    fn again(&mut self, turn: TurnId, run: &NewRun, at: i64) {
        let known = self.run(run.id).is_some();
        let Some(turn) = self.session.turns.iter_mut().find(|known| known.id == turn) else {
            return;
        };
        if !known {
            turn.runs.push(run.begun(RunState::Streaming));
        }
        self.touch(at);
    }

    fn aside(&mut self, aside: &NewAside) {
        self.touch(aside.at);
        if self.knows(aside.id) {
            return;
        }
        self.session.asides.push(Aside {
            id: aside.id,
            kind: aside.kind,
            question: aside.question.clone(),
            asked_at: aside.at,
            run: aside.run.begun(RunState::Streaming),
        });
    }

    fn lifted(&mut self, id: RunId, found: &[Recommendation]) {
        let selected = self.unsearched.remove(&id);
        let Some(run) = self.run(id).filter(|run| run.recommendations.is_none()) else { return };
        run.recommendations = Some(selected.unwrap_or_default());
        for item in found {
            self.insert(id, item);
        }
    }

    /// Leaves one that is there as it is.
    fn insert(&mut self, run: RunId, item: &Recommendation) {
        if self.items().any(|known| known.id == item.id) {
            return;
        }
        let item = Recommendation { run, ..item.clone() };
        let searched = self.run(run).and_then(|run| run.recommendations.as_mut());
        let items = match searched {
            Some(items) => items,
            None => self.unsearched.entry(run).or_default(),
        };
        let place = |item: &Recommendation| (item.span.start, item.span.end);
        items.insert(items.partition_point(|known| place(known) <= place(&item)), item);
    }

    fn items(&mut self) -> impl Iterator<Item = &mut Recommendation> {
        let turns = self.session.turns.iter_mut().flat_map(|turn| &mut turn.runs);
        let runs = turns.chain(self.session.asides.iter_mut().map(|aside| &mut aside.run));
        let searched = runs.flat_map(|run| run.recommendations.iter_mut().flatten());
        searched.chain(self.unsearched.values_mut().flatten())
    }

    fn judge(&mut self, id: RecommendationId, verdict: &Verdict) {
        if let Some(item) = self.items().find(|item| item.id == id) {
            item.verdict.clone_from(verdict);
        }
    }

    fn edited(&mut self, edit: &Edit, at: i64) {
        let History { done, undone } = &self.session.history;
        if done.iter().chain(undone).any(|known| known.id == edit.id) {
            return;
        }
        self.session.history.undone.clear();
        self.session.history.done.push(edit.clone());
        for step in &edit.steps {
            self.judge(step.id, &step.after);
        }
        self.touch(at);
    }

    fn undone(&mut self, id: EditId, at: i64) {
        let History { done, undone } = &mut self.session.history;
        let Some(place) = done.iter().position(|edit| edit.id == id) else { return };
        let edit = done.remove(place);
        undone.push(edit.clone());
        for step in edit.steps.iter().rev() {
            self.judge(step.id, &step.before);
        }
        self.touch(at);
    }

    fn redone(&mut self, id: EditId, at: i64) {
        let History { done, undone } = &mut self.session.history;
        let Some(place) = undone.iter().position(|edit| edit.id == id) else { return };
        let edit = undone.remove(place);
        done.push(edit.clone());
        for step in &edit.steps {
            self.judge(step.id, &step.after);
        }
        self.touch(at);
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
        match &entry.change {
            Change::Turn { session, .. } if *session == id => {
                stored.get_or_insert_with(|| empty(&entry.change, id)).turn(&entry.change);
            }
            Change::Turn { .. } => {}
            Change::Deleted { session } if *session == id => {
                stored = stored.filter(Stored::is_live);
            }
            change => {
                if let Some(stored) = &mut stored {
                    stored.take(change, entry.at);
                }
            }
        }
    }
    stored
}

/// The session that a question begins, without the question.
fn empty(change: &Change, id: SessionId) -> Stored {
    let (title, panel, at) = match change {
        Change::Turn { title, panel, at, .. } => (title.clone(), panel.clone(), *at),
        _ => Default::default(),
    };
    let session = Session {
        id,
        title,
        panel,
        created_at: at,
        tags: Vec::new(),
        turns: Vec::new(),
        asides: Vec::new(),
        history: History::default(),
    };
    Stored::new(session, at)
}
