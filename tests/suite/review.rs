//! Reading answers: facets of sections, recommendations, the ledger, what has changed.

mod facets;
pub(super) mod fixtures;
mod ledger;
mod recommend;
