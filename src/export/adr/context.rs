//! What the decision starts from: the question, the project's context, the assumptions of each persona, the requirements.
//!
//! Everything is quoted.

use std::fmt::{self, Write};

use super::quote_entry;
use super::sentence_patterns::{is_requirement, list_sentences};
use super::word_lists::word_lists;
use crate::domain::Facet;
use crate::export::embed_markdown::quote_markdown;
use crate::export::excerpt::{limit_lines, quote_span};
use crate::export::inert_markdown::escape_markdown;
use crate::export::session_header;
use crate::export::session_reading::{ReadAnswer, SessionReading};
use crate::prompt::outline_question;
use crate::text::{OutlineKind, ParsedMarkdown, sanitize, sanitize_line};

/// Longest sentence that is listed as a driver, in characters.
const LONGEST: usize = 400;

/// Writes *Context and Problem Statement* and *Decision Drivers*.
pub(super) fn write_context(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Context and Problem Statement")?;
    let several = review.session.turns.len() > 1;
    for (number, turn) in (1..).zip(&review.session.turns) {
        if several {
            writeln!(out, "\nQuestion {number}:")?;
        }
        writeln!(out, "\n{}", quote_markdown(&sanitize(&outline_question(&turn.question)), ""))?;
    }
    if review.session.turns.is_empty() {
        writeln!(out, "\nNothing was asked.")?;
    }
    if let Some(context) = project_context(review) {
        writeln!(out, "\n### Project Context\n\n{}", quote_markdown(&limit_lines(&context), ""))?;
    }
    write_assumptions(review, out)?;
    write_drivers(review, out)
}

/// The project's context, sanitised; none when it is empty.
fn project_context(review: &SessionReading<'_>) -> Option<String> {
    let context = sanitize(review.reading.context?);
    (!context.trim().is_empty()).then(|| context.trim().to_owned())
}

fn write_assumptions(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n### What Each Persona Assumed")?;
    let mut none: Vec<String> = Vec::new();
    for answer in review.current_answers() {
        let who = review.describe_persona(answer.run, answer.turn);
        let stated =
            answer.sections_about(Facet::Assumptions).map(|section| answer.body_span(section));
        let stated: Vec<_> = stated.filter(|span| !span.is_empty()).collect();
        if stated.is_empty() {
            none.push(escape_markdown(&who));
            continue;
        }
        writeln!(out, "\n{}:", escape_markdown(&who))?;
        for span in stated {
            writeln!(out, "\n{}", quote_markdown(&quote_span(answer, &span), ""))?;
        }
    }
    match none.as_slice() {
        [] if review.current_answers().next().is_none() => writeln!(out, "\nNo persona answered."),
        [] => Ok(()),
        none => writeln!(out, "\nNo section about assumptions: {}.", none.join("; ")),
    }
}

fn write_drivers(review: &SessionReading<'_>, out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Decision Drivers\n")?;
    let drivers = list_drivers(review);
    if drivers.is_empty() {
        return writeln!(out, "No sentence states a requirement, and no table compares options.");
    }
    drivers.iter().try_for_each(|driver| writeln!(out, "{driver}"))?;
    writeln!(out, "\n(Sentences that state a requirement were found by pattern.)")
}

/// The list items, each once.
fn list_drivers(review: &SessionReading<'_>) -> Vec<String> {
    let mut drivers: Vec<String> = Vec::new();
    let mut add = |driver: String| {
        if !drivers.contains(&driver) {
            drivers.push(driver);
        }
    };
    for turn in &review.session.turns {
        let words = outline_question(&turn.question);
        find_requirements(&ParsedMarkdown::from_raw(&words))
            .for_each(|s| add(quote_entry(&s, "the question")));
    }
    if let Some(context) = project_context(review) {
        find_requirements(&ParsedMarkdown::from_raw(&context))
            .for_each(|s| add(quote_entry(&s, "the project context")));
    }
    for answer in review.current_answers() {
        let who = review.describe_persona(answer.run, answer.turn);
        for section in answer.sections_about(Facet::Assumptions) {
            let text = answer.body_parts(section).flat_map(|part| list_sentences(part.text()));
            text.filter(|s| is_driver(s)).for_each(|sentence| add(quote_entry(&sentence, &who)));
        }
    }
    for answer in review.current_answers() {
        if let Some(columns) = compared_columns(answer) {
            let who = escape_markdown(&session_header::name_with_id(answer.run));
            add(format!(
                "* Criteria by which {who} compares options: {}",
                escape_markdown(&columns)
            ));
        }
    }
    drivers
}

fn find_requirements(document: &ParsedMarkdown) -> impl Iterator<Item = String> + '_ {
    document
        .parts()
        .flat_map(|part| list_sentences(part.text()))
        .filter(|sentence| is_driver(sentence))
}

fn is_driver(sentence: &str) -> bool {
    is_requirement(sentence) && sentence.chars().count() <= LONGEST
}

/// The headings of the first table in a section about options, without the first column, which names the options, and
/// without verdicts.
fn compared_columns(answer: &ReadAnswer<'_>) -> Option<String> {
    let not_criteria = &word_lists().options.not_criteria;
    let mut parts =
        answer.sections_about(Facet::Options).flat_map(|section| answer.body_parts(section));
    let table = parts.find(|part| part.kind() == OutlineKind::Table)?;
    let columns: Vec<String> = table
        .columns()
        .iter()
        .skip(1)
        .map(|column| sanitize_line(column).trim().to_owned())
        .filter(|column| !column.is_empty() && !not_criteria.contains(&column.to_lowercase()))
        .collect();
    (!columns.is_empty()).then(|| columns.join(", "))
}
