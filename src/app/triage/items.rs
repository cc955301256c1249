//! Triage items: recommendations by group, in the order of turns, panes, and positions in the answers.
//!
//! Built on demand and not cached, because there are only a few dozen.

use super::super::view::{TriageFilter, TriageStatus};
use super::super::{RunRef, State};
use crate::domain::{
    Decision, Recommendation, RecommendationId, TriageCounts, Verdict, group_recommendations,
};

/// A recommendation of an item, with its pane.
#[derive(Debug, Clone, Copy)]
pub struct TriageMember<'a> {
    /// Index of the pane.
    pub pane: usize,
    /// The answer that it was extracted from.
    pub run: RunRef<'a>,
    /// The recommendation.
    pub found: &'a Recommendation,
}

/// One row of the triage list: a recommendation, and the ones merged into it.
#[derive(Debug, Clone)]
pub struct TriageItem<'a> {
    /// The recommendation whose title and verdict apply to the group.
    pub leader: TriageMember<'a>,
    /// The others, in the order of the list.
    pub others: Vec<TriageMember<'a>>,
    /// 1-based number of the turn in the session.
    pub turn: usize,
}

impl<'a> TriageItem<'a> {
    /// The leader and the others.
    pub fn members(&self) -> impl Iterator<Item = &TriageMember<'a>> {
        std::iter::once(&self.leader).chain(&self.others)
    }

    /// The id of the leader.
    pub fn id(&self) -> RecommendationId {
        self.leader.found.id
    }

    /// True when `id` is the leader or one of the others.
    pub fn contains(&self, id: RecommendationId) -> bool {
        self.members().any(|member| member.found.id == id)
    }

    /// The verdict.
    pub fn verdict(&self) -> &'a Verdict {
        &self.leader.found.verdict
    }

    /// The decision.
    pub fn decision(&self) -> Option<Decision> {
        self.verdict().decision
    }

    /// The triage status.
    pub fn status(&self) -> TriageStatus {
        match self.decision() {
            Some(Decision::Accepted) => TriageStatus::Accepted,
            Some(Decision::Rejected) => TriageStatus::Rejected,
            Some(Decision::Deferred) => TriageStatus::Deferred,
            None if self.members().any(|m| !m.found.verdict.comment.is_empty()) => {
                TriageStatus::Discuss
            }
            None => TriageStatus::Open,
        }
    }

    /// The panes of the personas that propose it, each once.
    pub fn panes(&self) -> Vec<usize> {
        let mut panes: Vec<usize> = Vec::new();
        for member in self.members() {
            if !panes.contains(&member.pane) {
                panes.push(member.pane);
            }
        }
        panes
    }
}

/// Counts of the decisions, and the number of items to discuss.
pub fn count_items(items: &[TriageItem<'_>]) -> (TriageCounts, usize) {
    let discuss = items.iter().filter(|item| item.status() == TriageStatus::Discuss).count();
    (items.iter().map(TriageItem::decision).collect(), discuss)
}

/// All items of the session, in the order of turns, panes, and positions in the answers.
pub fn build_items(state: &State) -> Vec<TriageItem<'_>> {
    let mut members: Vec<(usize, bool, TriageMember<'_>)> = Vec::new();
    for (turn, asked) in (1..).zip(state.turns()) {
        for run in &asked.runs {
            let pane = state.pane_personas.iter().position(|persona| persona.id == run.persona);
            let (Some(pane), Some(display)) = (pane, state.displays.get(run.id)) else { continue };
            let current = asked.is_extraction_current(run);
            let shown = RunRef { run, turn: asked.id, display };
            let found = run.recommendations.iter().flatten();
            members.extend(
                found.map(|found| (turn, current, TriageMember { pane, run: shown, found })),
            );
        }
    }
    members.sort_by_key(|(turn, _, member)| (*turn, member.pane));
    let found: Vec<(&Recommendation, bool)> =
        members.iter().map(|(_, latest, member)| (member.found, *latest)).collect();
    let member = |at: usize| members.get(at).map(|(_, _, member)| *member);
    let rows = group_recommendations(&found).into_iter();
    rows.filter_map(|row| {
        let (turn, _, leader) = members.get(row.leader)?;
        let others = row.members.into_iter().filter_map(member).collect();
        Some(TriageItem { leader: *leader, others, turn: *turn })
    })
    .collect()
}

/// The items that match `filter`.
pub fn filter_items<'a>(
    state: &State,
    items: Vec<TriageItem<'a>>,
    filter: &TriageFilter,
) -> Vec<TriageItem<'a>> {
    if filter.is_empty() {
        return items;
    }
    let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
    items.into_iter().filter(|item| matches_filter(state, item, filter, &words)).collect()
}

fn matches_filter(
    state: &State,
    item: &TriageItem<'_>,
    filter: &TriageFilter,
    words: &[String],
) -> bool {
    let persona = |pane: usize| state.pane_personas.get(pane).map(|persona| &persona.id);
    let by = |id| item.members().any(|member| persona(member.pane) == Some(id));
    let of = |facet| item.members().any(|member| member.found.facet == facet);
    filter.persona.as_ref().is_none_or(by)
        && filter.facet.is_none_or(of)
        && filter.status.is_none_or(|status| item.status() == status)
        && (words.is_empty() || {
            let text = searchable_text(item);
            words.iter().all(|word| text.contains(word))
        })
}

/// The text that the words of a filter match: titles, sources, comments, owners.
fn searchable_text(item: &TriageItem<'_>) -> String {
    let mut text = String::new();
    for member in item.members() {
        let source = member.run.document.source().get(member.found.span.clone());
        let verdict = &member.found.verdict;
        for part in
            [member.found.title(), source.unwrap_or_default(), &verdict.comment, &verdict.owner]
        {
            text.push_str(&part.to_lowercase());
            text.push('\n');
        }
    }
    text
}
