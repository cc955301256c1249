//! Draws the state into cells: [`Renderer::prepare`] fills caches (rows, areas, texts), [`Renderer::draw`] only reads them.
//!
//! The cost of a frame depends on what is visible. No IO except reading theme files, and no clock: the time comes from the
//! state. Scroll positions are kept here, because they depend on rows; what is selected is part of the state.

mod answer_rows;
mod compare;
mod composer;
mod diff;
mod footer;
mod header;
mod labels;
mod layout;
mod overlay;
mod paint;
mod pane;
mod strips;
pub mod theme;
mod thread;
mod triage;
mod viewport;
mod welcome;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Focus, LayoutMode, Pane, ScrollMove, State, ViewKind};
use crate::domain::RunId;
use crate::text::{RowKind, RowOptions, sanitize_line};
use compare::CompareRenderer;
use composer::ComposerRenderer;
use diff::DiffRenderer;
use footer::Footer;
use header::Header;
use layout::{Geometry, PaneForm};
use overlay::OverlayRenderer;
use pane::PaneRenderer;
use strips::StripText;
use theme::{Theme, UiRole};
use triage::TriageRenderer;
use welcome::WelcomeRenderer;

/// Areas of the screen, top to bottom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct ScreenBands {
    header: Rect,
    body: Rect,
    composer: Rect,
    footer: Rect,
}

/// Input of the layout: mode, zoomed, number of panes, area, focused pane.
type PanePlacement = (LayoutMode, bool, usize, Rect, usize);

/// Caches of the screen between frames: rows, scroll positions, the theme. Not part of the state.
#[derive(Debug)]
pub struct Renderer {
    theme: Theme,
    bands: ScreenBands,
    placement: Option<PanePlacement>,
    geometry: Geometry,
    panes: Vec<PaneRenderer>,
    strip_texts: Vec<StripText>,
    header: Header,
    footer: Footer,
    composer: ComposerRenderer,
    welcome: WelcomeRenderer,
    overlays: OverlayRenderer,
    compare: CompareRenderer,
    triage: TriageRenderer,
    diff: DiffRenderer,
    /// Pane, run and byte of an answer to scroll to when the pane is prepared next.
    reveal_target: Option<(usize, RunId, usize)>,
    wrap_code: bool,
    /// Whether the terminal has a light background, if it is known.
    terminal_is_light: Option<bool>,
}

impl Renderer {
    /// Creates a renderer without caches.
    pub fn new(theme: Theme) -> Self {
        Self {
            theme,
            bands: ScreenBands::default(),
            placement: None,
            geometry: Geometry::default(),
            panes: Vec::new(),
            strip_texts: Vec::new(),
            header: Header::default(),
            footer: Footer::default(),
            composer: ComposerRenderer::default(),
            welcome: WelcomeRenderer::default(),
            overlays: OverlayRenderer::default(),
            compare: CompareRenderer::default(),
            triage: TriageRenderer::default(),
            diff: DiffRenderer::default(),
            reveal_target: None,
            wrap_code: false,
            terminal_is_light: None,
        }
    }

    /// Updates rows and layout for a screen of `area`. All text is wrapped here.
    pub fn prepare(&mut self, state: &State, area: Rect) {
        let composer_rows = self.composer.prepare(state, area.width, area.height);
        self.bands = split_screen(area, composer_rows);
        self.header.prepare(state);
        self.overlays.prepare(state);
        if state.is_fresh() {
            self.welcome.prepare(state, self.bands.body);
            self.footer.prepare(state, None);
            return;
        }
        self.match_panes(state);
        let now = state.clock.since_start;
        for (renderer, pane) in self.panes.iter_mut().zip(&state.panes()) {
            renderer.prepare_status(pane, now);
        }
        let body = self.bands.body;
        match state.view {
            ViewKind::Answers => self.prepare_panes(state),
            ViewKind::Compare => {
                let options = RowOptions { wrap_code: true };
                self.compare.prepare(state, body, options);
            }
            ViewKind::Triage => self.triage.prepare(state, body),
            ViewKind::Change => self.diff.prepare(state, body),
        }
        let thread = self.panes.get(state.focused).map(|p| &p.thread);
        self.footer.prepare(state, thread.filter(|_| state.view == ViewKind::Answers));
    }

