//! Draws the source of the selected recommendation: its verdict, its rows, those of its group, and challenges. While lines
//! are selected it draws the complete answer with the selection.
//!
//! Rows are found by their bytes in the answer. Does not decide what is selected.

use std::collections::HashMap;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::list::{severity_role, status_sign};
use crate::app::triage::{TriageItem, TriageMember, lines_to_span};
use crate::app::{RunRef, ScrollMove, State};
use crate::domain::{RecommendationId, RunId, RunState};
use crate::text::{MarkdownRows, OutlineKind, Row, RowKind, RowOptions, sanitize_line};
use crate::ui::answer_rows::draw_row;
use crate::ui::paint::{RowPainter, draw_text, inset_sides, row_at, truncate_to_width, wrap_text};
use crate::ui::pane::PaneRenderer;
use crate::ui::theme::{Theme, UiRole};
use crate::ui::viewport::Viewport;

/// Maximum rows of a comment.
const MAX_COMMENT_ROWS: usize = 6;
/// Maximum columns of text: longer lines are hard to read.
const MAX_TEXT_WIDTH: u16 = 96;

/// One row of the source.
#[derive(Debug)]
enum SourceRow {
    /// Text of the program.
    Text(UiRole, String),
    /// Name of the persona of a pane, and text.
    Persona(usize, String),
    /// Row of an answer, and whether it belongs to the recommendation or the selection.
    Answer { run: RunId, row: usize, is_marked: bool },
    /// Empty row.
    Blank,
}

/// Caches of the source between frames.
#[derive(Debug, Default)]
pub(super) struct SourceRenderer {
    area: Rect,
    width: u16,
    layouts: HashMap<RunId, MarkdownRows>,
    /// The rows from number `first` on, at least to the last visible one.
    rows: Vec<SourceRow>,
    first: usize,
    viewport: Viewport,
    /// Recommendation of the last frame, and whether lines were selected.
    previous: Option<(RecommendationId, bool)>,
}

impl SourceRenderer {
    /// Updates the rows for `item`.
    pub(super) fn prepare(&mut self, state: &State, item: Option<&TriageItem<'_>>, area: Rect) {
        self.area = area;
        let width = area.width.saturating_sub(4).clamp(1, MAX_TEXT_WIDTH);
        if self.width != width {
            self.layouts.clear();
            self.width = width;
        }
        self.rows.clear();
        self.first = 0;
        if area.is_empty() {
            return;
        }
        if let Some(selecting) = state.triage.selecting {
            self.build_selection(state, selecting);
            return;
        }
        let Some(item) = item else { return };
        self.push_verdict(state, item);
        self.push_member(&item.leader);
        for other in &item.others {
            self.rows.push(SourceRow::Blank);
            self.rows.push(SourceRow::Persona(other.pane, "proposes the same".to_owned()));
            self.push_member(other);
        }
        let challenges: Vec<RecommendationId> = item.members().map(|m| m.found.id).collect();
        for id in challenges {
            self.push_challenges(state, id);
        }
        self.viewport.set_size(self.rows.len(), usize::from(self.area.height));
        let current = Some((item.id(), false));
        if self.previous != current {
            self.previous = current;
            self.viewport.scroll_to(0);
        }
    }

    /// Adds title, status, personas, facet, severity, owner and comments.
    fn push_verdict(&mut self, state: &State, item: &TriageItem<'_>) {
        let (width, verdict) = (usize::from(self.width), item.verdict());
        let mut add_text = |role: UiRole, text: &str, max_rows: usize| {
            let rows = wrap_text(text, width, max_rows).into_iter();
            self.rows.extend(rows.map(|row| SourceRow::Text(role, row)));
        };
        add_text(UiRole::PopupTitle, &sanitize_line(item.leader.found.title()), 3);
        let (glyph, role) = status_sign(item.status());
        add_text(role, &format!("{glyph} {}", item.status().as_str()), 1);
        let names: Vec<String> = item
            .panes()
            .into_iter()
            .filter_map(|pane| state.pane_at(pane))
            .map(|pane| sanitize_line(&pane.persona.tag()))
            .collect();
        let mut details = vec![
            format!("proposed by {}", names.join(", ")),
            item.leader.found.facet.as_str().to_owned(),
        ];
        if state.turns().len() > 1 {
            details.push(format!("question {}", item.turn));
        }
        if item.leader.found.origin == crate::domain::RecommendationOrigin::Selected {
            details.push("selected manually".to_owned());
        }
        add_text(UiRole::Note, &details.join(" · "), 2);
        if let Some(severity) = item.members().filter_map(|m| m.found.severity).min() {
            add_text(severity_role(severity), &format!("{severity} according to the answer"), 1);
        }
        if !verdict.owner.is_empty() {
            add_text(UiRole::Target, &format!("owner: {}", sanitize_line(&verdict.owner)), 1);
        }
        for member in item.members() {
            let comment = &member.found.verdict.comment;
            if !comment.is_empty() {
                add_text(
                    UiRole::Discuss,
                    &format!("“{}”", sanitize_line(comment)),
                    MAX_COMMENT_ROWS,
                );
            }
        }
        self.rows.push(SourceRow::Blank);
    }

