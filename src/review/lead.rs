//! The sentence that an answer's recommendation leads with, for the row *at a glance* of Compare.
//!
//! Called by `app` while an answer streams in.

use std::ops::Range;

use super::Section;
use crate::domain::Facet;
use crate::domain::script::COLONS;
use crate::text::{Document, PartKind, collapse_whitespace, first_sentence, has_letters};

/// A sentence and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The sentence, on one line.
    pub text: String,
    /// The bytes of the paragraph or item that it begins.
    pub span: Range<usize>,
}

/// The lead sentence of the recommendation of `document`; none when it has no such section, or only headings so far.
pub fn lead(document: &Document, sections: &[Section]) -> Option<Lead> {
    let recommended = sections.iter().filter(|section| section.facet == Facet::Recommendation);
    recommended.into_iter().find_map(|section| {
        let parts = section.blocks.clone().filter_map(|index| document.part(index));
        let said = |part: &crate::text::Part<'_>| {
            let text = part.text().trim_end();
            part.kind() == PartKind::Paragraph
                && Some(part.index()) != section.heading
                && !part.is_quoted()
                && !text.ends_with(COLONS)
                && has_letters(text)
        };
        let part = parts.into_iter().find(said)?;
        let text = first_sentence(super::recommend::unlabelled(part.text()));
        Some(Lead { text: collapse_whitespace(text), span: part.span() })
    })
}
