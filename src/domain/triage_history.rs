//! An edit: one step of triage, as it is done, undone and done again.
//!
//! Holds what each recommendation was before and is after it, so that undoing needs nothing else. Made by
//! `app::update::triage`, kept by the store in order: the undo of yesterday works today.

use serde::{Deserialize, Serialize};

use super::{RecommendationId, TriageStepId, Verdict};

/// What one edit does to one recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictUpdate {
    /// Which one.
    pub id: RecommendationId,
    /// What the user had said about it.
    pub before: Verdict,
    /// What the user says now.
    pub after: Verdict,
}

/// One step of triage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriageStep {
    /// Its identity.
    pub id: TriageStepId,
    /// What was done, in words for "undone: …": `accept “Kill the primary”`.
    pub what: String,
    /// When, in milliseconds since 1970 UTC.
    pub at: i64,
    /// The recommendations that it changes.
    pub updates: Vec<VerdictUpdate>,
}

/// All edits of a session, and how far back the user has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageHistory {
    /// Edits that are in force, oldest first.
    pub done: Vec<TriageStep>,
    /// Edits that were undone; the last one is done again first.
    pub undone: Vec<TriageStep>,
}
