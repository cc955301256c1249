//! Compare: rows are facets, columns are personas, each cell drawn as in the answers.
//!
//! The open row gets the room it needs, the others what is left, at least one row each; on a narrow screen one facet is
//! shown at a time, its cells below each other. `cell` knows what stands in a cell, `grid` and `stack` draw. Which row is
//! open is the state's; how far it is scrolled stands here. Called by `View`.

mod cell;
mod grid;
mod stack;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane::PaneView;
use super::theme::Theme;
use crate::app::{RunRef, Scroll, State};
use crate::domain::{Facet, RunId};
use crate::text::{Layout, LayoutOptions};
use cell::Cell;

/// Below this width facets are shown one at a time.
const NARROW: u16 = 100;
/// Columns for the names of the rows.
const GUTTER: u16 = 15;
/// A column of a persona is at least this wide.
const LEAST: u16 = 34;
/// Lines longer than this are hard to read.
const WIDE: u16 = 100;

/// How the view is laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// Facets below each other, personas side by side.
    #[default]
    Grid,
    /// One facet, its cells below each other.
    Stack,
    /// One cell.
    Zoom,
}

/// One persona's answer at the width of its column.
#[derive(Debug, Default)]
struct Column {
    run: Option<RunId>,
    layout: Layout,
    /// What stands in each row; only of columns that are shown.
    cells: Vec<Cell>,
}

/// A row of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    /// What it is about; none for the answers at a glance.
    facet: Option<Facet>,
    /// Rows that it would take in full.
    needs: usize,
    /// Rows that it has.
    height: usize,
    /// How many personas say something here.
    says: usize,
}

/// What is kept of the view between frames.
#[derive(Debug, Default)]
pub(super) struct CompareView {
    form: Form,
    area: Rect,
    columns: Vec<Column>,
    /// The panes that are shown.
    shown: std::ops::Range<usize>,
    /// Columns of text in each.
    width: u16,
    bands: Vec<Band>,
    /// The band that is open.
    open: usize,
    /// A thin line stands between the bands.
    ruled: bool,
    /// How many rows of what is open are above its first visible one.
    scroll: usize,
    /// The open row, and the focused pane, when they were drawn last: another one is seen from its top.
    last: Option<(Option<Facet>, usize, Form)>,
    /// What nobody says anything about.
    silent: String,
}

impl CompareView {
    /// Brings cells and places up to date for a body of `area`.
    pub(super) fn prepare(&mut self, state: &State, area: Rect, options: LayoutOptions) {
        self.area = area;
        self.form = match () {
            () if state.compare.zoomed => Form::Zoom,
            () if area.width < NARROW => Form::Stack,
            () => Form::Grid,
        };
        let now = Some((state.compare.facet, state.focused, self.form));
        let moved = |(facet, pane, form)| {
            let (f, p, o) = (state.compare.facet, state.focused, self.form);
            facet != f || form != o || (pane != p && form == Form::Zoom)
        };
        if self.last.is_none_or(moved) {
            self.scroll = 0;
        }
        self.last = now;
        self.choose_columns(state);
        let rows = state.compare_rows();
        self.columns.truncate(state.pane_personas.len());
        self.columns.resize_with(state.pane_personas.len(), Column::default);
        for (at, (column, pane)) in self.columns.iter_mut().zip(&state.panes()).enumerate() {
            column.cells.clear();
            if !self.shown.contains(&at) {
                continue;
            }
            let view = pane.answer();
            if column.run != view.map(|run| run.id()) {
                *column = Column { run: view.map(|run| run.id()), ..Column::default() };
            }
            if let Some(view) = view {
                column.layout.update(&view.document, self.width, options);
            }
            let width = usize::from(self.width);
            column.cells = rows
                .iter()
                .map(|facet| Cell::of(pane, view, *facet, &column.layout, width))
                .collect();
        }
        self.open = rows.iter().position(|row| *row == state.compare.facet).unwrap_or(0);
        self.bands = rows.iter().enumerate().map(|(at, row)| self.band(state, at, *row)).collect();
        self.silent = silent(state);
        self.share();
        self.scroll = self.scroll.min(self.most());
    }

    /// Which panes are shown, and how wide: pages of as many as fit, with the focused one among them.
    fn choose_columns(&mut self, state: &State) {
        let n = state.pane_personas.len();
        let focused = state.focused.min(n.saturating_sub(1));
        match self.form {
            Form::Zoom => {
                self.shown = focused..(focused + 1).min(n);
                self.width = self.area.width.saturating_sub(4).clamp(1, WIDE);
            }
            Form::Stack => {
                self.shown = 0..n;
                self.width = self.area.width.saturating_sub(3).clamp(1, WIDE);
            }
            Form::Grid => {
                let room = self.area.width.saturating_sub(GUTTER);
                let k = usize::from(room / LEAST).clamp(1, n.max(1));
                let start = (focused / k * k).min(n.saturating_sub(k));
                self.shown = start..(start + k).min(n);
                let each = room / u16::try_from(k).unwrap_or(1).max(1);
                self.width = each.saturating_sub(3).clamp(1, WIDE);
            }
        }
    }

