//! Recommendations: proposals extracted from answers, and the user's verdicts on them.
//!
//! A verdict is changed only by a [`super::TriageStep`]. Spans refer to the sanitised answer: the result of
//! `text::sanitize` for [`super::Run::text`].

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Facet, RecommendationId, RunId};

/// What the user decided on a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It will be done.
    Accepted,
    /// It will not be done.
    Rejected,
    /// It is postponed.
    Deferred,
}

impl Decision {
    /// All decisions.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Rejected, Self::Deferred];

    /// `accepted`, `rejected` or `deferred`: the word in the store, in exports and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
        }
    }

    /// Parses the word of a decision.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == word)
    }
}

/// How a recommendation was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecommendationOrigin {
    /// Extracted from the answer.
    #[default]
    Found,
    /// Marked by the user.
    Selected,
}

impl RecommendationOrigin {
    /// `found` or `selected`: the word in the store and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Selected => "selected",
        }
    }

    /// Parses the word of an origin; unknown words give `Found`.
    pub fn parse(word: &str) -> Self {
        if word == Self::Selected.as_str() { Self::Selected } else { Self::Found }
    }
}

/// The severity that the answer itself states. Recognised by pattern.
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
    /// All severities, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word in the store, in exports and on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// Parses the word of a severity.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Everything that the user recorded about a recommendation. Stored as JSON in triage steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// The decision; none while it is open.
    pub decision: Option<Decision>,
    /// The comment; empty if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The owner; empty if there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The user's title, which replaces the extracted one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The leader of the group that it is merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<RecommendationId>,
    /// The user removed it: it is not a recommendation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// One proposal of a persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Its id, derived from run and span: see [`RecommendationId::from_span`].
    pub id: RecommendationId,
    /// The run that contains it.
    pub run: RunId,
    /// Facet of its section.
    pub facet: Facet,
    /// The extracted title: one sanitised line.
    pub title: String,
    /// Its byte range in the sanitised answer.
    pub span: Range<usize>,
    /// How it was found.
    pub origin: RecommendationOrigin,
    /// Its severity, if the answer states one.
    pub severity: Option<Severity>,
    /// What the user recorded about it.
    pub verdict: Verdict,
}

impl Recommendation {
    /// The displayed title: the user's, or else the extracted one.
    pub fn title(&self) -> &str {
        self.verdict.title.as_deref().unwrap_or(&self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parse_back() {
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
    fn default_verdict_is_short_json() {
        let text = serde_json::to_string(&Verdict::default()).unwrap();
        assert_eq!(text, r#"{"decision":null}"#);
        assert_eq!(serde_json::from_str::<Verdict>("{}").unwrap(), Verdict::default());
    }
}
