//! New identities: random ones in the program, counted ones in tests. The only input of `update` besides state and message.

use crate::domain::{RunId, SessionId, TriageStepId, TurnId};

/// A source of identities.
#[derive(Debug, Clone, Default)]
pub enum Ids {
    /// Random ones.
    #[default]
    Random,
    /// 1, 2, 3 …: the same in every run of a test.
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

    /// A new session.
    pub fn next_session_id(&mut self) -> SessionId {
        self.next_number().map_or_else(SessionId::random, SessionId::from_number)
    }

    /// A new turn.
    pub fn next_turn_id(&mut self) -> TurnId {
        self.next_number().map_or_else(TurnId::random, TurnId::from_number)
    }

    /// A new step of triage.
    pub fn next_edit_id(&mut self) -> TriageStepId {
        self.next_number().map_or_else(TriageStepId::random, TriageStepId::from_number)
    }

    /// A new run.
    pub fn next_run_id(&mut self) -> RunId {
        self.next_number().map_or_else(RunId::random, RunId::from_number)
    }
}
