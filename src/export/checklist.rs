//! What was decided as a Markdown task list: what was accepted is a task, what was not is a list below.
//!
//! The list is the whole document: no answers, no quotes; the decision record has those. Titles, comments and owners are
//! escaped.

use std::fmt::{self, Write};

use super::contain::escape;
use super::decisions::{line, write_challenges};
use super::item::{Standing, items};
use super::{Reading, markdown};
use crate::domain::Session;
use crate::text::sanitize_line;

/// Writes the session.
pub(super) fn write(session: &Session, _: &Reading<'_>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_list(session, &mut out).unwrap_or_default();
    out
}

fn write_list(session: &Session, out: &mut String) -> fmt::Result {
    writeln!(out, "# Decisions: {}", escape(sanitize_line(&session.title).trim()))?;
    markdown::write_head(session, out)?;
    writeln!(out, "\n{}", session.triage())?;
    let items = items(session);
    for standing in Standing::ALL {
        writeln!(out, "\n## {}\n", standing.title())?;
        let mut rows = items.iter().filter(|item| item.standing() == standing).peekable();
        if rows.peek().is_none() {
            writeln!(out, "{}", nothing(standing))?;
        }
        for item in rows {
            let task = if standing == Standing::Accepted { "[ ] " } else { "" };
            writeln!(out, "- {task}{}", line(item))?;
            write_challenges(item, "  ", out)?;
        }
    }
    Ok(())
}

/// What is said of a part without items.
pub(super) fn nothing(standing: Standing) -> &'static str {
    match standing {
        Standing::Accepted => "Nothing was accepted.",
        Standing::Deferred => "Nothing was deferred.",
        Standing::Discuss => "Nothing is left to discuss.",
        Standing::Open => "Nothing is undecided.",
        Standing::Rejected => "Nothing was rejected.",
    }
}
