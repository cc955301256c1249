//! The assumptions of an answer: items of its assumptions sections, and sentences such as `I assume that …`.
//!
//! Found by pattern; the phrases are in `words.toml`.

use std::ops::Range;

use super::Section;
use super::clauses::{MaskedSentence, sentences_of_section};
use super::title::is_label;
use super::word_lists::word_lists;
use crate::domain::Facet;
use crate::domain::script::COLONS;
use crate::text::{OutlineKind, OutlinePart, ParsedMarkdown, collapse_whitespace, has_letters};

/// An assumption of one answer.
pub(super) struct FoundAssumption {
    /// The text, on one line.
    pub(super) text: String,
    /// Its byte range of the answer.
    pub(super) span: Range<usize>,
}

/// The assumptions of an answer in order, at most `most`.
pub(super) fn find_assumptions(
    document: &ParsedMarkdown,
    sections: &[Section],
    most: usize,
) -> Vec<FoundAssumption> {
    let mut found: Vec<FoundAssumption> = Vec::new();
    for section in sections {
        let mut items = Vec::new();
        if section.facet == Facet::Assumptions {
            items = assumption_items(document, section);
            items.truncate(most.saturating_sub(found.len()));
            if items.is_empty() {
                // Running text under a heading that says what it is.
                let sentences = sentences_of_section(document, section).into_iter();
                let stated = sentences.filter(|sentence| !introduces_list(sentence));
                let stated = stated.take(most.saturating_sub(found.len()));
                found.extend(stated.map(|sentence| from_sentence(document, sentence)));
                continue;
            }
        }
        // Items are outermost, so that they are in order and do not overlap.
        let is_in_item = |offset: usize| {
            let after = items.partition_point(|item| item.span.start <= offset);
            let before = after.checked_sub(1).and_then(|last| items.get(last));
            before.is_some_and(|item| item.span.contains(&offset))
        };
        let sentences = sentences_of_section(document, section).into_iter();
        let assumed = sentences.filter(|sentence| {
            assumes(sentence) && !introduces_list(sentence) && !is_in_item(sentence.span.start)
        });
        let assumed = assumed.take(most.saturating_sub(found.len() + items.len()));
        let mut assumed: Vec<FoundAssumption> =
            assumed.map(|sentence| from_sentence(document, sentence)).collect();
        found.append(&mut items);
        found.append(&mut assumed);
    }
    found.sort_by_key(|assumption| assumption.span.start);
    found
}

/// List items, labelled paragraphs and table rows of a section.
fn assumption_items(document: &ParsedMarkdown, section: &Section) -> Vec<FoundAssumption> {
    let mut items = Vec::new();
    for part in section.blocks.clone().filter_map(|index| document.part(index)) {
        if Some(part.index()) == section.heading || part.is_quoted() {
            continue;
        }
        if part.kind() == OutlineKind::Table {
            items.extend(
                part.rows()
                    .into_iter()
                    .map(|row| FoundAssumption { text: row.cells.join(" · "), span: row.span }),
            );
        } else if part.marker(0).is_some() || (part.depth() == 0 && is_labelled(&part)) {
            let text = collapse_whitespace(part.text());
            items.push(FoundAssumption { text, span: part.span() });
        }
    }
    items.retain(|item| has_letters(&item.text));
    items
}

fn is_labelled(part: &OutlinePart<'_>) -> bool {
    let lead = part.bold_lead();
    part.kind() == OutlineKind::Paragraph
        && lead.len() < part.text().len()
        && is_label(lead, part.text().get(lead.len()..).unwrap_or_default())
}

/// A very long sentence is shortened to its beginning.
fn from_sentence(document: &ParsedMarkdown, sentence: MaskedSentence) -> FoundAssumption {
    let start = sentence.span.start;
    let text = sentence.describe(document.source(), &(start..start));
    FoundAssumption { text, span: sentence.span }
}

/// True for a sentence that only announces a list.
fn introduces_list(sentence: &MaskedSentence) -> bool {
    sentence.masked.trim_end().ends_with(COLONS)
}

/// True when a phrase such as `we assume` begins at the beginning of a word.
fn assumes(sentence: &MaskedSentence) -> bool {
    let text = sentence.masked.to_lowercase();
    word_lists().assumptions.phrases.iter().any(|phrase| {
        text.match_indices(phrase).any(|(offset, _)| {
            let before = text.get(..offset).and_then(|before| before.chars().next_back());
            before.is_none_or(|c| !c.is_alphanumeric()) || !phrase.is_ascii()
        })
    })
}
