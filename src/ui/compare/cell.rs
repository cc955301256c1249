//! What stands in one cell of Compare: rows of an answer, the sentence it leads with, or the hole where nothing stands.
//!
//! Made by `compare`, drawn by `grid` and `stack`.

use std::ops::Range;

use crate::app::{Pane, RunRef};
use crate::domain::{Ending, Facet, RunState};
use crate::text::{Layout, Role, Row, RowKind, sanitize_line};
use crate::ui::paint::wrap;
use crate::ui::theme::Part;

/// Rows that a sentence takes at most.
const SENTENCE: usize = 12;
/// Rows that a reason takes at most.
const REASON: usize = 4;

/// What stands in a cell.
#[derive(Debug)]
pub(super) enum Cell {
    /// Rows of the answer's layout, section by section.
    Rows(Vec<Range<usize>>),
    /// Words of the program, or the lead sentence.
    Words(Part, Vec<String>),
}

/// One row of a cell.
pub(super) enum Shown<'a> {
    /// Of the answer.
    Row(&'a Row),
    /// Of the program.
    Words(Part, &'a str),
    /// Between two sections.
    Blank,
}

impl Cell {
    /// The cell of `facet` (none: at a glance) of this pane's last run.
    pub(super) fn of(
        pane: &Pane<'_>,
        view: Option<RunRef<'_>>,
        facet: Option<Facet>,
        layout: &Layout,
        width: usize,
    ) -> Self {
        let words = |part, text: &str, most| Self::Words(part, wrap(text, width, most));
        let Some(view) = view else { return words(Part::Note, "not asked", 1) };
        match facet {
            None => {
                if let Some(lead) = &view.lead {
                    return words(Part::Input, &sanitize_line(&lead.text), SENTENCE);
                }
                let (part, text) = hole(pane, view, None);
                words(part, &text, REASON)
            }
            Some(facet) => {
                let sections =
                    view.display.sections_about(facet).map(|s| trimmed(layout, s.blocks.clone()));
                let rows: Vec<Range<usize>> = sections.filter(|rows| !rows.is_empty()).collect();
                if rows.is_empty() {
                    let (part, text) = hole(pane, view, Some(facet));
                    return words(part, &text, REASON);
                }
                Self::Rows(rows)
            }
        }
    }

    /// How many rows it has.
    pub(super) fn height(&self) -> usize {
        match self {
            Self::Rows(ranges) => {
                ranges.iter().map(Range::len).sum::<usize>() + ranges.len().saturating_sub(1)
            }
            Self::Words(_, rows) => rows.len(),
        }
    }

    /// Row `at` of it.
    pub(super) fn row<'a>(&'a self, layout: &'a Layout, mut at: usize) -> Option<Shown<'a>> {
        match self {
            Self::Words(part, rows) => rows.get(at).map(|text| Shown::Words(*part, text)),
            Self::Rows(ranges) => {
                for range in ranges {
                    if at < range.len() {
                        return layout.row(range.start + at).map(Shown::Row);
                    }
                    if at == range.len() {
                        return Some(Shown::Blank);
                    }
                    at -= range.len() + 1;
                }
                None
            }
        }
    }

    /// The first row that says more than the heading does: where a cell of little room begins.
    pub(super) fn first_said(&self, layout: &Layout) -> usize {
        let heads = |at: usize| match self.row(layout, at) {
            Some(Shown::Row(row)) => row.kind == RowKind::Blank || is_of_heading(row),
            _ => false,
        };
        let first = (0..self.height().min(8)).find(|at| !heads(*at));
        first.unwrap_or(0)
    }
}

/// True for the rows of a heading, and for the line below one.
fn is_of_heading(row: &Row) -> bool {
    let role = row.pieces.first().map(|piece| piece.face.role);
    matches!(role, Some(Role::Heading1 | Role::Heading2 | Role::Heading3))
}

/// The rows of these blocks without blank ones around them.
fn trimmed(layout: &Layout, blocks: Range<usize>) -> Range<usize> {
    let mut rows = layout.rows_of(blocks);
    let blank = |at: usize| layout.row(at).is_none_or(|row| row.kind == RowKind::Blank);
    while rows.start < rows.end && blank(rows.start) {
        rows.start += 1;
    }
    while rows.start < rows.end && blank(rows.end - 1) {
        rows.end -= 1;
    }
    rows
}

/// Why nothing stands here.
fn hole(pane: &Pane<'_>, view: RunRef<'_>, facet: Option<Facet>) -> (Part, String) {
    let promised = facet.is_some_and(|facet| pane.persona.contract.promises(facet));
    let word = facet.map_or("recommendation", Facet::word);
    let empty = view.document.is_empty();
    match &view.run.state {
        RunState::Ended(ending) if empty => {
            let why = ending.reason().map(sanitize_line).unwrap_or_default();
            let text = if why.is_empty() {
                ending.word().to_owned()
            } else {
                format!("{}: {why}", ending.word())
            };
            (Part::Failed, text)
        }
        RunState::Ended(Ending::Cut(_)) => {
            (Part::Hole, format!("╌ nothing on {word} before it was cut"))
        }
        RunState::Ended(Ending::Cancelled) => {
            (Part::Hole, format!("╌ nothing on {word} before it was cancelled"))
        }
        RunState::Ended(_) if facet == Some(Facet::Other) => {
            (Part::Hole, "╌ nothing else".to_owned())
        }
        RunState::Ended(_) if promised => {
            (Part::Hole, format!("╌ promised, but no section on {word}"))
        }
        RunState::Ended(_) => (Part::Hole, format!("╌ no section on {word}")),
        _ if empty => (Part::Note, format!("{} …", view.run.state.word())),
        _ => (Part::Note, format!("nothing on {word} yet …")),
    }
}
