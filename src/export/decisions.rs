//! The decisions at the end of the text and Markdown formats: every triage item, grouped by status.
//!
//! Left out when there are no items. The checklist and the decision record are separate formats.

use std::fmt::{self, Write};

use super::exported_item::{ExportedItem, ItemStatus, list_items};
use super::inert_markdown::escape_markdown;
use super::session_header;
use crate::domain::{Facet, Session, SideTurn};
use crate::text::{
    OutlineKind, ParsedMarkdown, collapse_whitespace, first_sentence, sanitize_line,
};

/// Writes the section in Markdown.
pub(super) fn write_markdown_decisions(session: &Session, out: &mut String) -> fmt::Result {
    let items = list_items(session);
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Decisions\n\n**{}**", session.triage_counts())?;
    for standing in ItemStatus::ALL {
        let mut rows = items.iter().filter(|item| item.status() == standing).peekable();
        if rows.peek().is_none() {
            continue;
        }
        writeln!(out, "\n### {}\n", standing.title())?;
        for item in rows {
            writeln!(out, "- {}", format_item(item))?;
            write_challenges(item, "  ", out)?;
        }
    }
    Ok(())
}

/// `**Title** · infra, edge · risks · high · owner: Ada — comment`; a rejected item is struck out.
pub(super) fn format_item(item: &ExportedItem<'_>) -> String {
    let title = escape_markdown(&item.title());
    let title = match item.status() {
        ItemStatus::Rejected => format!("~~{title}~~"),
        _ => format!("**{title}**"),
    };
    let owner = item.owner().map(|owner| format!(" · owner: {}", escape_markdown(&owner)));
    let comment = item.comment().map(|comment| format!(" — {}", escape_markdown(&comment)));
    let about = escape_markdown(&describe_item(item));
    format!("{title} · {about}{}{}", owner.unwrap_or_default(), comment.unwrap_or_default())
}

/// `infra, edge · risks · high`
pub(super) fn describe_item(item: &ExportedItem<'_>) -> String {
    let mut about = item.proposers();
    if item.facet() != Facet::Other {
        about.push_str(" · ");
        about.push_str(item.facet().as_str());
    }
    if let Some(severity) = item.severity() {
        about.push_str(" · ");
        about.push_str(severity.as_str());
    }
    about
}

/// Writes one line for each challenge, as a list below its item.
pub(super) fn write_challenges(
    item: &ExportedItem<'_>,
    indent: &str,
    out: &mut String,
) -> fmt::Result {
    item.challenges.iter().try_for_each(|side_turn| {
        writeln!(out, "{indent}- {}", escape_markdown(&describe_challenge(side_turn)))
    })
}

/// `Challenged by Kai Lennox (edge): “It fails when …”`
pub(super) fn describe_challenge(side_turn: &SideTurn) -> String {
    let who = session_header::name_with_id(&side_turn.run);
    let document = ParsedMarkdown::from_raw(&side_turn.run.text);
    let paragraphs = document.parts().filter(|part| part.kind() == OutlineKind::Paragraph);
    let said = paragraphs
        .map(|part| collapse_whitespace(first_sentence(part.text())))
        .find(|text| !text.is_empty());
    match said {
        Some(said) => format!("Challenged by {who}: “{}”", sanitize_line(&said)),
        None => format!("Challenged by {who}: {}", session_header::describe_state(&side_turn.run)),
    }
}

/// Writes the section for a terminal or a pipe, with `rule` above and below its title.
pub(super) fn write_text_decisions(session: &Session, rule: &str, out: &mut String) -> fmt::Result {
    let items = list_items(session);
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{rule}\nDecisions: {}\n{rule}", session.triage_counts())?;
    for standing in ItemStatus::ALL {
        let mut rows = items.iter().filter(|item| item.status() == standing).peekable();
        if rows.peek().is_none() {
            continue;
        }
        writeln!(out, "\n{}", standing.title())?;
        for item in rows {
            writeln!(out, "  - {} ({})", item.title(), describe_item(item))?;
            if let Some(owner) = item.owner() {
                writeln!(out, "    owner: {owner}")?;
            }
            if let Some(comment) = item.comment() {
                writeln!(out, "    {comment}")?;
            }
            for side_turn in &item.challenges {
                writeln!(out, "    {}", describe_challenge(side_turn))?;
            }
        }
    }
    Ok(())
}
