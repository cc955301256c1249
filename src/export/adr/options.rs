//! The options that were compared: who proposed them, and the arguments for and against each.
//!
//! An option is a table row in a section about options, a heading in such a section, or an item extracted from one. For a
//! persona without any of these, the items of its recommendation are its options. Options with the same name are one.

use std::fmt::{self, Write};
use std::ops::Range;

use super::arguments::{Argument, arguments_in_row, arguments_in_span};
use super::word_lists::word_lists;
use crate::domain::Facet;
use crate::export::exported_item::{ExportedItem, ItemStatus};
use crate::export::inert_markdown::escape_markdown;
use crate::export::session_header;
use crate::export::session_reading::{ReadAnswer, SessionReading};
use crate::review::Section;
use crate::text::{OutlineKind, sanitize_line};

/// Longest name of an option, in characters.
const NAME: usize = 160;

/// An option.
pub(super) struct OptionFound {
    /// Its name, sanitised, on one line.
    pub(super) name: String,
    /// The ids of the personas that name it, each once.
    proposers: Vec<String>,
    /// Status of the item with that name.
    standing: Option<ItemStatus>,
    /// What answers say about it.
    pub(super) arguments: Vec<Argument>,
    /// Where it is named: index of the answer, byte range.
    places: Vec<(usize, Range<usize>)>,
}

impl OptionFound {
    /// True when it was accepted.
    pub(super) fn is_accepted(&self) -> bool {
        self.standing == Some(ItemStatus::Accepted)
    }
}

/// The options of a session.
pub(super) fn find_options(review: &SessionReading<'_>) -> Vec<OptionFound> {
    let mut options: Vec<OptionFound> = Vec::new();
    for (at, answer) in review.answers.iter().enumerate().filter(|(_, answer)| answer.is_current) {
        let who = review.describe_persona(answer.run, answer.turn);
        for (index, section) in answer.sections.iter().enumerate() {
            if section.facet != Facet::Options {
                continue;
            }
            for (name, span, arguments) in options_in_tables(answer, section, &who) {
                add_option(
                    &mut options,
                    &name,
                    (at, span),
                    session_header::persona_tag(answer.run),
                    arguments,
                );
            }
            if is_nested(answer, index) {
                let name = answer.heading(section);
                let end = end_with_nested(answer, index);
                let arguments =
                    arguments_in_span(answer, &(answer.body_span(section).start..end), &who);
                let place = (at, section.span.start..end);
                add_option(
                    &mut options,
                    name,
                    place,
                    session_header::persona_tag(answer.run),
                    arguments,
                );
            }
        }
    }
    for item in &review.items {
        add_item(review, item, Facet::Options, &mut options);
    }
    let named: Vec<String> = options.iter().flat_map(|option| option.proposers.clone()).collect();
    for item in &review.items {
        if item.proposer_tags().iter().all(|tag| !named.contains(tag)) {
            add_item(review, item, Facet::Recommendation, &mut options);
        }
    }
    options
}

/// Adds an option, or adds to the known one of the same name.
fn add_option(
    options: &mut Vec<OptionFound>,
    name: &str,
    place: (usize, Range<usize>),
    by: String,
    arguments: Vec<Argument>,
) {
    let name: String = sanitize_line(name).trim().chars().take(NAME).collect();
    if name_key(&name).is_empty() {
        return;
    }
    if options.iter().all(|option| name_key(&option.name) != name_key(&name)) {
        options.push(OptionFound {
            name: name.clone(),
            proposers: Vec::new(),
            standing: None,
            arguments: Vec::new(),
            places: Vec::new(),
        });
    }
    let Some(option) = options.iter_mut().find(|option| name_key(&option.name) == name_key(&name))
    else {
        return;
    };
    if !option.proposers.contains(&by) {
        option.proposers.push(by);
    }
    option.places.push(place);
    option.arguments.extend(arguments);
}

/// The letters and digits of a name, for comparison.
fn name_key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// An option in a table row: its name, the byte range of the row, its arguments.
type OptionMention = (String, Range<usize>, Vec<Argument>);

/// The rows of the tables in a section that compare options.
fn options_in_tables(answer: &ReadAnswer<'_>, section: &Section, who: &str) -> Vec<OptionMention> {
    let mut found = Vec::new();
    for part in answer.body_parts(section).filter(|part| part.kind() == OutlineKind::Table) {
        let columns = part.columns();
        let subject = subject_column(&columns);
        // A table of months or panels does not compare options.
        if !columns.get(subject).is_some_and(|heading| names_options(heading)) {
            continue;
        }
        for row in part.rows() {
            let cell = |at: usize| row.cells.get(at).copied().unwrap_or_default();
            // `A` alone means nothing, and another answer's `A` is another option.
            let name = if name_key(cell(subject)).trim_start_matches("option").len() <= 2 {
                format!("{}: {}", cell(subject), cell(subject + 1))
            } else {
                cell(subject).to_owned()
            };
            if !name_key(cell(subject)).is_empty() {
                found.push((name, row.span.clone(), arguments_in_row(&columns, &row.cells, who)));
            }
        }
    }
    found
}

