//! Draws the Change view: the diff of a persona's answer and its previous one, section by section.
//!
//! The answers are compared by `review`, and only when one of them has changed.

use crate::domain::format::format_quantity;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::paint::{RowPainter, draw_text, draw_text_right, inset_sides, row_at};
use super::pane::PaneRenderer;
use super::theme::{Theme, UiRole};
use super::viewport::Viewport;
use crate::app::{ScrollMove, State};
use crate::domain::RunId;
use crate::review::{self, DiffKind, DiffLine, SectionDiff, SectionFate};
use crate::text::width::width;
use crate::text::{Face, Role, sanitize_line, wrap_lines};

/// Maximum columns of text: longer lines are hard to read.
const MAX_TEXT_WIDTH: u16 = 110;
/// Unchanged lines shown around a changed line; more are folded.
const CONTEXT_LINES: usize = 2;

/// One row of the view.
#[derive(Debug)]
enum DiffRow {
    /// Title of the section with this index.
    Section(usize),
    /// Row of text, in pieces with whether they are emphasised.
    Text(DiffKind, Vec<(String, bool)>),
    /// Number of unchanged lines left out.
    Folded(usize),
    /// Empty row.
    Blank,
}

/// Input of the rows: both runs with their revisions, and the columns of text.
type DiffCacheKey = (RunId, u64, RunId, u64, u16);

/// Caches of the view between frames.
#[derive(Debug, Default)]
pub(super) struct DiffRenderer {
    area: Rect,
    key: Option<DiffCacheKey>,
    sections: Vec<SectionDiff>,
    rows: Vec<DiffRow>,
    viewport: Viewport,
    /// Previous and current question, sanitised.
    questions: (String, String),
}

impl DiffRenderer {
    /// Compares the last two answers of the focused pane, unless they were compared already.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        self.area = area;
        let answers = state.pane().map(|pane| pane.answers()).unwrap_or_default();
        let [.., old, new] = answers.as_slice() else {
            *self = Self { area, ..Self::default() };
            return;
        };
        let columns = area.width.saturating_sub(4).clamp(1, MAX_TEXT_WIDTH);
        let revisions = (old.document.revision(), new.document.revision());
        let key = (old.id(), revisions.0, new.id(), revisions.1, columns);
        if self.key == Some(key) {
            self.viewport.set_size(self.rows.len(), self.body_height());
            return;
        }
        let has_same_runs = self.key.is_some_and(|(a, _, b, ..)| (a, b) == (key.0, key.2));
        let has_same_texts =
            has_same_runs && self.key.is_some_and(|(_, p, _, q, _)| (p, q) == revisions);
        if !has_same_texts {
            self.sections =
                review::diff_sections(&old.document, &old.sections, &new.document, &new.sections);
        }
        self.key = Some(key);
        self.questions = (sanitize_line(&old.question), sanitize_line(&new.question));
        self.rows = build_rows(&self.sections, usize::from(columns));
        self.viewport.set_size(self.rows.len(), self.body_height());
        if !has_same_runs {
            self.viewport.scroll_to(0);
        }
    }

    /// Rows below the heading.
    fn body_height(&self) -> usize {
        usize::from(self.area.height.saturating_sub(1))
    }

    /// Moves the viewport by rows or to a section.
    pub(super) fn apply_scroll(&mut self, scroll: ScrollMove) {
        let top = self.viewport.top();
        let is_section = |row: &usize| matches!(self.rows.get(*row), Some(DiffRow::Section(_)));
        match scroll {
            ScrollMove::Section(true) => {
                let next = (top + 1..self.rows.len()).find(is_section);
                self.viewport.scroll_to(next.unwrap_or(top));
            }
            ScrollMove::Section(false) => {
                let previous = (0..top).rev().find(is_section);
                self.viewport.scroll_to(previous.unwrap_or(0));
            }
            _ => self.viewport.apply_scroll(scroll),
        }
    }

    /// Returns the current answer and the byte where the section at the top of the viewport starts, unless that section was
    /// removed.
    pub(super) fn section_position(&self) -> Option<(RunId, usize)> {
        let rows = self.rows.iter().take(self.viewport.top() + 1).rev();
        let section = rows.into_iter().find_map(|row| match row {
            DiffRow::Section(index) => self.sections.get(*index),
            _ => None,
        })?;
        let run = self.key.map(|(_, _, run, ..)| run)?;
        Some((run, section.new.as_ref()?.start))
    }

    /// Draws the view into the area given to `prepare`.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneRenderer],
    ) {
        self.draw_heading(buffer, theme, (state, panes));
        let body =
            Rect { y: self.area.y + 1, height: self.area.height.saturating_sub(1), ..self.area };
        for (y, row) in (0..body.height).zip(self.rows.iter().skip(self.viewport.top())) {
            self.draw_diff_row(buffer, theme, row_at(body, y), row);
        }
        self.viewport.draw_rows_below(buffer, theme, body);
    }

    /// Draws the persona, both questions, and how many sections have changed.
    fn draw_heading(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        (state, panes): (&State, &[PaneRenderer]),
    ) {
        let line = row_at(self.area, 0);
        let count = |fate: SectionFate| self.sections.iter().filter(|s| s.fate == fate).count();
        let counts = [
            (SectionFate::Added, "new"),
            (SectionFate::Removed, "gone"),
            (SectionFate::Changed, "changed"),
            (SectionFate::Same, "the same"),
        ];
        let texts: Vec<String> = counts
            .into_iter()
            .filter(|(fate, _)| count(*fate) > 0)
            .map(|(fate, word)| format!("{} {word}", count(fate)))
            .collect();
        let used = draw_text_right(
            buffer,
            inset_sides(line, 0, 1),
            &[(&texts.join(" · "), theme.ui_style(UiRole::HeaderNote))],
        );
        let mut painter = RowPainter::new(buffer, inset_sides(line, 1, used + 2));
        if let Some(pane) = panes.get(state.focused) {
            let style = theme.persona_style(pane.label.color.as_deref(), state.focused);
            painter.write_truncated(&pane.label.name, 0, style.add_modifier(Modifier::BOLD));
        }
        let text = format!(" · “{}” against “{}”", self.questions.1, self.questions.0);
        painter.write_truncated(&text, 0, theme.ui_style(UiRole::TitleNote));
    }

    fn draw_diff_row(&self, buffer: &mut Buffer, theme: &Theme, area: Rect, row: &DiffRow) {
        match row {
            DiffRow::Blank => {}
            DiffRow::Folded(n) => {
                let text = format!("  ⋮ {} the same", format_quantity(*n, "line"));
                draw_text(buffer, inset_sides(area, 1, 1), &text, theme.ui_style(UiRole::Note));
            }
            DiffRow::Section(index) => {
                let Some(section) = self.sections.get(*index) else { return };
                draw_section(buffer, theme, area, section);
            }
            DiffRow::Text(kind, pieces) => {
                let (sign, role) = match kind {
                    DiffKind::Same => (" ", Role::Text),
                    DiffKind::Added => ("+", Role::Inserted),
                    DiffKind::Removed => ("−", Role::Removed),
                };
                let plain = theme.face_style(Face::of(role));
                let mut painter = RowPainter::new(buffer, inset_sides(area, 1, 1));
                painter.write(sign, plain.add_modifier(Modifier::BOLD));
                painter.write(" ", Style::new());
                for (text, is_emphasised) in pieces {
                    let emphasis = if *is_emphasised {
                        Modifier::BOLD | Modifier::UNDERLINED
                    } else {
                        Modifier::empty()
                    };
                    painter.write(text, plain.add_modifier(emphasis));
                }
            }
        }
    }
}

