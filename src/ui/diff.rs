//! Draws the Change view: the diff of a persona's answer and its previous one, section by section.
//!
//! A reading compares the answers; here its sections become rows.

use std::ops::Range;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::paint::{RowPainter, draw_text, draw_text_right, inset_sides, row_at};
use super::pane::PaneRenderer;
use super::theme::{Theme, UiRole};
use super::viewport::Viewport;
use crate::app::reading::ChangeReading;
use crate::app::{ScrollMove, State};
use crate::domain::RunId;
use crate::domain::format::format_quantity;
use crate::review::{DiffKind, DiffLine, SectionDiff, SectionFate};
use crate::text::width::width;
use crate::text::{Face, Role, sanitize_line, wrap_lines};

/// Maximum columns of text: longer lines are hard to read.
const MAX_TEXT_WIDTH: u16 = 110;

/// One row of the view.
#[derive(Debug)]
enum DiffRow {
    /// Title of the section with this index.
    Section(usize),
    /// Row of text, in pieces with whether they are emphasised.
    Text(DiffKind, Vec<(String, bool)>),
    /// Number of unchanged lines left out.
    Folded(usize),
    /// Number of changed lines left out.
    LeftOut(usize),
    /// Empty row.
    Blank,
}

/// Caches of the view between frames.
#[derive(Debug, Default)]
pub(super) struct DiffRenderer {
    area: Rect,
    /// The comparison that is shown; empty while the answers are being read.
    reading: Arc<ChangeReading>,
    /// The columns of text.
    columns: u16,
    rows: Vec<DiffRow>,
    viewport: Viewport,
    /// Previous and current question, sanitised.
    questions: (String, String),
}

impl DiffRenderer {
    /// Takes the comparison of the last two answers of the focused pane, if it is there, and updates the rows.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        self.area = area;
        let answers = state.pane().map(|pane| pane.answers()).unwrap_or_default();
        let [.., old, new] = answers.as_slice() else {
            *self = Self { area, ..Self::default() };
            return;
        };
        let columns = area.width.saturating_sub(4).clamp(1, MAX_TEXT_WIDTH);
        let runs = Some((old.id(), new.id()));
        // An earlier state of the same answers is better than none.
        let reading = match &state.change.reading {
            reading if compared_runs(reading) == runs => Arc::clone(reading),
            _ => Arc::default(),
        };
        if Arc::ptr_eq(&self.reading, &reading) && self.columns == columns {
            self.viewport.set_size(self.rows.len(), self.body_height());
            return;
        }
        let has_same_runs = compared_runs(&self.reading) == runs;
        self.questions = (sanitize_line(&old.question), sanitize_line(&new.question));
        self.rows = build_rows(&reading.sections, usize::from(columns));
        self.viewport.set_size(self.rows.len(), self.body_height());
        if !has_same_runs {
            self.viewport.scroll_to(0);
        }
        (self.reading, self.columns) = (reading, columns);
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
            DiffRow::Section(index) => self.reading.sections.get(*index),
            _ => None,
        })?;
        let (_, run) = compared_runs(&self.reading)?;
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
        if self.reading.compared.is_none() {
            let text = "  still reading both answers …";
            draw_text(buffer, inset_sides(body, 1, 1), text, theme.ui_style(UiRole::Note));
        }
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
        let sections = &self.reading.sections;
        let count = |fate: SectionFate| sections.iter().filter(|s| s.fate == fate).count();
        let counts = [
            (SectionFate::Added, "new"),
            (SectionFate::Removed, "gone"),
            (SectionFate::Changed, "changed"),
            (SectionFate::Same, "the same"),
        ];
        let mut texts: Vec<String> = counts
            .into_iter()
            .filter(|(fate, _)| count(*fate) > 0)
            .map(|(fate, word)| format!("{} {word}", count(fate)))
            .collect();
        texts.extend(self.reading.left_out.clone());
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
            DiffRow::LeftOut(n) => {
                let lines = format_quantity(*n, "changed line");
                let text = format!("  ⋮ {lines} left out: the answers are too long to show them");
                draw_text(buffer, inset_sides(area, 1, 1), &text, theme.ui_style(UiRole::Warning));
            }
            DiffRow::Section(index) => {
                let Some(section) = self.reading.sections.get(*index) else { return };
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

/// Builds the rows of all sections.
fn build_rows(sections: &[SectionDiff], columns: usize) -> Vec<DiffRow> {
    let mut rows = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        rows.push(DiffRow::Section(index));
        if section.fate == SectionFate::Same {
            continue;
        }
        for line in &section.lines {
            if line.equal_before > 0 {
                rows.push(DiffRow::Folded(line.equal_before));
            }
            push_text_rows(line, columns, &mut rows);
        }
        if section.left_out > 0 {
            rows.push(DiffRow::LeftOut(section.left_out));
        }
        if section.equal_at_end > 0 {
            rows.push(DiffRow::Folded(section.equal_at_end));
        }
        rows.push(DiffRow::Blank);
    }
    rows
}

/// The older and the newer of the runs that were compared.
fn compared_runs(reading: &ChangeReading) -> Option<(RunId, RunId)> {
    reading.compared.map(|[(old, _), (new, _)]| (old, new))
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
