//! What answers take for granted: the items of their assumptions sections, and sentences such as `I assume that …`.
//!
//! Found by pattern. Used by `ledger`.

use std::ops::Range;

use super::Section;
use super::clauses::{Sentence, of_section};
use super::title::is_label;
use crate::domain::Facet;
use crate::domain::script::COLONS;
use crate::text::{Document, Part, PartKind, collapse_whitespace, has_letters};

/// Words of a sentence that assumes something, in lower case.
const ASSUMES: &[&str] = &[
    "i assume",
    "we assume",
    "assuming",
    "assume that",
    "assume the",
    "assumed that",
    "is assumed",
    "are assumed",
    "as given",
    "for granted",
    "i presume",
    "i suppose",
    "my assumption",
    "our assumption",
    "assumption:",
    "assumptions:",
    "provided that",
    "ich nehme an",
    "wir nehmen an",
    "angenommen",
    "vorausgesetzt",
    "je suppose",
    "nous supposons",
    "supongo",
    "suponemos",
    "asumo",
    "假设",
    "仮定",
];

/// An assumption of one answer: its words and its bytes.
pub(super) type Found = (String, Range<usize>);

/// The assumptions of an answer in order.
pub(super) fn assumptions(document: &Document, sections: &[Section]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for section in sections {
        if section.facet == Facet::Assumptions {
            let items = items(document, section);
            if items.is_empty() {
                // Running text under a heading that says what it is.
                let said = of_section(document, section).into_iter().filter(|s| !is_lead_in(s));
                found.extend(said.map(|s| (said_at_start(document, &s), s.span)));
                continue;
            }
            found.extend(items);
        }
        for sentence in of_section(document, section) {
            let words = sentence.masked.to_lowercase();
            let assumes =
                ASSUMES.iter().any(|phrase| stands(&words, phrase)) && !is_lead_in(&sentence);
            let known = found.iter().any(|(_, span)| span.contains(&sentence.span.start));
            if assumes && !known {
                found.push((said_at_start(document, &sentence), sentence.span));
            }
        }
    }
    found.sort_by_key(|(_, span)| span.start);
    found
}

/// Items of lists, labelled paragraphs and rows of tables of a section.
fn items(document: &Document, section: &Section) -> Vec<Found> {
    let mut found = Vec::new();
    for part in section.blocks.clone().filter_map(|index| document.part(index)) {
        if Some(part.index()) == section.heading || part.is_quoted() {
            continue;
        }
        if part.kind() == PartKind::Table {
            found.extend(part.rows().into_iter().map(|row| (row.cells.join(" · "), row.span)));
        } else if part.marker(0).is_some() || (part.depth() == 0 && is_labelled(&part)) {
            found.push((collapse_whitespace(part.text()), part.span()));
        }
    }
    found.retain(|(text, _)| has_letters(text));
    found
}

fn is_labelled(part: &Part<'_>) -> bool {
    let lead = part.bold_lead();
    part.kind() == PartKind::Paragraph
        && lead.len() < part.text().len()
        && is_label(lead, part.text().get(lead.len()..).unwrap_or_default())
}

/// The words of a sentence; the beginning of one that goes on and on.
fn said_at_start(document: &Document, sentence: &Sentence) -> String {
    let start = sentence.span.start;
    sentence.words(document.source(), &(start..start))
}

/// True for what only says that a list follows.
fn is_lead_in(sentence: &Sentence) -> bool {
    sentence.masked.trim_end().ends_with(COLONS)
}

/// True when `phrase` stands in `words`, not inside another word.
fn stands(words: &str, phrase: &str) -> bool {
    words.match_indices(phrase).any(|(at, _)| {
        let before = words.get(..at).and_then(|w| w.chars().next_back());
        before.is_none_or(|c| !c.is_alphanumeric()) || !phrase.is_ascii()
    })
}
