//! Draws the list of recommendations: status, personas, facet, title. The selected one is always visible.
//!
//! Which recommendations are listed is decided by `app`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::triage::TriageItem;
use crate::app::{State, TriageStatus};
use crate::domain::format::format_quantity;
use crate::domain::{Facet, RecommendationId, Severity};
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{RowPainter, row_at, truncate_to_width};
use crate::ui::pane::PaneRenderer;
use crate::ui::theme::{Theme, UiRole};
use crate::ui::viewport::Viewport;

/// Columns of `recommendation`, the longest facet.
const FACET_COLUMNS: usize = 14;
/// Minimum width of a list that names the facets.
const MIN_WIDTH_WITH_FACET: u16 = 64;

/// One recommendation or group of the list.
#[derive(Debug)]
struct TriageListRow {
    id: RecommendationId,
    status: TriageStatus,
    panes: Vec<usize>,
    facet: Facet,
    severity: Option<Severity>,
    title: String,
    /// `@owner`, after `“` if there is a comment.
    annotation: String,
    turn: usize,
}

/// Caches of the list between frames.
#[derive(Debug, Default)]
pub(super) struct TriageListRenderer {
    area: Rect,
    /// The visible rows.
    rows: Vec<TriageListRow>,
    viewport: Viewport,
    selected: usize,
    marked: Option<RecommendationId>,
    is_selecting_lines: bool,
    /// Why there are no rows.
    empty_hint: String,
    /// Whether more than one question was asked.
    has_turns: bool,
}

impl TriageListRenderer {
    /// Updates the visible rows.
    pub(super) fn prepare(
        &mut self,
        state: &State,
        items: &[TriageItem<'_>],
        selected: usize,
        area: Rect,
    ) {
        self.area = area;
        self.selected = selected;
        self.marked = state.triage.marked;
        self.is_selecting_lines = state.triage.selecting.is_some();
        self.has_turns = state.turns().len() > 1;
        let height = usize::from(area.height);
        self.viewport.set_size(items.len(), height);
        // One row around the selected one is visible, too.
        let margin = usize::from(height >= 3);
        self.viewport.show_rows(selected.saturating_sub(margin), selected + margin);
        let visible = items.iter().skip(self.viewport.top()).take(height);
        self.rows = visible.map(build_row).collect();
        self.empty_hint = match () {
            () if !items.is_empty() => String::new(),
            () if state.answers_being_read() > 0 => {
                let answers = format_quantity(state.answers_being_read(), "answer");
                format!("still reading {answers} for recommendations …")
            }
            () if !state.triage.filter.is_empty() => {
                "no recommendation matches the filter; 0 clears it".to_owned()
            }
            () if state.is_live() => {
                "recommendations are extracted when an answer has ended".to_owned()
            }
            () => "no recommendations found; Space selects lines of an answer as one".to_owned(),
        };
    }

    /// Draws the list into the area given to `prepare`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, panes: &[PaneRenderer]) {
        if !self.empty_hint.is_empty() {
            let mut painter = RowPainter::new(buffer, self.area);
            painter.write(" ", Style::new());
            painter.write_truncated(&self.empty_hint, 0, theme.ui_style(UiRole::Note));
        }
        let tag_columns = self.rows.iter().map(|row| tag_width(row, panes)).max().unwrap_or(0);
        for (y, (index, row)) in (0..self.area.height).zip(self.rows.iter().enumerate()) {
            let is_selected =
                self.viewport.top() + index == self.selected && !self.is_selecting_lines;
            let line = row_at(self.area, y);
            self.draw_list_row(buffer, theme, line, (row, panes, tag_columns), is_selected);
        }
        if self.area.height > 1 {
            self.viewport.draw_rows_below(buffer, theme, self.area);
        }
    }

