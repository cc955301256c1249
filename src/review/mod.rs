//! Reading answers: which section is about what, what is recommended, assumed and measured, what has changed.
//!
//! Pure algorithms over [`crate::text::Document`]: deterministic, no model call, no IO. Whatever is found by pattern is
//! called so where it is shown, and can be corrected. `synonyms` and `section` assign facets; the rest reads sections.
//! Called by `app`, `export` and the headless `ask`.

mod assumptions;
mod brief;
mod change;
mod clauses;
mod lead;
mod ledger;
mod lift;
mod metrics;
mod numbers;
mod quotes;
mod recommend;
mod section;
mod severity;
mod synonyms;
mod table;
mod title;
mod units;
mod words;

pub use brief::{BriefLine, Quote, Witness, check_brief};
pub use change::{DiffKind, DiffLine, DiffPiece, Fate, SectionChange, change};
pub use lead::{Lead, lead};
pub use ledger::{Assumption, Ledger, Measure, Support, Topic, Voice, ledger};
pub use lift::lift;
pub use quotes::find_quote;
pub use recommend::{recommendations, select};
pub use section::{Section, sections};
pub use synonyms::Synonyms;
