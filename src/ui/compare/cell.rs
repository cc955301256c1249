//! Content of one cell of Compare: rows of an answer, its lead sentence, or why it has nothing on the facet.
//!
//! Does not draw.

use std::borrow::Cow;
use std::ops::Range;

use crate::app::{Pane, RunRef};
use crate::domain::{Ending, Facet, RunState};
use crate::text::{MarkdownRows, ParsedMarkdown, Role, Row, RowKind, sanitize_line};
use crate::ui::paint::wrap_text;
use crate::ui::theme::UiRole;

/// Maximum rows of a lead sentence.
const MAX_LEAD_ROWS: usize = 12;
/// Maximum rows of a reason.
const MAX_REASON_ROWS: usize = 4;

/// Content of a cell.
#[derive(Debug)]
pub(super) enum CompareCell {
    /// Rows of the answer, one range per section.
    Answer(Vec<Range<usize>>),
    /// Text of the program, or the lead sentence.
    Text(UiRole, Vec<String>),
}

/// One row of a cell.
pub(super) enum CellRow<'a> {
    /// Row of an answer.
    Answer(Cow<'a, Row>),
    /// Row of text of the program.
    Text(UiRole, &'a str),
    /// Empty row between two sections.
    Blank,
}

/// Where the rows of a column's cells come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellSource<'a> {
    pub(super) layout: &'a MarkdownRows,
    /// The answer of the column, if there is one.
    pub(super) document: Option<&'a ParsedMarkdown>,
}

impl<'a> CellSource<'a> {
    fn row(self, index: usize) -> Option<Cow<'a, Row>> {
        self.layout.row(self.document?, index)
    }

    /// Returns the rows of `blocks` without blank rows around them.
    fn trim_blank_rows(self, blocks: Range<usize>) -> Range<usize> {
        let mut rows = self.layout.rows_of(blocks);
        let is_blank = |index: usize| self.row(index).is_none_or(|row| row.kind == RowKind::Blank);
        while rows.start < rows.end && is_blank(rows.start) {
            rows.start += 1;
        }
        while rows.start < rows.end && is_blank(rows.end - 1) {
            rows.end -= 1;
        }
        rows
    }
}

impl CompareCell {
    /// Builds the cell of `facet`, or of the answer at a glance if `None`, of a pane's answer.
    pub(super) fn new(
        pane: &Pane<'_>,
        run: Option<RunRef<'_>>,
        facet: Option<Facet>,
        layout: &MarkdownRows,
        width: usize,
    ) -> Self {
        let text_cell =
            |role, text: &str, max_rows| Self::Text(role, wrap_text(text, width, max_rows));
        let Some(run) = run else { return text_cell(UiRole::Note, "not asked", 1) };
        match facet {
            None => {
                if let Some(lead) = &run.lead {
                    return text_cell(UiRole::Input, &sanitize_line(&lead.text), MAX_LEAD_ROWS);
                }
                let (role, text) = describe_missing(pane, run, None);
                text_cell(role, &text, MAX_REASON_ROWS)
            }
            Some(facet) => {
                let source = CellSource { layout, document: Some(&run.document) };
                let sections = run
                    .display
                    .sections_about(facet)
                    .map(|s| source.trim_blank_rows(s.blocks.clone()));
                let rows: Vec<Range<usize>> = sections.filter(|rows| !rows.is_empty()).collect();
                if rows.is_empty() {
                    let (role, text) = describe_missing(pane, run, Some(facet));
                    return text_cell(role, &text, MAX_REASON_ROWS);
                }
                Self::Answer(rows)
            }
        }
    }

    /// Number of rows.
    pub(super) fn height(&self) -> usize {
        match self {
            Self::Answer(ranges) => {
                ranges.iter().map(Range::len).sum::<usize>() + ranges.len().saturating_sub(1)
            }
            Self::Text(_, rows) => rows.len(),
        }
    }

    /// Returns row `index`.
    pub(super) fn row<'a>(
        &'a self,
        source: CellSource<'a>,
        mut index: usize,
    ) -> Option<CellRow<'a>> {
        match self {
            Self::Text(role, rows) => rows.get(index).map(|text| CellRow::Text(*role, text)),
            Self::Answer(ranges) => {
                for range in ranges {
                    if index < range.len() {
                        return source.row(range.start + index).map(CellRow::Answer);
                    }
                    if index == range.len() {
                        return Some(CellRow::Blank);
                    }
                    index -= range.len() + 1;
                }
                None
            }
        }
    }

    /// Returns the first row after headings, where a cell with few rows starts.
    pub(super) fn first_text_row(&self, source: CellSource<'_>) -> usize {
        let is_heading_or_blank = |index: usize| match self.row(source, index) {
            Some(CellRow::Answer(row)) => row.kind == RowKind::Blank || has_heading_role(&row),
            _ => false,
        };
        let first = (0..self.height().min(8)).find(|index| !is_heading_or_blank(*index));
        first.unwrap_or(0)
    }
}

/// Returns true for the rows of a heading and for the line below one.
fn has_heading_role(row: &Row) -> bool {
    let role = row.pieces.first().map(|piece| piece.face.role);
    matches!(role, Some(Role::Heading1 | Role::Heading2 | Role::Heading3))
}

/// Describes why an answer has nothing on `facet`.
fn describe_missing(pane: &Pane<'_>, run: RunRef<'_>, facet: Option<Facet>) -> (UiRole, String) {
    let is_promised = facet.is_some_and(|facet| pane.persona.contract.has_required_section(facet));
    let word = facet.map_or("recommendation", Facet::as_str);
    let is_empty = run.document.is_empty();
    if run.is_being_read() {
        return (UiRole::Note, "still reading …".to_owned());
    }
    match &run.run.state {
        RunState::Ended(_) if run.is_unreadable => {
            (UiRole::Failed, "could not be read: internal error".to_owned())
        }
        RunState::Ended(ending) if is_empty => {
            let reason = ending.reason().map(sanitize_line).unwrap_or_default();
            let text = if reason.is_empty() {
                ending.as_str().to_owned()
            } else {
                format!("{}: {reason}", ending.as_str())
            };
            (UiRole::Failed, text)
        }
        RunState::Ended(_) if run.read_extent.is_part() => {
            let part = run.read_extent.describe_part().unwrap_or_default();
            (UiRole::Hole, format!("╌ too large: only {part} was read, with nothing on {word}"))
        }
        RunState::Ended(Ending::Cut(_)) => {
            (UiRole::Hole, format!("╌ nothing on {word} before it was cut"))
        }
        RunState::Ended(Ending::Cancelled) => {
            (UiRole::Hole, format!("╌ nothing on {word} before it was cancelled"))
        }
        RunState::Ended(_) if facet == Some(Facet::Other) => {
            (UiRole::Hole, "╌ nothing else".to_owned())
        }
        RunState::Ended(_) if is_promised => {
            (UiRole::Hole, format!("╌ promised, but no section on {word}"))
        }
        RunState::Ended(_) => (UiRole::Hole, format!("╌ no section on {word}")),
        _ if is_empty => (UiRole::Note, format!("{} …", run.run.state.as_str())),
        _ => (UiRole::Note, format!("nothing on {word} yet …")),
    }
}
