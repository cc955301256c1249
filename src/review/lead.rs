//! The sentence that an answer's recommendation leads with, for the row *at a glance* of Compare.
//!
//! Called by `app` while an answer streams in.

use std::ops::Range;

use super::Section;
use super::sentence::first_sentence;
use crate::domain::Facet;
use crate::text::{Document, PartKind};

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
                && !text.ends_with([':', '：'])
                && text.chars().any(char::is_alphanumeric)
        };
        let part = parts.into_iter().find(said)?;
        let text = first_sentence(super::recommend::unlabelled(part.text()));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Lead { text, span: part.span() })
    })
}
