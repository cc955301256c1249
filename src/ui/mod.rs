//! State to cells: [`View::prepare`] fills caches (rows for the width, places, words), [`View::draw`] only reads them.
//!
//! No IO but reading theme files, no clock: the time is the state's. Work per frame is what is visible. `pane` draws a pane
//! whose rows `thread` keeps; `layout` says where things stand; `paint` alone writes cells. Called by `runtime`.

mod change;
mod compare;
mod composer;
mod fold;
mod footer;
mod header;
mod layout;
mod overlay;
mod paint;
mod pane;
mod rows;
pub mod theme;
mod thread;
mod triage;
mod welcome;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Focus, LayoutMode, Pane, Scroll, State, ViewKind};
use crate::domain::RunId;
use crate::text::{LayoutOptions, RowKind, sanitize_line};
use change::ChangeView;
use compare::CompareView;
use composer::ComposerView;
use fold::Gist;
use footer::Footer;
use header::Header;
use layout::{Form, Geometry};
use overlay::OverlayRenderer;
use pane::PaneView;
use theme::{Part, Theme};
use triage::TriageView;
use welcome::Welcome;

/// The rows of the screen, top to bottom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bands {
    header: Rect,
    body: Rect,
    composer: Rect,
    footer: Rect,
}

/// What the places of the panes depend on.
type Placing = (LayoutMode, bool, usize, Rect, usize);

/// What the screen remembers between frames: rows, scroll positions, the theme. No part of the state.
#[derive(Debug)]
pub struct View {
    theme: Theme,
    bands: Bands,
    placing: Option<Placing>,
    geometry: Geometry,
    panes: Vec<PaneView>,
    gists: Vec<Gist>,
    header: Header,
    footer: Footer,
    composer: ComposerView,
    welcome: Welcome,
    overlays: OverlayRenderer,
    compare: CompareView,
    triage: TriageView,
    change: ChangeView,
    /// A place of an answer that is brought into view when its pane is drawn next.
    revealing: Option<(usize, RunId, usize)>,
    wrap_code: bool,
    /// Whether the terminal is light, when it said so.
    terminal_is_light: Option<bool>,
}

impl View {
    /// An empty view.
    pub fn new(theme: Theme) -> Self {
        Self {
            theme,
            bands: Bands::default(),
            placing: None,
            geometry: Geometry::default(),
            panes: Vec::new(),
            gists: Vec::new(),
            header: Header::default(),
            footer: Footer::default(),
            composer: ComposerView::default(),
            welcome: Welcome::default(),
            overlays: OverlayRenderer::default(),
            compare: CompareView::default(),
            triage: TriageView::default(),
            change: ChangeView::default(),
            revealing: None,
            wrap_code: false,
            terminal_is_light: None,
        }
    }

    /// Brings rows and layout up to date for a screen of `area`. The only place where text is wrapped.
    pub fn prepare(&mut self, state: &State, area: Rect) {
        let rows = self.composer.prepare(state, area.width, area.height);
        self.bands = bands(area, rows);
        self.header.prepare(state);
        self.overlays.prepare(state);
        if state.is_fresh() {
            self.welcome.prepare(state, self.bands.body);
            self.footer.prepare(state, None);
            return;
        }
        self.match_panes(state);
        let now = state.clock.since_start;
        for (view, pane) in self.panes.iter_mut().zip(&state.panes()) {
            view.prepare_status(pane, now);
        }
        let body = self.bands.body;
        match state.view {
            ViewKind::Answers => self.prepare_panes(state),
            ViewKind::Compare => {
                let options = LayoutOptions { wrap_code: true };
                self.compare.prepare(state, body, options);
            }
            ViewKind::Triage => self.triage.prepare(state, body),
            ViewKind::Change => self.change.prepare(state, body),
        }
        let thread = self.panes.get(state.focused).map(|p| &p.thread);
        self.footer.prepare(state, thread.filter(|_| state.view == ViewKind::Answers));
    }

