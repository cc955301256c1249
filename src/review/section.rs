//! The sections of an answer: every byte belongs to exactly one section, and every section has a facet.
//!
//! The facet of a heading is the one that the persona's contract gives it; else that of the heading it is nested in, unless
//! it is named just `Assumptions`, `Rollback` or the like; else the one that its words mean; else [`Facet::Other`].

use std::ops::Range;

use super::heading_synonyms::HeadingSynonyms;
use super::heading_words::heading_key;
use crate::domain::{Contract, Facet};
use crate::text::{OutlineKind, OutlinePart, ParsedMarkdown};

/// A part of an answer under one heading, or before the first heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub facet: Facet,
    /// Byte range of the document's source, with the heading.
    pub span: Range<usize>,
    /// Indices of the document's blocks in it, with the heading.
    pub blocks: Range<usize>,
    /// Index of the block of its heading; none before the first heading and for plain text.
    pub heading: Option<usize>,
    /// Level of its heading: 1 to 6; 7 for a bold line that serves as a heading; 0 without a heading.
    pub level: u8,
}

/// The level of a bold line that serves as a heading: below all others.
const BOLD_LINE_LEVEL: u8 = 7;

/// Facets that a nested heading keeps when it is named exactly so: assumptions and questions propose nothing, and a way back
/// is worth finding.
const KEPT_WHEN_NESTED: [Facet; 3] = [Facet::Assumptions, Facet::Questions, Facet::Validation];

/// The longest bold line, in characters, that can serve as a heading.
const MAX_BOLD_HEADING_CHARS: usize = 80;

/// The sections of `document` in order. Together they are the whole document.
pub fn split_sections(
    document: &ParsedMarkdown,
    contract: &Contract,
    synonyms: &HeadingSynonyms,
) -> Vec<Section> {
    let names = HeadingNames::new(contract, synonyms);
    let title = document_title(document);
    let mut sections: Vec<Section> = Vec::new();
    let mut open: Vec<OpenHeading> = Vec::new();
    let before = Section { facet: Facet::Other, span: 0..0, blocks: 0..0, heading: None, level: 0 };
    sections.push(before);
    for part in document.parts() {
        if part.kind() == OutlineKind::Plain {
            // What its lines are about is not read.
            push_section(&mut sections, document, &part, None, Facet::Other, 0);
            continue;
        }
        let next = document.part(part.index() + 1);
        let Some(level) = heading_level(&part, next.as_ref(), &names) else {
            if let Some(last) = sections.last_mut() {
                last.blocks.end = part.index() + 1;
            }
            continue;
        };
        while open.last().is_some_and(|parent| parent.level >= level) {
            open.pop();
        }
        let facet = names.facet_of_heading(part.text(), open.last());
        let is_title = title == Some(part.index());
        open.push(OpenHeading { level, facet, is_title });
        let (heading, facet) = (Some(part.index()), facet.unwrap_or(Facet::Other));
        push_section(&mut sections, document, &part, heading, facet, level);
    }
    if let Some(last) = sections.last_mut() {
        last.span.end = document.source().len();
    }
    let mut sections = separate_leads(document, synonyms, sections);
    sections.retain(|section| !section.span.is_empty());
    sections
}

/// Begins a section with `part`, where the previous one ends.
fn push_section(
    sections: &mut Vec<Section>,
    document: &ParsedMarkdown,
    part: &OutlinePart<'_>,
    heading: Option<usize>,
    facet: Facet,
    level: u8,
) {
    let start = line_start(document.source(), part.span().start);
    if let Some(last) = sections.last_mut() {
        last.span.end = start;
    }
    let blocks = part.index()..part.index() + 1;
    sections.push(Section { facet, span: start..start, blocks, heading, level });
}

/// Makes a paragraph that leads with a recommendation (`**Recommendation:** …`) a section about that. Before the first
/// heading, all that follows belongs to it; elsewhere, only the paragraph is cut out of its section.
fn separate_leads(
    document: &ParsedMarkdown,
    synonyms: &HeadingSynonyms,
    sections: Vec<Section>,
) -> Vec<Section> {
    let is_lead = |block: &usize| {
        let part = document.part(*block);
        part.is_some_and(|part| part.is_top() && is_lead_paragraph(&part, synonyms))
    };
    let mut separated = Vec::with_capacity(sections.len());
    for section in sections {
        let mut rest = Some(section);
        while let Some(mut section) = rest.take() {
            let lead = section.blocks.clone().find(is_lead);
            let Some(block) = lead.filter(|_| section.facet != Facet::Recommendation) else {
                separated.push(section);
                break;
            };
            if section.heading.is_none() && block == section.blocks.start {
                section.facet = Facet::Recommendation;
                separated.push(section);
                break;
            }
            for piece in cut_out_block(document, &section, block) {
                if piece.blocks.start > block {
                    rest = Some(piece);
                } else {
                    separated.push(piece);
                }
            }
        }
    }
    separated
}

/// Splits `section` into the text before `block`, `block` itself, which becomes a recommendation, and the text after it.
fn cut_out_block(document: &ParsedMarkdown, section: &Section, block: usize) -> Vec<Section> {
    let blocks = &section.blocks;
    let start_of = |block: usize| {
        let start = document.part(block).map(|part| part.span().start);
        start.map_or(section.span.end, |offset| line_start(document.source(), offset))
    };
    let start = start_of(block);
    let end = if block + 1 < blocks.end { start_of(block + 1) } else { section.span.end };
    let piece = |facet, span, blocks, heading| Section {
        facet,
        span,
        blocks,
        heading,
        level: section.level,
    };
    let mut pieces = vec![
        piece(section.facet, section.span.start..start, blocks.start..block, section.heading),
        piece(Facet::Recommendation, start..end, block..block + 1, None),
        piece(section.facet, end..section.span.end, block + 1..blocks.end, None),
    ];
    pieces.retain(|piece| !piece.span.is_empty());
    pieces
}

