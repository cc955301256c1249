//! A recommendation: one proposal lifted from an answer, and what the user decided on it.
//!
//! Found by `review`, or selected by hand; changed only by an [`super::TriageStep`]. Its place are bytes of the answer as it is
//! shown, neutralised: what `text::sanitize` makes of [`super::Run::text`].

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Facet, RecommendationId, RunId};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It will be done.
    Accepted,
    /// It will not be done.
    Rejected,
    /// Not now.
    Deferred,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Rejected, Self::Deferred];

    /// `accepted`, `rejected` or `deferred`: the word in the store, in exports and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
        }
    }

    /// The decision of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == word)
    }
}

/// How it came to be a recommendation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecommendationOrigin {
    /// The extraction found it.
    #[default]
    Found,
    /// The user selected its lines.
    Selected,
}

impl RecommendationOrigin {
    /// `found` or `selected`, as the store keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Selected => "selected",
        }
    }

    /// The origin of this word; an unknown one is `found`.
    pub fn parse(word: &str) -> Self {
        if word == Self::Selected.as_str() { Self::Selected } else { Self::Found }
    }
}

/// How much it matters, where the answer itself says so in a word. Found by pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// `critical`, `P0`, `blocker`.
    Critical,
    /// `high`, `P1`.
    High,
    /// `medium`, `moderate`, `P2`.
    Medium,
    /// `low`, `minor`, `P3`.
    Low,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word in the store, in exports and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The severity of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the user has said about a recommendation: all that triage changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// What was decided; none while it is open.
    pub decision: Option<Decision>,
    /// Words about it; empty when there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Who does it; empty when nobody is named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The title that the user gave it instead of the one that was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// It says the same as this one, which stands for both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<RecommendationId>,
    /// The user says that it is none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// One proposal of one persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Its identity, made of its place: see [`RecommendationId::from_span`].
    pub id: RecommendationId,
    /// The answer that it stands in.
    pub run: RunId,
    /// Which section of the answer.
    pub facet: Facet,
    /// A short title, clean, one line.
    pub title: String,
    /// Its bytes of the neutralised answer.
    pub span: Range<usize>,
    /// How it came to be one.
    pub origin: RecommendationOrigin,
    /// How much it matters, where the answer says so.
    pub severity: Option<Severity>,
    /// What the user has said about it.
    pub verdict: Verdict,
}

impl Recommendation {
    /// The title that is shown: the user's, else the one that was found.
    pub fn title(&self) -> &str {
        self.verdict.title.as_deref().unwrap_or(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for decision in Decision::ALL {
            assert_eq!(Decision::parse(decision.as_str()), Some(decision));
        }
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
        }
        assert_eq!(RecommendationOrigin::parse("selected"), RecommendationOrigin::Selected);
        assert_eq!(RecommendationOrigin::parse("anything"), RecommendationOrigin::Found);
        assert_eq!(Decision::parse("maybe"), None);
    }

    #[test]
    fn an_untouched_verdict_is_short() {
        let text = serde_json::to_string(&Verdict::default()).unwrap();
        assert_eq!(text, r#"{"decision":null}"#);
        assert_eq!(serde_json::from_str::<Verdict>("{}").unwrap(), Verdict::default());
    }
}
