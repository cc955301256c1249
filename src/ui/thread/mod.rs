//! Thread of one pane as rows: each run with its question, its answer and its ending, and the scroll position in it.
//!
//! Wraps answers, and only when their text or the width has changed. The scroll position is a run and a spot in it, not a
//! row number, so that neither growth nor a resize moves the text on the screen. Does not draw and knows no theme.

mod run_info_rows;

use std::borrow::Cow;

use super::viewport::Viewport;
use crate::app::{Keymap, Pane, RunRef, ScrollMove};
use crate::domain::{RunId, RunState};
use crate::text::{Anchor, MarkdownRows, Row, RowKind, RowOptions};
pub(super) use run_info_rows::RunInfoRow;
use run_info_rows::{RunInfoInput, build_rows_above, build_rows_below, count_reasoning_tokens};

/// Rows above a revealed row that stay visible: most of the time its heading.
const REVEAL_MARGIN_ROWS: usize = 2;

/// One row of the thread.
#[derive(Debug, Clone, Copy)]
pub(super) enum ThreadRow<'a> {
    /// Text of the program.
    Info(&'a RunInfoRow),
    /// Row of an answer.
    Answer(&'a Row),
}

/// Rows of one run: those above the answer, the answer, and those below it.
#[derive(Debug)]
struct RunRows {
    id: RunId,
    input: Option<RunInfoInput>,
    state: RunState,
    above: Vec<RunInfoRow>,
    answer: MarkdownRows,
    below: Vec<RunInfoRow>,
}

impl RunRows {
    fn new(id: RunId) -> Self {
        Self {
            id,
            input: None,
            state: RunState::Queued,
            above: Vec::new(),
            answer: MarkdownRows::new(),
            below: Vec::new(),
        }
    }

    fn height(&self) -> usize {
        self.above.len() + self.answer.height() + self.below.len()
    }

    fn spot_at(&self, row: usize) -> ThreadSpot {
        let answer_end = self.above.len() + self.answer.height();
        if row < self.above.len() {
            ThreadSpot::Above(row)
        } else if row < answer_end {
            ThreadSpot::Answer(self.answer.anchor_at(row - self.above.len()))
        } else {
            ThreadSpot::Below(row - answer_end)
        }
    }

    fn row_of(&self, spot: ThreadSpot) -> usize {
        let row = match spot {
            ThreadSpot::Above(row) => row.min(self.above.len()),
            ThreadSpot::Answer(_) if self.answer.height() == 0 => self.above.len(),
            ThreadSpot::Answer(anchor) => self.above.len() + self.answer.row_of(anchor),
            ThreadSpot::Below(row) => self.above.len() + self.answer.height() + row,
        };
        row.min(self.height().saturating_sub(1))
    }
}

/// Spot in the rows of a run that growth and resize do not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThreadSpot {
    /// Row above the answer.
    Above(usize),
    /// Spot in the answer.
    Answer(Anchor),
    /// Row below the answer.
    Below(usize),
}

/// Position in the thread: index of a run and a spot in its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ThreadPosition {
    run: usize,
    spot: ThreadSpot,
}

/// Rows of a pane and its scroll position.
#[derive(Debug)]
pub(super) struct Thread {
    runs: Vec<RunRows>,
    width: u16,
    viewport: Viewport,
    follow: bool,
    /// Position of the top row.
    position: ThreadPosition,
    mark: Option<ThreadPosition>,
    /// Columns by which code is scrolled to the right.
    code_columns: usize,
    options: RowOptions,
    /// Byte of an answer to scroll to when its rows are prepared.
    reveal_target: Option<(RunId, usize)>,
}

impl Default for Thread {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            width: 1,
            viewport: Viewport::default(),
            follow: true,
            position: ThreadPosition { run: 0, spot: ThreadSpot::Above(0) },
            mark: None,
            code_columns: 0,
            options: RowOptions::default(),
            reveal_target: None,
        }
    }
}

