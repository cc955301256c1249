//! The list of recommendations: groups of what was marked as the same, in the order of the questions, the panes, the text.
//!
//! Computed each time it is wanted, never kept: it has a few dozen rows.

use super::super::view::{Filter, Which};
use super::super::{RunRef, State};
use crate::domain::{Decision, Recommendation, RecommendationId, TriageCounts, Verdict, group};

/// One recommendation with the pane that it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Index of the pane.
    pub pane: usize,
    /// The answer that it stands in.
    pub run: RunRef<'a>,
    /// Itself.
    pub found: &'a Recommendation,
}

/// One row of the list: a recommendation, and those that say the same.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// The one that stands for all.
    pub leader: Member<'a>,
    /// The others, in the order of the list.
    pub others: Vec<Member<'a>>,
    /// Which question of the session, counted from 1.
    pub turn: usize,
}

impl<'a> Item<'a> {
    /// The leader and the others.
    pub fn members(&self) -> impl Iterator<Item = &Member<'a>> {
        std::iter::once(&self.leader).chain(&self.others)
    }

    /// The identity of the one that stands for all.
    pub fn id(&self) -> RecommendationId {
        self.leader.found.id
    }

    /// True when `id` is one of them.
    pub fn has(&self, id: RecommendationId) -> bool {
        self.members().any(|member| member.found.id == id)
    }

    /// What was said about it.
    pub fn verdict(&self) -> &'a Verdict {
        &self.leader.found.verdict
    }

    /// What was decided.
    pub fn decision(&self) -> Option<Decision> {
        self.verdict().decision
    }

    /// Its state.
    pub fn which(&self) -> Which {
        match self.decision() {
            Some(Decision::Accepted) => Which::Accepted,
            Some(Decision::Rejected) => Which::Rejected,
            Some(Decision::Deferred) => Which::Deferred,
            None if self.members().any(|m| !m.found.verdict.comment.is_empty()) => Which::Discuss,
            None => Which::Open,
        }
    }

    /// The panes of those who propose it, each once.
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

/// How far triage has come, and how many wait for words to become a decision.
pub fn counts(items: &[Item<'_>]) -> (TriageCounts, usize) {
    let discuss = items.iter().filter(|item| item.which() == Which::Discuss).count();
    (items.iter().map(Item::decision).collect(), discuss)
}

/// Every item of the session, in the order of the questions, the panes, the text.
pub fn items(state: &State) -> Vec<Item<'_>> {
    let mut members: Vec<(usize, bool, Member<'_>)> = Vec::new();
    for (turn, asked) in (1..).zip(state.turns()) {
        for run in &asked.runs {
            let pane = state.pane_personas.iter().position(|persona| persona.id == run.persona);
            let (Some(pane), Some(display)) = (pane, state.displays.get(run.id)) else { continue };
            let current = asked.proposes(run);
            let shown = RunRef { run, turn: asked.id, display };
            let found = run.recommendations.iter().flatten();
            members.extend(found.map(|found| (turn, current, Member { pane, run: shown, found })));
        }
    }
    members.sort_by_key(|(turn, _, member)| (*turn, member.pane));
    let found: Vec<(&Recommendation, bool)> =
        members.iter().map(|(_, latest, member)| (member.found, *latest)).collect();
    let member = |at: usize| members.get(at).map(|(_, _, member)| *member);
    let rows = group(&found).into_iter();
    rows.filter_map(|row| {
        let (turn, _, leader) = members.get(row.leader)?;
        let others = row.members.into_iter().filter_map(member).collect();
        Some(Item { leader: *leader, others, turn: *turn })
    })
    .collect()
}

/// The items that `filter` leaves.
pub fn listed<'a>(state: &State, items: Vec<Item<'a>>, filter: &Filter) -> Vec<Item<'a>> {
    if filter.is_empty() {
        return items;
    }
    let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
    items.into_iter().filter(|item| fits(state, item, filter, &words)).collect()
}

fn fits(state: &State, item: &Item<'_>, filter: &Filter, words: &[String]) -> bool {
    let persona = |pane: usize| state.pane_personas.get(pane).map(|persona| &persona.id);
    let by = |id| item.members().any(|member| persona(member.pane) == Some(id));
    let of = |facet| item.members().any(|member| member.found.facet == facet);
    filter.persona.as_ref().is_none_or(by)
        && filter.facet.is_none_or(of)
        && filter.which.is_none_or(|which| item.which() == which)
        && (words.is_empty() || {
            let text = searchable(item);
            words.iter().all(|word| text.contains(word))
        })
}

/// What a filter's words are looked for in: titles, sources, comments, owners.
fn searchable(item: &Item<'_>) -> String {
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