    fn draw_list_row(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        (row, panes, tag_columns): (&TriageListRow, &[PaneRenderer], usize),
        is_selected: bool,
    ) {
        let background = if is_selected { theme.ui_style(UiRole::Selection) } else { Style::new() };
        let on_background = |style: Style| {
            if is_selected {
                background.patch(style).bg(background.bg.unwrap_or_default())
            } else {
                style
            }
        };
        let style_of = |role: UiRole| on_background(theme.ui_style(role));
        let is_marked = self.marked == Some(row.id);
        let mut painter = RowPainter::new(buffer, area);
        painter.write(if is_marked { "m" } else { " " }, style_of(UiRole::Mark));
        let (glyph, role) = status_sign(row.status);
        painter.write(glyph, style_of(role));
        painter.write(" ", background);
        self.draw_tag(&mut painter, theme, (row, panes, tag_columns), &on_background);
        if self.area.width >= MIN_WIDTH_WITH_FACET {
            let facet = row.facet.as_str();
            painter.write(facet, style_of(UiRole::Note));
            painter.write_spaces(FACET_COLUMNS - width(facet).min(FACET_COLUMNS) + 1, background);
        }
        if let Some(severity) = row.severity {
            painter.write(severity.as_str(), style_of(severity_role(severity)));
            painter.write(" ", background);
        }
        let annotation_columns = width(&row.annotation);
        let reserved = if annotation_columns > 0 { annotation_columns + 2 } else { 1 };
        let style = match row.status {
            TriageStatus::Rejected => style_of(UiRole::Note).add_modifier(Modifier::CROSSED_OUT),
            TriageStatus::Accepted | TriageStatus::Deferred => style_of(UiRole::Word),
            TriageStatus::Open | TriageStatus::Discuss => style_of(UiRole::Input),
        };
        painter.write_truncated(&row.title, reserved, style);
        let gap = painter.columns_left().saturating_sub(reserved.saturating_sub(1));
        painter.write_spaces(gap, background);
        if annotation_columns > 0 {
            painter.write(&row.annotation, style_of(UiRole::Target));
        }
        painter.fill_rest(" ", background);
    }

    /// Draws the number of the question and the personas that propose it: the view of one, or `1,2` for several.
    fn draw_tag(
        &self,
        painter: &mut RowPainter<'_>,
        theme: &Theme,
        (row, panes, tag_columns): (&TriageListRow, &[PaneRenderer], usize),
        on_background: &dyn Fn(Style) -> Style,
    ) {
        if self.has_turns {
            painter.write(&format!("q{} ", row.turn), on_background(theme.ui_style(UiRole::Note)));
        }
        for (index, pane) in row.panes.iter().enumerate() {
            if index > 0 {
                painter.write(",", on_background(theme.ui_style(UiRole::Note)));
            }
            let color = panes.get(*pane).and_then(|renderer| renderer.label.color.as_deref());
            let style = theme.persona_style(color, *pane);
            let label = persona_tag(row, panes, *pane);
            painter.write(&label, on_background(style));
        }
        let used = tag_width(row, panes);
        painter.write_spaces(tag_columns.saturating_sub(used) + 1, on_background(Style::new()));
    }
}

/// Returns the view of the only persona that proposes it, or the number of one of several.
fn persona_tag(row: &TriageListRow, panes: &[PaneRenderer], pane: usize) -> String {
    match panes.get(pane) {
        Some(renderer) if row.panes.len() == 1 => {
            let columns = if renderer.is_of_project() { 16 } else { 8 };
            truncate_to_width(renderer.tag(), columns).into_owned()
        }
        _ => (pane + 1).to_string(),
    }
}

/// Returns the columns of the personas that propose it.
fn tag_width(row: &TriageListRow, panes: &[PaneRenderer]) -> usize {
    let columns: usize =
        row.panes.iter().map(|pane| width(&persona_tag(row, panes, *pane)) + 1).sum();
    columns.saturating_sub(1)
}

fn build_row(item: &TriageItem<'_>) -> TriageListRow {
    let verdict = item.verdict();
    let mut annotation = String::new();
    if item.members().any(|m| !m.found.verdict.comment.is_empty()) {
        annotation.push('“');
    }
    if !verdict.owner.is_empty() {
        let owner = sanitize_line(&verdict.owner);
        annotation.push('@');
        annotation.push_str(&truncate_to_width(owner.trim_start_matches('@'), 12));
    }
    TriageListRow {
        id: item.id(),
        status: item.status(),
        panes: item.panes(),
        facet: item.leader.found.facet,
        severity: item.members().filter_map(|m| m.found.severity).min(),
        title: sanitize_line(item.leader.found.title()),
        annotation,
        turn: item.turn,
    }
}

/// Returns the sign of a triage status, so that it is not shown by colour alone.
pub(super) fn status_sign(status: TriageStatus) -> (&'static str, UiRole) {
    match status {
        TriageStatus::Open => ("·", UiRole::Open),
        TriageStatus::Discuss => ("…", UiRole::Discuss),
        TriageStatus::Accepted => ("✓", UiRole::Accepted),
        TriageStatus::Rejected => ("✗", UiRole::Rejected),
        TriageStatus::Deferred => ("→", UiRole::Deferred),
    }
}

/// Returns the theme role of a severity.
pub(super) fn severity_role(severity: Severity) -> UiRole {
    match severity {
        Severity::Critical => UiRole::Failed,
        Severity::High => UiRole::Cut,
        Severity::Medium => UiRole::Retrying,
        Severity::Low => UiRole::Note,
    }
}
