//! The triage items of a session as exports write them: a recommendation with those merged into it, its proposers, the
//! decision and its challenges. Which recommendations form an item is decided by [`Session::groups`].

use std::collections::HashMap;

use super::session_header;
use crate::domain::{
    Decision, Facet, Recommendation, RecommendationId, Run, Session, Severity, SideTurn,
    SideTurnKind,
};
use crate::text::sanitize_line;

/// A recommendation and the run that it is from.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExportedMember<'a> {
    /// Number of the question in the session, 1-based.
    pub(super) turn: usize,
    /// The run.
    pub(super) run: &'a Run,
    /// The recommendation.
    pub(super) found: &'a Recommendation,
}

/// The triage status of an item, in the order of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemStatus {
    Accepted,
    Deferred,
    /// No decision, but a comment.
    Discuss,
    Open,
    Rejected,
}

impl ItemStatus {
    pub(super) const ALL: [Self; 5] =
        [Self::Accepted, Self::Deferred, Self::Discuss, Self::Open, Self::Rejected];

    /// `accepted`, `to discuss`, …
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => Decision::Accepted.as_str(),
            Self::Deferred => Decision::Deferred.as_str(),
            Self::Discuss => "to discuss",
            Self::Open => "open",
            Self::Rejected => Decision::Rejected.as_str(),
        }
    }

    /// `Accepted`, `To discuss`, …
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Deferred => "Deferred",
            Self::Discuss => "To discuss",
            Self::Open => "Open",
            Self::Rejected => "Rejected",
        }
    }
}

/// A triage item.
#[derive(Debug, Clone)]
pub(super) struct ExportedItem<'a> {
    /// The recommendation whose title is shown.
    pub(super) leader: ExportedMember<'a>,
    /// The merged recommendations, in the order of the text.
    pub(super) others: Vec<ExportedMember<'a>>,
    /// Challenges of any of them, oldest first.
    pub(super) challenges: Vec<&'a SideTurn>,
}

impl<'a> ExportedItem<'a> {
    /// The leader and the others.
    pub(super) fn members(&self) -> impl Iterator<Item = &ExportedMember<'a>> {
        std::iter::once(&self.leader).chain(&self.others)
    }

    /// The title, sanitised, on one line.
    pub(super) fn title(&self) -> String {
        let title = sanitize_line(self.leader.found.title());
        let title = title.trim();
        if title.is_empty() { "(untitled)".to_owned() } else { title.to_owned() }
    }

    pub(super) fn id(&self) -> RecommendationId {
        self.leader.found.id
    }

    pub(super) fn decision(&self) -> Option<Decision> {
        self.leader.found.verdict.decision
    }

    pub(super) fn facet(&self) -> Facet {
        self.leader.found.facet
    }

    pub(super) fn severity(&self) -> Option<Severity> {
        self.leader.found.severity
    }

    pub(super) fn status(&self) -> ItemStatus {
        match self.decision() {
            Some(Decision::Accepted) => ItemStatus::Accepted,
            Some(Decision::Deferred) => ItemStatus::Deferred,
            Some(Decision::Rejected) => ItemStatus::Rejected,
            None if self.comment().is_some() => ItemStatus::Discuss,
            None => ItemStatus::Open,
        }
    }

    /// The comment; of merged recommendations, all different ones.
    pub(super) fn comment(&self) -> Option<String> {
        self.join_verdicts(|member| &member.found.verdict.comment, " / ")
    }

    /// The owner; of merged recommendations, all different ones.
    pub(super) fn owner(&self) -> Option<String> {
        self.join_verdicts(|member| &member.found.verdict.owner, ", ")
    }

    fn join_verdicts(
        &self,
        of: impl Fn(&ExportedMember<'a>) -> &'a String,
        between: &str,
    ) -> Option<String> {
        let mut said: Vec<String> = Vec::new();
        for member in self.members() {
            let words = sanitize_line(of(member)).trim().to_owned();
            if !words.is_empty() && !said.contains(&words) {
                said.push(words);
            }
        }
        (!said.is_empty()).then(|| said.join(between))
    }

    /// The personas that propose it, each once: `infra, edge`.
    pub(super) fn proposers(&self) -> String {
        self.proposer_tags().join(", ")
    }

    /// The personas that propose it as texts name them, each once.
    pub(super) fn proposer_tags(&self) -> Vec<String> {
        self.distinct_proposers(session_header::persona_tag)
    }

    pub(super) fn proposer_ids(&self) -> Vec<String> {
        self.distinct_proposers(session_header::persona_id)
    }

    fn distinct_proposers(&self, word: fn(&Run) -> String) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for member in self.members() {
            let word = word(member.run);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }
}

/// The items of the session, in the order of questions, answers and text.
pub(super) fn list_items(session: &Session) -> Vec<ExportedItem<'_>> {
    let mut members: HashMap<RecommendationId, ExportedMember<'_>> = HashMap::new();
    for (turn, asked) in (1..).zip(&session.turns) {
        for run in &asked.runs {
            for found in run.recommendations.iter().flatten() {
                members.insert(found.id, ExportedMember { turn, run, found });
            }
        }
    }
    let place = |found: &Recommendation| members.get(&found.id).copied();
    let mut items: Vec<ExportedItem<'_>> = Vec::new();
    for group in session.groups() {
        let Some(leader) = place(group.leader) else { continue };
        let others = group.members.into_iter().filter_map(place).collect();
        items.push(ExportedItem { leader, others, challenges: Vec::new() });
    }
    for side_turn in &session.side_turns {
        let SideTurnKind::Challenge(about) = side_turn.kind else { continue };
        let hit = items.iter_mut().find(|item| item.members().any(|m| m.found.id == about));
        if let Some(item) = hit {
            item.challenges.push(side_turn);
        }
    }
    items
}