    /// Adds the heading above a recommendation, and its rows.
    fn push_member(&mut self, member: &TriageMember<'_>) {
        let run = member.run.id();
        let layout = update_layout(&mut self.layouts, self.width, member.run);
        let marked = rows_of_span(member.run, layout, &member.found.span);
        let heading =
            layout.find_row(marked.start, false, |kind| matches!(kind, RowKind::Heading(_)));
        if let Some(row) = heading {
            self.rows.push(SourceRow::Answer { run, row, is_marked: false });
            self.rows.push(SourceRow::Blank);
        }
        for row in table_heading_rows(member.run, layout, &member.found.span) {
            self.rows.push(SourceRow::Answer { run, row, is_marked: false });
        }
        self.rows.extend(marked.map(|row| SourceRow::Answer { run, row, is_marked: true }));
    }

    /// Adds the challenges of a recommendation.
    fn push_challenges(&mut self, state: &State, id: RecommendationId) {
        for side in state.challenges_of(id) {
            let name = sanitize_line(&side.run.persona.display_name());
            let run = side.run;
            let description = match &run.run.state {
                RunState::Ended(ending) if ending.is_done() => "challenges it".to_owned(),
                RunState::Ended(ending) => {
                    format!("challenges it: {}", sanitize_line(&ending.to_string()))
                }
                live => format!("challenges it … {}", live.as_str()),
            };
            let pane = state.pane_personas.iter().position(|persona| persona.id == run.run.persona);
            self.rows.push(SourceRow::Blank);
            self.rows.push(match pane {
                Some(pane) => SourceRow::Persona(pane, description),
                None => SourceRow::Text(
                    UiRole::Group,
                    truncate_to_width(&format!("{name} {description}"), usize::from(self.width))
                        .into_owned(),
                ),
            });
            let rows = update_layout(&mut self.layouts, self.width, run).height();
            let run = run.id();
            self.rows.extend((0..rows).map(|row| SourceRow::Answer { run, row, is_marked: false }));
        }
    }

    /// Builds the visible rows of the complete answer with the selected lines marked and the cursor visible.
    fn build_selection(&mut self, state: &State, selecting: crate::app::triage::LineSelection) {
        let Some(run) = state.run(selecting.run) else { return };
        let layout = update_layout(&mut self.layouts, self.width, run);
        let source = run.document.source();
        let selected = lines_to_span(source, selecting.lines());
        let cursor = lines_to_span(source, (selecting.line, selecting.line));
        let is_marked = |row: &Row| {
            let overlaps = row.source.start < selected.end && row.source.end > selected.start;
            overlaps && row.kind != RowKind::Blank
        };
        let hint = if selecting.from.is_some() {
            "j/k extend, Enter confirms"
        } else {
            "Space starts, Enter selects this line"
        };
        let cursor_row = layout.row_at(&run.document, cursor.start) + 1;
        let height = usize::from(self.area.height);
        self.viewport.set_size(layout.height() + 1, height);
        if self.previous.is_none_or(|(_, was_selecting)| !was_selecting) {
            self.viewport.scroll_to(cursor_row.saturating_sub(height / 3));
        }
        let id = self.previous.map_or(RecommendationId::from_number(0), |(id, _)| id);
        self.previous = Some((id, true));
        self.viewport.show_rows(cursor_row.saturating_sub(1), cursor_row + 3);
        self.first = self.viewport.top();
        self.rows.extend((self.first..self.first + height).map(|index| {
            let Some(row) = index.checked_sub(1) else {
                return SourceRow::Persona(selecting.pane, format!("select lines: {hint}"));
            };
            let is_marked = layout.row(&run.document, row).is_some_and(|row| is_marked(&row));
            SourceRow::Answer { run: selecting.run, row, is_marked }
        }));
    }

