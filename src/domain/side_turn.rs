//! Side turns: questions outside the conversation, each answered by one run.
//!
//! They are not part of the panes, the prompt history or the number of answers.

use super::{RecommendationId, Run, TurnId};

/// The purpose of a side turn, with what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideTurnKind {
    /// Another persona argues against this recommendation.
    Challenge(RecommendationId),
    /// A model summarises the answers to this turn.
    Brief(TurnId),
}

impl SideTurnKind {
    /// `challenge` or `brief`: the word in the store and in exports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Challenge(_) => "challenge",
            Self::Brief(_) => "brief",
        }
    }

    /// Id of the recommendation or turn, as in the store and in exports.
    pub fn target_id(&self) -> String {
        match self {
            Self::Challenge(id) => id.to_string(),
            Self::Brief(turn) => turn.to_string(),
        }
    }

    /// Parses [`SideTurnKind::as_str`] and [`SideTurnKind::target_id`]; none for kinds of later versions.
    pub fn from_parts(word: &str, about: &str) -> Option<Self> {
        match word {
            "challenge" => RecommendationId::parse(about).map(Self::Challenge),
            "brief" => TurnId::parse(about).map(Self::Brief),
            _ => None,
        }
    }
}

/// A question outside the conversation, with the run that answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct SideTurn {
    /// Its id; shares the id space of the turns.
    pub id: TurnId,
    /// Challenge or brief.
    pub kind: SideTurnKind,
    /// The question as sent.
    pub question: String,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub asked_at: i64,
    /// The run that answers it.
    pub run: Run,
}
