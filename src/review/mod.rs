//! Reading answers: which section is about what, what is recommended, assumed and measured, what has changed.
//!
//! Pure algorithms over [`crate::text::Document`]: deterministic, no model call, no IO. Whatever is found by pattern is
//! called so where it is shown, and can be corrected. `synonyms` and `section` assign facets; the rest reads sections.
//! Called by `app`, `export` and the headless `ask`.

mod section;
mod synonyms;
mod words;

pub use section::{Section, sections};
pub use synonyms::Synonyms;
mod stub;
pub use stub::*;