    fn prepare_panes(&mut self, state: &State) {
        self.place(state);
        if let Some((pane, run, at)) = self.revealing.take()
            && let Some(view) = self.panes.get_mut(pane)
        {
            view.thread.reveal(run, at);
        }
        for slot in &self.geometry.slots {
            let Some(pane) = state.pane_at(slot.pane) else { continue };
            match slot.form {
                Form::Strip => {
                    if let Some(gist) = self.gists.get_mut(slot.pane) {
                        gist.prepare(&pane);
                    }
                }
                Form::Open | Form::Bare => {
                    if let Some(view) = self.panes.get_mut(slot.pane) {
                        view.prepare(&pane, slot, state, self.wrap_code);
                    }
                }
            }
        }
    }

    /// Makes the panes' views match the state's panes.
    fn match_panes(&mut self, state: &State) {
        self.panes.truncate(state.pane_personas.len());
        self.gists.resize_with(state.pane_personas.len(), Gist::default);
        for (i, pane) in state.panes().iter().enumerate() {
            match self.panes.get_mut(i) {
                Some(view) if view.is_of(pane) => {}
                Some(view) => *view = PaneView::new(pane),
                None => self.panes.push(PaneView::new(pane)),
            }
            let same = |other: &Pane<'_>| {
                other.persona.name == pane.persona.name
                    && other.persona.label() == pane.persona.label()
            };
            let twin = state.panes().iter().filter(|p| same(p)).count() > 1;
            if let Some(view) = self.panes.get_mut(i) {
                view.tell_apart(twin);
            }
        }
    }

    fn place(&mut self, state: &State) {
        let placing =
            (state.layout, state.zoomed, state.pane_personas.len(), self.bands.body, state.focused);
        if self.placing != Some(placing) {
            let (mode, zoomed, n, area, focused) = placing;
            self.geometry = layout::lay(mode, zoomed, n, area, focused);
            self.placing = Some(placing);
        }
    }

    /// What the terminal says of itself: a theme that does not go with it paints its own ground.
    pub fn on_terminal(&mut self, is_light: Option<bool>) {
        self.terminal_is_light = is_light;
    }

    /// Draws the whole screen into `buffer` (of the area given to `prepare`); says where the cursor stands, if it shows.
    pub fn draw(&self, state: &State, buffer: &mut Buffer) -> Option<Position> {
        let cursor = self.draw_parts(state, buffer);
        if self.theme.is_light() != self.terminal_is_light.unwrap_or(false) {
            paint::ground(buffer, self.theme.ground());
        }
        cursor
    }

    fn draw_parts(&self, state: &State, buffer: &mut Buffer) -> Option<Position> {
        let (theme, bands) = (&self.theme, self.bands);
        self.header.draw(buffer, theme, bands.header);
        if state.is_fresh() {
            self.welcome.draw(buffer, theme, bands.body);
        } else {
            match state.view {
                ViewKind::Answers => self.draw_panes(state, buffer),
                ViewKind::Compare => self.compare.draw(buffer, theme, state, &self.panes),
                ViewKind::Triage => self.triage.draw(buffer, theme, state, &self.panes),
                ViewKind::Change => self.change.draw(buffer, theme, state, &self.panes),
            }
        }
        let cursor = self.composer.draw(buffer, theme, bands.composer, state);
        self.footer.draw(buffer, theme, bands.footer);
        if state.overlays.is_empty() {
            self.composer.draw_offer(buffer, theme, bands.composer, state);
            return cursor;
        }
        // Header and footer stay in sight: the footer has the keys that work in the list.
        let above = Rect {
            y: bands.body.y,
            height: bands.body.height + bands.composer.height,
            ..bands.body
        };
        self.overlays.draw(buffer, theme, above, state)
    }

    fn draw_panes(&self, state: &State, buffer: &mut Buffer) {
        let theme = &self.theme;
        if let Some(tabs) = self.geometry.tabs {
            fold::tabs(buffer, theme, tabs, &self.panes, state.focused);
        }
        let reading = state.focus == Focus::Panes;
        for slot in &self.geometry.slots {
            let (Some(view), Some(pane)) = (self.panes.get(slot.pane), state.pane_at(slot.pane))
            else {
                continue;
            };
            if slot.form == Form::Strip {
                let gist = self.gists.get(slot.pane).map_or("", |g| g.text.as_str());
                fold::strip(buffer, theme, slot, view, gist);
                continue;
            }
            view.draw(buffer, theme, slot, slot.pane == state.focused && reading);
            if pane.runs.is_empty() {
                let who = format!("not asked yet · @{} asks {}", pane.persona.id, view.who.name);
                let area = paint::row(pane::body(slot), 0);
                let text = paint::cut(&who, usize::from(area.width));
                paint::put(buffer, area, &text, theme.part(Part::Note));
            }
        }
    }

    /// Moves what is shown; in the answers, the view of pane `pane`.
    pub fn scroll(&mut self, state: &State, pane: usize, scroll: Scroll) {
        match state.view {
            ViewKind::Answers => {
                if let Some(view) = self.panes.get_mut(pane) {
                    view.thread.scroll(scroll);
                }
            }
            ViewKind::Compare => self.compare.scroll(scroll),
            ViewKind::Triage => self.triage.scroll(scroll),
            ViewKind::Change => self.change.scroll(scroll),
        }
    }

    /// Brings byte `at` of an answer into view when its pane is shown.
    pub fn reveal(&mut self, pane: usize, run: RunId, at: usize) {
        self.revealing = Some((pane, run, at));
    }

    /// The same for the section that stands at the top of the change view.
    pub fn reveal_section(&mut self, pane: usize) {
        self.revealing = self.change.place().map(|(run, at)| (pane, run, at));
    }

    /// Source text of the code block, or else the section, at the top of pane `pane`'s view, and what to call it. A block or
    /// section that was just jumped to goes before the one at the top.
    pub fn block_at(&self, state: &State, pane: usize) -> Option<(String, String)> {
        match state.view {
            ViewKind::Answers => {}
            ViewKind::Compare => return compare::copied(state),
            ViewKind::Triage => return triage::copied(state),
            ViewKind::Change => return None,
        }
        let (view, shown) = (self.panes.get(pane)?, state.pane_at(pane)?);
        let (run, row) = view.thread.chosen(&shown)?;
        let name = &view.who.name;
        if let RowKind::Code(n) | RowKind::CodeHeader(n) = row.kind {
            let code = run.document.code(n)?;
            return Some((code.to_owned(), format!("code block {n} of {name}")));
        }
        let text = run.document.source().get(run.document.section(row.source.start))?;
        let title: String = text.lines().next().unwrap_or_default().chars().take(40).collect();
        let title = sanitize_line(title.trim_start_matches('#').trim());
        Some((text.to_owned(), format!("\u{201c}{title}\u{201d} of {name}")))
    }

    /// Another session is shown: rows and positions of the old one go.
    pub fn forget(&mut self) {
        self.panes.clear();
        self.gists.clear();
        self.placing = None;
        self.compare.forget();
        self.triage.forget();
        self.change.forget();
        self.revealing = None;
    }

    /// Code is wrapped, or scrolls sideways.
    pub fn toggle_wrap(&mut self) {
        self.wrap_code = !self.wrap_code;
    }

    /// The theme.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Another theme; nothing is parsed or wrapped again.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }
}

/// Cuts the screen into rows: the header goes first where there are few, then the footer, then the panes.
fn bands(area: Rect, composer: u16) -> Bands {
    let header = u16::from(area.height >= 6);
    let footer = u16::from(area.height >= 3);
    let composer = composer.clamp(1, area.height.saturating_sub(header + footer + 1).max(1));
    let composer = composer.min(area.height);
    let body = area.height.saturating_sub(header + footer + composer);
    let mut y = area.y;
    let mut band = |height: u16| {
        let band = Rect { y, height, ..area };
        y += height;
        band
    };
    Bands { header: band(header), body: band(body), composer: band(composer), footer: band(footer) }
}
