//! Applies a [`Change`] to a [`Session`] in memory.
//!
//! Applying a change twice has the same result as applying it once, except for appended text. A change to something
//! unknown has no effect. The store implements the same rules in SQL; a property test compares both.

use super::{
    Change, Ending, ModelRef, NewRun, NewSideTurn, Recommendation, RecommendationId, Run, RunId,
    RunState, Session, SessionId, SideTurn, TriageHistory, TriageStep, TriageStepId, Turn, TurnId,
    Usage, Verdict,
};

impl Session {
    /// Creates a session without questions. `created_at` is in milliseconds since the Unix epoch.
    pub fn new(id: SessionId, title: String, panel: String, created_at: i64) -> Self {
        Self {
            id,
            title,
            panel,
            created_at,
            updated_at: created_at,
            tags: Vec::new(),
            turns: Vec::new(),
            side_turns: Vec::new(),
            history: TriageHistory::default(),
            unsearched: Vec::new(),
        }
    }

    /// Creates the session of a first turn, with that turn; none unless `change` is a turn.
    pub fn from_first_turn(change: &Change) -> Option<Self> {
        let Change::Turn { session, title, panel, at, .. } = change else { return None };
        let mut created = Self::new(*session, title.clone(), panel.clone(), *at);
        created.apply(change, *at);
        Some(created)
    }

    /// Applies `change`, which was made at `at` (milliseconds since the Unix epoch). Changes to another session or an
    /// unknown run have no effect, nor has [`Change::Deleted`]: a session cannot delete itself.
    pub fn apply(&mut self, change: &Change, at: i64) {
        if change.session().is_some_and(|session| session != self.id) {
            return;
        }
        match change {
            Change::Turn { turn, question, at, runs, .. } => {
                self.add_turn(*turn, question, *at, runs);
            }
            Change::Run { turn, run } => self.add_run(*turn, run, at),
            Change::SideTurn { side_turn, .. } => self.add_side_turn(side_turn),
            Change::Append { run, text, reasoning } => {
                if let Some(run) = self.run_mut(*run) {
                    run.append_text(text, reasoning);
                }
            }
            Change::Note { run, note } => {
                if let Some(run) = self.run_mut(*run) {
                    run.notes.push(note.clone());
                }
            }
            Change::Ended { run, ending, model, usage, elapsed } => {
                if let Some(run) = self.run_mut(*run) {
                    run.state = RunState::Ended(ending.clone());
                    fill_in_default_model(&mut run.model, model.as_deref());
                    run.usage = *usage;
                    run.elapsed = *elapsed;
                    self.mark_updated(at);
                }
            }
            Change::Extracted { run, found } => self.add_extracted(*run, found),
            Change::RecommendationSelected(item) => {
                if self.run(item.run).is_some() {
                    self.insert_recommendation(item.run, item);
                    self.mark_updated(at);
                }
            }
            Change::TriageStepDone { step, .. } => self.do_step(step, at),
            Change::TriageStepUndone { step, .. } => self.undo_step(*step, at),
            Change::TriageStepRedone { step, .. } => self.redo_step(*step, at),
            Change::Renamed { title, .. } => self.title.clone_from(title),
            Change::Tagged { tags, .. } => self.tags.clone_from(tags),
            Change::Deleted { .. } => {}
        }
    }

    /// The run of this id, in a turn or a side turn. Searches the latest ones first.
    pub fn run(&self, id: RunId) -> Option<&Run> {
        let turns = self.turns.iter().rev().flat_map(|turn| turn.runs.iter().rev());
        turns
            .chain(self.side_turns.iter().rev().map(|side_turn| &side_turn.run))
            .find(|run| run.id == id)
    }

    /// Sets how far the live run `id` is. Not stored and no [`Change`]: only endings are. An ended run stays as it is.
    pub fn set_live_state(&mut self, id: RunId, state: RunState) {
        if let Some(run) = self.run_mut(id).filter(|run| run.state.is_live()) {
            run.state = state;
        }
    }

    /// Sets the tokens that the live run `id` has used so far. Not stored until the run ends.
    pub fn set_live_usage(&mut self, id: RunId, usage: Usage) {
        if let Some(run) = self.run_mut(id).filter(|run| run.state.is_live()) {
            run.usage = Some(usage);
        }
    }

    /// Ends in memory all live runs of a session that this process does not write, and returns their ids. Not stored:
    /// the process that writes them stores their real ending.
    pub fn cut_live_runs(&mut self, reason: &str) -> Vec<RunId> {
        let turns = self.turns.iter_mut().flat_map(|turn| &mut turn.runs);
        let runs = turns.chain(self.side_turns.iter_mut().map(|side_turn| &mut side_turn.run));
        let mut cut = Vec::new();
        for run in runs.filter(|run| run.state.is_live()) {
            run.state = RunState::Ended(Ending::Cut(reason.to_owned()));
            cut.push(run.id);
        }
        cut
    }

