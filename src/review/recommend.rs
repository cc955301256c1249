//! The recommendations of an answer: everything that a person could accept, reject or defer, each with its place.
//!
//! Lifted from the sections that propose something: items of lists, rows of tables with a verdict, paragraphs with a bold
//! label, titled code as artifacts, and the paragraph that states a recommendation. Pure and deterministic; what it misses
//! the user selects ([`select`]), what it takes wrongly the user drops. Called by `app`, `export` and the headless `ask`.

use std::ops::Range;

use super::Section;
use super::severity::{self, severity};
use super::table::Columns;
use super::title::{cut, is_label, row_title, title};
use crate::domain::script::{COLONS, QUESTION_MARKS};
use crate::domain::{Facet, Origin, Recommendation, RecommendationId, RunId, Severity, Verdict};
use crate::text::{Document, Part, PartKind, has_letters};

/// The facets whose sections propose something.
const PROPOSING: [Facet; 6] = [
    Facet::Recommendation,
    Facet::Options,
    Facet::Implementation,
    Facet::Risks,
    Facet::Validation,
    Facet::Operations,
];

/// Recommendations of one answer at most: more than anybody decides on, and hostile text has an end.
const MOST: usize = 2_000;

/// Labels in bold behind which something is explained, not proposed.
const EXPLAINS: &[&str] = &[
    "why",
    "note",
    "notes",
    "nota",
    "reason",
    "reasons",
    "reasoning",
    "rationale",
    "context",
    "background",
    "trade-off",
    "trade-offs",
    "tradeoff",
    "tradeoffs",
    "pro",
    "pros",
    "con",
    "cons",
    "downside",
    "downsides",
    "advantages",
    "disadvantages",
    "example",
    "result",
    "explanation",
    "tl;dr",
    "hinweis",
    "grund",
    "vorteile",
    "nachteile",
    "beispiel",
];

/// What was found in `document`, in its order. `sections` are its sections.
pub fn recommendations(
    document: &Document,
    sections: &[Section],
    run: RunId,
) -> Vec<Recommendation> {
    let found = lift(document, sections, run, |facet| PROPOSING.contains(&facet));
    if found.is_empty() {
        // An answer without headings, or in words that nobody has listed.
        return lift(document, sections, run, |facet| facet == Facet::Other);
    }
    found
}

fn lift(
    document: &Document,
    sections: &[Section],
    run: RunId,
    proposes: impl Fn(Facet) -> bool,
) -> Vec<Recommendation> {
    let mut finder = Finder { document, run, found: Vec::new(), stated: true, item: None };
    let mut outer: Option<u8> = None;
    for section in sections {
        if outer.is_some_and(|level| section.level <= level) && section.heading.is_some() {
            outer = None;
        }
        // What is nested in a recommendation explains it; only its own first paragraph states it.
        finder.stated =
            section.facet != Facet::Recommendation || outer.is_some() || section.heading.is_none();
        if section.facet == Facet::Recommendation && outer.is_none() && section.heading.is_some() {
            outer = Some(section.level);
        }
        if proposes(section.facet) {
            finder.read(section);
        }
        if finder.found.len() >= MOST {
            break;
        }
    }
    finder.found.truncate(MOST);
    finder.found
}

struct Finder<'a> {
    document: &'a Document,
    run: RunId,
    found: Vec<Recommendation>,
    /// The section's recommendation has been stated, or it has none to state.
    stated: bool,
    /// The found item whose list item is still open.
    item: Option<usize>,
}

impl<'a> Finder<'a> {
    fn read(&mut self, section: &Section) {
        self.item = None;
        let mut blocks = section.blocks.clone();
        while let Some(part) = blocks.next().and_then(|index| self.document.part(index)) {
            if Some(part.index()) == section.heading || part.is_quoted() {
                self.item = None;
            } else if part.depth() > 0 {
                self.stated = true;
                self.list(&part, section.facet);
            } else {
                self.item = None;
                let next = self
                    .document
                    .part(part.index() + 1)
                    .filter(|next| section.blocks.contains(&next.index()));
                if self.top(&part, next.as_ref(), section.facet) {
                    blocks.next();
                }
            }
        }
    }

    /// A part of a list: the first part of an outermost item begins one, all others belong to it.
    fn list(&mut self, part: &Part<'a>, facet: Facet) {
        if part.marker(0).is_some() {
            let title = title(part.text(), part.bold_lead());
            let begins = has_letters(&title) && !explains(part);
            self.item = begins.then_some(self.found.len());
            if begins {
                let severity = severity(part.text());
                self.push(facet, title, part.span(), severity);
            }
        } else if let Some(item) = self.item.and_then(|at| self.found.get_mut(at)) {
            item.span.end = item.span.end.max(part.span().end);
        }
    }

    /// A part outside lists. True when the part behind it was taken, too.
    fn top(&mut self, part: &Part<'a>, next: Option<&Part<'a>>, facet: Facet) -> bool {
        match part.kind() {
            PartKind::Paragraph => return self.paragraph(part, next, facet),
            PartKind::Table => self.table(part, facet),
            PartKind::Code(number) => {
                if let Some(title) = self.document.code_title(number) {
                    self.push(facet, cut(title), part.span(), None);
                }
            }
            PartKind::Heading(_) | PartKind::Rule => {}
        }
        false
    }

