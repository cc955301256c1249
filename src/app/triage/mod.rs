//! Triage as data: which recommendations there are, which are listed, which one is chosen.
//!
//! The recommendations themselves belong to the runs in the panes; decisions on them are `update::decide`'s. `items` makes
//! the list of them; here is what the user has set.

mod items;

pub use items::{Item, Member, counts, items, listed};

use std::ops::Range;

use super::view::Filter;
use crate::domain::{Decision, RecommendationId, RunId};

/// Where Triage stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triage {
    /// What is listed.
    pub filter: Filter,
    /// Typing goes into the filter's text.
    pub typing: bool,
    /// The chosen one.
    pub chosen: Option<RecommendationId>,
    /// Its row when it was chosen: when it leaves the list, the one that moved up is chosen.
    pub row: usize,
    /// Waits for another one that is the same.
    pub marked: Option<RecommendationId>,
    /// What was decided last, for the key that repeats it.
    pub last: Option<Decision>,
    /// Lines are being selected.
    pub selecting: Option<Selecting>,
}

/// Lines of an answer that are being selected as a recommendation. Lines are those of the source, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selecting {
    /// Whose answer: its pane.
    pub pane: usize,
    /// Which answer.
    pub run: RunId,
    /// The line of the cursor.
    pub line: usize,
    /// The line where the selection began, once it has.
    pub from: Option<usize>,
}

impl Selecting {
    /// The first and the last selected line.
    pub fn lines(&self) -> (usize, usize) {
        let from = self.from.unwrap_or(self.line);
        (from.min(self.line), from.max(self.line))
    }
}

impl Triage {
    /// The row of the chosen one among `items`.
    pub fn at(&self, items: &[Item<'_>]) -> usize {
        let found = self.chosen.and_then(|id| items.iter().position(|item| item.has(id)));
        found.unwrap_or(self.row).min(items.len().saturating_sub(1))
    }

    /// Chooses row `row` of `items`.
    pub fn choose(&mut self, items: &[(usize, RecommendationId)], row: usize) {
        let row = row.min(items.len().saturating_sub(1));
        self.row = row;
        self.chosen = items.get(row).map(|(_, id)| *id);
    }
}

/// The line of byte `at`, counted from 0.
pub fn line_at(source: &str, at: usize) -> usize {
    source.get(..at).map_or(0, |before| before.matches('\n').count())
}

/// The bytes of these lines, the last line's end left out.
pub fn span_of(source: &str, (first, last): (usize, usize)) -> Range<usize> {
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
