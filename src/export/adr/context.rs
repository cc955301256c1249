//! What the decision starts from: the question, the project's context, what each persona assumed, what has to hold.
//!
//! Quotes and lists them; judges nothing. Called by `adr`.

use std::fmt::{self, Write};

use super::entry;
use super::sentence_patterns::{is_requirement, list_sentences};
use super::word_lists::word_lists;
use crate::domain::Facet;
use crate::export::contain::{escape, quote};
use crate::export::excerpt::{cut, excerpt};
use crate::export::panel;
use crate::export::review::{Answer, Review};
use crate::prompt::outline;
use crate::text::{Document, PartKind, sanitize, sanitize_line};

/// Longest sentence that is listed as a driver, in characters: a longer one drives nothing.
const LONGEST: usize = 400;

/// Writes *Context and Problem Statement* and *Decision Drivers*.
pub(super) fn write(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Context and Problem Statement")?;
    let several = review.session.turns.len() > 1;
    for (number, turn) in (1..).zip(&review.session.turns) {
        if several {
            writeln!(out, "\nQuestion {number}:")?;
        }
        writeln!(out, "\n{}", quote(&sanitize(&outline(&turn.question)), ""))?;
    }
    if review.session.turns.is_empty() {
        writeln!(out, "\nNothing was asked.")?;
    }
    if let Some(context) = context(review) {
        writeln!(out, "\n### Project Context\n\n{}", quote(&cut(&context), ""))?;
    }
    write_assumptions(review, out)?;
    write_drivers(review, out)
}

/// The project's context, neutralised; none when it says nothing.
fn context(review: &Review<'_>) -> Option<String> {
    let context = sanitize(review.reading.context?);
    (!context.trim().is_empty()).then(|| context.trim().to_owned())
}

fn write_assumptions(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n### What Each Persona Assumed")?;
    let mut none: Vec<String> = Vec::new();
    for answer in review.latest() {
        let who = review.who(answer.run, answer.turn);
        let stated = answer.about(Facet::Assumptions).map(|section| answer.body_span(section));
        let stated: Vec<_> = stated.filter(|span| !span.is_empty()).collect();
        if stated.is_empty() {
            none.push(escape(&who));
            continue;
        }
        writeln!(out, "\n{}:", escape(&who))?;
        for span in stated {
            writeln!(out, "\n{}", quote(&excerpt(answer, &span), ""))?;
        }
    }
    match none.as_slice() {
        [] if review.latest().next().is_none() => writeln!(out, "\nNobody answered."),
        [] => Ok(()),
        none => writeln!(out, "\nNo section about assumptions: {}.", none.join("; ")),
    }
}

fn write_drivers(review: &Review<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Decision Drivers\n")?;
    let drivers = drivers(review);
    if drivers.is_empty() {
        return writeln!(out, "No sentence says what has to hold, and no table compares options.");
    }
    drivers.iter().try_for_each(|driver| writeln!(out, "{driver}"))?;
    writeln!(out, "\n(Sentences that say what has to hold were found by pattern.)")
}

/// Entries of the list, each once.
fn drivers(review: &Review<'_>) -> Vec<String> {
    let mut drivers: Vec<String> = Vec::new();
    let mut add = |driver: String| {
        if !drivers.contains(&driver) {
            drivers.push(driver);
        }
    };
    for turn in &review.session.turns {
        let words = outline(&turn.question);
        requirements(&Document::of(&words)).for_each(|s| add(entry(&s, "the question")));
    }
    if let Some(context) = context(review) {
        requirements(&Document::of(&context)).for_each(|s| add(entry(&s, "the project context")));
    }
    for answer in review.latest() {
        let who = review.who(answer.run, answer.turn);
        for section in answer.about(Facet::Assumptions) {
            let text = answer.body(section).flat_map(|part| list_sentences(part.text()));
            text.filter(|s| fits(s)).for_each(|sentence| add(entry(&sentence, &who)));
        }
    }
    for answer in review.latest() {
        if let Some(columns) = criteria(answer) {
            let who = escape(&panel::who(answer.run));
            add(format!("* Criteria by which {who} compares options: {}", escape(&columns)));
        }
    }
    drivers
}

fn requirements(document: &Document) -> impl Iterator<Item = String> + '_ {
    document.parts().flat_map(|part| list_sentences(part.text())).filter(|sentence| fits(sentence))
}

fn fits(sentence: &str) -> bool {
    is_requirement(sentence) && sentence.chars().count() <= LONGEST
}

/// The columns of the first table in a section about options, without the first, which names the options, and without
/// verdicts.
fn criteria(answer: &Answer<'_>) -> Option<String> {
    let not_criteria = &word_lists().options.not_criteria;
    let mut parts = answer.about(Facet::Options).flat_map(|section| answer.body(section));
    let table = parts.find(|part| part.kind() == PartKind::Table)?;
    let columns: Vec<String> = table
        .columns()
        .iter()
        .skip(1)
        .map(|column| sanitize_line(column).trim().to_owned())
        .filter(|column| !column.is_empty() && !not_criteria.contains(&column.to_lowercase()))
        .collect();
    (!columns.is_empty()).then(|| columns.join(", "))
}
