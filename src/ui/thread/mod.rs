//! One pane's thread as rows: every run with its question, its answer and its ending, and where the reader stands in it.
//!
//! Rows are wrapped here and only here. The reader's place is a run and a place in it, not a row number, so neither growth
//! nor a resize moves what is being read. Knows no colours and no cells: `pane` draws it.

mod lines;

use crate::app::{Keymap, Pane, RunRef, Scroll};
use crate::domain::{RunId, RunState};
use crate::text::{Anchor, Layout, LayoutOptions, Row, RowKind};
pub(super) use lines::Line;
use lines::{Around, after, before, thought};

/// One row of the thread.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown<'a> {
    /// The program's words.
    Line(&'a Line),
    /// The answer's.
    Row(&'a Row),
}

/// The rows of one run.
#[derive(Debug)]
struct RunRows {
    id: RunId,
    around: Option<Around>,
    state: RunState,
    before: Vec<Line>,
    body: Layout,
    after: Vec<Line>,
}

impl RunRows {
    fn new(id: RunId) -> Self {
        Self {
            id,
            around: None,
            state: RunState::Queued,
            before: Vec::new(),
            body: Layout::new(),
            after: Vec::new(),
        }
    }

    fn height(&self) -> usize {
        self.before.len() + self.body.height() + self.after.len()
    }

    fn place(&self, row: usize) -> Spot {
        let body = self.before.len() + self.body.height();
        if row < self.before.len() {
            Spot::Before(row)
        } else if row < body {
            Spot::Body(self.body.anchor_at(row - self.before.len()))
        } else {
            Spot::After(row - body)
        }
    }

    fn row_of(&self, spot: Spot) -> usize {
        let row = match spot {
            Spot::Before(row) => row.min(self.before.len()),
            Spot::Body(_) if self.body.height() == 0 => self.before.len(),
            Spot::Body(anchor) => self.before.len() + self.body.row_of(anchor),
            Spot::After(row) => self.before.len() + self.body.height() + row,
        };
        row.min(self.height().saturating_sub(1))
    }
}

/// A place inside a run that growth and resize do not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Before(usize),
    Body(Anchor),
    After(usize),
}

/// A place in the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    run: usize,
    spot: Spot,
}

/// A pane's rows, and where the reader stands.
#[derive(Debug)]
pub(super) struct Thread {
    runs: Vec<RunRows>,
    width: u16,
    height: usize,
    total: usize,
    top: usize,
    follow: bool,
    place: Place,
    mark: Option<Place>,
    columns: usize,
    options: LayoutOptions,
    /// A byte of an answer that is to be brought into view when its rows are there.
    wanted: Option<(RunId, usize)>,
}

impl Default for Thread {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            width: 1,
            height: 0,
            total: 0,
            top: 0,
            follow: true,
            place: Place { run: 0, spot: Spot::Before(0) },
            mark: None,
            columns: 0,
            options: LayoutOptions::default(),
            wanted: None,
        }
    }
}

impl Thread {
    /// Brings byte `at` of an answer to the top of the view, and marks its row, when its rows are there.
    pub(super) fn reveal(&mut self, run: RunId, at: usize) {
        self.wanted = Some((run, at));
    }

    fn bring_into_view(&mut self) {
        let Some((run, at)) = self.wanted.take() else { return };
        let Some(index) = self.runs.iter().position(|rows| rows.id == run) else { return };
        let above: usize = self.runs.iter().take(index).map(RunRows::height).sum();
        let inside = self.runs.get(index).map_or(0, |r| r.before.len() + r.body.row_at(at));
        let target = above + inside;
        // Two rows above it stay in sight: its heading, most of the time.
        self.stand(target.saturating_sub(2), false);
        self.mark = self.place_of(target);
    }

    /// Brings the rows up to date for a view of `width` by `height`, below which stand `border` columns for notes.
    pub(super) fn prepare(
        &mut self,
        pane: &Pane<'_>,
        (width, height): (u16, u16),
        border: u16,
        options: LayoutOptions,
        keymap: &Keymap,
    ) {
        self.width = width.max(1);
        self.height = usize::from(height);
        if self.options != options {
            self.options = options;
            self.columns = 0;
            for run in &mut self.runs {
                run.body = Layout::new();
            }
        }
        self.match_runs(pane);
        let mut turn = None;
        let last = pane.runs.len().saturating_sub(1);
        for (i, (rows, view)) in self.runs.iter_mut().zip(&pane.runs).enumerate() {
            let around = Around {
                width: self.width,
                thought: thought(*view),
                empty: view.document.is_empty(),
                asks: turn != Some(view.turn),
                last: i == last,
                border,
            };
            turn = Some(view.turn);
            if rows.around != Some(around) || rows.state != view.run.state {
                rows.before = before(*view, around);
                rows.after = after(*view, around, keymap);
                rows.around = Some(around);
                rows.state.clone_from(&view.run.state);
            }
            rows.body.update(&view.document, self.width, options);
        }
        self.total = self.runs.iter().map(RunRows::height).sum();
        self.settle();
        self.bring_into_view();
    }

