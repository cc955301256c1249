//! Challenges and briefs for display, projected from the session.

use super::{RunRef, State};
use crate::domain::{RecommendationId, RunId, SideTurn, SideTurnKind, TurnId};

/// A side turn with its run.
#[derive(Debug, Clone, Copy)]
pub struct SideTurnRef<'a> {
    /// Its kind, with the recommendation or turn that it is about.
    pub kind: SideTurnKind,
    /// The run that answers it.
    pub run: RunRef<'a>,
}

impl State {
    /// The answers to a turn that have text, in the order of the panes.
    pub fn turn_answers(&self, turn: TurnId) -> Vec<RunRef<'_>> {
        let Some(turn) = self.turns().iter().find(|known| known.id == turn) else {
            return Vec::new();
        };
        let answers = self.pane_personas.iter().filter_map(|persona| turn.answer_of(&persona.id));
        answers.filter(|run| run.has_text()).filter_map(|run| self.run(run.id)).collect()
    }

    /// The challenges of a recommendation, oldest first.
    pub fn challenges_of(&self, id: RecommendationId) -> impl Iterator<Item = SideTurnRef<'_>> {
        self.side_turns().filter(move |side| side.kind == SideTurnKind::Challenge(id))
    }

    /// The last brief of a turn.
    pub fn brief_of(&self, turn: TurnId) -> Option<SideTurnRef<'_>> {
        self.side_turns().filter(|side| side.kind == SideTurnKind::Brief(turn)).last()
    }

    /// The side turn that run `id` answers.
    pub fn side_turn_of_run(&self, id: RunId) -> Option<SideTurnRef<'_>> {
        self.side_turns().find(|side| side.run.id() == id)
    }

    fn side_turns(&self) -> impl Iterator<Item = SideTurnRef<'_>> {
        let side_turns = self.session.iter().flat_map(|session| &session.side_turns);
        side_turns.filter_map(|side_turn: &SideTurn| {
            let display = self.displays.get(side_turn.run.id)?;
            let run = RunRef { run: &side_turn.run, turn: side_turn.id, display };
            Some(SideTurnRef { kind: side_turn.kind, run })
        })
    }
}