/// True for `**Recommendation: …**` and `**Recommendation:** …`.
fn is_lead_paragraph(part: &OutlinePart<'_>, synonyms: &HeadingSynonyms) -> bool {
    let lead = part.bold_lead();
    let rest = part.text().get(lead.len()..).unwrap_or_default();
    let label = match lead.split_once(':') {
        Some((label, _)) => label,
        None if rest.starts_with(':') => lead,
        None => return false,
    };
    part.kind() == OutlineKind::Paragraph && synonyms.is_lead(label)
}

/// A heading whose section has not ended.
struct OpenHeading {
    level: u8,
    facet: Option<Facet>,
    /// It is the title of the whole answer.
    is_title: bool,
}

/// The block that is the answer's title: its first heading, alone at its level, with others below. What the title says of
/// the whole does not overrule what the sections say of themselves.
fn document_title(document: &ParsedMarkdown) -> Option<usize> {
    let mut headings = document.parts().filter_map(|part| match part.kind() {
        OutlineKind::Heading(level) if part.is_top() => Some((part.index(), level)),
        _ => None,
    });
    let (index, level) = headings.next()?;
    let mut below = headings.peekable();
    below.peek()?;
    below.all(|(_, other)| other > level).then_some(index)
}

/// The level of a heading, or of a bold line that serves as one; none for other parts.
fn heading_level(
    part: &OutlinePart<'_>,
    next: Option<&OutlinePart<'_>>,
    names: &HeadingNames<'_>,
) -> Option<u8> {
    match part.kind() {
        OutlineKind::Heading(level) if part.is_top() => Some(level),
        OutlineKind::Paragraph if part.is_top() => {
            is_bold_heading(part, next, names).then_some(BOLD_LINE_LEVEL)
        }
        _ => None,
    }
}

fn is_bold_heading(
    part: &OutlinePart<'_>,
    next: Option<&OutlinePart<'_>>,
    names: &HeadingNames<'_>,
) -> bool {
    let text = part.text();
    let is_bold = !text.is_empty() && part.bold_lead().len() == text.len();
    let is_short = !text.contains('\n') && text.chars().count() <= MAX_BOLD_HEADING_CHARS;
    let is_sentence =
        || text.trim_end().ends_with(['.', '!', '?']) || text.trim_end_matches(':').contains(':');
    // The caption of the code that follows: it names a file, or announces the code with a colon.
    let before_code = next.is_some_and(|next| matches!(next.kind(), OutlineKind::Code(_)));
    let is_caption = before_code && (text.trim_end().ends_with(':') || names_file(text));
    let has_facet =
        || names.facet_of_contract(text).or_else(|| names.synonyms.find_facet(text)).is_some();
    is_bold && is_short && !is_caption && !is_sentence() && has_facet()
}

/// True when a word of `text` is a path or the name of a file: `smoke.sh`, `infra/main.tf`.
fn names_file(text: &str) -> bool {
    let mut words = text.split(|c: char| c.is_whitespace() || "()`,".contains(c));
    words.any(|word| {
        word.trim_end_matches(['.', ':']).rsplit_once('.').is_some_and(|(stem, extension)| {
            !stem.is_empty()
                && (1..=5).contains(&extension.len())
                && extension.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    })
}

/// What the headings of a persona's answers mean.
struct HeadingNames<'a> {
    /// Keys of the contract's titles. A title of several, separated by slashes, also counts with each of them.
    promised: Vec<(String, Facet)>,
    synonyms: &'a HeadingSynonyms,
}

impl<'a> HeadingNames<'a> {
    fn new(contract: &Contract, synonyms: &'a HeadingSynonyms) -> Self {
        let mut promised = Vec::new();
        for section in &contract.sections {
            promised.push((heading_key(&section.title), section.facet));
        }
        for section in contract.sections.iter().filter(|section| section.title.contains('/')) {
            let titles = section.title.split('/');
            promised.extend(titles.map(|title| (heading_key(title), section.facet)));
        }
        promised.retain(|(title, _)| !title.is_empty());
        Self { promised, synonyms }
    }

    fn facet_of_heading(&self, heading: &str, parent: Option<&OpenHeading>) -> Option<Facet> {
        let inherited = parent.and_then(|open| open.facet);
        let overrules = inherited.is_some() && parent.is_some_and(|open| !open.is_title);
        let named = || {
            let facet = self.synonyms.exact_facet(heading);
            facet.filter(|facet| KEPT_WHEN_NESTED.contains(facet))
        };
        let by_words = || {
            let own = if overrules { named() } else { self.synonyms.find_facet(heading) };
            own.or(inherited)
        };
        self.facet_of_contract(heading).or_else(by_words)
    }

    /// The facet of the promised section that this heading is, or begins with: `Recommended pattern: two regions`.
    fn facet_of_contract(&self, heading: &str) -> Option<Facet> {
        let find = |key: &str| self.promised.iter().find(|(title, _)| title == key);
        let beginning = || {
            let end = heading.find([':', '(', '–', '—'])?;
            find(&heading_key(heading.get(..end)?))
        };
        find(&heading_key(heading)).or_else(beginning).map(|(_, facet)| *facet)
    }
}

fn line_start(source: &str, offset: usize) -> usize {
    source.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}