/// The column that names the option: the first that is not a number.
fn subject_column(columns: &[&str]) -> usize {
    let numbering = &word_lists().options.numbering_columns;
    columns.iter().position(|heading| !numbering.contains(&name_key(heading))).unwrap_or(0)
}

/// True for a heading like `Option`, `Alternative considered`, `Pattern`.
fn names_options(heading: &str) -> bool {
    word_lists().options.columns.occurs_in(&heading.to_lowercase())
}

/// True for a heading inside a section about options: it names one of them.
fn is_nested(answer: &ReadAnswer<'_>, index: usize) -> bool {
    let Some(section) = answer.sections.get(index).filter(|s| s.heading.is_some()) else {
        return false;
    };
    if word_lists().options.not_options.contains(&name_key(answer.heading(section))) {
        return false;
    }
    let above = answer
        .sections
        .iter()
        .take(index)
        .rev()
        .find(|other| other.heading.is_some() && other.level < section.level);
    above.is_some_and(|above| above.facet == Facet::Options)
}

/// The end of a section with everything nested in it.
fn end_with_nested(answer: &ReadAnswer<'_>, index: usize) -> usize {
    let Some(section) = answer.sections.get(index) else { return 0 };
    let below = answer.sections.iter().skip(index + 1);
    let nested = below.take_while(|other| other.level > section.level || other.heading.is_none());
    nested.last().unwrap_or(section).span.end
}

/// Makes an item about `facet` an option, or sets the status of the option that it is.
fn add_item(
    review: &SessionReading<'_>,
    item: &ExportedItem<'_>,
    facet: Facet,
    options: &mut Vec<OptionFound>,
) {
    let at = |run| review.answers.iter().position(|answer| answer.run.id == run);
    for member in item.members() {
        let Some(answer) = at(member.run.id) else { continue };
        let span = &member.found.span;
        let mut same = None;
        let mut inside = false;
        for (index, option) in options.iter().enumerate() {
            for (_, place) in option.places.iter().filter(|(of, _)| *of == answer) {
                // An item that begins with the option is the option; an item further down is a part of it.
                let touches = span.start < place.end && place.start < span.end;
                if touches && span.start <= place.start {
                    same = Some(index);
                }
                inside |= touches;
            }
        }
        let named =
            options.iter().position(|option| name_key(&option.name) == name_key(&item.title()));
        if let Some(option) = same.or(named).and_then(|index| options.get_mut(index)) {
            option.standing = Some(item.status());
        } else if member.found.facet == facet && !inside {
            let who = review.describe_persona(member.run, member.turn);
            let said = review.answers.get(answer).map(|a| arguments_in_span(a, span, &who));
            let place = (answer, span.clone());
            add_option(
                options,
                &item.title(),
                place,
                session_header::persona_tag(member.run),
                said.unwrap_or_default(),
            );
            if let Some(option) =
                options.iter_mut().find(|o| name_key(&o.name) == name_key(&item.title()))
            {
                option.standing = Some(item.status());
            }
        }
    }
}

/// Writes *Considered Options*.
pub(super) fn write_options(options: &[OptionFound], out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Considered Options\n")?;
    if options.is_empty() {
        return writeln!(out, "No answer names options.");
    }
    for option in options {
        let by = escape_markdown(&option.proposers.join(", "));
        let status = option.standing.map(|standing| format!(" · {}", standing.word()));
        let name = escape_markdown(&option.name);
        writeln!(out, "* **{name}** — proposed by {by}{}", status.unwrap_or_default())?;
    }
    Ok(())
}

/// Writes *Pros and Cons of the Options*.
pub(super) fn write_arguments(options: &[OptionFound], out: &mut String) -> fmt::Result {
    writeln!(out, "\n## Pros and Cons of the Options")?;
    if options.is_empty() {
        return writeln!(out, "\nNo answer names options.");
    }
    for option in options {
        writeln!(out, "\n### {}\n", escape_markdown(&option.name))?;
        if option.arguments.is_empty() {
            writeln!(out, "No answer says anything for or against it.")?;
        }
        option.arguments.iter().try_for_each(|argument| writeln!(out, "* {argument}"))?;
    }
    Ok(())
}
