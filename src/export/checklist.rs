//! The decisions as a Markdown task list: accepted items are tasks, all others are plain list items below.
//!
//! No answers and no quotes: those are in the decision record. Titles, comments and owners are escaped.

use std::fmt::{self, Write};

use super::decisions::{format_item, write_challenges};
use super::exported_item::{ItemStatus, list_items};
use super::inert_markdown::escape_markdown;
use super::{ReadingInput, markdown};
use crate::domain::Session;
use crate::text::sanitize_line;

/// Writes the session.
pub(super) fn write_checklist(session: &Session, _: &ReadingInput<'_>) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    write_list(session, &mut out).unwrap_or_default();
    out
}

fn write_list(session: &Session, out: &mut String) -> fmt::Result {
    writeln!(out, "# Decisions: {}", escape_markdown(sanitize_line(&session.title).trim()))?;
    markdown::write_head(session, out)?;
    writeln!(out, "\n{}", session.triage_counts())?;
    let items = list_items(session);
    for standing in ItemStatus::ALL {
        writeln!(out, "\n## {}\n", standing.title())?;
        let mut rows = items.iter().filter(|item| item.status() == standing).peekable();
        if rows.peek().is_none() {
            writeln!(out, "{}", no_items_text(standing))?;
        }
        for item in rows {
            let task = if standing == ItemStatus::Accepted { "[ ] " } else { "" };
            writeln!(out, "- {task}{}", format_item(item))?;
            write_challenges(item, "  ", out)?;
        }
    }
    Ok(())
}

/// The text for a status without items.
pub(super) fn no_items_text(standing: ItemStatus) -> &'static str {
    match standing {
        ItemStatus::Accepted => "Nothing was accepted.",
        ItemStatus::Deferred => "Nothing was deferred.",
        ItemStatus::Discuss => "Nothing is left to discuss.",
        ItemStatus::Open => "Nothing is undecided.",
        ItemStatus::Rejected => "Nothing was rejected.",
    }
}