impl Thread {
    /// Scrolls to byte `offset` of an answer and marks its row, when its rows are prepared next.
    pub(super) fn reveal_offset(&mut self, run: RunId, offset: usize) {
        self.reveal_target = Some((run, offset));
    }

    fn scroll_to_reveal_target(&mut self, pane: &Pane<'_>) {
        let Some((run, offset)) = self.reveal_target.take() else { return };
        let Some(index) = self.runs.iter().position(|rows| rows.id == run) else { return };
        let (Some(rows), Some(run)) = (self.runs.get(index), pane.runs.get(index)) else { return };
        let inside = rows.above.len() + rows.answer.row_at(&run.document, offset);
        let target = self.rows_before_run(index) + inside;
        self.scroll_to(target.saturating_sub(REVEAL_MARGIN_ROWS), false);
        self.mark = self.position_at(target);
    }

    /// Updates the rows for an area of `width` by `height`, below which the border has `border` columns for notes.
    pub(super) fn prepare(
        &mut self,
        pane: &Pane<'_>,
        (width, height): (u16, u16),
        border: u16,
        options: RowOptions,
        keymap: &Keymap,
    ) {
        self.width = width.max(1);
        if self.options != options {
            self.options = options;
            self.code_columns = 0;
            for run in &mut self.runs {
                run.answer = MarkdownRows::new();
            }
        }
        self.match_runs(pane);
        let mut turn = None;
        let last = pane.runs.len().saturating_sub(1);
        for (i, (rows, run)) in self.runs.iter_mut().zip(&pane.runs).enumerate() {
            let input = RunInfoInput {
                width: self.width,
                reasoning_tokens: count_reasoning_tokens(*run),
                is_empty: run.document.is_empty(),
                shows_question: turn != Some(run.turn),
                is_last: i == last,
                border,
            };
            turn = Some(run.turn);
            if rows.input != Some(input) || rows.state != run.run.state {
                rows.above = build_rows_above(*run, input);
                rows.below = build_rows_below(*run, input, keymap);
                rows.input = Some(input);
                rows.state.clone_from(&run.run.state);
            }
            rows.answer.update(&run.document, self.width, options);
        }
        let total = self.runs.iter().map(RunRows::height).sum();
        self.viewport.set_size(total, usize::from(height));
        self.restore_top_row();
        self.scroll_to_reveal_target(pane);
        self.build_visible_plain_rows(pane);
    }

    /// Builds the visible rows of answers that are too large for all their rows to be kept, and those around the marked row.
    fn build_visible_plain_rows(&mut self, pane: &Pane<'_>) {
        let (top, height) = (self.viewport.top(), self.viewport.height());
        let mut start = 0;
        for (rows, run) in self.runs.iter_mut().zip(&pane.runs) {
            let first = top.saturating_sub(start + rows.above.len());
            let end = (top + height).saturating_sub(start + rows.above.len());
            rows.answer.build_plain_rows(&run.document, first..end);
            start += rows.height();
        }
    }

    /// Drops the rows of removed runs, and follows a new last run.
    fn match_runs(&mut self, pane: &Pane<'_>) {
        let previous_last = self.runs.last().map(|r| r.id);
        self.runs.truncate(pane.runs.len());
        for (i, run) in pane.runs.iter().enumerate() {
            match self.runs.get_mut(i) {
                Some(rows) if rows.id == run.id() => {}
                Some(rows) => *rows = RunRows::new(run.id()),
                None => self.runs.push(RunRows::new(run.id())),
            }
        }
        if self.runs.last().map(|r| r.id) != previous_last {
            self.follow = true;
            self.mark = None;
            self.code_columns = 0;
        }
    }

    /// Finds the top row again after rows have changed.
    fn restore_top_row(&mut self) {
        let top = if self.follow { self.viewport.max_top() } else { self.row_of(self.position) };
        self.viewport.scroll_to(top);
    }