fn draw_section(buffer: &mut Buffer, theme: &Theme, area: Rect, section: &SectionDiff) {
    let (word, role) = match section.fate {
        SectionFate::Added => ("new".to_owned(), UiRole::Done),
        SectionFate::Removed => ("gone".to_owned(), UiRole::Failed),
        SectionFate::Same => ("the same".to_owned(), UiRole::Note),
        SectionFate::Changed => {
            (format!("+{} −{}", section.added, section.removed), UiRole::Retrying)
        }
    };
    let used = draw_text_right(
        buffer,
        inset_sides(area, 0, 1),
        &[(" ", Style::new()), (&word, theme.ui_style(role))],
    );
    let mut painter = RowPainter::new(buffer, inset_sides(area, 0, used + 1));
    painter.write("▌ ", theme.face_style(Face { bold: true, ..Face::of(Role::Heading2) }));
    let title = sanitize_line(&section.title);
    let title = if title.is_empty() { "(before the first heading)".to_owned() } else { title };
    let style = if section.fate == SectionFate::Same {
        theme.ui_style(UiRole::Note)
    } else {
        theme.role_style(Role::Heading2)
    };
    painter.write_truncated(&title, 0, style);
    painter.write(" ", Style::new());
    painter.fill_rest("─", theme.ui_style(UiRole::Border));
}

/// Builds the rows of all sections. Unchanged lines are shown only around a changed one.
fn build_rows(sections: &[SectionDiff], columns: usize) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        rows.push(DiffRow::Section(index));
        if section.fate == SectionFate::Same {
            continue;
        }
        let is_near_change = |line: usize| {
            let from = line.saturating_sub(CONTEXT_LINES);
            let context = section.lines.iter().skip(from).take(line + CONTEXT_LINES + 1 - from);
            context.into_iter().any(|line| line.kind != DiffKind::Same)
        };
        let mut folded = 0;
        for (n, line) in section.lines.iter().enumerate() {
            if line.kind == DiffKind::Same && !is_near_change(n) {
                folded += 1;
                continue;
            }
            if folded > 0 {
                rows.push(DiffRow::Folded(std::mem::take(&mut folded)));
            }
            push_text_rows(line, columns, &mut rows);
        }
        if folded > 0 {
            rows.push(DiffRow::Folded(folded));
        }
        rows.push(DiffRow::Blank);
    }
    rows
}

/// Adds the rows of a wrapped source line, with its emphasis.
fn push_text_rows(line: &DiffLine, columns: usize, rows: &mut Vec<DiffRow>) {
    let mut text = String::new();
    let mut spans: Vec<(Range<usize>, bool)> = Vec::new();
    for piece in &line.pieces {
        let piece_text: String = piece.text.trim_end_matches('\n').replace(['\t', '\n'], " ");
        spans.push((text.len()..text.len() + piece_text.len(), piece.strong));
        text.push_str(&piece_text);
    }
    if width(&text) == 0 {
        if line.kind != DiffKind::Same {
            rows.push(DiffRow::Text(line.kind, Vec::new()));
        }
        return;
    }
    for range in wrap_lines(&text, columns.max(1)) {
        let mut pieces = Vec::new();
        for (span, is_emphasised) in &spans {
            let visible = span.start.max(range.start)..span.end.min(range.end);
            if let Some(text) = text.get(visible).filter(|text| !text.is_empty()) {
                pieces.push((text.to_owned(), *is_emphasised));
            }
        }
        rows.push(DiffRow::Text(line.kind, pieces));
    }
}
