//! What was not accepted and why, what is still open, when to reconsider the decision, and the sources of the record.
//!
//! The rules are in the head of `adr`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::quote_entry;
use super::sentence_patterns::{is_measure_heading, is_revisit, list_sentences};
use crate::domain::script::QUESTION_MARKS;
use crate::domain::{Facet, Turn};
use crate::export::checklist::no_items_text;
use crate::export::decisions::write_challenges;
use crate::export::exported_item::{ExportedItem, ItemStatus};
use crate::export::inert_markdown::escape_markdown;
use crate::export::markdown;
use crate::export::session_reading::{ReadAnswer, SessionReading};
use crate::review::Section;
use crate::text::{OutlineKind, OutlinePart};

/// Undecided recommendations that are listed by title at most.
const FEW: usize = 20;

/// Writes everything after the pros and cons.
pub(super) fn write_open_questions(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Rejected and Deferred")?;
    for standing in [ItemStatus::Rejected, ItemStatus::Deferred] {
        writeln!(out, "\n### {}\n", standing.title())?;
        let mut items = review.items_with_status(standing).peekable();
        if items.peek().is_none() {
            writeln!(out, "{}", no_items_text(standing))?;
        }
        for item in items {
            let why = item
                .comment()
                .map_or_else(|| "no reason given".to_owned(), |c| escape_markdown(&c));
            writeln!(out, "* {}: {why}", title_with_proposers(item))?;
            write_challenges(item, "  ", out)?;
        }
    }
    write_questions(review, out)?;
    write_revisit(review, out)?;
    write_more_information(review, out)
}

/// `**Title** — proposed by infra, edge`, escaped.
fn title_with_proposers(item: &ExportedItem<'_>) -> String {
    format!(
        "**{}** — proposed by {}",
        escape_markdown(&item.title()),
        escape_markdown(&item.proposers())
    )
}

fn write_questions(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Open Questions\n")?;
    let mut lines: Vec<String> = Vec::new();
    for answer in review.current_answers() {
        for section in answer.sections_about(Facet::Questions) {
            lines.extend(list_entries(review, answer, section));
        }
    }
    for item in review.items_with_status(ItemStatus::Discuss) {
        let comment = item.comment().unwrap_or_default();
        lines.push(format!(
            "* To discuss: {}: {}",
            title_with_proposers(item),
            escape_markdown(&comment)
        ));
        push_challenges(item, &mut lines);
    }
    write_undecided(review, &mut lines);
    if lines.is_empty() {
        return writeln!(out, "No answer asks a question, and nothing is undecided.");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Undecided recommendations: each by title, or, when there are too many, the number for each persona.
fn write_undecided(review: &SessionReading<'_>, lines: &mut Vec<String>) {
    let open: Vec<&ExportedItem<'_>> = review.items_with_status(ItemStatus::Open).collect();
    if open.len() <= FEW {
        for item in open {
            lines.push(format!("* Undecided: {}", title_with_proposers(item)));
            push_challenges(item, lines);
        }
        return;
    }
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for item in &open {
        *of.entry(item.proposers()).or_default() += 1;
    }
    let whose: Vec<String> =
        of.iter().map(|(who, n)| format!("{n} of {}", escape_markdown(who))).collect();
    let id = review.session.id.short();
    lines.push(format!(
        "* {} recommendations are undecided ({}); `plenary sessions export {id} --format checklist` names them.",
        open.len(),
        whose.join(", ")
    ));
    for item in open.into_iter().filter(|item| !item.challenges.is_empty()) {
        lines.push(format!("* Undecided: {}", title_with_proposers(item)));
        push_challenges(item, lines);
    }
}

/// Adds the challenges below the line of their item.
fn push_challenges(item: &ExportedItem<'_>, lines: &mut Vec<String>) {
    let mut below = String::new();
    write_challenges(item, "  ", &mut below).unwrap_or_default();
    lines.extend(below.lines().map(str::to_owned));
}

/// List items, table rows and paragraphs that ask a question, one line each. Block quotes are left out: those are not the
/// persona's words.
fn list_entries(
    review: &SessionReading<'_>,
    answer: &ReadAnswer<'_>,
    section: &Section,
) -> Vec<String> {
    let who = review.describe_persona(answer.run, answer.turn);
    let says = |part: &OutlinePart<'_>| {
        let text = part.text();
        !text.trim().is_empty() && (part.depth() > 0 || text.contains(QUESTION_MARKS))
    };
    let mut lines = Vec::new();
    for part in answer.body_parts(section).filter(|part| !part.is_quoted()) {
        match part.kind() {
            OutlineKind::Paragraph if says(&part) => lines.push(quote_entry(part.text(), &who)),
            OutlineKind::Table => {
                lines.extend(
                    part.rows().iter().map(|row| quote_entry(&row.cells.join(" · "), &who)),
                );
            }
            _ => {}
        }
    }
    lines
}

fn write_revisit(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Revisit When\n")?;
    let mut lines: Vec<String> = Vec::new();
    for answer in review.current_answers() {
        let who = review.describe_persona(answer.run, answer.turn);
        for section in &answer.sections {
            if is_measure_heading(answer.heading(section)) && section.facet != Facet::Assumptions {
                lines.extend(list_entries(review, answer, section));
            }
            let own = answer.body_parts(section).filter(|part| !part.is_quoted());
            let said = own.flat_map(|part| list_sentences(part.text()));
            lines.extend(
                said.filter(|s| is_revisit(s)).map(|sentence| quote_entry(&sentence, &who)),
            );
        }
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    for item in review.items_with_status(ItemStatus::Deferred) {
        let why = item.comment().map(|comment| format!(": {}", escape_markdown(&comment)));
        lines.push(format!(
            "* Deferred: {}{}",
            title_with_proposers(item),
            why.unwrap_or_default()
        ));
    }
    if lines.is_empty() {
        return writeln!(
            out,
            "No answer says when to reconsider the decision, and nothing was deferred."
        );
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn write_more_information(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## More Information")?;
    let session = review.session;
    for (number, turn) in (1..).zip(&session.turns) {
        if session.turns.len() > 1 {
            writeln!(out, "\nQuestion {number}:")?;
        }
        markdown::write_panel(turn, out)?;
    }
    let incomplete: usize = session
        .turns
        .iter()
        .flat_map(Turn::latest_runs)
        .filter(|r| r.state.as_str() != "done")
        .count();
    if incomplete > 0 {
        let answers = if incomplete == 1 { "answer is" } else { "answers are" };
        writeln!(out, "\n{incomplete} {answers} incomplete: the rest is missing above.")?;
    }
    if session.turns.is_empty() {
        writeln!(out, "\nNo persona was asked.")?;
    }
    writeln!(
        out,
        "\nSession {}. The answers in full: `plenary sessions show {} --format markdown`.",
        session.id,
        session.id.short()
    )
}
