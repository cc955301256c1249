//! A session: one conversation with a panel. Session ▸ Turn ▸ Run. What the store keeps and exports write; what the
//! screen shows of it is `app::pane`'s.

use serde::{Deserialize, Serialize};

use super::{Aside, History, Recommendation, Run, SessionId, TurnId};

/// One question, and the runs that answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Its identity.
    pub id: TurnId,
    /// The question as it was typed, mentions included.
    pub question: String,
    /// When it was asked, in milliseconds since 1970 UTC.
    pub asked_at: i64,
    /// The runs in the order in which they were started. A retry adds one: of several runs of one
    /// persona the last counts ([`Turn::latest`]).
    pub runs: Vec<Run>,
}

impl Turn {
    /// The runs that count: for each persona its last, in the order in which the personas were asked.
    pub fn latest(&self) -> Vec<&Run> {
        let mut latest: Vec<&Run> = Vec::new();
        for run in &self.runs {
            match latest.iter_mut().find(|r| r.persona == run.persona) {
                Some(place) => *place = run,
                None => latest.push(run),
            }
        }
        latest
    }
}

/// One conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its identity.
    pub id: SessionId,
    /// The first line of its first question, or what the user named it.
    pub title: String,
    /// The panel's name.
    pub panel: String,
    /// When it began, in milliseconds since 1970 UTC.
    pub created_at: i64,
    /// Words that the user gave it, to find it by.
    pub tags: Vec<String>,
    /// The questions, oldest first.
    pub turns: Vec<Turn>,
    /// Challenges and briefs, oldest first.
    pub asides: Vec<Aside>,
    /// The steps of triage.
    pub history: History,
}

impl Session {
    /// The recommendations of every run, in the order of the text, dropped ones included.
    pub fn recommendations(&self) -> impl Iterator<Item = &Recommendation> {
        let runs = self.turns.iter().flat_map(|turn| &turn.runs);
        runs.flat_map(|run| run.recommendations.iter().flatten())
    }
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSummary {
    /// Its identity.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// The panel's name.
    pub panel: String,
    /// When it began, in milliseconds since 1970 UTC.
    pub created_at: i64,
    /// When something last changed in it, in milliseconds since 1970 UTC.
    pub updated_at: i64,
    /// How many questions.
    pub turns: u32,
    /// How many personas were asked, summed over the questions; a retry does not count again.
    pub runs: u32,
    /// How many of them answered in full with their last run.
    pub answered: u32,
    /// Words that the user gave it.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How many recommendations there are to decide on; what was marked as the same counts once.
    #[serde(default)]
    pub proposed: u32,
    /// How many of them are decided.
    #[serde(default)]
    pub decided: u32,
}

/// A session that full-text search found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The session.
    pub session: SessionSummary,
    /// Whose words: a persona's name, or empty for the question, the title or a tag.
    pub who: String,
    /// The words around the first place, raw, one line; what was searched for stands between U+0002 and U+0003.
    pub excerpt: String,
}
