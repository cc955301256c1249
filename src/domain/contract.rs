//! What a persona promises: the sections, tables and words its answers contain, and what it asks first.
//!
//! Data only: no answer is checked against it here, and sections get their facets in `review`. Persona files carry it
//! in their front matter.

use serde::{Deserialize, Serialize};

use super::lenient::{null_as_default, string_or_list};

/// A section that answers share whatever they call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// What to do, and why.
    Recommendation,
    /// What is taken as given: constraints, context, assumptions.
    Assumptions,
    /// Alternatives and their trade-offs.
    Options,
    /// Money, power, effort over time.
    Cost,
    /// How it is built: steps, phases, artifacts.
    Implementation,
    /// What can go wrong, blast radius, mitigations.
    Risks,
    /// How one knows that it works, and how to go back.
    Validation,
    /// Running it: runbooks, on-call, the first months.
    Operations,
    /// What is asked back, and next steps.
    Questions,
    /// Everything else: nothing of an answer is without a facet. No persona can promise it.
    #[serde(skip_deserializing)]
    Other,
}

impl Facet {
    /// Every facet, in the order in which they are read.
    pub const ALL: [Self; 10] = [
        Self::Recommendation,
        Self::Assumptions,
        Self::Options,
        Self::Cost,
        Self::Implementation,
        Self::Risks,
        Self::Validation,
        Self::Operations,
        Self::Questions,
        Self::Other,
    ];

    /// `recommendation`: the word in persona files, the store and exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommendation => "recommendation",
            Self::Assumptions => "assumptions",
            Self::Options => "options",
            Self::Cost => "cost",
            Self::Implementation => "implementation",
            Self::Risks => "risks",
            Self::Validation => "validation",
            Self::Operations => "operations",
            Self::Questions => "questions",
            Self::Other => "other",
        }
    }

    /// The facet of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == word)
    }

    /// `Recommendation`: what people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::Recommendation => "Recommendation",
            Self::Assumptions => "Assumptions",
            Self::Options => "Options",
            Self::Cost => "Cost",
            Self::Implementation => "Implementation",
            Self::Risks => "Risks",
            Self::Validation => "Validation",
            Self::Operations => "Operations",
            Self::Questions => "Questions",
            Self::Other => "Other",
        }
    }
}

/// Which answers the contract speaks about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applies {
    /// Every answer.
    Always,
    /// Substantial answers; a short answer to a quick question is exempt.
    #[default]
    Substantial,
    /// Answers that recommend something technical.
    Recommendation,
}

/// One promised section, in the order in which the persona promises it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionRule {
    /// The heading as the persona writes it.
    pub title: String,
    /// What the section is about.
    pub facet: Facet,
    /// Set when an answer may leave it out without breaking the contract.
    #[serde(default, deserialize_with = "null_as_default")]
    pub optional: bool,
}

/// One promised table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRule {
    /// When it is due, in words: `options compared`.
    pub when: String,
    /// The exact column headings.
    pub columns: Vec<String>,
}

/// All that a persona promises about its answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// Which answers it speaks about.
    #[serde(deserialize_with = "null_as_default")]
    pub applies: Applies,
    /// Sections, in order.
    #[serde(deserialize_with = "null_as_default")]
    pub sections: Vec<SectionRule>,
    /// Tables.
    #[serde(deserialize_with = "null_as_default")]
    pub tables: Vec<TableRule>,
    /// The lead of the first block, such as a bold `Recommendation:`.
    pub opens_with: Option<String>,
    /// Title of the section that must come last.
    pub closes_with: Option<String>,
    /// Phrases or topics that must occur.
    #[serde(deserialize_with = "string_or_list")]
    pub require: Vec<String>,
    /// What the persona must never say or show.
    #[serde(deserialize_with = "string_or_list")]
    pub forbid: Vec<String>,
}

impl Contract {
    /// True when a section about `facet` is promised, and not only where it fits.
    pub fn has_required_section(&self, facet: Facet) -> bool {
        self.sections.iter().any(|section| section.facet == facet && !section.optional)
    }

    /// True when nothing is promised: any plain document.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One thing a persona wants to know before it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeField {
    /// Names the field on the intake board; personas that share it share the answer.
    pub id: String,
    /// The question.
    pub ask: String,
    /// Set when the persona insists: an unanswered field is shown as "not confirmed".
    #[serde(default, deserialize_with = "null_as_default")]
    pub confirm: bool,
}
