//! Source of new ids: random in the program, consecutive in tests.

use crate::domain::{RunId, SessionId, TriageStepId, TurnId};

/// A source of ids.
#[derive(Debug, Clone, Default)]
pub enum Ids {
    /// Random ids.
    #[default]
    Random,
    /// 1, 2, 3 …, so that tests are reproducible.
    Counting(u128),
}

impl Ids {
    fn next_number(&mut self) -> Option<u128> {
        match self {
            Self::Random => None,
            Self::Counting(n) => {
                *n += 1;
                Some(*n)
            }
        }
    }

    /// A number for a fence around documents: random, never an id.
    pub fn next_fence_number(&mut self) -> u128 {
        self.next_turn_id().number()
    }

    /// The id of a new session.
    pub fn next_session_id(&mut self) -> SessionId {
        self.next_number().map_or_else(SessionId::random, SessionId::from_number)
    }

    /// The id of a new turn or side turn.
    pub fn next_turn_id(&mut self) -> TurnId {
        self.next_number().map_or_else(TurnId::random, TurnId::from_number)
    }

    /// The id of a new triage step.
    pub fn next_edit_id(&mut self) -> TriageStepId {
        self.next_number().map_or_else(TriageStepId::random, TriageStepId::from_number)
    }

    /// The id of a new run.
    pub fn next_run_id(&mut self) -> RunId {
        self.next_number().map_or_else(RunId::random, RunId::from_number)
    }
}
