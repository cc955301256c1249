//! The answers of a session, read once for all parts of an export: parsed Markdown, sections, triage items.
//!
//! Contains the current answers, and earlier ones that have an item; all of them are sanitised. Formats nothing.

use std::ops::Range;

use super::exported_item::{ExportedItem, ItemStatus, list_items};
use super::{ReadingInput, session_header};
use crate::domain::{Facet, Run, RunId, Session, TriageCounts};
use crate::review::{Section, split_sections};
use crate::text::{OutlinePart, ParsedMarkdown};

/// An answer with its sections.
pub(super) struct ReadAnswer<'a> {
    /// Number of the question in the session, 1-based.
    pub(super) turn: usize,
    /// The run.
    pub(super) run: &'a Run,
    /// False for an earlier answer that a retry replaced.
    pub(super) is_current: bool,
    /// Its text, sanitised and parsed.
    pub(super) document: ParsedMarkdown,
    /// Its sections; together they are the whole answer.
    pub(super) sections: Vec<Section>,
}

impl<'a> ReadAnswer<'a> {
    fn new(turn: usize, run: &'a Run, is_current: bool, reading: &ReadingInput<'_>) -> Self {
        let document = ParsedMarkdown::from_raw(&run.text);
        let sections =
            split_sections(&document, &reading.find_contract(&run.persona), reading.synonyms);
        Self { turn, run, is_current, document, sections }
    }

    /// The sanitised text.
    pub(super) fn text(&self) -> &str {
        self.document.source()
    }

    /// The parts that begin at byte `offset` or after it. An answer may have a part for each of thousands of recommendations, so
    /// that they are not searched one by one.
    pub(super) fn parts_from(&self, offset: usize) -> impl Iterator<Item = OutlinePart<'_>> {
        let all = 0..self.document.block_count();
        (self.count_parts_before(offset)..all.end).filter_map(|index| self.document.part(index))
    }

    /// The last part that begins before byte `offset`.
    pub(super) fn part_before(&self, offset: usize) -> Option<OutlinePart<'_>> {
        self.document.part(self.count_parts_before(offset).checked_sub(1)?)
    }

    fn count_parts_before(&self, offset: usize) -> usize {
        let (mut low, mut high) = (0, self.document.block_count());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.document.part(middle) {
                Some(part) if part.span().start < offset => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The sections about `facet`.
    pub(super) fn sections_about(&self, facet: Facet) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.facet == facet)
    }

    /// The parts of a section without its heading.
    pub(super) fn body_parts(&self, section: &Section) -> impl Iterator<Item = OutlinePart<'_>> {
        let blocks = section.blocks.clone();
        let heading = section.heading;
        let parts = blocks.filter(move |block| Some(*block) != heading);
        parts.filter_map(|block| self.document.part(block))
    }

    /// The byte range of a section without its heading and the blank lines around it.
    pub(super) fn body_span(&self, section: &Section) -> Range<usize> {
        let heading = section.heading.and_then(|block| self.document.part(block));
        let start = heading.map_or(section.span.start, |part| part.span().end);
        let span = clamp_span(self.text(), &(start..section.span.end));
        let text = self.text().get(span.clone()).unwrap_or_default();
        let blank: usize =
            text.split_inclusive('\n').take_while(|l| l.trim().is_empty()).map(str::len).sum();
        let start = span.start + blank;
        start..start + text.get(blank..).unwrap_or_default().trim_end().len()
    }

    /// The heading of a section; empty when it has none.
    pub(super) fn heading(&self, section: &Section) -> &str {
        section.heading.and_then(|block| self.document.part(block)).map_or("", |part| part.text())
    }
}

/// A session whose answers have been read.
pub(super) struct SessionReading<'a> {
    /// The session.
    pub(super) session: &'a Session,
    /// The input that the answers were read with.
    pub(super) reading: &'a ReadingInput<'a>,
    /// The answers, in the order of questions and personas.
    pub(super) answers: Vec<ReadAnswer<'a>>,
    /// The triage items.
    pub(super) items: Vec<ExportedItem<'a>>,
    /// The progress of triage.
    pub(super) counts: TriageCounts,
}

impl<'a> SessionReading<'a> {
    /// Reads the answers of a session.
    pub(super) fn new(session: &'a Session, reading: &'a ReadingInput<'a>) -> Self {
        let items = list_items(session);
        let has_item = |run: RunId| items.iter().any(|i| i.members().any(|m| m.run.id == run));
        let mut answers = Vec::new();
        for (number, turn) in (1..).zip(&session.turns) {
            let latest = turn.current_answers();
            let earlier = turn.runs.iter().filter(|run| latest.iter().all(|l| l.id != run.id));
            let earlier: Vec<&Run> = earlier.filter(|run| has_item(run.id)).collect();
            answers.extend(latest.iter().map(|run| ReadAnswer::new(number, run, true, reading)));
            answers.extend(earlier.iter().map(|run| ReadAnswer::new(number, run, false, reading)));
        }
        Self { session, reading, answers, items, counts: session.triage_counts() }
    }

    /// The answer of this run.
    pub(super) fn find_answer(&self, run: RunId) -> Option<&ReadAnswer<'a>> {
        self.answers.iter().find(|answer| answer.run.id == run)
    }

    /// The current answers that have text.
    pub(super) fn current_answers(&self) -> impl Iterator<Item = &ReadAnswer<'a>> {
        self.answers.iter().filter(|answer| answer.is_current && !answer.text().trim().is_empty())
    }

    /// The items with this status.
    pub(super) fn items_with_status(
        &self,
        status: ItemStatus,
    ) -> impl Iterator<Item = &ExportedItem<'a>> {
        self.items.iter().filter(move |item| item.status() == status)
    }

    /// `Kael Voss (infra)`, with the number of the question when there are several.
    pub(super) fn describe_persona(&self, run: &Run, turn: usize) -> String {
        let who = session_header::name_with_id(run);
        if self.session.turns.len() > 1 { format!("{who}, question {turn}") } else { who }
    }
}

/// `span` moved into the text and to character boundaries. Stored spans may come from another version.
pub(super) fn clamp_span(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start.min(text.len()));
    let end = text.floor_char_boundary(span.end.min(text.len()));
    start..end.max(start)
}
