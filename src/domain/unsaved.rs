//! What is in memory only, because the store could not write it.

use super::SessionId;

/// Changes that are in memory only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnsavedChanges {
    /// The sessions that they belong to.
    pub sessions: Vec<SessionId>,
    /// Number of answers of which at least a part is not on disk.
    pub answers: usize,
    /// Why they could not be written.
    pub reason: String,
}

impl UnsavedChanges {
    /// True if everything is on disk.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Says how much is not on disk, and why.
    pub fn describe_loss(&self) -> String {
        format!("{} ({})", self.describe(), self.reason)
    }

    /// Says how much is not on disk: `3 answers are not on disk`.
    pub fn describe(&self) -> String {
        match self.answers {
            0 => "The latest changes are not on disk".to_owned(),
            1 => "1 answer is not on disk".to_owned(),
            n => format!("{n} answers are not on disk"),
        }
    }
}