    fn paragraph(&mut self, part: &Part<'a>, next: Option<&Part<'a>>, facet: Facet) -> bool {
        let (text, lead) = (part.text(), part.bold_lead());
        let code = next.and_then(|next| match next.kind() {
            PartKind::Code(number) if next.depth() == 0 && !next.is_quoted() => {
                Some((next, number))
            }
            _ => None,
        });
        if let Some((code, number)) = code {
            let own = self.document.code_title(number);
            let caption = caption(part);
            if let Some(title) = caption.or(own) {
                let span = if caption.is_some() {
                    part.span().start..code.span().end
                } else {
                    code.span()
                };
                self.push(facet, cut(title), span, None);
                if caption.is_some() {
                    return true;
                }
                // The code is taken; its paragraph may propose something of its own.
                self.prose(part, facet);
                self.found.sort_by_key(|found| found.span.start);
                return true;
            }
        }
        let opens = text.trim_end().ends_with(COLONS);
        if opens && (lead.len() == text.len() || lead.is_empty()) {
            return false;
        }
        self.prose(part, facet);
        false
    }

    fn prose(&mut self, part: &Part<'a>, facet: Facet) {
        let (text, lead) = (part.text(), part.bold_lead());
        let labelled = is_label(lead, text.get(lead.len()..).unwrap_or_default());
        let states = !self.stated
            && !text.trim_end().ends_with(|c| COLONS.contains(&c) || QUESTION_MARKS.contains(&c));
        if !has_letters(text) || !(labelled || states) {
            return;
        }
        self.stated = true;
        if labelled && explains(part) {
            return;
        }
        let title = title(unlabelled(text), unlabelled(lead));
        self.push(facet, title, part.span(), severity(text));
    }

    /// Rows of a table that has a column for what is to be done.
    fn table(&mut self, part: &Part<'a>, facet: Facet) {
        let columns = Columns::of(&part.columns());
        let Some(verdict) = columns.verdict else { return };
        for row in part.rows() {
            let cell = |at: usize| row.cells.get(at).copied().unwrap_or_default();
            let title = row_title(&columns.about(&row.cells), cell(verdict));
            if has_letters(&title) && row.cells.iter().filter(|cell| has_letters(cell)).count() > 0
            {
                let severity = columns.severity.and_then(|at| severity::word(cell(at)));
                self.push(facet, title, row.span.clone(), severity);
            }
        }
    }

    fn push(
        &mut self,
        facet: Facet,
        title: String,
        span: Range<usize>,
        severity: Option<Severity>,
    ) {
        let span = trimmed(self.document.source(), span);
        self.found.push(made(self.run, facet, title, span, Origin::Found, severity));
    }
}

fn made(
    run: RunId,
    facet: Facet,
    title: String,
    span: Range<usize>,
    origin: Origin,
    severity: Option<Severity>,
) -> Recommendation {
    let id = RecommendationId::at(run, &span);
    Recommendation { id, run, facet, title, span, origin, severity, verdict: Verdict::default() }
}

/// The caption of the code that follows: a path with a colon behind it, or a paragraph that is bold from end to end.
fn caption<'a>(part: &Part<'a>) -> Option<&'a str> {
    let text = part.text().trim();
    let name = text.trim_end_matches(COLONS);
    let bold = part.bold_lead().trim_end_matches([':', ' ']).len() == name.len();
    let path =
        !name.contains(char::is_whitespace) && name.contains(['/', '.']) && has_letters(name);
    (!name.is_empty() && (bold || path)).then_some(name)
}

/// Without the word that only says that a recommendation follows.
pub(super) fn unlabelled(text: &str) -> &str {
    const LABELS: [&str; 4] = ["recommendation", "recommended", "empfehlung", "recommandation"];
    match text.split_once(':') {
        Some((label, rest)) if LABELS.contains(&label.trim().to_lowercase().as_str()) => {
            rest.trim_start()
        }
        _ => text,
    }
}

/// True when its label says that it explains something.
fn explains(part: &Part<'_>) -> bool {
    let label = part.bold_lead().trim().trim_end_matches([':', '.']).to_lowercase();
    EXPLAINS.contains(&label.as_str())
}

fn trimmed(source: &str, span: Range<usize>) -> Range<usize> {
    let text = source.get(span.clone()).unwrap_or_default();
    let start = span.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// The recommendation that the user makes of the bytes `span`; none when there are no words in them.
pub fn select(
    document: &Document,
    sections: &[Section],
    run: RunId,
    span: Range<usize>,
) -> Option<Recommendation> {
    let span = trimmed(document.source(), span);
    let text = document.source().get(span.clone()).filter(|text| has_letters(text))?;
    let facet = sections.iter().find(|section| section.span.contains(&span.start));
    let facet = facet.map_or(Facet::Other, |section| section.facet);
    let row = document.parts().flat_map(|part| {
        let columns = Columns::of(&part.columns());
        part.rows().into_iter().map(move |row| (columns, row))
    });
    let row =
        row.into_iter().find(|(_, row)| row.span.start <= span.start && span.start < row.span.end);
    let name = if let Some((columns, row)) = row {
        let cell = |at: usize| row.cells.get(at).copied().unwrap_or_default();
        row_title(&columns.about(&row.cells), columns.verdict.map_or("", cell))
    } else {
        // The lines by themselves: what stands around them is not selected.
        let alone = Document::of(text);
        let first = alone.parts().find(|part| has_letters(part.text()));
        let words = |part: Part<'_>| title(unlabelled(part.text()), unlabelled(part.bold_lead()));
        let line = || text.lines().find(|line| has_letters(line)).unwrap_or_default();
        first.map_or_else(|| cut(line()), words)
    };
    let name = if has_letters(&name) { name } else { cut(text) };
    Some(made(run, facet, name, span, Origin::Selected, severity(text)))
}
