//! Draws the Compare view: a table of facets and personas, with sections of the answers in its cells.
//!
//! The open facet gets the rows that it needs, the others share the rest. On a narrow screen one facet is shown at a time,
//! with its cells below each other. `cell` has the content of a cell, `grid` and `stack` draw. Which facet is open is part
//! of the state.

mod cell;
mod grid;
mod stack;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane::PaneRenderer;
use super::theme::Theme;
use super::viewport::Viewport;
use crate::app::{RunRef, ScrollMove, State};
use crate::domain::{Facet, RunId};
use crate::text::{MarkdownRows, RowOptions};
use cell::{CellSource, CompareCell};

/// Minimum width of the table. Below it, facets are shown one at a time.
const MIN_GRID_WIDTH: u16 = 100;
/// Columns for the names of facets.
const LABEL_COLUMNS: u16 = 15;
/// Minimum width of a persona's column.
const MIN_COLUMN_WIDTH: u16 = 34;
/// Maximum columns of text: longer lines are hard to read.
const MAX_TEXT_WIDTH: u16 = 100;

/// Arrangement of the view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum CompareForm {
    /// Table: facets below each other, personas side by side.
    #[default]
    Grid,
    /// One facet, its cells below each other.
    Stack,
    /// One cell.
    Zoom,
}

/// Answer of a persona, wrapped to the width of its column.
#[derive(Debug, Default)]
struct CompareColumn {
    run: Option<RunId>,
    layout: MarkdownRows,
    /// One cell per facet, only in visible columns.
    cells: Vec<CompareCell>,
}

impl CompareColumn {
    /// Where the rows of its cells come from.
    fn source<'a>(&'a self, state: &'a State) -> CellSource<'a> {
        let run = self.run.and_then(|run| state.run(run));
        CellSource { layout: &self.layout, document: run.map(|run| &run.display.document) }
    }
}

/// Rows of one facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FacetBand {
    /// The facet, or `None` for the answers at a glance.
    facet: Option<Facet>,
    /// Rows of its longest cell.
    needed_rows: usize,
    /// Rows that it gets.
    height: usize,
    /// Number of answers that cover the facet.
    covered: usize,
}

/// Caches of the view between frames.
#[derive(Debug, Default)]
pub(super) struct CompareRenderer {
    form: CompareForm,
    area: Rect,
    columns: Vec<CompareColumn>,
    /// Indices of the visible panes.
    visible_panes: std::ops::Range<usize>,
    /// Columns of text in each column.
    width: u16,
    bands: Vec<FacetBand>,
    /// Index of the open band.
    open: usize,
    /// Whether lines separate the bands.
    has_rules: bool,
    /// Visible rows of the open band, stack or cell.
    viewport: Viewport,
    /// Open facet, focused pane and arrangement of the last frame. When they change, the viewport starts at the top.
    previous: Option<(Option<Facet>, usize, CompareForm)>,
    /// Line that names the facets that no answer covers.
    uncovered: String,
}

impl CompareRenderer {
    /// Updates cells and areas for a body of `area`.
    pub(super) fn prepare(&mut self, state: &State, area: Rect, options: RowOptions) {
        self.area = area;
        self.form = match () {
            () if state.compare.zoomed => CompareForm::Zoom,
            () if area.width < MIN_GRID_WIDTH => CompareForm::Stack,
            () => CompareForm::Grid,
        };
        let current = Some((state.compare.facet, state.focused, self.form));
        let has_moved = |(facet, pane, form)| {
            let (f, p, o) = (state.compare.facet, state.focused, self.form);
            facet != f || form != o || (pane != p && form == CompareForm::Zoom)
        };
        if self.previous.is_none_or(has_moved) {
            self.viewport.scroll_to(0);
        }
        self.previous = current;
        self.choose_visible_panes(state);
        let rows = state.compare_rows();
        self.columns.truncate(state.pane_personas.len());
        self.columns.resize_with(state.pane_personas.len(), CompareColumn::default);
        for (index, (column, pane)) in self.columns.iter_mut().zip(&state.panes()).enumerate() {
            column.cells.clear();
            if !self.visible_panes.contains(&index) {
                continue;
            }
            let run = pane.answer();
            if column.run != run.map(|run| run.id()) {
                *column =
                    CompareColumn { run: run.map(|run| run.id()), ..CompareColumn::default() };
            }
            if let Some(run) = run {
                column.layout.update(&run.document, self.width, options);
            }
            let width = usize::from(self.width);
            column.cells = rows
                .iter()
                .map(|facet| CompareCell::new(pane, run, *facet, &column.layout, width))
                .collect();
        }
        self.open = rows.iter().position(|facet| *facet == state.compare.facet).unwrap_or(0);
        self.bands =
            rows.iter().enumerate().map(|(i, facet)| self.build_band(state, i, *facet)).collect();
        self.uncovered = describe_uncovered_facets(state);
        self.share_height();
        self.update_viewport();
    }

