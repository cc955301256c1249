//! Extracts the recommendations of an answer: everything that a user could accept, reject or defer.
//!
//! Found in the sections that propose something: list items, table rows with a verdict, paragraphs with a bold label, code
//! with a title as artifacts, and the paragraph that states a recommendation. Deterministic. What is missed the user
//! selects ([`select_recommendation`]), what is found wrongly the user removes.

use std::ops::Range;

use super::Section;
use super::severity::{find_severity, parse_severity};
use super::table_columns::TableColumns;
use super::title::{is_label, recommendation_title, row_title, shorten_title};
use super::word_lists::word_lists;
use crate::domain::script::{COLONS, QUESTION_MARKS};
use crate::domain::{
    Facet, Recommendation, RecommendationId, RecommendationOrigin, RunId, Severity, Verdict,
};
use crate::text::{OutlineKind, OutlinePart, ParsedMarkdown, TableLine, has_letters};

/// The facets whose sections propose something.
const PROPOSING_FACETS: [Facet; 6] = [
    Facet::Recommendation,
    Facet::Options,
    Facet::Implementation,
    Facet::Risks,
    Facet::Validation,
    Facet::Operations,
];

/// Recommendations of one answer at most: more cannot be decided, and hostile text must not run on.
pub(super) const MAX_RECOMMENDATIONS: usize = 2_000;

/// The recommendations of `document` in its order. `sections` are its sections.
pub fn extract_recommendations(
    document: &ParsedMarkdown,
    sections: &[Section],
    run: RunId,
) -> Vec<Recommendation> {
    let found = extract_from(document, sections, run, |facet| PROPOSING_FACETS.contains(&facet));
    if found.is_empty() {
        // An answer without headings, or with unknown ones.
        return extract_from(document, sections, run, |facet| facet == Facet::Other);
    }
    found
}

/// The recommendations of the sections whose facet passes `is_proposing`.
fn extract_from(
    document: &ParsedMarkdown,
    sections: &[Section],
    run: RunId,
    is_proposing: impl Fn(Facet) -> bool,
) -> Vec<Recommendation> {
    let mut finder =
        RecommendationFinder { document, run, found: Vec::new(), stated: true, open_item: None };
    let mut outer_level: Option<u8> = None;
    for section in sections {
        let has_heading = section.heading.is_some();
        if has_heading && outer_level.is_some_and(|level| section.level <= level) {
            outer_level = None;
        }
        // What is nested in a recommendation explains it; only its own first paragraph states it.
        let states_one =
            section.facet == Facet::Recommendation && outer_level.is_none() && has_heading;
        finder.stated = !states_one;
        if states_one {
            outer_level = Some(section.level);
        }
        if is_proposing(section.facet) {
            finder.read_section(section);
        }
        if finder.is_full() {
            break;
        }
    }
    finder.found.truncate(MAX_RECOMMENDATIONS);
    finder.found
}

struct RecommendationFinder<'a> {
    document: &'a ParsedMarkdown,
    run: RunId,
    found: Vec<Recommendation>,
    /// The section's recommendation has been stated, or it has none to state.
    stated: bool,
    /// Index of the recommendation whose list item has not ended.
    open_item: Option<usize>,
}

impl<'a> RecommendationFinder<'a> {
    fn is_full(&self) -> bool {
        self.found.len() >= MAX_RECOMMENDATIONS
    }

    fn read_section(&mut self, section: &Section) {
        self.open_item = None;
        let mut blocks = section.blocks.clone();
        while let Some(part) = blocks.next().and_then(|index| self.document.part(index)) {
            if self.is_full() {
                break;
            }
            if Some(part.index()) == section.heading || part.is_quoted() {
                self.open_item = None;
            } else if part.depth() > 0 {
                self.stated = true;
                self.read_list_part(&part, section.facet);
            } else {
                self.open_item = None;
                let next = self.document.part(part.index() + 1);
                let next = next.filter(|next| section.blocks.contains(&next.index()));
                let took_next = self.read_top_part(&part, next.as_ref(), section.facet);
                if took_next {
                    blocks.next();
                }
            }
        }
    }

