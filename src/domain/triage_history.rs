//! Triage steps and their undo history.
//!
//! A step contains the verdicts before and after it, so undo and redo need no other data, also in a session that was
//! resumed. `Session::apply` does, undoes and redoes steps.

use serde::{Deserialize, Serialize};

use super::{RecommendationId, TriageStepId, Verdict};

/// The verdict of one recommendation before and after a step. The fields are stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictUpdate {
    /// The recommendation.
    pub id: RecommendationId,
    /// Its verdict before the step.
    pub before: Verdict,
    /// Its verdict after the step.
    pub after: Verdict,
}

/// One undoable change of verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageStep {
    /// Its id.
    pub id: TriageStepId,
    /// Description for messages such as "undone: …": `accept “Kill the primary”`.
    pub what: String,
    /// When it was done, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The verdicts that it changes; undone in reverse order.
    pub updates: Vec<VerdictUpdate>,
}

/// All triage steps of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageHistory {
    /// Steps in effect, oldest first.
    pub done: Vec<TriageStep>,
    /// Undone steps; the last one is redone first.
    pub undone: Vec<TriageStep>,
}