    /// Chooses the visible panes and their width: the page with the focused pane.
    fn choose_visible_panes(&mut self, state: &State) {
        let n = state.pane_personas.len();
        let focused = state.focused.min(n.saturating_sub(1));
        match self.form {
            CompareForm::Zoom => {
                self.visible_panes = focused..(focused + 1).min(n);
                self.width = self.area.width.saturating_sub(4).clamp(1, MAX_TEXT_WIDTH);
            }
            CompareForm::Stack => {
                self.visible_panes = 0..n;
                self.width = self.area.width.saturating_sub(3).clamp(1, MAX_TEXT_WIDTH);
            }
            CompareForm::Grid => {
                let columns = self.area.width.saturating_sub(LABEL_COLUMNS);
                let page_size = usize::from(columns / MIN_COLUMN_WIDTH).clamp(1, n.max(1));
                let start = (focused / page_size * page_size).min(n.saturating_sub(page_size));
                self.visible_panes = start..(start + page_size).min(n);
                let column_width = columns / u16::try_from(page_size).unwrap_or(1).max(1);
                self.width = column_width.saturating_sub(3).clamp(1, MAX_TEXT_WIDTH);
            }
        }
    }

    fn build_band(&self, state: &State, index: usize, facet: Option<Facet>) -> FacetBand {
        let visible = self.columns.get(self.visible_panes.clone()).unwrap_or_default();
        let cells = || visible.iter().filter_map(|column| column.cells.get(index));
        let needed_rows = cells().map(CompareCell::height).max().unwrap_or(1).max(1);
        let runs = state.panes().into_iter().filter_map(|pane| pane.answer());
        let covering = runs.filter(|run| match facet {
            Some(facet) => run.display.sections_about(facet).next().is_some(),
            None => run.lead.is_some(),
        });
        FacetBand { facet, needed_rows, height: 1, covered: covering.count() }
    }

    /// Distributes the rows: one to each band, then to the open band what it needs, then the rest from the top.
    fn share_height(&mut self) {
        let bands = self.bands.len();
        let rows = usize::from(self.area.height).saturating_sub(1);
        let footer = usize::from(!self.uncovered.is_empty() && rows > 2 * bands);
        self.has_rules = rows >= 3 * bands + footer;
        let rules = if self.has_rules { bands.saturating_sub(1) } else { 0 };
        let mut left = rows.saturating_sub(bands + rules + footer);
        let open = self.open;
        let order = std::iter::once(open).chain((0..bands).filter(|index| *index != open));
        for index in order {
            let Some(band) = self.bands.get_mut(index) else { continue };
            // A band that is not open gets few rows at first, so that all of them get some.
            let max_rows = if index == open { left } else { left.min(3) };
            let added = band.needed_rows.saturating_sub(1).min(max_rows);
            band.height = 1 + added;
            left -= added;
        }
        for band in &mut self.bands {
            let added = band.needed_rows.saturating_sub(band.height).min(left);
            band.height += added;
            left -= added;
        }
    }

    fn update_viewport(&mut self) {
        let body_height = usize::from(self.area.height.saturating_sub(1));
        let (total, height) = match self.form {
            CompareForm::Grid => {
                self.bands.get(self.open).map_or((0, 1), |band| (band.needed_rows, band.height))
            }
            CompareForm::Stack => (stack::count_rows(self), body_height),
            CompareForm::Zoom => {
                let cell = self.cell(self.visible_panes.start, self.open);
                (cell.map_or(0, CompareCell::height), body_height)
            }
        };
        self.viewport.set_size(total, height);
    }

    fn cell(&self, pane: usize, band: usize) -> Option<&CompareCell> {
        self.columns.get(pane)?.cells.get(band)
    }

    /// Scrolls the open band, stack or cell.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        self.viewport.apply_scroll(scroll);
    }

    /// Draws the view into the area given to `prepare`.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneRenderer],
    ) {
        match self.form {
            CompareForm::Grid => grid::draw_grid(self, buffer, theme, state, panes),
            CompareForm::Stack => stack::draw_stack(self, buffer, theme, state, panes),
            CompareForm::Zoom => stack::draw_zoomed(self, buffer, theme, state, panes),
        }
    }
}

/// Names the facets that neither an answer nor a contract covers: `not covered: cost, operations`.
fn describe_uncovered_facets(state: &State) -> String {
    let has_answer =
        state.panes().iter().any(|pane| pane.answer().is_some_and(|run| !run.is_live()));
    let is_uncovered = |facet: &Facet| !state.has_facet(*facet) && *facet != Facet::Other;
    let facets: Vec<&str> =
        Facet::ALL.into_iter().filter(is_uncovered).map(Facet::as_str).collect();
    if facets.is_empty() || !has_answer || state.is_live() {
        return String::new();
    }
    format!("not covered: {}", facets.join(", "))
}

/// Returns the number of the question that a pane answers, `q1` as in Triage, if other panes answer another question.
fn question_label(state: &State, pane: usize) -> Option<String> {
    let question_number = |run: RunRef<'_>| state.turn_number(run.turn);
    let number = state.pane_at(pane)?.current().map(question_number)?;
    let mut others =
        state.panes().into_iter().filter_map(|pane| pane.answer()).map(question_number);
    let differs = others.any(|other| other != number);
    differs.then(|| format!("q{number}"))
}

/// Returns the source of the selected cell, and its description.
pub(super) fn find_copy_source(state: &State) -> Option<(String, String)> {
    let pane = state.pane()?;
    let run = pane.answer()?;
    let name = crate::text::sanitize_line(&pane.persona.display_name());
    match state.compare.facet {
        Some(facet) => {
            let sources = run
                .display
                .sections_about(facet)
                .filter_map(|section| run.document.source().get(section.span.clone()));
            let text: String = sources.collect();
            let title = facet.title();
            (!text.is_empty()).then(|| (text, format!("\u{201c}{title}\u{201d} of {name}")))
        }
        None => Some((run.lead.as_ref()?.text.clone(), format!("the lead of {name}"))),
    }
}
