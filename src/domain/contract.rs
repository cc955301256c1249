//! The contract of a persona: sections, tables and words that its answers contain, and its intake questions.
//!
//! Data only, read from the front matter of persona files. Answers are not checked here, and `review` finds the facets
//! of their sections.

use serde::{Deserialize, Serialize};

use super::lenient::{null_as_default, string_or_list};

/// The topic of a section, whatever its heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// What to do and why.
    Recommendation,
    /// Constraints, context, assumptions.
    Assumptions,
    /// Alternatives and their trade-offs.
    Options,
    /// Money, power and effort over time.
    Cost,
    /// How to build it: steps, phases, artifacts.
    Implementation,
    /// Failures, blast radius, mitigations.
    Risks,
    /// How to verify it, and how to roll back.
    Validation,
    /// Operating it: runbooks, on-call, the first months.
    Operations,
    /// Questions to the user, and next steps.
    Questions,
    /// Everything else, so that every section has a facet. Not allowed in contracts.
    #[serde(skip_deserializing)]
    Other,
}

impl Facet {
    /// All facets, in reading order.
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

    /// The word in persona files, the store and exports: `recommendation`.
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

    /// Parses the word of a facet.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.as_str() == word)
    }

    /// The title on screen and in documents: `Recommendation`.
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

/// Which answers the contract applies to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applies {
    /// Every answer.
    Always,
    /// Substantial answers; short answers to quick questions are exempt.
    #[default]
    Substantial,
    /// Answers that recommend something technical.
    Recommendation,
}

/// A section that answers contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionRule {
    /// The heading as the persona writes it.
    pub title: String,
    /// What the section is about.
    pub facet: Facet,
    /// True if an answer may omit it without breaking the contract.
    #[serde(default, deserialize_with = "null_as_default")]
    pub optional: bool,
}

/// A table that answers contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRule {
    /// Condition for the table, in words: `options compared`.
    pub when: String,
    /// The exact column headings.
    pub columns: Vec<String>,
}

/// Everything that a persona promises about its answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contract {
    /// Which answers it applies to.
    #[serde(deserialize_with = "null_as_default")]
    pub applies: Applies,
    /// Sections, in the order of the answer.
    #[serde(deserialize_with = "null_as_default")]
    pub sections: Vec<SectionRule>,
    /// Tables.
    #[serde(deserialize_with = "null_as_default")]
    pub tables: Vec<TableRule>,
    /// Lead-in of the first block, such as a bold `Recommendation:`.
    pub opens_with: Option<String>,
    /// Title of the last section.
    pub closes_with: Option<String>,
    /// Phrases or topics that must occur.
    #[serde(deserialize_with = "string_or_list")]
    pub require: Vec<String>,
    /// What the persona must never say or reveal.
    #[serde(deserialize_with = "string_or_list")]
    pub forbid: Vec<String>,
}

impl Contract {
    /// True if a section about `facet` is promised and not optional.
    pub fn has_required_section(&self, facet: Facet) -> bool {
        self.sections.iter().any(|section| section.facet == facet && !section.optional)
    }

    /// True if nothing is promised, as for any plain document.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A question that a persona asks before it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeField {
    /// Name of the field. Personas with the same name share the answer.
    pub id: String,
    /// The question.
    pub ask: String,
    /// True if the persona requires an answer; without one the field is shown as "not confirmed".
    #[serde(default, deserialize_with = "null_as_default")]
    pub confirm: bool,
}
