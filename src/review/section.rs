//! Which part of an answer is about what: every byte belongs to exactly one section, every section has a facet.
//!
//! A heading's facet is the one that the persona's contract gives it, else the one that it is nested in (unless it is called
//! just `Assumptions`, `Rollback` or the like), else the one that its words stand for, else [`Facet::Other`]. Nothing is dropped: the sections joined are the answer. Called by `app` for
//! Compare, by the other readers here, and by `export`.

use std::ops::Range;

use super::synonyms::Synonyms;
use super::words::key;
use crate::domain::{Contract, Facet};
use crate::text::{Document, Part, PartKind};

/// A stretch of an answer under one heading, or before the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub facet: Facet,
    /// Its bytes of the document's source, its heading included.
    pub span: Range<usize>,
    /// The document's blocks in it, its heading included.
    pub blocks: Range<usize>,
    /// The block of its heading; none for what stands before the first one.
    pub heading: Option<usize>,
    /// The level of its heading, 1 to 6; 7 for a line in bold that stands for one; 0 without a heading.
    pub level: u8,
}

/// The level of a line in bold that stands for a heading: below all others.
const BOLD_LINE: u8 = 7;

/// What a nested heading is when it has just that name, whatever it is nested in: assumptions and questions propose
/// nothing, and the way back is looked for first.
const STANDS_OUT: [Facet; 3] = [Facet::Assumptions, Facet::Questions, Facet::Validation];

/// The longest line in bold, in characters, that can stand for a heading.
const BOLD_LENGTH: usize = 80;

/// The sections of `document` in order. Together they are all of it.
pub fn sections(document: &Document, contract: &Contract, synonyms: &Synonyms) -> Vec<Section> {
    let names = Names::new(contract, synonyms);
    let titles = title_of_all(document);
    let mut sections: Vec<Section> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let before = Section { facet: Facet::Other, span: 0..0, blocks: 0..0, heading: None, level: 0 };
    sections.push(before);
    for part in document.parts() {
        let next = document.part(part.index() + 1);
        let Some(level) = level(&part, next.as_ref(), &names) else {
            if let Some(last) = sections.last_mut() {
                last.blocks.end = part.index() + 1;
            }
            continue;
        };
        while open.last().is_some_and(|above| above.level >= level) {
            open.pop();
        }
        let inherited = open.last();
        let facet = names.facet(part.text(), inherited);
        let is_title = titles == Some(part.index());
        open.push(Open { level, facet, is_title });
        let start = line_start(document.source(), part.span().start);
        if let Some(last) = sections.last_mut() {
            last.span.end = start;
        }
        let (blocks, heading) = (part.index()..part.index() + 1, Some(part.index()));
        let facet = facet.unwrap_or(Facet::Other);
        sections.push(Section { facet, span: start..start, blocks, heading, level });
    }
    if let Some(last) = sections.last_mut() {
        last.span.end = document.source().len();
    }
    lead_in(document, synonyms, &mut sections);
    sections.retain(|section| !section.span.is_empty());
    sections
}

/// What stands before the first heading is a recommendation when it leads with one; so is a paragraph of its own further
/// down that does: it is cut out of its section.
fn lead_in(document: &Document, synonyms: &Synonyms, sections: &mut Vec<Section>) {
    let mut at = 0;
    while let Some(section) = sections.get(at).cloned() {
        let here = section.blocks.clone();
        let lead = here.clone().find(|block| {
            document.part(*block).is_some_and(|part| part.is_top() && recommends(&part, synonyms))
        });
        let Some(block) = lead.filter(|_| section.facet != Facet::Recommendation) else {
            at += 1;
            continue;
        };
        if section.heading.is_none() && Some(block) == here.clone().next() {
            if let Some(section) = sections.get_mut(at) {
                section.facet = Facet::Recommendation;
            }
            at += 1;
            continue;
        }
        let starts = |block: usize| {
            let part = document.part(block).map(|part| part.span().start);
            part.map_or(section.span.end, |at| line_start(document.source(), at))
        };
        let (from, to) = (
            starts(block),
            if block + 1 < here.end { starts(block + 1) } else { section.span.end },
        );
        let piece =
            |facet, span, blocks, heading| Section { facet, span, blocks, heading, ..section };
        let cut = [
            piece(section.facet, section.span.start..from, here.start..block, section.heading),
            piece(Facet::Recommendation, from..to, block..block + 1, None),
            piece(section.facet, to..section.span.end, block + 1..here.end, None),
        ];
        let cut: Vec<Section> =
            cut.into_iter().filter(|section| !section.span.is_empty()).collect();
        let recommended = cut.iter().position(|s| s.facet == Facet::Recommendation).unwrap_or(0);
        sections.splice(at..=at, cut);
        at += recommended + 1;
    }
}