    /// A part of a list: the first part of an outermost item begins a recommendation, all others belong to it.
    fn read_list_part(&mut self, part: &OutlinePart<'a>, facet: Facet) {
        if part.marker(0).is_some() {
            let title = recommendation_title(part.text(), part.bold_lead());
            let proposes = has_letters(&title) && !is_explanation(part);
            self.open_item = proposes.then_some(self.found.len());
            if proposes {
                self.push(facet, title, part.span(), find_severity(part.text()));
            }
        } else if let Some(item) = self.open_item.and_then(|index| self.found.get_mut(index)) {
            item.span.end = item.span.end.max(part.span().end);
        }
    }

    /// A part outside lists. Returns true when the next part was read, too.
    fn read_top_part(
        &mut self,
        part: &OutlinePart<'a>,
        next: Option<&OutlinePart<'a>>,
        facet: Facet,
    ) -> bool {
        match part.kind() {
            OutlineKind::Paragraph => return self.read_paragraph(part, next, facet),
            OutlineKind::Table => self.read_table(part, facet),
            OutlineKind::Code(number) => {
                if let Some(title) = self.document.code_title(number) {
                    self.push(facet, shorten_title(title), part.span(), None);
                }
            }
            OutlineKind::Heading(_) | OutlineKind::Rule | OutlineKind::Plain => {}
        }
        false
    }

    fn read_paragraph(
        &mut self,
        part: &OutlinePart<'a>,
        next: Option<&OutlinePart<'a>>,
        facet: Facet,
    ) -> bool {
        let code = next.and_then(|next| match next.kind() {
            OutlineKind::Code(number) if next.depth() == 0 && !next.is_quoted() => {
                Some((next, number))
            }
            _ => None,
        });
        if let Some((code, number)) = code {
            if let Some(caption) = find_caption(part) {
                let span = part.span().start..code.span().end;
                self.push(facet, shorten_title(caption), span, None);
                return true;
            }
            if let Some(title) = self.document.code_title(number) {
                self.push(facet, shorten_title(title), code.span(), None);
                // The paragraph before the code may propose something else.
                self.read_prose(part, facet);
                self.found.sort_by_key(|found| found.span.start);
                return true;
            }
        }
        let (text, lead) = (part.text(), part.bold_lead());
        let announces = text.trim_end().ends_with(COLONS);
        if !(announces && (lead.len() == text.len() || lead.is_empty())) {
            self.read_prose(part, facet);
        }
        false
    }

    fn read_prose(&mut self, part: &OutlinePart<'a>, facet: Facet) {
        let (text, lead) = (part.text(), part.bold_lead());
        let is_labelled = is_label(lead, text.get(lead.len()..).unwrap_or_default());
        let continues =
            text.trim_end().ends_with(|c| COLONS.contains(&c) || QUESTION_MARKS.contains(&c));
        let states_one = !self.stated && !continues;
        if !has_letters(text) || !(is_labelled || states_one) {
            return;
        }
        self.stated = true;
        if is_labelled && is_explanation(part) {
            return;
        }
        let title = recommendation_title(strip_announcement(text), strip_announcement(lead));
        self.push(facet, title, part.span(), find_severity(text));
    }

