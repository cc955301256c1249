//! Panes: one column per persona, projected from the session.
//!
//! A pane owns nothing. `domain::Turn` defines which run is a persona's answer.

use std::sync::Arc;

use super::{RunRef, State};
use crate::domain::{Ending, Persona, RunId, RunState, Turn};

/// One persona's column: its runs of all turns, oldest first. A run without text that was retried is left out.
#[derive(Debug, Clone)]
pub struct Pane<'a> {
    /// The persona.
    pub persona: &'a Arc<Persona>,
    /// Its runs.
    pub runs: Vec<RunRef<'a>>,
    /// The turns of the runs.
    turns: Vec<&'a Turn>,
}

impl<'a> Pane<'a> {
    /// The run that was started last.
    pub fn current(&self) -> Option<RunRef<'a>> {
        self.runs.last().copied()
    }

    /// The persona's answer to its last question: see [`Turn::answer_of`].
    pub fn answer(&self) -> Option<RunRef<'a>> {
        self.answer_in(self.turns.last()?)
    }

    /// The persona's answer to each question, oldest first. Questions without an answer text are left out.
    pub fn answers(&self) -> Vec<RunRef<'a>> {
        let answers = self.turns.iter().filter_map(|turn| self.answer_in(turn));
        answers.filter(|answer| answer.run.has_text()).collect()
    }

    fn answer_in(&self, turn: &Turn) -> Option<RunRef<'a>> {
        let run = turn.answer_of(&self.persona.id)?;
        self.runs.iter().rfind(|shown| shown.id() == run.id).copied()
    }

    /// True while an answer is streaming.
    pub fn is_live(&self) -> bool {
        self.current().is_some_and(|run| run.is_live())
    }

    /// True when the last run failed or was cut.
    pub fn wants_retry(&self) -> bool {
        matches!(
            self.current().map(|run| &run.run.state),
            Some(RunState::Ended(Ending::Failed(_) | Ending::Cut(_)))
        )
    }
}

impl State {
    /// All panes: first those of the panel's personas, then those of other personas that were asked.
    pub fn panes(&self) -> Vec<Pane<'_>> {
        self.pane_personas.iter().map(|persona| self.pane_of(persona)).collect()
    }

    /// The pane at `index`.
    pub fn pane_at(&self, index: usize) -> Option<Pane<'_>> {
        self.pane_personas.get(index).map(|persona| self.pane_of(persona))
    }

    /// The focused pane.
    pub fn pane(&self) -> Option<Pane<'_>> {
        self.pane_at(self.focused)
    }

    /// The index of `persona`'s pane, which is added if missing.
    pub fn ensure_pane(&mut self, persona: &Arc<Persona>) -> usize {
        let known = self.pane_personas.iter().position(|known| known.id == persona.id);
        known.unwrap_or_else(|| {
            self.pane_personas.push(Arc::clone(persona));
            self.pane_personas.len() - 1
        })
    }

    fn pane_of<'a>(&'a self, persona: &'a Arc<Persona>) -> Pane<'a> {
        let (mut runs, mut turns) = (Vec::new(), Vec::new());
        for turn in self.session.iter().flat_map(|session| &session.turns) {
            let own = || turn.runs.iter().filter(|run| run.persona == persona.id);
            let latest: Option<RunId> = own().next_back().map(|run| run.id);
            for run in own().filter(|run| Some(run.id) == latest || !run.text.is_empty()) {
                if let Some(display) = self.displays.get(run.id) {
                    runs.push(RunRef { run, turn: turn.id, display });
                }
            }
            if latest.is_some() {
                turns.push(turn);
            }
        }
        Pane { persona, runs, turns }
    }
}
