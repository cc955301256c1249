//! Sessions: conversations with a panel. A session has turns, a turn has runs.
//!
//! Defines which runs of a turn are the current answers, and which recommendations are triaged. Parsed answers are not
//! part of it.

use serde::{Deserialize, Serialize};

use super::{
    PersonaId, Recommendation, RecommendationGroup, Run, RunState, SessionId, SideTurn,
    TriageCounts, TriageHistory, TurnId, group_recommendations,
};

/// One question and the runs that answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// The question as typed, including mentions.
    pub question: String,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
    /// The runs in the order in which they were started. A retry adds one, so a persona may have several.
    pub runs: Vec<Run>,
}

impl Turn {
    /// The last run of each persona, in the order in which the personas were asked.
    pub fn latest_runs(&self) -> Vec<&Run> {
        let mut latest: Vec<&Run> = Vec::new();
        for run in &self.runs {
            match latest.iter_mut().find(|r| r.persona == run.persona) {
                Some(earlier) => *earlier = run,
                None => latest.push(run),
            }
        }
        latest
    }

    /// The current answer of `persona`: its last run with text, or its last run if none has text. A retry without text
    /// does not replace an earlier answer.
    pub fn answer_of(&self, persona: &PersonaId) -> Option<&Run> {
        let runs = || self.runs.iter().filter(|run| run.persona == *persona);
        runs().rfind(|run| run.has_text()).or_else(|| runs().next_back())
    }

    /// The current answer of each persona ([`Turn::answer_of`]), in the order in which the personas were asked.
    pub fn current_answers(&self) -> Vec<&Run> {
        self.latest_runs().into_iter().filter_map(|run| self.answer_of(&run.persona)).collect()
    }

    /// True if the recommendations of `run` are the current ones of its persona: no later run of it was extracted.
    pub fn is_extraction_current(&self, run: &Run) -> bool {
        let read = |other: &&Run| other.persona == run.persona && other.recommendations.is_some();
        self.runs.iter().rfind(read).is_some_and(|last| last.id == run.id)
    }
}

/// One conversation with a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The first line of its first question, or the user's title.
    pub title: String,
    /// The panel's name.
    pub panel: String,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it last changed, in milliseconds since the Unix epoch.
    pub updated_at: i64,
    /// The user's tags, to find it.
    pub tags: Vec<String>,
    /// The turns, oldest first.
    pub turns: Vec<Turn>,
    /// Challenges and briefs, oldest first.
    pub side_turns: Vec<SideTurn>,
    /// The triage steps.
    pub history: TriageHistory,
    /// Recommendations that the user marked in runs without an extraction yet; listed once there is one.
    pub unsearched: Vec<Recommendation>,
}

impl Session {
    /// The recommendations of all runs, in the order of the text, including removed ones.
    pub fn recommendations(&self) -> impl Iterator<Item = &Recommendation> {
        let runs = self.turns.iter().flat_map(|turn| &turn.runs);
        runs.flat_map(|run| run.recommendations.iter().flatten())
    }

    /// The entries of triage, in the order of the text: see [`group_recommendations`].
    pub fn groups(&self) -> Vec<RecommendationGroup<'_>> {
        let mut found: Vec<(&Recommendation, bool)> = Vec::new();
        for turn in &self.turns {
            for run in &turn.runs {
                let current = turn.is_extraction_current(run);
                found.extend(run.recommendations.iter().flatten().map(|item| (item, current)));
            }
        }
        let item = |at: usize| found.get(at).map(|(item, _)| *item);
        let groups = group_recommendations(&found).into_iter();
        groups
            .filter_map(|indices| {
                let members = indices.members.into_iter().filter_map(item).collect();
                Some(RecommendationGroup { leader: item(indices.leader)?, members })
            })
            .collect()
    }

    /// Its row in a list of sessions. The store computes the same in SQL.
    pub fn summarize(&self) -> SessionSummary {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let runs = || self.turns.iter().flat_map(Turn::latest_runs);
        let answered =
            |run: &&Run| matches!(&run.state, RunState::Ended(ending) if ending.is_done());
        let triage = self.triage_counts();
        SessionSummary {
            id: self.id,
            title: self.title.clone(),
            panel: self.panel.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            turns: count(self.turns.len()),
            runs: count(runs().count()),
            answered: count(runs().filter(answered).count()),
            tags: self.tags.clone(),
            proposed: count(triage.items),
            decided: count(triage.decided),
        }
    }

    /// Number of groups by decision. The store computes the same in SQL.
    pub fn triage_counts(&self) -> TriageCounts {
        self.groups().iter().map(RecommendationGroup::decision).collect()
    }
}

