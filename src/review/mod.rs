//! Reading answers: which section is about what, what is recommended, assumed and measured, what has changed.
//!
//! Pure algorithms over [`crate::text::Document`]: deterministic, no model call, no IO. Whatever is found by pattern is
//! called so where it is shown, and can be corrected. `synonyms` and `section` assign facets; the rest reads sections.
//! Called by `app`, `export` and the headless `ask`.

mod brief;
mod change;
mod quotes;
mod section;
mod stub;
mod synonyms;
mod words;

pub use brief::{BriefLine, Quote, Witness, check_brief};
pub use change::{DiffKind, DiffLine, DiffPiece, Fate, SectionChange, change};
pub use quotes::find_quote;
pub use section::{Section, sections};
pub use stub::*;
pub use synonyms::Synonyms;
