//! What was decided, in the words of those who proposed it; what follows from it, and how one will know.
//!
//! The rules are in the head of `adr`. Called by `adr`.

use std::fmt::{self, Write};

use super::arguments::Side;
use super::options::OptionFound;
use crate::domain::Facet;
use crate::domain::format::format_quantity;
use crate::export::checklist::nothing;
use crate::export::contain::{escape, quote};
use crate::export::decisions::{about, write_challenges};
use crate::export::excerpt::excerpt;
use crate::export::item::{Item, Standing};
use crate::export::review::Review;

/// Writes *Decision Outcome* with *Consequences* and *Confirmation*.
pub(super) fn write(review: &Review<'_>, options: &[OptionFound], out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Decision Outcome")?;
    let accepted: Vec<&Item<'_>> = review.standing(Standing::Accepted).collect();
    match (accepted.len(), review.counts.items) {
        (_, 0) => {
            writeln!(out, "\nNo recommendation was found in the answers, and none selected.")?;
        }
        (0, _) => writeln!(out, "\n{}", nothing(Standing::Accepted))?,
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

/// One accepted item: an entry of a numbered list, with the words of everybody who proposed it.
fn write_item(
    review: &Review<'_>,
    number: usize,
    item: &Item<'_>,
    out: &mut String,
) -> fmt::Result {
    let mark = format!("{number}. ");
    let indent = " ".repeat(mark.len());
    let title = escape(&item.title());
    writeln!(out, "\n{mark}**{title}** — proposed by {}", escape(&about(item)))?;
    if let Some(owner) = item.owner() {
        writeln!(out, "{indent}- Owner: {}", escape(&owner))?;
    }
    if let Some(comment) = item.comment() {
        writeln!(out, "{indent}- Because: {}", escape(&comment))?;
    }
    write_challenges(item, &indent, out)?;
    for member in item.members() {
        let Some(answer) = review.answer(member.run.id) else { continue };
        let words = excerpt(answer, &member.found.span);
        if words.trim().is_empty() {
            continue;
        }
        let who = escape(&review.who(member.run, member.turn));
        writeln!(out, "\n{indent}{who}:\n\n{}", quote(&words, &indent))?;
    }
    Ok(())
}

fn write_consequences(
    review: &Review<'_>,
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
    for (option, argument) in said(Side::Good) {
        lines.push(format!("* Good, because {}: {}", escape(&option.name), argument.quoted()));
    }
    for item in accepted_about(review, &[Facet::Risks]) {
        lines.push(format!("* Neutral, because it is about a risk: {}", titled(item)));
    }
    for (option, argument) in said(Side::Bad) {
        lines.push(format!("* Bad, because {}: {}", escape(&option.name), argument.quoted()));
    }
    for item in accepted_about(review, &[Facet::Cost, Facet::Operations]) {
        let what = if item.facet() == Facet::Cost { "it costs" } else { "it has to be run" };
        lines.push(format!("* Neutral, because {what}: {}", titled(item)));
    }
    if lines.is_empty() {
        return writeln!(out, "Nothing that was accepted names a consequence.");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn write_confirmation(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n### Confirmation\n")?;
    let mut items = accepted_about(review, &[Facet::Validation]).peekable();
    if items.peek().is_none() {
        return writeln!(out, "Nothing that was accepted says how this will be confirmed.");
    }
    items.try_for_each(|item| {
        let owner = item.owner().map(|owner| format!(" · owner: {}", escape(&owner)));
        writeln!(out, "* {}{}", titled(item), owner.unwrap_or_default())
    })
}

/// Accepted items about one of `facets`.
fn accepted_about<'r, 'a>(
    review: &'r Review<'a>,
    facets: &'static [Facet],
) -> impl Iterator<Item = &'r Item<'a>> {
    review.standing(Standing::Accepted).filter(|item| facets.contains(&item.facet()))
}

/// `“Title” — infra, edge`, escaped.
fn titled(item: &Item<'_>) -> String {
    format!("“{}” — {}", escape(&item.title()), escape(&item.proposers()))
}
