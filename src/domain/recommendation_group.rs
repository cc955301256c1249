//! The rows of triage: what was marked as the same is one row, and what counts among them.
//!
//! The one rule, for sessions as they are stored and for panes as they are shown; the store repeats it in SQL, and a
//! property test holds both together.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::{Decision, Recommendation, RecommendationId, Verdict};

/// True when the user has said something about it that must not be lost with the run.
fn is_judged(verdict: &Verdict) -> bool {
    verdict.decision.is_some() || !verdict.comment.is_empty() || !verdict.owner.is_empty()
}

/// One row of triage as places in the list that [`group_recommendations`] was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupIndices {
    /// The one that stands for all.
    pub leader: usize,
    /// The others, in order.
    pub members: Vec<usize>,
}

/// The rows of triage, in the order of `items`: recommendations, each with whether its answer is the one that counts. Of
/// other answers those are left that the user has said something about; never dropped ones.
pub fn group_recommendations(items: &[(&Recommendation, bool)]) -> Vec<GroupIndices> {
    let mut found: HashMap<RecommendationId, Vec<usize>> = HashMap::new();
    for (place, (item, _)) in
        items.iter().enumerate().filter(|(_, (item, _))| !item.verdict.dropped)
    {
        found.entry(item.verdict.same_as.unwrap_or(item.id)).or_default().push(place);
    }
    let counts = |place: &usize| {
        items.get(*place).is_some_and(|(item, current)| *current || is_judged(&item.verdict))
    };
    let is = |id: RecommendationId| {
        move |place: &&usize| items.get(**place).is_some_and(|(item, _)| item.id == id)
    };
    let mut rows: Vec<GroupIndices> = found
        .into_iter()
        .filter_map(|(key, places)| {
            let first = places.iter().find(|place| counts(place))?;
            // Who it points at stands for all; when that one was dropped, the first one does.
            let leader = *places.iter().find(is(key)).unwrap_or(first);
            let members = places.iter().copied().filter(|place| counts(place) && *place != leader);
            Some(GroupIndices { leader, members: members.collect() })
        })
        .collect();
    rows.sort_by_key(|row| row.leader);
    rows
}

/// One row of triage: a recommendation, and those that were marked as the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecommendationGroup<'a> {
    /// The one that stands for all: its title is shown, its decision is everybody's.
    pub leader: &'a Recommendation,
    /// The others, in the order of the text.
    pub members: Vec<&'a Recommendation>,
}

impl RecommendationGroup<'_> {
    /// What was decided on it.
    pub fn decision(&self) -> Option<Decision> {
        self.leader.verdict.decision
    }
}

/// How far triage has come; what was marked as the same counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TriageCounts {
    /// How many there are to decide on.
    pub items: usize,
    /// How many of them are decided.
    pub decided: usize,
    /// How many will be done.
    pub accepted: usize,
    /// How many will not be done.
    pub rejected: usize,
    /// How many wait.
    pub deferred: usize,
}

impl fmt::Display for TriageCounts {
    /// `17 of 42 decided · 9 accepted · 5 rejected · 3 deferred`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { items, decided, accepted, rejected, deferred } = self;
        write!(
            f,
            "{decided} of {items} decided · {accepted} accepted · {rejected} rejected · {deferred} deferred"
        )
    }
}

impl FromIterator<Option<Decision>> for TriageCounts {
    fn from_iter<I: IntoIterator<Item = Option<Decision>>>(decisions: I) -> Self {
        let mut counts = Self::default();
        for decision in decisions {
            counts.items += 1;
            match decision {
                Some(Decision::Accepted) => counts.accepted += 1,
                Some(Decision::Rejected) => counts.rejected += 1,
                Some(Decision::Deferred) => counts.deferred += 1,
                None => continue,
            }
            counts.decided += 1;
        }
        counts
    }
}