    fn run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        let turns = self.turns.iter_mut().rev().flat_map(|turn| turn.runs.iter_mut().rev());
        turns
            .chain(self.side_turns.iter_mut().rev().map(|side_turn| &mut side_turn.run))
            .find(|run| run.id == id)
    }

    /// All runs of turns and side turns.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        let turns = self.turns.iter().flat_map(|turn| &turn.runs);
        turns.chain(self.side_turns.iter().map(|side_turn| &side_turn.run))
    }

    /// True while any run, also of a side turn, has not ended.
    pub fn is_live(&self) -> bool {
        self.runs().any(|run| run.state.is_live())
    }

    /// Sets the recommendations that were stored for `run`. If its extraction is not recorded yet, they are kept
    /// unlisted until it is.
    pub fn set_recommendations(&mut self, run: &mut Run, items: Vec<Recommendation>) {
        if run.recommendations.is_some() {
            run.recommendations = Some(items);
        } else {
            self.add_unsearched(items);
        }
    }

    /// Keeps them in the order in which the store returns them.
    fn add_unsearched(&mut self, items: impl IntoIterator<Item = Recommendation>) {
        self.unsearched.extend(items);
        self.unsearched.sort_by_key(|item| (item.run, item.span.start, item.span.end));
    }

    fn mark_updated(&mut self, at: i64) {
        self.updated_at = self.updated_at.max(at);
    }

    fn has_turn(&self, turn: TurnId) -> bool {
        self.turns.iter().any(|known| known.id == turn)
            || self.side_turns.iter().any(|known| known.id == turn)
    }

    fn add_turn(&mut self, turn: TurnId, question: &str, at: i64, runs: &[NewRun]) {
        self.mark_updated(at);
        if self.has_turn(turn) {
            return;
        }
        self.turns.push(Turn {
            id: turn,
            question: question.to_owned(),
            asked_at: at,
            runs: runs.iter().map(|run| run.to_run(RunState::Queued)).collect(),
        });
    }

    fn add_run(&mut self, turn: TurnId, run: &NewRun, at: i64) {
        let is_known = self.run(run.id).is_some();
        let Some(turn) = self.turns.iter_mut().find(|known| known.id == turn) else { return };
        if !is_known {
            turn.runs.push(run.to_run(RunState::Queued));
        }
        self.mark_updated(at);
    }

    fn add_side_turn(&mut self, side_turn: &NewSideTurn) {
        self.mark_updated(side_turn.at);
        if self.has_turn(side_turn.id) {
            return;
        }
        self.side_turns.push(SideTurn {
            id: side_turn.id,
            kind: side_turn.kind,
            question: side_turn.question.clone(),
            asked_at: side_turn.at,
            run: side_turn.run.to_run(RunState::Queued),
        });
    }

    fn add_extracted(&mut self, id: RunId, found: &[Recommendation]) {
        let Some(run) = self.run_mut(id).filter(|run| run.recommendations.is_none()) else {
            return;
        };
        run.recommendations = Some(Vec::new());
        let (selected, rest) =
            std::mem::take(&mut self.unsearched).into_iter().partition(|item| item.run == id);
        self.unsearched = rest;
        let selected: Vec<Recommendation> = selected;
        for item in selected.iter().chain(found) {
            self.insert_recommendation(id, item);
        }
    }

    /// Inserts in the order of the text; a known recommendation stays unchanged.
    fn insert_recommendation(&mut self, run: RunId, item: &Recommendation) {
        if self.recommendations_mut().any(|known| known.id == item.id) {
            return;
        }
        let item = Recommendation { run, ..item.clone() };
        match self.run_mut(run).and_then(|run| run.recommendations.as_mut()) {
            Some(items) => {
                let span = |item: &Recommendation| (item.span.start, item.span.end);
                let index = items.partition_point(|known| span(known) <= span(&item));
                items.insert(index, item);
            }
            None => self.add_unsearched([item]),
        }
    }

    fn recommendations_mut(&mut self) -> impl Iterator<Item = &mut Recommendation> {
        let turns = self.turns.iter_mut().flat_map(|turn| &mut turn.runs);
        let runs = turns.chain(self.side_turns.iter_mut().map(|side_turn| &mut side_turn.run));
        let searched = runs.flat_map(|run| run.recommendations.iter_mut().flatten());
        searched.chain(&mut self.unsearched)
    }

    fn set_verdict(&mut self, id: RecommendationId, verdict: &Verdict) {
        if let Some(item) = self.recommendations_mut().find(|item| item.id == id) {
            item.verdict.clone_from(verdict);
        }
    }

    /// Applies a new step and clears the undone ones.
    fn do_step(&mut self, step: &TriageStep, at: i64) {
        let TriageHistory { done, undone } = &self.history;
        if done.iter().chain(undone).any(|known| known.id == step.id) {
            return;
        }
        self.history.undone.clear();
        self.history.done.push(step.clone());
        for update in &step.updates {
            self.set_verdict(update.id, &update.after);
        }
        self.mark_updated(at);
    }

    fn undo_step(&mut self, id: TriageStepId, at: i64) {
        let TriageHistory { done, undone } = &mut self.history;
        let Some(index) = done.iter().position(|step| step.id == id) else { return };
        let step = done.remove(index);
        undone.push(step.clone());
        for update in step.updates.iter().rev() {
            self.set_verdict(update.id, &update.before);
        }
        self.mark_updated(at);
    }

    fn redo_step(&mut self, id: TriageStepId, at: i64) {
        let TriageHistory { done, undone } = &mut self.history;
        let Some(index) = undone.iter().position(|step| step.id == id) else { return };
        let step = undone.remove(index);
        done.push(step.clone());
        for update in &step.updates {
            self.set_verdict(update.id, &update.after);
        }
        self.mark_updated(at);
    }
}

impl Run {
    /// Appends text and reasoning that arrived; a live run becomes streaming.
    pub fn append_text(&mut self, text: &str, reasoning: &str) {
        self.text.push_str(text);
        self.reasoning.push_str(reasoning);
        let has_arrived = !text.is_empty() || !reasoning.is_empty();
        if has_arrived && self.state.is_live() {
            self.state = RunState::Streaming;
        }
    }
}

/// Fills in the model that answered if the run asked for the provider's default.
pub fn fill_in_default_model(model: &mut ModelRef, answered: Option<&str>) {
    if let Some(answered) = answered
        && model.model.is_empty()
    {
        answered.clone_into(&mut model.model);
    }
}
