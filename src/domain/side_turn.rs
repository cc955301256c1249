//! An aside: a model call beside the conversation. It answers no question of the user's, so it stands in no pane, no
//! history and no count of answers.

use super::{RecommendationId, Run, TurnId};

/// What an aside is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SideTurnKind {
    /// A persona attacks this recommendation of another one.
    Challenge(RecommendationId),
    /// A brief of the answers to this turn.
    Brief(TurnId),
}

impl SideTurnKind {
    /// `challenge` or `brief`, as the store keeps it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Challenge(_) => "challenge",
            Self::Brief(_) => "brief",
        }
    }

    /// The identity of what it is about, as the store keeps it.
    pub fn target_id(&self) -> String {
        match self {
            Self::Challenge(id) => id.to_string(),
            Self::Brief(turn) => turn.to_string(),
        }
    }

    /// Puts both together again; none for a word of a later version.
    pub fn from_parts(word: &str, about: &str) -> Option<Self> {
        match word {
            "challenge" => RecommendationId::parse(about).map(Self::Challenge),
            "brief" => TurnId::parse(about).map(Self::Brief),
            _ => None,
        }
    }
}

/// A model call beside the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct SideTurn {
    /// Its identity.
    pub id: TurnId,
    /// What it is for.
    pub kind: SideTurnKind,
    /// What was asked, as it was sent.
    pub question: String,
    /// When, in milliseconds since 1970 UTC.
    pub asked_at: i64,
    /// The one run that answers it.
    pub run: Run,
}