/// True for `**Recommendation: …**` and `**Recommendation:** …`.
fn recommends(part: &Part<'_>, synonyms: &Synonyms) -> bool {
    let lead = part.bold_lead();
    let behind = part.text().get(lead.len()..).unwrap_or_default();
    let label = match lead.split_once(':') {
        Some((label, _)) => label,
        None if behind.starts_with(':') => lead,
        None => return false,
    };
    part.kind() == PartKind::Paragraph && synonyms.is_lead(label)
}

/// A heading that is still open.
struct Open {
    level: u8,
    facet: Option<Facet>,
    /// It names the whole answer.
    is_title: bool,
}

/// The block that is the answer's title: its first heading, alone at its level, with others below. What it says of the
/// whole is no reason to overrule what the sections say of themselves.
fn title_of_all(document: &Document) -> Option<usize> {
    let mut headings = document.parts().filter_map(|part| match part.kind() {
        PartKind::Heading(level) if part.is_top() => Some((part.index(), level)),
        _ => None,
    });
    let (index, level) = headings.next()?;
    let mut below = 0;
    for (_, other) in headings {
        if other <= level {
            return None;
        }
        below += 1;
    }
    (below > 0).then_some(index)
}

/// The level of a heading, or of what stands for one.
fn level(part: &Part<'_>, next: Option<&Part<'_>>, names: &Names<'_>) -> Option<u8> {
    match part.kind() {
        PartKind::Heading(level) if part.is_top() => Some(level),
        PartKind::Paragraph if part.is_top() => {
            let text = part.text();
            let whole = !text.is_empty() && part.bold_lead().len() == text.len();
            let short = !text.contains('\n') && text.chars().count() <= BOLD_LENGTH;
            let known = || names.of_contract(text).or_else(|| names.synonyms.facet(text)).is_some();
            let sentence = || {
                text.trim_end().ends_with(['.', '!', '?'])
                    || text.trim_end_matches(':').contains(':')
            };
            // The caption of the code that follows: it names a file, or what is in it, with a colon.
            let code = next.is_some_and(|next| matches!(next.kind(), PartKind::Code(_)));
            let caption = code && (text.trim_end().ends_with(':') || names_file(text));
            (whole && short && !caption && !sentence() && known()).then_some(BOLD_LINE)
        }
        _ => None,
    }
}

/// True when a word of it is a path or the name of a file: `smoke.sh`, `infra/main.tf`.
fn names_file(text: &str) -> bool {
    let words = text.split(|c: char| c.is_whitespace() || "()`,".contains(c));
    words.into_iter().any(|word| {
        let dotted = word.trim_end_matches(['.', ':']).rsplit_once('.');
        dotted.is_some_and(|(stem, end)| {
            !stem.is_empty()
                && (1..=5).contains(&end.len())
                && end.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    })
}

/// What a persona's headings are called.
struct Names<'a> {
    /// Titles of the contract as keys; a title of several, parted by slashes, counts with each of them too.
    promised: Vec<(String, Facet)>,
    synonyms: &'a Synonyms,
}

impl<'a> Names<'a> {
    fn new(contract: &Contract, synonyms: &'a Synonyms) -> Self {
        let mut promised = Vec::new();
        for section in &contract.sections {
            promised.push((key(&section.title), section.facet));
        }
        for section in contract.sections.iter().filter(|section| section.title.contains('/')) {
            promised.extend(section.title.split('/').map(|title| (key(title), section.facet)));
        }
        promised.retain(|(title, _)| !title.is_empty());
        Self { promised, synonyms }
    }

    fn facet(&self, heading: &str, above: Option<&Open>) -> Option<Facet> {
        let inherited = above.and_then(|open| open.facet);
        // A title, and a heading that says nothing of itself, leave the word to what stands below.
        let decides = above.is_some_and(|open| !open.is_title) && inherited.is_some();
        let own = || self.synonyms.facet(heading);
        let named = || self.synonyms.named(heading).filter(|facet| STANDS_OUT.contains(facet));
        let inherits = || if decides { named().or(inherited) } else { own().or(inherited) };
        self.of_contract(heading).or_else(inherits)
    }

    /// The facet of the promised section that this heading is, or begins with: `Recommended pattern: two regions`.
    fn of_contract(&self, heading: &str) -> Option<Facet> {
        let whole = key(heading);
        let exact = self.promised.iter().find(|(title, _)| *title == whole);
        let head = || {
            let cut = heading.find([':', '(', '–', '—'])?;
            let head = key(heading.get(..cut)?);
            self.promised.iter().find(|(title, _)| *title == head)
        };
        exact.or_else(head).map(|(_, facet)| *facet)
    }
}

fn line_start(source: &str, at: usize) -> usize {
    source.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}