    fn prepare_panes(&mut self, state: &State) {
        self.place_panes(state);
        if let Some((pane, run, offset)) = self.reveal_target.take()
            && let Some(renderer) = self.panes.get_mut(pane)
        {
            renderer.thread.reveal_offset(run, offset);
        }
        for slot in &self.geometry.slots {
            let Some(pane) = state.pane_at(slot.pane) else { continue };
            match slot.form {
                PaneForm::Strip => {
                    if let Some(text) = self.strip_texts.get_mut(slot.pane) {
                        text.prepare(&pane);
                    }
                }
                PaneForm::Bordered | PaneForm::Bare => {
                    if let Some(renderer) = self.panes.get_mut(slot.pane) {
                        renderer.prepare(&pane, slot, state, self.wrap_code);
                    }
                }
            }
        }
    }

    /// Makes the renderers match the panes of the state.
    fn match_panes(&mut self, state: &State) {
        self.panes.truncate(state.pane_personas.len());
        self.strip_texts.resize_with(state.pane_personas.len(), StripText::default);
        for (i, pane) in state.panes().iter().enumerate() {
            match self.panes.get_mut(i) {
                Some(renderer) if renderer.is_for(pane) => {}
                Some(renderer) => *renderer = PaneRenderer::new(pane),
                None => self.panes.push(PaneRenderer::new(pane)),
            }
            let has_same_label = |other: &Pane<'_>| {
                other.persona.name == pane.persona.name
                    && other.persona.label() == pane.persona.label()
            };
            let has_twin = state.panes().iter().filter(|p| has_same_label(p)).count() > 1;
            if let Some(renderer) = self.panes.get_mut(i) {
                renderer.disambiguate_label(has_twin);
            }
        }
    }

    fn place_panes(&mut self, state: &State) {
        let placement =
            (state.layout, state.zoomed, state.pane_personas.len(), self.bands.body, state.focused);
        if self.placement != Some(placement) {
            let (mode, zoomed, n, area, focused) = placement;
            self.geometry = layout::arrange_panes(mode, zoomed, n, area, focused);
            self.placement = Some(placement);
        }
    }

    /// Sets whether the terminal has a light background, `None` if unknown. A theme that does not fit it also draws its own
    /// background.
    pub fn set_terminal_is_light(&mut self, is_light: Option<bool>) {
        self.terminal_is_light = is_light;
    }

    /// Draws the screen into `buffer`, which has the area given to `prepare`. Returns the position of the cursor if it is
    /// visible.
    pub fn draw(&self, state: &State, buffer: &mut Buffer) -> Option<Position> {
        // A screen of a few cells may have no room for the row of the cursor.
        let cursor = self.draw_bands(state, buffer).filter(|at| buffer.area.contains(*at));
        if self.theme.is_light() != self.terminal_is_light.unwrap_or(false) {
            paint::fill_default_colors(buffer, self.theme.default_colors());
        }
        cursor
    }

    fn draw_bands(&self, state: &State, buffer: &mut Buffer) -> Option<Position> {
        let (theme, bands) = (&self.theme, self.bands);
        self.header.draw(buffer, theme, bands.header);
        if state.is_fresh() {
            self.welcome.draw(buffer, theme, bands.body);
        } else {
            match state.view {
                ViewKind::Answers => self.draw_panes(state, buffer),
                ViewKind::Compare => self.compare.draw(buffer, theme, state, &self.panes),
                ViewKind::Triage => self.triage.draw(buffer, theme, state, &self.panes),
                ViewKind::Change => self.diff.draw(buffer, theme, state, &self.panes),
            }
        }
        let cursor = self.composer.draw(buffer, theme, bands.composer, state);
        self.footer.draw(buffer, theme, bands.footer);
        if state.overlays.is_empty() {
            self.composer.draw_completion(buffer, theme, bands.composer, state);
            return cursor;
        }
        // Overlays leave header and footer visible: the footer has the keys of the overlay.
        let overlay_area = Rect {
            y: bands.body.y,
            height: bands.body.height + bands.composer.height,
            ..bands.body
        };
        self.overlays.draw(buffer, theme, overlay_area, state)
    }

    fn draw_panes(&self, state: &State, buffer: &mut Buffer) {
        let theme = &self.theme;
        if let Some(tabs) = self.geometry.tabs {
            strips::draw_tabs(buffer, theme, tabs, &self.panes, state.focused);
        }
        let is_reading = state.focus == Focus::Panes;
        for slot in &self.geometry.slots {
            let (Some(renderer), Some(pane)) =
                (self.panes.get(slot.pane), state.pane_at(slot.pane))
            else {
                continue;
            };
            if slot.form == PaneForm::Strip {
                let text = self.strip_texts.get(slot.pane).map_or("", |strip| strip.text.as_str());
                strips::draw_strip(buffer, theme, slot, renderer, text);
                continue;
            }
            renderer.draw(buffer, theme, slot, slot.pane == state.focused && is_reading);
            if pane.runs.is_empty() {
                let hint =
                    format!("not asked yet · @{} asks {}", pane.persona.id, renderer.label.name);
                let area = paint::row_at(pane::body_area(slot), 0);
                let text = paint::truncate_to_width(&hint, usize::from(area.width));
                paint::draw_text(buffer, area, &text, theme.ui_style(UiRole::Note));
            }
        }
    }

    /// Scrolls the current view; in the Answers view, pane `pane`.
    pub fn scroll_view(&mut self, state: &State, pane: usize, scroll: ScrollMove) {
        match state.view {
            ViewKind::Answers => {
                if let Some(renderer) = self.panes.get_mut(pane) {
                    renderer.thread.apply_scroll(scroll);
                }
            }
            ViewKind::Compare => self.compare.apply_scroll(scroll),
            ViewKind::Triage => self.triage.apply_scroll(scroll),
            ViewKind::Change => self.diff.apply_scroll(scroll),
        }
    }

    /// Scrolls to byte `offset` of an answer when its pane is prepared next.
    pub fn reveal_offset(&mut self, pane: usize, run: RunId, offset: usize) {
        self.reveal_target = Some((pane, run, offset));
    }

    /// Scrolls to the section at the top of the Change view when its pane is prepared next.
    pub fn reveal_section(&mut self, pane: usize) {
        self.reveal_target = self.diff.section_position().map(|(run, offset)| (pane, run, offset));
    }

    /// Finds the source text to copy, and its description. In the Answers view it is the code block, or else the section, of
    /// the row last jumped to or at the top of pane `pane`.
    pub fn find_copy_source(&self, state: &State, pane: usize) -> Option<(String, String)> {
        match state.view {
            ViewKind::Answers => {}
            ViewKind::Compare => return compare::find_copy_source(state),
            ViewKind::Triage => return triage::find_copy_source(state),
            ViewKind::Change => return None,
        }
        let renderer = self.panes.get(pane)?;
        let (run, row) = renderer.thread.find_current_row(&state.pane_at(pane)?)?;
        let name = &renderer.label.name;
        if let RowKind::Code(n) | RowKind::CodeHeader(n) = row.kind {
            let code = run.document.code(n)?;
            return Some((code.to_owned(), format!("code block {n} of {name}")));
        }
        let text = run.document.source().get(run.document.section(row.source.start))?;
        let title: String = text.lines().next().unwrap_or_default().chars().take(40).collect();
        let title = sanitize_line(title.trim_start_matches('#').trim());
        Some((text.to_owned(), format!("\u{201c}{title}\u{201d} of {name}")))
    }

    /// Clears the rows and scroll positions of the session, because another one is shown.
    pub fn forget_session(&mut self) {
        self.panes.clear();
        self.strip_texts.clear();
        self.placement = None;
        self.compare = CompareRenderer::default();
        self.triage = TriageRenderer::default();
        self.diff = DiffRenderer::default();
        self.reveal_target = None;
    }

    /// Switches between wrapping code and scrolling it sideways.
    pub fn toggle_wrap(&mut self) {
        self.wrap_code = !self.wrap_code;
    }

    /// Returns the theme.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Sets the theme. Nothing is parsed or wrapped again.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }
}

/// Divides the screen. With few rows the header is left out first, then the footer, then the panes.
fn split_screen(area: Rect, composer_rows: u16) -> ScreenBands {
    let header = u16::from(area.height >= 6);
    let footer = u16::from(area.height >= 3);
    let composer = composer_rows.clamp(1, area.height.saturating_sub(header + footer + 1).max(1));
    let composer = composer.min(area.height);
    let body = area.height.saturating_sub(header + footer + composer);
    let mut y = area.y;
    let mut band = |height: u16| {
        let band = Rect { y, height, ..area };
        y += height;
        band
    };
    ScreenBands {
        header: band(header),
        body: band(body),
        composer: band(composer),
        footer: band(footer),
    }
}
