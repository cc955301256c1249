//! The sentence that an answer's recommendation leads with, for the row *at a glance* of Compare.

use std::ops::Range;

use super::Section;
use super::extract::strip_announcement;
use crate::domain::Facet;
use crate::domain::script::COLONS;
use crate::text::{
    OutlineKind, OutlinePart, ParsedMarkdown, collapse_whitespace, first_sentence, has_letters,
};

/// A leading sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The sentence, on one line.
    pub text: String,
    /// Byte range of the paragraph or list item that it begins.
    pub span: Range<usize>,
}

/// The leading sentence of the recommendation of `document`; none when it has no such section, or only headings so far.
pub fn find_lead(document: &ParsedMarkdown, sections: &[Section]) -> Option<Lead> {
    let mut recommended = sections.iter().filter(|section| section.facet == Facet::Recommendation);
    recommended.find_map(|section| {
        let mut parts = section.blocks.clone().filter_map(|index| document.part(index));
        let part = parts.find(|part| can_lead(part, section))?;
        let sentence = first_sentence(strip_announcement(part.text()));
        Some(Lead { text: collapse_whitespace(sentence), span: part.span() })
    })
}

fn can_lead(part: &OutlinePart<'_>, section: &Section) -> bool {
    let text = part.text().trim_end();
    part.kind() == OutlineKind::Paragraph
        && Some(part.index()) != section.heading
        && !part.is_quoted()
        && !text.ends_with(COLONS)
        && has_letters(text)
}
