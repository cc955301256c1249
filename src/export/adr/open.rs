//! What was not accepted and why, what is still open, when to think again, and where all of it comes from.
//!
//! The rules are in the head of `adr`. Called by `adr`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::entry;
use super::sentence_patterns::{is_measure_heading, is_revisit, list_sentences};
use crate::domain::script::QUESTION_MARKS;
use crate::domain::{Facet, Turn};
use crate::export::checklist::nothing;
use crate::export::contain::escape;
use crate::export::decisions::write_challenges;
use crate::export::item::{Item, Standing};
use crate::export::markdown;
use crate::export::review::{Answer, Review};
use crate::review::Section;
use crate::text::{Part, PartKind};

/// Undecided recommendations that are named at most.
const FEW: usize = 20;

/// Writes all that follows the pros and cons.
pub(super) fn write(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Rejected and Deferred")?;
    for standing in [Standing::Rejected, Standing::Deferred] {
        writeln!(out, "\n### {}\n", standing.title())?;
        let mut items = review.standing(standing).peekable();
        if items.peek().is_none() {
            writeln!(out, "{}", nothing(standing))?;
        }
        for item in items {
            let why = item.comment().map_or_else(|| "no reason given".to_owned(), |c| escape(&c));
            writeln!(out, "* {}: {why}", proposed(item))?;
            write_challenges(item, "  ", out)?;
        }
    }
    write_questions(review, out)?;
    write_revisit(review, out)?;
    write_more(review, out)
}

/// `**Title** — proposed by infra, edge`, escaped.
fn proposed(item: &Item<'_>) -> String {
    format!("**{}** — proposed by {}", escape(&item.title()), escape(&item.proposers()))
}

fn write_questions(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Open Questions\n")?;
    let mut lines: Vec<String> = Vec::new();
    for answer in review.latest() {
        for section in answer.about(Facet::Questions) {
            lines.extend(entries(review, answer, section));
        }
    }
    for item in review.standing(Standing::Discuss) {
        let comment = item.comment().unwrap_or_default();
        lines.push(format!("* To discuss: {}: {}", proposed(item), escape(&comment)));
        write_below(item, &mut lines);
    }
    write_undecided(review, &mut lines);
    if lines.is_empty() {
        return writeln!(out, "No answer asks anything back, and nothing is undecided.");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// What nobody has decided on: each by name, or, where that would bury the record, how many of whom.
fn write_undecided(review: &Review<'_>, lines: &mut Vec<String>) {
    let open: Vec<&Item<'_>> = review.standing(Standing::Open).collect();
    if open.len() <= FEW {
        for item in open {
            lines.push(format!("* Undecided: {}", proposed(item)));
            write_below(item, lines);
        }
        return;
    }
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for item in &open {
        *of.entry(item.proposers()).or_default() += 1;
    }
    let whose: Vec<String> = of.iter().map(|(who, n)| format!("{n} of {}", escape(who))).collect();
    let id = review.session.id.short();
    lines.push(format!(
        "* {} recommendations are undecided ({}); `plenary sessions export {id} --format checklist` names them.",
        open.len(),
        whose.join(", ")
    ));
    for item in open.into_iter().filter(|item| !item.challenges.is_empty()) {
        lines.push(format!("* Undecided: {}", proposed(item)));
        write_below(item, lines);
    }
}

/// Challenges below the line of their item.
fn write_below(item: &Item<'_>, lines: &mut Vec<String>) {
    let mut below = String::new();
    write_challenges(item, "  ", &mut below).unwrap_or_default();
    lines.extend(below.lines().map(str::to_owned));
}

/// Entries of lists, rows of tables and paragraphs that ask, a line each. What somebody else
/// is quoted with is not the persona's.
fn entries(review: &Review<'_>, answer: &Answer<'_>, section: &Section) -> Vec<String> {
    let who = review.who(answer.run, answer.turn);
    let says = |part: &Part<'_>| {
        let text = part.text();
        !text.trim().is_empty() && (part.depth() > 0 || text.contains(QUESTION_MARKS))
    };
    let mut lines = Vec::new();
    for part in answer.body(section).filter(|part| !part.is_quoted()) {
        match part.kind() {
            PartKind::Paragraph if says(&part) => lines.push(entry(part.text(), &who)),
            PartKind::Table => {
                lines.extend(part.rows().iter().map(|row| entry(&row.cells.join(" · "), &who)));
            }
            _ => {}
        }
    }
    lines
}

fn write_revisit(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Revisit When\n")?;
    let mut lines: Vec<String> = Vec::new();
    for answer in review.latest() {
        let who = review.who(answer.run, answer.turn);
        for section in &answer.sections {
            if is_measure_heading(answer.heading(section)) && section.facet != Facet::Assumptions {
                lines.extend(entries(review, answer, section));
            }
            let own = answer.body(section).filter(|part| !part.is_quoted());
            let said = own.flat_map(|part| list_sentences(part.text()));
            lines.extend(said.filter(|s| is_revisit(s)).map(|sentence| entry(&sentence, &who)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    for item in review.standing(Standing::Deferred) {
        let why = item.comment().map(|comment| format!(": {}", escape(&comment)));
        lines.push(format!("* Deferred: {}{}", proposed(item), why.unwrap_or_default()));
    }
    if lines.is_empty() {
        return writeln!(out, "No answer says when to think again, and nothing was deferred.");
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))
}

fn write_more(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## More Information")?;
    let session = review.session;
    for (number, turn) in (1..).zip(&session.turns) {
        if session.turns.len() > 1 {
            writeln!(out, "\nQuestion {number}:")?;
        }
        markdown::write_panel(turn, out)?;
    }
    let lost: usize =
        session.turns.iter().flat_map(Turn::latest).filter(|r| r.state.word() != "done").count();
    if lost > 0 {
        let answers = if lost == 1 { "answer is" } else { "answers are" };
        writeln!(out, "\n{lost} {answers} not whole: what is said above is without the rest.")?;
    }
    if session.turns.is_empty() {
        writeln!(out, "\nNobody was asked.")?;
    }
    writeln!(
        out,
        "\nSession {}. The answers in full: `plenary sessions show {} --format markdown`.",
        session.id,
        session.id.short()
    )
}