/// Length limit of a tag in characters.
const MAX_TAG_CHARS: usize = 40;

/// Parses a tag: one word of 1 to 40 characters, without a leading `#`. None if the text is not a tag.
pub fn parse_tag(text: &str) -> Option<String> {
    let word = text.strip_prefix('#').unwrap_or(text);
    let fits = (1..=MAX_TAG_CHARS).contains(&word.chars().count());
    let plain = !word.contains(|c: char| c.is_whitespace() || c.is_control());
    (fits && plain && !word.starts_with(['#', '+', '-'])).then(|| word.to_owned())
}

/// A session in a list of sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// The panel's name.
    pub panel: String,
    /// When it was created, in milliseconds since the Unix epoch.
    pub created_at: i64,
    /// When it last changed, in milliseconds since the Unix epoch.
    pub updated_at: i64,
    /// Number of turns.
    pub turns: u32,
    /// Number of personas asked, summed over the turns; retries do not count.
    pub runs: u32,
    /// Number of those whose last run is done.
    pub answered: u32,
    /// The user's tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Number of recommendation groups.
    #[serde(default)]
    pub proposed: u32,
    /// Number of groups with a decision.
    #[serde(default)]
    pub decided: u32,
}

/// A session found by full-text search, with an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The session.
    pub session: SessionSummary,
    /// Name of the persona that is quoted, marked if it is a project's; empty for a question, a title or a tag.
    pub who: String,
    /// The text around the first hit: raw, one line. Each hit is enclosed in U+0002 and U+0003.
    pub excerpt: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Decision, Facet, ModelRef, PersonaId, RecommendationId, RecommendationOrigin, RunId,
        RunNotes, RunState, Verdict,
    };

    fn item(id: u128, verdict: Verdict) -> Recommendation {
        Recommendation {
            id: RecommendationId::from_number(id),
            run: RunId::from_number(id / 10),
            facet: Facet::Risks,
            title: format!("title {id}"),
            span: 0..1,
            origin: RecommendationOrigin::Found,
            severity: None,
            verdict,
        }
    }

    fn decided(decision: Decision) -> Verdict {
        Verdict { decision: Some(decision), ..Verdict::default() }
    }

    fn same_as(id: u128) -> Verdict {
        Verdict { same_as: Some(RecommendationId::from_number(id)), ..Verdict::default() }
    }

    fn dropped() -> Verdict {
        Verdict { dropped: true, ..Verdict::default() }
    }

    /// A run whose recommendations are numbered from ten times its own number on.
    fn run(id: u128, persona: &str, verdicts: Option<Vec<Verdict>>) -> Run {
        Run {
            id: RunId::from_number(id),
            persona: PersonaId::from_name(persona),
            persona_name: persona.to_owned(),
            view: String::new(),
            model: ModelRef::parse("a:b").unwrap(),
            state: RunState::Streaming,
            text: String::new(),
            reasoning: String::new(),
            usage: None,
            elapsed: std::time::Duration::ZERO,
            notes: RunNotes::default(),
            recommendations: verdicts.map(|verdicts| {
                (id * 10..).zip(verdicts).map(|(id, verdict)| item(id, verdict)).collect()
            }),
        }
    }

    fn session(turns: Vec<Vec<Run>>) -> Session {
        let turns = (1..).zip(turns).map(|(id, runs)| Turn {
            id: TurnId::from_number(id),
            question: "q".to_owned(),
            asked_at: 0,
            runs,
        });
        Session {
            id: SessionId::from_number(1),
            title: "t".to_owned(),
            panel: "p".to_owned(),
            created_at: 0,
            updated_at: 0,
            unsearched: Vec::new(),
            tags: Vec::new(),
            turns: turns.collect(),
            side_turns: Vec::new(),
            history: TriageHistory::default(),
        }
    }

    /// Each row as its leader's number and those of its members.
    fn group_numbers(session: &Session) -> Vec<(u128, Vec<u128>)> {
        let number = |item: &Recommendation| item.id.number();
        let groups = session.groups().into_iter();
        groups.map(|g| (number(g.leader), g.members.into_iter().map(number).collect())).collect()
    }

    #[test]
    fn a_tag_is_one_word() {
        for (text, tag) in [("q3", "q3"), ("#q3", "q3"), ("a-b/c", "a-b/c"), ("設計", "設計")] {
            assert_eq!(parse_tag(text).as_deref(), Some(tag), "{text:?}");
        }
        let long = "x".repeat(41);
        for none in ["", "#", "##a", "-a", "+a", "a b", "a\u{1b}", "a\n", "\u{3000}", &long] {
            assert_eq!(parse_tag(none), None, "{none:?}");
        }
    }

    #[test]
    fn retried_persona_lists_last_run_and_earlier_verdicts() {
        let open = Verdict::default;
        let comment = Verdict { comment: "why?".to_owned(), ..open() };
        let owner = Verdict { owner: "Ada".to_owned(), ..open() };
        let titled = Verdict { title: Some("mine".to_owned()), ..open() };
        let first = run(
            1,
            "infra",
            Some(vec![open(), comment, owner, titled, decided(Decision::Accepted)]),
        );
        let again = run(3, "infra", Some(vec![open(), dropped()]));
        let session = session(vec![
            vec![first, run(2, "edge", None), again],
            vec![run(4, "infra", Some(vec![open()]))],
        ]);
        let leaders: Vec<u128> =
            group_numbers(&session).into_iter().map(|(leader, _)| leader).collect();
        assert_eq!(leaders, [11, 12, 14, 30, 40]);
        let counts = session.triage_counts();
        assert_eq!((counts.items, counts.decided, counts.accepted), (5, 1, 1));
    }

    #[test]
    fn merged_recommendations_are_one_group_with_one_decision() {
        let edge = vec![same_as(10), Verdict { decision: Some(Decision::Rejected), ..same_as(10) }];
        let session = session(vec![vec![
            run(1, "infra", Some(vec![decided(Decision::Deferred), Verdict::default()])),
            run(2, "edge", Some(edge)),
        ]]);
        assert_eq!(group_numbers(&session), [(10, vec![20, 21]), (11, vec![])]);
        let counts = session.triage_counts();
        assert_eq!(counts.to_string(), "1 of 2 decided · 0 accepted · 0 rejected · 1 deferred");
    }

    #[test]
    fn group_keeps_its_leader_while_a_member_is_listed() {
        let superseded = run(1, "infra", Some(vec![Verdict::default()]));
        let again = run(2, "infra", Some(Vec::new()));
        let edge = run(3, "edge", Some(vec![same_as(10)]));
        let mut session = session(vec![vec![superseded, again, edge]]);
        assert_eq!(
            group_numbers(&session),
            [(10, vec![30])],
            "the leader's run is not the last one"
        );
        // Without listed members the group is empty.
        session.turns[0].runs.pop();
        assert_eq!(group_numbers(&session), []);
    }

    #[test]
    fn first_member_leads_when_the_leader_was_removed() {
        let session = session(vec![vec![
            run(1, "infra", Some(vec![dropped()])),
            run(2, "edge", Some(vec![same_as(10)])),
            run(
                3,
                "devops",
                Some(vec![Verdict { same_as: same_as(10).same_as, ..dropped() }, same_as(10)]),
            ),
        ]]);
        assert_eq!(group_numbers(&session), [(20, vec![31])]);
    }
}
