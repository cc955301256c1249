//! Reads answers: which section is about what, what is recommended, assumed and measured, and what has changed.
//!
//! Pure algorithms over [`crate::text::ParsedMarkdown`]: deterministic, no model call, no IO. What is found by pattern is
//! shown as such, and the user can correct it. Contracts are not checked here.

mod assumptions;
mod backfill;
mod brief;
mod brief_text;
mod clauses;
mod diff;
mod extract;
mod heading_synonyms;
mod heading_words;
mod lead;
mod ledger;
mod line_diff;
mod metrics;
mod quantities;
mod quantity_units;
mod quote_index;
mod read_limit;
mod section;
mod severity;
mod table_columns;
mod title;
mod word_lists;

pub use backfill::extract_missing;
pub use brief::{BriefFault, BriefLine, Quote, QuotedAnswer, verify_brief};
pub use diff::{SectionDiff, SectionFate, diff_sections};
pub use extract::{extract_recommendations, select_recommendation};
pub use heading_synonyms::HeadingSynonyms;
pub use lead::{Lead, find_lead};
pub use ledger::{
    Assumption, Ledger, LedgerBuilder, LedgerNumber, LedgerSource, LedgerTopic, MAX_LEDGER_ENTRIES,
    NumberSupport, build_ledger,
};
pub use line_diff::{DiffKind, DiffLine, DiffPiece};
pub use quote_index::find_quote;
pub use read_limit::{
    MAX_READ_BYTES, ReadExtent, ReadText, describe_part, describe_unread, readable_part,
};
pub use section::{Section, split_sections};