    /// The rows of a table that has a column for what to do.
    fn read_table(&mut self, part: &OutlinePart<'a>, facet: Facet) {
        let columns = TableColumns::from_headings(&part.columns());
        if columns.verdict.is_none() {
            return;
        }
        for row in part.rows() {
            if self.is_full() {
                break;
            }
            let title = title_of_row(columns, &row);
            if has_letters(&title) && row.cells.iter().any(|cell| has_letters(cell)) {
                let severity = columns.severity.and_then(|column| row.cells.get(column));
                let severity = severity.and_then(|cell| parse_severity(cell));
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
        // Text of punctuation alone, such as an info string `::`, proposes nothing.
        if title.trim().is_empty() {
            return;
        }
        let span = trim_span(self.document.source(), span);
        let id = RecommendationId::from_span(self.run, &span);
        let (run, origin, verdict) = (self.run, RecommendationOrigin::Found, Verdict::default());
        let found = Recommendation { id, run, facet, title, span, origin, severity, verdict };
        self.found.push(found);
    }
}

/// The caption of the code after this part: a path with a colon, or a paragraph that is bold from end to end.
fn find_caption<'a>(part: &OutlinePart<'a>) -> Option<&'a str> {
    let text = part.text().trim();
    let name = text.trim_end_matches(COLONS);
    let is_bold = part.bold_lead().trim_end_matches([':', ' ']).len() == name.len();
    let is_path =
        !name.contains(char::is_whitespace) && name.contains(['/', '.']) && has_letters(name);
    (!name.is_empty() && (is_bold || is_path)).then_some(name)
}

/// The text without the word that only says that a recommendation follows.
pub(super) fn strip_announcement(text: &str) -> &str {
    let labels = &word_lists().recommendations.lead_labels;
    match text.split_once(':') {
        Some((label, rest)) if labels.contains(&label.trim().to_lowercase()) => rest.trim_start(),
        _ => text,
    }
}

/// True when the label of `part` says that it explains something.
fn is_explanation(part: &OutlinePart<'_>) -> bool {
    let label = part.bold_lead().trim().trim_end_matches([':', '.']).to_lowercase();
    word_lists().recommendations.explanation_labels.contains(&label)
}

fn title_of_row(columns: TableColumns, row: &TableLine<'_>) -> String {
    let verdict = columns.verdict.and_then(|column| row.cells.get(column));
    row_title(&columns.describe_row(&row.cells), verdict.copied().unwrap_or_default())
}

/// `span` without the whitespace at its ends.
fn trim_span(source: &str, span: Range<usize>) -> Range<usize> {
    let text = source.get(span.clone()).unwrap_or_default();
    let start = span.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// The recommendation that the user makes from the bytes `span`; none when there are no words in them.
pub fn select_recommendation(
    document: &ParsedMarkdown,
    sections: &[Section],
    run: RunId,
    span: Range<usize>,
) -> Option<Recommendation> {
    let span = trim_span(document.source(), span);
    let text = document.source().get(span.clone()).filter(|text| has_letters(text))?;
    let section = sections.iter().find(|section| section.span.contains(&span.start));
    let title = title_of_selection(document, &span, text);
    Some(Recommendation {
        id: RecommendationId::from_span(run, &span),
        run,
        facet: section.map_or(Facet::Other, |section| section.facet),
        title: if has_letters(&title) { title } else { shorten_title(text) },
        severity: find_severity(text),
        span,
        origin: RecommendationOrigin::Selected,
        verdict: Verdict::default(),
    })
}

fn title_of_selection(document: &ParsedMarkdown, span: &Range<usize>, text: &str) -> String {
    for part in document.parts().filter(|part| part.span().contains(&span.start)) {
        let rows = part.rows();
        if let Some(row) = rows.iter().find(|row| row.span.contains(&span.start)) {
            return title_of_row(TableColumns::from_headings(&part.columns()), row);
        }
    }
    // The selected lines alone, without the block around them.
    let selected = ParsedMarkdown::from_raw(text);
    let first = selected.parts().find(|part| has_letters(part.text()));
    match first {
        Some(part) => {
            let (text, lead) = (part.text(), part.bold_lead());
            recommendation_title(strip_announcement(text), strip_announcement(lead))
        }
        None => shorten_title(text.lines().find(|line| has_letters(line)).unwrap_or_default()),
    }
}
