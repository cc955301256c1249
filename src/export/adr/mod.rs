//! A session as a decision record in the format of MADR 4.0: who proposed what, and what was decided.
//!
//! Nothing is invented: every word is from the question, from the user, or quoted from an answer with its author; the rest
//! are headings and counts. A section without content says so in one line. The sections:
//!
//! - *status*: `proposed` while anything is undecided, or nothing was accepted and not all was rejected; `accepted` when all
//!   is decided and something was accepted; `rejected` when all was rejected.
//! - *Context*: the question with the names of its attachments, the project's context, sections about assumptions.
//! - *Decision Drivers*: sentences of the question, the context and those sections that state a requirement (found by
//!   pattern), and the columns by which options were compared.
//! - *Considered Options* (`options`): table rows and headings in sections about options, items extracted from them; for a
//!   persona without these, the items of its recommendation.
//! - *Consequences* (`outcome`): good is what answers call a pro of an accepted option, bad is what they call a con of one;
//!   neutral is an accepted item about risks (a pattern cannot tell the risk from its mitigation), cost or operations.
//! - *Confirmation*: accepted items about validation.
//! - *Revisit When*: sentences that say when to reconsider the decision, sections about success measures and signals,
//!   deferred items.

mod arguments;
mod context;
mod front_matter;
mod open_questions;
mod options;
mod outcome;
mod sentence_patterns;
mod word_lists;

use std::fmt::{self, Write};

use super::inert_markdown::escape_markdown;
use super::session_reading::SessionReading;
use super::{ReadingInput, markdown};
use crate::domain::{Decision, Session};
use crate::text::sanitize_line;

/// Writes the session.
pub(super) fn write_adr(session: &Session, reading: &ReadingInput<'_>) -> String {
    let review = SessionReading::new(session, reading);
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_record(&review, &mut out).unwrap_or_default();
    out
}

fn write_record(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    front_matter::write_front_matter(review, out)?;
    writeln!(out, "\n# {}", escape_markdown(sanitize_line(&review.session.title).trim()))?;
    markdown::write_head(review.session, out)?;
    writeln!(out, "\n{}", review.counts)?;
    context::write_context(review, out)?;
    let options = options::find_options(review);
    options::write_options(&options, out)?;
    outcome::write_outcome(review, &options, out)?;
    options::write_arguments(&options, out)?;
    open_questions::write_open_questions(review, out)
}

/// The status of the record as a whole.
fn record_status(review: &SessionReading<'_>) -> &'static str {
    let counts = review.counts;
    if counts.items == 0 || counts.decided < counts.items {
        "proposed"
    } else if counts.accepted > 0 {
        Decision::Accepted.as_str()
    } else if counts.rejected == counts.items {
        Decision::Rejected.as_str()
    } else {
        "proposed"
    }
}

/// `“words” — Kael Voss (infra)` as a list item, escaped.
fn quote_entry(words: &str, who: &str) -> String {
    format!("* “{}” — {}", escape_markdown(sanitize_line(words).trim()), escape_markdown(who))
}