    fn band(&self, state: &State, at: usize, facet: Option<Facet>) -> Band {
        let shown = self.columns.get(self.shown.clone()).unwrap_or_default();
        let cells = || shown.iter().filter_map(|column| column.cells.get(at));
        let needs = cells().map(Cell::height).max().unwrap_or(1).max(1);
        let views = state.panes().into_iter().filter_map(|pane| pane.answer());
        let says = views.filter(|view| match facet {
            Some(facet) => view.display.sections_about(facet).next().is_some(),
            None => view.lead.is_some(),
        });
        Band { facet, needs, height: 1, says: says.count() }
    }

    /// Shares the height out: each row one, the open one what it needs, the others what is left, from the top.
    fn share(&mut self) {
        let bands = self.bands.len();
        let rows = usize::from(self.area.height).saturating_sub(1);
        let foot = usize::from(!self.silent.is_empty() && rows > 2 * bands);
        self.ruled = rows >= 3 * bands + foot;
        let lines = if self.ruled { bands.saturating_sub(1) } else { 0 };
        let mut left = rows.saturating_sub(bands + lines + foot);
        let open = self.open;
        let order = std::iter::once(open).chain((0..bands).filter(|at| *at != open));
        for (turn, at) in order.enumerate() {
            let Some(band) = self.bands.get_mut(at) else { continue };
            // What is not open keeps to a few rows as long as the others have none.
            let wanted = band.needs.saturating_sub(1);
            let most = if turn == 0 { left } else { left.min(3) };
            let more = wanted.min(most);
            band.height = 1 + more;
            left -= more;
        }
        for band in &mut self.bands {
            let more = band.needs.saturating_sub(band.height).min(left);
            band.height += more;
            left -= more;
        }
    }

    /// Rows of what is open that can be scrolled away.
    fn most(&self) -> usize {
        match self.form {
            Form::Grid => {
                self.bands.get(self.open).map_or(0, |band| band.needs.saturating_sub(band.height))
            }
            Form::Stack => stack::height(self).saturating_sub(self.room()),
            Form::Zoom => {
                let cell = self.cell(self.shown.start, self.open);
                cell.map_or(0, Cell::height).saturating_sub(self.room())
            }
        }
    }

    /// Rows below the heading line.
    fn room(&self) -> usize {
        usize::from(self.area.height.saturating_sub(1))
    }

    fn cell(&self, pane: usize, band: usize) -> Option<&Cell> {
        self.columns.get(pane)?.cells.get(band)
    }

    /// Moves what is open.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        let page = match self.form {
            Form::Grid => self.bands.get(self.open).map_or(1, |band| band.height),
            Form::Stack | Form::Zoom => self.room(),
        };
        let by = |n: i32, unit: usize| {
            let unit = isize::try_from(unit.max(1)).unwrap_or(1);
            self.scroll.saturating_add_signed(isize::try_from(n).unwrap_or(0).saturating_mul(unit))
        };
        self.scroll = match scroll {
            Scroll::Lines(n) => by(n, 1),
            Scroll::HalfPages(n) => by(n, page.div_ceil(2)),
            Scroll::Pages(n) => by(n, page.saturating_sub(1)),
            Scroll::Top => 0,
            Scroll::Bottom => usize::MAX,
            _ => self.scroll,
        }
        .min(self.most());
    }

    /// Another session is shown.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Draws it.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneView],
    ) {
        match self.form {
            Form::Grid => grid::draw(self, buffer, theme, state, panes),
            Form::Stack => stack::draw(self, buffer, theme, state, panes),
            Form::Zoom => stack::draw_zoomed(self, buffer, theme, state, panes),
        }
    }
}

/// `nobody says anything about cost, operations`: what neither an answer nor a contract has.
fn silent(state: &State) -> String {
    let asked = state.panes().iter().any(|pane| pane.answer().is_some_and(|v| !v.is_live()));
    let nobody = |facet: &Facet| !state.has_facet(*facet) && *facet != Facet::Other;
    let facets: Vec<&str> = Facet::ALL.into_iter().filter(nobody).map(Facet::word).collect();
    if facets.is_empty() || !asked || state.is_live() {
        return String::new();
    }
    format!("nobody says anything about {}", facets.join(", "))
}

/// `q1`, as in triage: which question a pane's answer is to, where other panes answer another one.
fn older(state: &State, pane: usize) -> Option<String> {
    let number = |view: RunRef<'_>| state.turn_number(view.turn);
    let here = state.pane_at(pane)?.current().map(number)?;
    let mut others = state.panes().into_iter().filter_map(|pane| pane.answer()).map(number);
    let differs = others.any(|other| other != here);
    differs.then(|| format!("q{here}"))
}

/// The source of the chosen cell.
pub(super) fn copied(state: &State) -> Option<(String, String)> {
    let pane = state.pane()?;
    let view = pane.answer()?;
    let name = crate::text::sanitize_line(&pane.persona.name);
    match state.compare.facet {
        Some(facet) => {
            let parts = view
                .display
                .sections_about(facet)
                .filter_map(|section| view.document.source().get(section.span.clone()));
            let text: String = parts.collect();
            let title = facet.title();
            (!text.is_empty()).then(|| (text, format!("\u{201c}{title}\u{201d} of {name}")))
        }
        None => Some((view.lead.as_ref()?.text.clone(), format!("the lead of {name}"))),
    }
}
