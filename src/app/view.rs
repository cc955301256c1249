//! The views: the same runs, read in another way.
//!
//! Which one is shown, where Compare stands, what Triage lists. Moved by `update::views`, drawn by `ui`.

use super::State;
use crate::domain::{Facet, PersonaId};

/// One way to look at the session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ViewKind {
    /// The panes, side by side.
    #[default]
    Answers,
    /// Facet against facet.
    Compare,
    /// The list of recommendations.
    Triage,
    /// One persona's answer against its last one.
    Change,
}

impl ViewKind {
    /// The next one, for the key that cycles. `Change` is about one persona and stands beside the circle.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Answers => Self::Compare,
            Self::Compare => Self::Triage,
            Self::Triage | Self::Change => Self::Answers,
        }
    }

    /// What the header calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Compare => "compare",
            Self::Triage => "triage",
            Self::Change => "change",
        }
    }
}

/// Where Compare stands. Which rows of it are in sight is the screen's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compare {
    /// The row that is open: a facet, or none for the first row, the answers at a glance.
    pub facet: Option<Facet>,
    /// One cell fills the screen.
    pub zoomed: bool,
}

impl Compare {
    /// The rows in order: at a glance, then the facets.
    pub fn rows() -> impl DoubleEndedIterator<Item = Option<Facet>> + Clone {
        std::iter::once(None).chain(Facet::ALL.into_iter().map(Some))
    }
}

impl State {
    /// The rows of Compare that somebody says something about, or promises.
    pub fn compare_rows(&self) -> Vec<Option<Facet>> {
        Compare::rows().filter(|row| row.is_none_or(|facet| self.has_facet(facet))).collect()
    }
}

/// Whose recommendations Triage lists, and in what state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One persona's.
    pub persona: Option<PersonaId>,
    /// Of one facet.
    pub facet: Option<Facet>,
    /// In one state.
    pub which: Option<Which>,
    /// Those that have all these words.
    pub text: String,
}

impl Filter {
    /// True when everything is listed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The state that a recommendation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Nothing was decided.
    Open,
    /// Nothing was decided, but there are words about it.
    Discuss,
    /// Accepted.
    Accepted,
    /// Rejected.
    Rejected,
    /// Deferred.
    Deferred,
}

impl Which {
    /// Every state, in the order in which the key goes through them.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Discuss, Self::Accepted, Self::Rejected, Self::Deferred];

    /// What the list calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Discuss => "to discuss",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Deferred => "deferred",
        }
    }
}
