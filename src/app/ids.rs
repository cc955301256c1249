//! Where new identities come from: random ones in the program, counted ones in tests. The one thing `update` uses
//! that it does not compute.

use crate::domain::{EditId, RunId, SessionId, TurnId};

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
    fn next(&mut self) -> Option<u128> {
        match self {
            Self::Random => None,
            Self::Counting(n) => {
                *n += 1;
                Some(*n)
            }
        }
    }

    /// A new session.
    pub fn session(&mut self) -> SessionId {
        self.next().map_or_else(SessionId::random, SessionId::from_number)
    }

    /// A new turn.
    pub fn turn(&mut self) -> TurnId {
        self.next().map_or_else(TurnId::random, TurnId::from_number)
    }

    /// A new step of triage.
    pub fn edit(&mut self) -> EditId {
        self.next().map_or_else(EditId::random, EditId::from_number)
    }

    /// A new run.
    pub fn run(&mut self) -> RunId {
        self.next().map_or_else(RunId::random, RunId::from_number)
    }
}