    /// Rows of runs that are gone go; a new last run is followed.
    fn match_runs(&mut self, pane: &Pane<'_>) {
        let before = self.runs.last().map(|r| r.id);
        self.runs.truncate(pane.runs.len());
        for (i, view) in pane.runs.iter().enumerate() {
            match self.runs.get_mut(i) {
                Some(rows) if rows.id == view.id() => {}
                Some(rows) => *rows = RunRows::new(view.id()),
                None => self.runs.push(RunRows::new(view.id())),
            }
        }
        if self.runs.last().map(|r| r.id) != before {
            self.follow = true;
            self.mark = None;
            self.columns = 0;
        }
    }

    /// Finds the top row again after rows have changed.
    fn settle(&mut self) {
        self.top = if self.follow { self.most() } else { self.row_of(self.place).min(self.most()) };
    }

    /// The top row at which the end is visible.
    fn most(&self) -> usize {
        self.total.saturating_sub(self.height)
    }

    fn row_of(&self, place: Place) -> usize {
        let above: usize = self.runs.iter().take(place.run).map(RunRows::height).sum();
        above + self.runs.get(place.run).map_or(0, |r| r.row_of(place.spot))
    }

    /// The run that row `row` belongs to, and which row of it that is.
    fn locate(&self, mut row: usize) -> Option<(usize, usize)> {
        for (i, run) in self.runs.iter().enumerate() {
            if row < run.height() {
                return Some((i, row));
            }
            row -= run.height();
        }
        None
    }

    fn place_of(&self, row: usize) -> Option<Place> {
        let (run, row) = self.locate(row)?;
        Some(Place { run, spot: self.runs.get(run)?.place(row) })
    }

