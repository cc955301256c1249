//! Triage as data: the list of recommendations, and its filter, selection and mark.
//!
//! Does not change verdicts, which belong to the runs of the session.

mod items;

pub use items::{TriageItem, TriageMember, build_items, count_items, filter_items};

use std::ops::Range;

use super::view::TriageFilter;
use crate::domain::{Decision, RecommendationId, RunId};

/// Filter, selection and mark of the Triage view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriageState {
    /// Filter of the list.
    pub filter: TriageFilter,
    /// Typed text goes into the words of the filter.
    pub typing: bool,
    /// The selected recommendation.
    pub chosen: Option<RecommendationId>,
    /// Its row when it was selected. When it leaves the list, the recommendation that moved up is selected.
    pub row: usize,
    /// The recommendation that the next one is merged into.
    pub marked: Option<RecommendationId>,
    /// The last decision, for the key that repeats it.
    pub last: Option<Decision>,
    /// Lines are being selected.
    pub selecting: Option<LineSelection>,
}

/// Selection of lines of an answer as a recommendation. Lines are 0-based lines of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSelection {
    /// Index of the pane.
    pub pane: usize,
    /// The answer.
    pub run: RunId,
    /// The line of the cursor.
    pub line: usize,
    /// The line where the selection starts, once it has started.
    pub from: Option<usize>,
}

impl LineSelection {
    /// The first and the last selected line.
    pub fn lines(&self) -> (usize, usize) {
        let from = self.from.unwrap_or(self.line);
        (from.min(self.line), from.max(self.line))
    }
}

impl TriageState {
    /// Index of the selected row among `items`.
    pub fn selected_index(&self, items: &[TriageItem<'_>]) -> usize {
        let found = self.chosen.and_then(|id| items.iter().position(|item| item.contains(id)));
        found.unwrap_or(self.row).min(items.len().saturating_sub(1))
    }

    /// Selects row `row` of `items`.
    pub fn select_row(&mut self, items: &[(usize, RecommendationId)], row: usize) {
        let row = row.min(items.len().saturating_sub(1));
        self.row = row;
        self.chosen = items.get(row).map(|(_, id)| *id);
    }
}

/// The 0-based line of byte `at`.
pub fn line_at(source: &str, at: usize) -> usize {
    source.get(..at).map_or(0, |before| before.matches('\n').count())
}

/// The byte range of these lines, without the end of the last line.
pub fn lines_to_span(source: &str, (first, last): (usize, usize)) -> Range<usize> {
    let mut start = 0;
    let mut span = 0..0;
    for (n, line) in source.split_inclusive('\n').enumerate() {
        if n == first {
            span.start = start;
        }
        if n <= last {
            span.end = start + line.trim_end_matches('\n').len();
        }
        start += line.len();
    }
    span.start..span.end.max(span.start)
}
