//! What was decided, in the words of the proposers; the consequences; how the decision will be confirmed.
//!
//! The rules are in the head of `adr`.

use std::fmt::{self, Write};

use super::arguments::ArgumentSide;
use super::options::OptionFound;
use crate::domain::Facet;
use crate::domain::format::format_quantity;
use crate::export::checklist::no_items_text;
use crate::export::decisions::{describe_item, write_challenges};
use crate::export::embed_markdown::quote_markdown;
use crate::export::excerpt::quote_span;
use crate::export::exported_item::{ExportedItem, ItemStatus};
use crate::export::inert_markdown::escape_markdown;
use crate::export::session_reading::SessionReading;

/// Writes *Decision Outcome* with *Consequences* and *Confirmation*.
pub(super) fn write_outcome(
    review: &SessionReading<'_>,
    options: &[OptionFound],
    out: &mut String,
) -> fmt::Result {
    writeln!(out, "\n## Decision Outcome")?;
    let accepted: Vec<&ExportedItem<'_>> = review.items_with_status(ItemStatus::Accepted).collect();
    match (accepted.len(), review.counts.items) {
        (_, 0) => {
            writeln!(out, "\nNo recommendation was found in the answers, and none selected.")?;
        }
        (0, _) => writeln!(out, "\n{}", no_items_text(ItemStatus::Accepted))?,
        (n, of) => {
            writeln!(out, "\nAccepted: {n} of {}.", format_quantity(of, "recommendation"))?;
        }
    }
    for (number, item) in (1..).zip(&accepted) {
        write_item(review, number, item, out)?;
    }
    write_consequences(review, options, out)?;
    write_confirmation(review, out)
}

/// One accepted item: an entry of a numbered list, with the words of each persona that proposed it.
fn write_item(
    review: &SessionReading<'_>,
    number: usize,
    item: &ExportedItem<'_>,
    out: &mut String,
) -> fmt::Result {
    let mark = format!("{number}. ");
    let indent = " ".repeat(mark.len());
    let title = escape_markdown(&item.title());
    writeln!(out, "\n{mark}**{title}** — proposed by {}", escape_markdown(&describe_item(item)))?;
    if let Some(owner) = item.owner() {
        writeln!(out, "{indent}- Owner: {}", escape_markdown(&owner))?;
    }
    if let Some(comment) = item.comment() {
        writeln!(out, "{indent}- Because: {}", escape_markdown(&comment))?;
    }
    write_challenges(item, &indent, out)?;
    for member in item.members() {
        let Some(answer) = review.find_answer(member.run.id) else { continue };
        let words = quote_span(answer, &member.found.span);
        if words.trim().is_empty() {
            continue;
        }
        let who = escape_markdown(&review.describe_persona(member.run, member.turn));
        writeln!(out, "\n{indent}{who}:\n\n{}", quote_markdown(&words, &indent))?;
    }
    Ok(())
}

fn write_consequences(
    review: &SessionReading<'_>,
    options: &[OptionFound],
    out: &mut String,
) -> fmt::Result {
    writeln!(out, "\n### Consequences\n")?;
    let mut lines: Vec<String> = Vec::new();
    let chosen = || options.iter().filter(|option| option.is_accepted());
    let said = |side| {
        let arguments =
            chosen().flat_map(|option| option.arguments.iter().map(move |a| (option, a)));
        arguments.filter(move |(_, argument)| argument.side == Some(side))
    };
    for (option, argument) in said(ArgumentSide::Good) {
        lines.push(format!(
            "* Good, because {}: {}",
            escape_markdown(&option.name),
            argument.to_quote()
        ));
    }
    for item in accepted_about(review, &[Facet::Risks]) {
        lines.push(format!("* Neutral, because it is about a risk: {}", quote_title(item)));
    }
    for (option, argument) in said(ArgumentSide::Bad) {
        lines.push(format!(
            "* Bad, because {}: {}",
            escape_markdown(&option.name),
            argument.to_quote()
        ));
    }
    for item in accepted_about(review, &[Facet::Cost, Facet::Operations]) {
        let what = if item.facet() == Facet::Cost { "it costs" } else { "it has to be run" };
        lines.push(format!("* Neutral, because {what}: {}", quote_title(item)));
    }
    if lines.is_empty() {
        return writeln!(out, "Nothing that was accepted names a consequence.");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn write_confirmation(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n### Confirmation\n")?;
    let mut items = accepted_about(review, &[Facet::Validation]).peekable();
    if items.peek().is_none() {
        return writeln!(out, "Nothing that was accepted says how this will be confirmed.");
    }
    items.try_for_each(|item| {
        let owner = item.owner().map(|owner| format!(" · owner: {}", escape_markdown(&owner)));
        writeln!(out, "* {}{}", quote_title(item), owner.unwrap_or_default())
    })
}

/// Accepted items about one of `facets`.
fn accepted_about<'r, 'a>(
    review: &'r SessionReading<'a>,
    facets: &'static [Facet],
) -> impl Iterator<Item = &'r ExportedItem<'a>> {
    review.items_with_status(ItemStatus::Accepted).filter(|item| facets.contains(&item.facet()))
}

/// `“Title” — infra, edge`, escaped.
fn quote_title(item: &ExportedItem<'_>) -> String {
    format!("“{}” — {}", escape_markdown(&item.title()), escape_markdown(&item.proposers()))
}
