//! Groups merged recommendations into the entries of triage, and counts their decisions.
//!
//! The same rules apply to stored sessions and to the screen. The store repeats the counting in SQL; a property test
//! compares both.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::{Decision, Recommendation, RecommendationId, Verdict};

/// True if the verdict must stay listed when its run is no longer the current one.
fn is_judged(verdict: &Verdict) -> bool {
    verdict.decision.is_some() || !verdict.comment.is_empty() || !verdict.owner.is_empty()
}

/// A group as indices into the list given to [`group_recommendations`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupIndices {
    /// The recommendation with the displayed title and decision.
    pub leader: usize,
    /// The recommendations merged into it, in list order.
    pub members: Vec<usize>,
}

/// Groups `items` by merges, in the order of their leaders. Each item comes with whether its run has the current
/// extraction ([`super::Turn::is_extraction_current`]). Items of other runs are listed only if the user
/// decided, commented or assigned them, or as leader of a listed member. Removed ones are left out.
pub fn group_recommendations(items: &[(&Recommendation, bool)]) -> Vec<GroupIndices> {
    let mut by_leader: HashMap<RecommendationId, Vec<usize>> = HashMap::new();
    for (index, (item, _)) in
        items.iter().enumerate().filter(|(_, (item, _))| !item.verdict.dropped)
    {
        by_leader.entry(item.verdict.same_as.unwrap_or(item.id)).or_default().push(index);
    }
    let is_listed = |index: &usize| {
        items.get(*index).is_some_and(|(item, current)| *current || is_judged(&item.verdict))
    };
    let has_id = |id: RecommendationId| {
        move |index: &&usize| items.get(**index).is_some_and(|(item, _)| item.id == id)
    };
    let mut groups: Vec<GroupIndices> = by_leader
        .into_iter()
        .filter_map(|(key, indices)| {
            let first = indices.iter().find(|index| is_listed(index))?;
            // The merge target leads; if it was removed, the first listed member does.
            let leader = *indices.iter().find(has_id(key)).unwrap_or(first);
            let members =
                indices.iter().copied().filter(|index| is_listed(index) && *index != leader);
            Some(GroupIndices { leader, members: members.collect() })
        })
        .collect();
    groups.sort_by_key(|group| group.leader);
    groups
}

/// A recommendation and those merged into it: one entry of triage with one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecommendationGroup<'a> {
    /// Its title is displayed, and its decision applies to the whole group.
    pub leader: &'a Recommendation,
    /// The recommendations merged into it, in the order of the text.
    pub members: Vec<&'a Recommendation>,
}

impl RecommendationGroup<'_> {
    /// The decision on the group.
    pub fn decision(&self) -> Option<Decision> {
        self.leader.verdict.decision
    }
}

/// Number of groups by decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TriageCounts {
    /// All groups.
    pub items: usize,
    /// Groups with a decision.
    pub decided: usize,
    /// Accepted groups.
    pub accepted: usize,
    /// Rejected groups.
    pub rejected: usize,
    /// Deferred groups.
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