    fn rows_before_run(&self, run: usize) -> usize {
        self.runs.iter().take(run).map(RunRows::height).sum()
    }

    fn row_of(&self, position: ThreadPosition) -> usize {
        let row = self.runs.get(position.run).map_or(0, |r| r.row_of(position.spot));
        self.rows_before_run(position.run) + row
    }

    /// Returns the index of the run that row `row` belongs to, and the row in it.
    fn locate_row(&self, mut row: usize) -> Option<(usize, usize)> {
        for (i, run) in self.runs.iter().enumerate() {
            if row < run.height() {
                return Some((i, row));
            }
            row -= run.height();
        }
        None
    }

    fn position_at(&self, row: usize) -> Option<ThreadPosition> {
        let (run, row) = self.locate_row(row)?;
        Some(ThreadPosition { run, spot: self.runs.get(run)?.spot_at(row) })
    }

    /// Moves the viewport.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        match scroll {
            ScrollMove::Lines(_) | ScrollMove::HalfPages(_) | ScrollMove::Pages(_) => {
                self.scroll_by(self.viewport.row_delta(scroll).unwrap_or(0));
            }
            ScrollMove::Top => self.scroll_to(0, false),
            ScrollMove::Bottom => self.scroll_to(usize::MAX, true),
            ScrollMove::ToggleFollow => {
                let follow = !self.follow;
                self.scroll_to(if follow { usize::MAX } else { self.viewport.top() }, follow);
            }
            ScrollMove::Section(forward) => {
                self.jump_to_kind(forward, |kind| matches!(kind, RowKind::Heading(_)));
            }
            ScrollMove::Code(forward) => {
                self.jump_to_kind(forward, |kind| matches!(kind, RowKind::CodeHeader(_)));
            }
            ScrollMove::Columns(n) => self.scroll_code(n),
        }
    }

    fn scroll_by(&mut self, rows: isize) {
        let max_top = self.viewport.max_top();
        let top = self.viewport.top().saturating_add_signed(rows).min(max_top);
        let follow = if rows < 0 { self.follow && max_top == 0 } else { top == max_top };
        self.scroll_to(top, follow);
    }

    fn scroll_to(&mut self, top: usize, follow: bool) {
        self.viewport.scroll_to(top);
        self.follow = follow;
        self.mark = None;
        if let Some(position) = self.position_at(self.viewport.top()) {
            self.position = position;
        }
    }

    /// Jumps to the next (or previous) row of a kind, from the last jump or else from the top row. The row is marked,
    /// because the last rows cannot come to the top.
    fn jump_to_kind(&mut self, forward: bool, is_wanted: fn(RowKind) -> bool) {
        let from = self.mark.map_or(self.viewport.top(), |mark| self.row_of(mark));
        let is_first_jump = self.mark.is_none();
        let Some((run, row)) = self.locate_row(from) else { return };
        let target = if forward {
            self.find_below(run, row, is_first_jump, is_wanted)
        } else {
            self.find_above(run, row, is_wanted)
        };
        if let Some(target) = target {
            self.scroll_to(target, false);
            self.mark = self.position_at(target);
        }
    }

    fn find_below(
        &self,
        run: usize,
        row: usize,
        is_first_jump: bool,
        is_wanted: fn(RowKind) -> bool,
    ) -> Option<usize> {
        let mut start = self.rows_before_run(run);
        for (i, rows) in self.runs.iter().enumerate().skip(run) {
            let above = rows.above.len();
            // At the very top nothing was jumped to yet: the first row of the answer counts, too.
            let counts_first_row = i > run
                || row < above
                || (is_first_jump && row == above && self.viewport.top() == 0);
            let found = if counts_first_row {
                let is_first = rows.answer.rows_from(0).next().is_some_and(|r| is_wanted(r.kind));
                if is_first { Some(0) } else { rows.answer.find_row(0, true, is_wanted) }
            } else {
                rows.answer.find_row(row - above, true, is_wanted)
            };
            if let Some(found) = found {
                return Some(start + above + found);
            }
            start += rows.height();
        }
        None
    }

    fn find_above(&self, run: usize, row: usize, is_wanted: fn(RowKind) -> bool) -> Option<usize> {
        for (i, rows) in self.runs.iter().enumerate().take(run + 1).rev() {
            let above = rows.above.len();
            let from = if i == run { row.saturating_sub(above) } else { rows.answer.height() };
            if let Some(found) = rows.answer.find_row(from, false, is_wanted) {
                return Some(self.rows_before_run(i) + above + found);
            }
        }
        None
    }

    /// Scrolls code sideways, no further than its longest visible line needs.
    fn scroll_code(&mut self, delta: i32) {
        let mut longest = 0;
        self.for_visible_rows(|_, row| {
            if let ThreadRow::Answer(row) = row
                && matches!(row.kind, RowKind::Code(_))
            {
                let width = row.pieces.iter().map(|p| crate::text::width::width(&p.text)).sum();
                longest = longest.max(width);
            }
        });
        let max_columns = longest.saturating_sub(usize::from(self.width)).max(self.code_columns);
        let delta = isize::try_from(delta).unwrap_or(0);
        self.code_columns = self.code_columns.saturating_add_signed(delta).min(max_columns);
    }

    /// Calls `visit` with each visible row and its number from the top of the viewport.
    pub(super) fn for_visible_rows<'a>(&'a self, mut visit: impl FnMut(u16, ThreadRow<'a>)) {
        let height = self.viewport.height();
        let mut skip = self.viewport.top();
        let mut y = 0;
        for run in &self.runs {
            if y >= height {
                return;
            }
            if skip >= run.height() {
                skip -= run.height();
                continue;
            }
            let answer_skip = skip.saturating_sub(run.above.len());
            let below_skip = answer_skip.saturating_sub(run.answer.height());
            let above = run.above.iter().skip(skip).map(ThreadRow::Info);
            let answer = run.answer.rows_from(answer_skip).map(ThreadRow::Answer);
            let below = run.below.iter().skip(below_skip).map(ThreadRow::Info);
            for row in above.chain(answer).chain(below).take(height - y) {
                visit(u16::try_from(y).unwrap_or(u16::MAX), row);
                y += 1;
            }
            skip = 0;
        }
    }

    /// Returns the row that a command applies to, and its run: the marked row, or else the first visible row of an answer.
    pub(super) fn find_current_row<'a>(
        &self,
        pane: &Pane<'a>,
    ) -> Option<(RunRef<'a>, Cow<'_, Row>)> {
        let from = self.mark.map_or(self.viewport.top(), |mark| self.row_of(mark));
        let (run, row) = self.locate_row(from)?;
        for (i, rows) in self.runs.iter().enumerate().skip(run) {
            let row = if i == run { row.saturating_sub(rows.above.len()) } else { 0 };
            let row = row.min(rows.answer.height().saturating_sub(1));
            let run = *pane.runs.get(i)?;
            if let Some(row) = rows.answer.row(&run.document, row) {
                return Some((run, row));
            }
        }
        None
    }

    /// Number of the marked row from the top of the viewport, if it is visible.
    pub(super) fn marked_row(&self) -> Option<usize> {
        let row = self.row_of(self.mark?);
        row.checked_sub(self.viewport.top()).filter(|row| *row < self.viewport.height())
    }

    /// Visible part of the rows.
    pub(super) fn viewport(&self) -> &Viewport {
        &self.viewport
    }

    /// Returns true while the end is kept visible.
    pub(super) fn is_following(&self) -> bool {
        self.follow
    }

    /// Columns by which code is scrolled to the right.
    pub(super) fn code_columns(&self) -> usize {
        self.code_columns
    }

    /// Index of the run at the top of the viewport.
    pub(super) fn run_at_top(&self) -> Option<usize> {
        self.locate_row(self.viewport.top()).map(|(run, _)| run)
    }
}