    /// Scrolls by lines; other commands move the selection in the list.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        if let ScrollMove::Lines(_) = scroll {
            self.viewport.apply_scroll(scroll);
        }
    }

    /// Draws the source into the area given to `prepare`.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneRenderer],
    ) {
        let is_selecting = state.triage.selecting.is_some();
        for (y, row) in (0..self.area.height)
            .zip(self.rows.iter().skip(self.viewport.top().saturating_sub(self.first)))
        {
            let line = row_at(self.area, y);
            let text_area = inset_sides(line, 2, 1);
            match row {
                SourceRow::Blank => {}
                SourceRow::Text(role, text) => {
                    draw_text(buffer, inset_sides(line, 1, 1), text, theme.ui_style(*role));
                }
                SourceRow::Persona(pane, text) => {
                    draw_persona(buffer, theme, inset_sides(line, 1, 1), (panes, *pane), text);
                }
                SourceRow::Answer { run, row, is_marked } => {
                    let found = state.run(*run).zip(self.layouts.get(run));
                    let Some(row) =
                        found.and_then(|(run, layout)| layout.row(&run.display.document, *row))
                    else {
                        continue;
                    };
                    draw_row(buffer, theme, text_area, &row, 0);
                    if *is_marked {
                        draw_text(buffer, line, "▌", theme.ui_style(UiRole::SourceBar));
                        if is_selecting {
                            buffer.set_style(text_area, theme.ui_style(UiRole::SourceRow));
                        }
                    }
                }
            }
        }
        self.viewport.draw_rows_below(buffer, theme, self.area);
    }
}

/// Returns the rows of an answer, wrapped to `width`.
fn update_layout<'a>(
    layouts: &'a mut HashMap<RunId, MarkdownRows>,
    width: u16,
    run: RunRef<'_>,
) -> &'a MarkdownRows {
    let layout = layouts.entry(run.id()).or_default();
    layout.update(&run.document, width, RowOptions { wrap_code: true });
    layout
}

/// Returns the rows that show the bytes of `span`.
fn rows_of_span(run: RunRef<'_>, layout: &MarkdownRows, span: &Range<usize>) -> Range<usize> {
    let length = run.document.source().get(span.clone()).map_or(0, |text| text.trim_end().len());
    let first = layout.row_at(&run.document, span.start);
    let end = layout.row_at(&run.document, span.start + length.saturating_sub(1)) + 1;
    // A long table row, or the last line of a paragraph, continues on the next rows.
    let mut end = end.max(first + 1);
    while layout.row(&run.document, end).is_some_and(|row| {
        row.kind != RowKind::Blank && row.source.start < span.end && row.source.start >= span.start
    }) {
        end += 1;
    }
    first..end.min(layout.height())
}

/// Returns the heading rows of the table that the recommendation was extracted from.
fn table_heading_rows(run: RunRef<'_>, layout: &MarkdownRows, span: &Range<usize>) -> Range<usize> {
    let table = run.document.parts().find(|part| {
        part.kind() == OutlineKind::Table
            && part.span().start < span.start
            && span.end <= part.span().end
    });
    let Some(table) = table else { return 0..0 };
    let Some(first) = table.rows().first().map(|row| row.span.start) else { return 0..0 };
    let (start, end) =
        (layout.row_at(&run.document, table.span().start), layout.row_at(&run.document, first));
    // A table drawn as records has no heading rows: each record names its columns.
    if end.saturating_sub(start) > 4 { 0..0 } else { start..end }
}

/// Draws the name of a persona, and `text`.
fn draw_persona(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (panes, pane): (&[PaneRenderer], usize),
    text: &str,
) {
    let Some(renderer) = panes.get(pane) else { return };
    let mut painter = RowPainter::new(buffer, area);
    let style =
        theme.persona_style(renderer.label.color.as_deref(), pane).add_modifier(Modifier::BOLD);
    painter.write_truncated(&renderer.label.name, 0, style);
    painter.write(" ", style);
    painter.write_truncated(text, 0, theme.ui_style(UiRole::Note));
}
