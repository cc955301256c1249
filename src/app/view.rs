//! Screen views: ways to read the session. Also the state of Compare and the filter of Triage.

use super::State;
use crate::domain::{Facet, PersonaId};

/// A screen view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ViewKind {
    /// The panes, side by side.
    #[default]
    Answers,
    /// Facet against facet.
    Compare,
    /// The list of recommendations.
    Triage,
    /// One persona's answer against its previous one.
    Change,
}

impl ViewKind {
    /// The next view, for the key that cycles. `Change` is about one persona and is not part of the cycle.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Answers => Self::Compare,
            Self::Compare => Self::Triage,
            Self::Triage | Self::Change => Self::Answers,
        }
    }

    /// Name in the header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Compare => "compare",
            Self::Triage => "triage",
            Self::Change => "change",
        }
    }
}

/// Selected row and zoom of Compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompareState {
    /// The selected row: a facet, or none for the first row, the answers at a glance.
    pub facet: Option<Facet>,
    /// One cell fills the screen.
    pub zoomed: bool,
}

impl CompareState {
    /// The rows in order: at a glance, then the facets.
    pub fn rows() -> impl DoubleEndedIterator<Item = Option<Facet>> + Clone {
        std::iter::once(None).chain(Facet::ALL.into_iter().map(Some))
    }
}

impl State {
    /// Compare rows (facets) that at least one answer covers or one contract promises.
    pub fn compare_rows(&self) -> Vec<Option<Facet>> {
        CompareState::rows().filter(|row| row.is_none_or(|facet| self.has_facet(facet))).collect()
    }
}

/// Filter of the triage list. A recommendation must match all parts that are set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageFilter {
    /// Only recommendations of this persona.
    pub persona: Option<PersonaId>,
    /// Only recommendations of this facet.
    pub facet: Option<Facet>,
    /// Only recommendations with this status.
    pub status: Option<TriageStatus>,
    /// Only recommendations that contain all these words.
    pub text: String,
}

impl TriageFilter {
    /// True when everything is listed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The triage status of a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriageStatus {
    /// Undecided.
    Open,
    /// Undecided, with a comment.
    Discuss,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// Deferred.
    Deferred,
}

impl TriageStatus {
    /// Every status, in the order of the key that cycles.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Discuss, Self::Accepted, Self::Rejected, Self::Deferred];

    /// Name in the list.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Discuss => "to discuss",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
        }
    }
}
