//! A session: one conversation with a panel. Session ▸ Turn ▸ Run. What the store keeps and exports write; what the
//! screen shows of it is `app::pane`'s.

use serde::{Deserialize, Serialize};

use super::{Run, SessionId, TurnId};

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
    /// The questions, oldest first.
    pub turns: Vec<Turn>,
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
}