    /// Moves the view.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        let page = self.height.max(1);
        match scroll {
            Scroll::Lines(n) => self.by(n, 1),
            Scroll::HalfPages(n) => self.by(n, page.div_ceil(2)),
            // One row of the page before stays, to read on from.
            Scroll::Pages(n) => self.by(n, page.saturating_sub(1).max(1)),
            Scroll::Top => self.stand(0, false),
            Scroll::Bottom => self.stand(self.most(), true),
            Scroll::ToggleFollow => {
                let follow = !self.follow;
                self.stand(if follow { self.most() } else { self.top }, follow);
            }
            Scroll::Section(forward) => {
                self.jump(forward, |kind| matches!(kind, RowKind::Heading(_)));
            }
            Scroll::Code(forward) => {
                self.jump(forward, |kind| matches!(kind, RowKind::CodeHeader(_)));
            }
            Scroll::Columns(n) => self.sideways(n),
        }
    }

    fn by(&mut self, n: i32, unit: usize) {
        let rows = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX).saturating_mul(unit);
        let most = self.most();
        if n < 0 {
            let follow = self.follow && most == 0;
            self.stand(self.top.saturating_sub(rows), follow);
        } else {
            let top = self.top.saturating_add(rows).min(most);
            self.stand(top, top == most);
        }
    }

    fn stand(&mut self, top: usize, follow: bool) {
        self.top = top.min(self.most());
        self.follow = follow;
        self.mark = None;
        if let Some(place) = self.place_of(self.top) {
            self.place = place;
        }
    }

    /// To the next (or previous) row of a kind, seen from the last jump, else from the top. The row is marked, as the last
    /// ones cannot come to the top.
    fn jump(&mut self, forward: bool, wanted: fn(RowKind) -> bool) {
        let from = self.mark.map_or(self.top, |m| self.row_of(m));
        let fresh = self.mark.is_none();
        let Some((run, row)) = self.locate(from) else { return };
        let found = if forward {
            self.find_below(run, row, fresh, wanted)
        } else {
            self.find_above(run, row, wanted)
        };
        if let Some(target) = found {
            self.stand(target, false);
            self.mark = self.place_of(target);
        }
    }

    fn find_below(
        &self,
        run: usize,
        row: usize,
        fresh: bool,
        wanted: fn(RowKind) -> bool,
    ) -> Option<usize> {
        let mut above: usize = self.runs.iter().take(run).map(RunRows::height).sum();
        for (i, rows) in self.runs.iter().enumerate().skip(run) {
            let head = rows.before.len();
            // At the very top nothing was chosen yet: the first row counts, too.
            let first = i > run || row < head || (fresh && row == head && self.top == 0);
            let found = if first {
                let is = rows.body.row(0).is_some_and(|r| wanted(r.kind));
                if is { Some(0) } else { rows.body.find_row(0, true, wanted) }
            } else {
                rows.body.find_row(row - head, true, wanted)
            };
            if let Some(found) = found {
                return Some(above + head + found);
            }
            above += rows.height();
        }
        None
    }

    fn find_above(&self, run: usize, row: usize, wanted: fn(RowKind) -> bool) -> Option<usize> {
        for (i, rows) in self.runs.iter().enumerate().take(run + 1).rev() {
            let head = rows.before.len();
            let from = if i == run { row.saturating_sub(head) } else { rows.body.height() };
            if let Some(found) = rows.body.find_row(from, false, wanted) {
                let above: usize = self.runs.iter().take(i).map(RunRows::height).sum();
                return Some(above + head + found);
            }
        }
        None
    }

    /// Moves code sideways, no further than its longest visible line needs.
    fn sideways(&mut self, n: i32) {
        let mut longest = 0;
        self.visible(|_, shown| {
            if let Shown::Row(row) = shown
                && matches!(row.kind, RowKind::Code(_))
            {
                let width = row.pieces.iter().map(|p| crate::text::width::width(&p.text)).sum();
                longest = longest.max(width);
            }
        });
        let most = longest.saturating_sub(usize::from(self.width));
        let by = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
        self.columns = if n < 0 {
            self.columns.saturating_sub(by)
        } else {
            self.columns.saturating_add(by).min(most.max(self.columns))
        };
    }

    /// Hands out the visible rows, each with its number from the top of the view.
    pub(super) fn visible<'a>(&'a self, mut take: impl FnMut(u16, Shown<'a>)) {
        let mut skip = self.top;
        let mut y = 0;
        for run in &self.runs {
            if y >= self.height {
                return;
            }
            if skip >= run.height() {
                skip -= run.height();
                continue;
            }
            let body = skip.saturating_sub(run.before.len());
            let after = body.saturating_sub(run.body.height());
            let before = run.before.iter().skip(skip).map(Shown::Line);
            let rows = run.body.rows_from(body).map(Shown::Row);
            let lines = run.after.iter().skip(after).map(Shown::Line);
            for shown in before.chain(rows).chain(lines).take(self.height - y) {
                take(u16::try_from(y).unwrap_or(u16::MAX), shown);
                y += 1;
            }
            skip = 0;
        }
    }

    /// The run and the place in its answer that the reader means: the marked row, else the first one of an answer in view.
    pub(super) fn chosen<'a>(&self, pane: &Pane<'a>) -> Option<(RunRef<'a>, &Row)> {
        let from = self.mark.map_or(self.top, |m| self.row_of(m));
        let (run, row) = self.locate(from)?;
        for (i, rows) in self.runs.iter().enumerate().skip(run) {
            let row = if i == run { row.saturating_sub(rows.before.len()) } else { 0 };
            let row = row.min(rows.body.height().saturating_sub(1));
            if let Some(row) = rows.body.row(row) {
                return Some((*pane.runs.get(i)?, row));
            }
        }
        None
    }

    /// The row of the view that is marked.
    pub(super) fn marked(&self) -> Option<usize> {
        let row = self.row_of(self.mark?);
        row.checked_sub(self.top).filter(|r| *r < self.height)
    }

    /// Rows below the view.
    pub(super) fn below(&self) -> usize {
        self.most().saturating_sub(self.top)
    }

    /// Rows above the view, and of the whole thread.
    pub(super) fn extent(&self) -> (usize, usize) {
        (self.top, self.total)
    }

    /// True while the end is kept in view.
    pub(super) fn follows(&self) -> bool {
        self.follow
    }

    /// Columns that code is scrolled to the right.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Index of the run at the top of the view.
    pub(super) fn run_at_top(&self) -> Option<usize> {
        self.locate(self.top).map(|(run, _)| run)
    }
}
