//! Reading answers: facets of sections, recommendations, the ledger, what has changed.

mod facets;
mod fixtures;
mod ledger;
mod recommend;
