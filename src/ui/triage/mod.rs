//! Draws the Triage view: the list of recommendations, and the source of the selected one beside or below it.
//!
//! Which recommendations are listed, and which one is selected, is part of the state.

mod list;
mod source;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{
    RowPainter, draw_text_right, fraction_of, inset_sides, row_at, truncate_to_width,
};
use super::pane::PaneRenderer;
use super::theme::{Theme, UiRole};
use crate::app::triage::{build_items, count_items, filter_items};
use crate::app::{ScrollMove, State};
use crate::domain::TriageCounts;
use crate::text::sanitize_line;
use crate::text::width::width;
use list::TriageListRenderer;
use source::SourceRenderer;

/// Minimum width for list and source side by side.
const MIN_SPLIT_WIDTH: u16 = 100;
/// Minimum height for list and source.
const MIN_SPLIT_HEIGHT: u16 = 9;
/// Minimum height for a line between list and source below each other.
const MIN_HEIGHT_WITH_RULE: u16 = 14;

/// Caches of the view between frames.
#[derive(Debug, Default)]
pub(super) struct TriageRenderer {
    progress: Rect,
    counts: TriageCounts,
    to_discuss: usize,
    filter_label: String,
    list: TriageListRenderer,
    source: SourceRenderer,
    /// Area of the line between list and source: a column, or a row if they are below each other.
    divider: Rect,
}

impl TriageRenderer {
    /// Updates rows and areas for a body of `area`.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        let all = build_items(state);
        (self.counts, self.to_discuss) = count_items(&all);
        self.filter_label = describe_filter(state);
        let rows = filter_items(state, all, &state.triage.filter);
        let selected = state.triage.selected_index(&rows);
        self.progress = row_at(area, 0);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let (list, source) = self.split_areas(state, body, rows.len());
        self.list.prepare(state, &rows, selected, list);
        self.source.prepare(state, rows.get(selected), source);
    }

    /// Returns the areas of list and source.
    fn split_areas(&mut self, state: &State, body: Rect, rows: usize) -> (Rect, Rect) {
        let is_selecting_lines = state.triage.selecting.is_some();
        self.divider = Rect::default();
        if body.height < MIN_SPLIT_HEIGHT || (rows == 0 && !is_selecting_lines) {
            let empty = Rect { height: 0, ..body };
            return if is_selecting_lines { (empty, body) } else { (body, empty) };
        }
        if body.width < MIN_SPLIT_WIDTH {
            let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(1);
            let max_rows = if is_selecting_lines { 3 } else { body.height / 2 };
            let top = wanted.clamp(2, max_rows.max(2));
            let list = Rect { height: top, ..body };
            let rule_height = u16::from(body.height >= MIN_HEIGHT_WITH_RULE);
            self.divider = Rect { y: body.y + top, height: rule_height, ..body };
            let used = top + rule_height;
            let source = Rect { y: body.y + used, height: body.height - used, ..body };
            return (list, source);
        }
        let left = fraction_of(body.width, 9, 20).clamp(44, 96);
        let list = Rect { width: left, ..body };
        let source = Rect { x: body.x + left + 1, width: body.width - left - 1, ..body };
        self.divider = Rect { x: body.x + left, width: 1, ..body };
        (list, source)
    }

    /// Scrolls the source.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        self.source.apply_scroll(scroll);
    }

    /// Draws the view into the area given to `prepare`.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneRenderer],
    ) {
        self.draw_progress(buffer, theme);
        self.list.draw(buffer, theme, panes);
        for y in 0..self.divider.height {
            let line = row_at(self.divider, y);
            let mut painter = RowPainter::new(buffer, line);
            let sign = if line.width > 1 { "─" } else { "│" };
            painter.fill(usize::from(line.width), sign, theme.ui_style(UiRole::Border));
        }
        self.source.draw(buffer, theme, state, panes);
    }

    /// Draws `17 of 42 decided · 9 accepted · 5 rejected · 3 deferred`, a bar, and the filter.
    fn draw_progress(&self, buffer: &mut Buffer, theme: &Theme) {
        let line = inset_sides(self.progress, 1, 1);
        let text = match self.to_discuss {
            0 => self.counts.to_string(),
            n => format!("{} · {n} to discuss", self.counts),
        };
        // The number to discuss is left out if it does not fit.
        let fits = width(&text) <= usize::from(line.width);
        let text = if fits { text } else { self.counts.to_string() };
        let used = if self.filter_label.is_empty() {
            0
        } else {
            let columns = usize::from(line.width).saturating_sub(width(&text) + 2);
            let label = truncate_to_width(&self.filter_label, columns);
            draw_text_right(buffer, line, &[(&label, theme.ui_style(UiRole::Target))])
        };
        let mut painter = RowPainter::new(buffer, inset_sides(line, 0, used));
        painter.write(&text, theme.ui_style(UiRole::HeaderNote));
        let bar_columns = painter.columns_left().saturating_sub(3).min(24);
        if bar_columns < 8 || self.counts.items == 0 {
            return;
        }
        painter.write("  ", theme.ui_style(UiRole::Note));
        let mut drawn = 0;
        let share = |n: usize| n * bar_columns / self.counts.items;
        for (n, role) in [
            (self.counts.accepted, UiRole::Accepted),
            (self.counts.rejected, UiRole::Rejected),
            (self.counts.deferred, UiRole::Deferred),
        ] {
            painter.fill(share(n), "━", theme.ui_style(role));
            drawn += share(n);
        }
        painter.fill(bar_columns - drawn, "─", theme.ui_style(UiRole::Border));
    }
}

/// Describes the filter: `only Kai Lennox · risks · open · /text`.
fn describe_filter(state: &State) -> String {
    let filter = &state.triage.filter;
    let mut texts = Vec::new();
    if let Some(id) = &filter.persona {
        let pane = state.pane_personas.iter().find(|persona| persona.id == *id);
        texts.push(
            pane.map_or_else(|| id.to_string(), |persona| sanitize_line(&persona.display_name())),
        );
    }
    texts.extend(filter.facet.map(|facet| facet.as_str().to_owned()));
    texts.extend(filter.status.map(|status| status.as_str().to_owned()));
    if state.triage.typing || !filter.text.is_empty() {
        let cursor = if state.triage.typing { "▏" } else { "" };
        texts.push(format!("/{}{cursor}", sanitize_line(&filter.text)));
    }
    if texts.is_empty() { String::new() } else { format!("only {}", texts.join(" · ")) }
}

/// Returns the source of the selected recommendation, and its description.
pub(super) fn find_copy_source(state: &State) -> Option<(String, String)> {
    let rows = filter_items(state, build_items(state), &state.triage.filter);
    let member = rows.get(state.triage.selected_index(&rows))?.leader;
    let text = member.run.document.source().get(member.found.span.clone())?;
    let title = sanitize_line(member.found.title());
    Some((text.to_owned(), format!("\u{201c}{}\u{201d}", truncate_to_width(&title, 40))))
}
