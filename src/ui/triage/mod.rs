//! Triage: the list of recommendations, and the source of the chosen one beside it (below it on a narrow screen).
//!
//! `list` draws rows, `source` what is said about one and where it stands. Which rows there are is the state's; scroll
//! positions stand here. Called by `View`.

mod list;
mod source;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Pen, cut, inset, put_right, row};
use super::pane::PaneView;
use super::theme::{Part, Theme};
use crate::app::triage::{build_items, count_items, filter_items};
use crate::app::{Scroll, State};
use crate::domain::TriageCounts;
use crate::text::sanitize_line;
use crate::text::width::width;
use list::ListView;
use source::SourceView;

/// Below this width the source stands below the list.
const NARROW: u16 = 100;
/// Rows below which there is no room for a source.
const SHORT: u16 = 9;

/// Rows from which a rule parts list and source where one stands above the other.
const RULED: u16 = 14;

/// What is kept of the view between frames.
#[derive(Debug, Default)]
pub(super) struct TriageView {
    progress: Rect,
    counts: TriageCounts,
    discuss: usize,
    filter: String,
    list: ListView,
    source: SourceView,
    /// Between list and source: a column, or a row where one stands above the other.
    divider: Rect,
}

impl TriageView {
    /// Brings rows and places up to date for a body of `area`.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        let all = build_items(state);
        (self.counts, self.discuss) = count_items(&all);
        self.filter = filter_words(state);
        let rows = filter_items(state, all, &state.triage.filter);
        let chosen = state.triage.selected_index(&rows);
        self.progress = row(area, 0);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let (list, source) = self.places(state, body, rows.len());
        self.list.prepare(state, &rows, chosen, list);
        self.source.prepare(state, rows.get(chosen), source);
    }

    /// Where list and source stand.
    fn places(&mut self, state: &State, body: Rect, rows: usize) -> (Rect, Rect) {
        let selecting = state.triage.selecting.is_some();
        self.divider = Rect::default();
        if body.height < SHORT || (rows == 0 && !selecting) {
            let none = Rect { height: 0, ..body };
            return if selecting { (none, body) } else { (body, none) };
        }
        if body.width < NARROW {
            let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
            let most = if selecting { 3 } else { body.height / 2 };
            let top = wanted.clamp(2, most.max(2));
            let list = Rect { height: top, ..body };
            let rule = u16::from(body.height >= RULED);
            self.divider = Rect { y: body.y + top, height: rule, ..body };
            let from = top + rule;
            let rest = Rect { y: body.y + from, height: body.height - from, ..body };
            return (list, rest);
        }
        let left = (body.width * 9 / 20).clamp(44, 96);
        let list = Rect { width: left, ..body };
        let source = Rect { x: body.x + left + 1, width: body.width - left - 1, ..body };
        self.divider = Rect { x: body.x + left, width: 1, ..body };
        (list, source)
    }

    /// Moves the source.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        self.source.scroll(scroll);
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
        self.draw_progress(buffer, theme);
        self.list.draw(buffer, theme, panes);
        for y in 0..self.divider.height {
            let line = row(self.divider, y);
            let mut pen = Pen::new(buffer, line);
            let sign = if line.width > 1 { "─" } else { "│" };
            pen.fill(usize::from(line.width), sign, theme.part(Part::Border));
        }
        self.source.draw(buffer, theme, state, panes);
    }

    /// `17 of 42 decided · 9 accepted · 5 rejected · 3 deferred`, a bar, and what is listed.
    fn draw_progress(&self, buffer: &mut Buffer, theme: &Theme) {
        let line = inset(self.progress, 1, 1);
        let words = match self.discuss {
            0 => self.counts.to_string(),
            n => format!("{} · {n} to discuss", self.counts),
        };
        // What does not fit is left out, not cut.
        let fits = width(&words) <= usize::from(line.width);
        let words = if fits { words } else { self.counts.to_string() };
        let used = if self.filter.is_empty() {
            0
        } else {
            let room = usize::from(line.width).saturating_sub(width(&words) + 2);
            let text = cut(&self.filter, room);
            put_right(buffer, line, &[(&text, theme.part(Part::Target))])
        };
        let mut pen = Pen::new(buffer, inset(line, 0, used));
        pen.write(&words, theme.part(Part::HeaderNote));
        let bar = pen.room().saturating_sub(3).min(24);
        if bar < 8 || self.counts.items == 0 {
            return;
        }
        pen.write("  ", theme.part(Part::Note));
        let mut drawn = 0;
        let share = |n: usize| n * bar / self.counts.items;
        for (n, part) in [
            (self.counts.accepted, Part::Accepted),
            (self.counts.rejected, Part::Rejected),
            (self.counts.deferred, Part::Deferred),
        ] {
            pen.fill(share(n), "━", theme.part(part));
            drawn += share(n);
        }
        pen.fill(bar - drawn, "─", theme.part(Part::Border));
    }
}

/// `only Kai Lennox · risks · open · “words”`.
fn filter_words(state: &State) -> String {
    let filter = &state.triage.filter;
    let mut words = Vec::new();
    if let Some(id) = &filter.persona {
        let pane = state.pane_personas.iter().find(|persona| persona.id == *id);
        words.push(pane.map_or_else(|| id.to_string(), |persona| sanitize_line(&persona.name)));
    }
    words.extend(filter.facet.map(|facet| facet.word().to_owned()));
    words.extend(filter.status.map(|status| status.word().to_owned()));
    if state.triage.typing || !filter.text.is_empty() {
        let cursor = if state.triage.typing { "▏" } else { "" };
        words.push(format!("/{}{cursor}", sanitize_line(&filter.text)));
    }
    if words.is_empty() { String::new() } else { format!("only {}", words.join(" · ")) }
}

/// The source of the chosen one.
pub(super) fn copied(state: &State) -> Option<(String, String)> {
    let rows = filter_items(state, build_items(state), &state.triage.filter);
    let member = rows.get(state.triage.selected_index(&rows))?.leader;
    let text = member.run.document.source().get(member.found.span.clone())?;
    let title = sanitize_line(member.found.title());
    Some((text.to_owned(), format!("\u{201c}{}\u{201d}", cut(&title, 40))))
}
