//! Change: one persona's answer to this question against its last one, section by section.
//!
//! What differs is `review::diff`'s; it is compared once, when one of the two answers has changed. Here it becomes rows.
//! Called by `View`.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::paint::{Pen, cut, inset, put, put_right, row};
use super::pane::PaneView;
use super::theme::{Part, Theme};
use crate::app::{Scroll, State};
use crate::domain::RunId;
use crate::domain::format::format_quantity;
use crate::review::{self, DiffKind, DiffLine, SectionDiff, SectionFate};
use crate::text::width::width;
use crate::text::{Face, Role, sanitize_line, wrap_lines};

/// Lines longer than this are hard to read.
const WIDE: u16 = 110;
/// Lines that stay the same around what has changed; more are folded.
const AROUND: usize = 2;

/// One line of the view.
#[derive(Debug)]
enum Line {
    /// A section: its place in the list.
    Section(usize),
    /// A row of text.
    Text(DiffKind, Vec<(String, bool)>),
    /// So many lines are the same.
    Folded(usize),
    /// Nothing.
    Blank,
}

/// What the lines were made of: both runs with their revisions, and the width.
type Key = (RunId, u64, RunId, u64, u16);

/// What is kept of the view between frames.
#[derive(Debug, Default)]
pub(super) struct ChangeView {
    area: Rect,
    key: Option<Key>,
    sections: Vec<SectionDiff>,
    lines: Vec<Line>,
    top: usize,
    /// The two questions, clean.
    questions: (String, String),
}

impl ChangeView {
    /// Compares the two last answers of the focused pane, if they have not been compared yet.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        self.area = area;
        let rounds = state.pane().map(|pane| pane.answers()).unwrap_or_default();
        let [.., old, new] = rounds.as_slice() else {
            *self = Self { area, ..Self::default() };
            return;
        };
        let columns = area.width.saturating_sub(4).clamp(1, WIDE);
        let (was, is) = (old.document.revision(), new.document.revision());
        let key = (old.id(), was, new.id(), is, columns);
        if self.key == Some(key) {
            self.top = self.top.min(self.most());
            return;
        }
        let same_runs = self.key.is_some_and(|(a, _, b, ..)| (a, b) == (old.id(), new.id()));
        let compared =
            self.key.is_some_and(|(a, p, b, q, _)| (a, p, b, q) == (old.id(), was, new.id(), is));
        if !compared {
            self.sections =
                review::diff_sections(&old.document, &old.sections, &new.document, &new.sections);
        }
        self.key = Some(key);
        self.questions = (sanitize_line(&old.question), sanitize_line(&new.question));
        self.lines = lines(&self.sections, usize::from(columns));
        self.top = if same_runs { self.top.min(self.most()) } else { 0 };
    }

    fn room(&self) -> usize {
        usize::from(self.area.height.saturating_sub(1))
    }

    fn most(&self) -> usize {
        self.lines.len().saturating_sub(self.room())
    }

    /// Moves the view; sections are what it jumps to.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        let page = self.room().max(1);
        let by = |n: i32, unit: usize| {
            let unit = isize::try_from(unit.max(1)).unwrap_or(1);
            self.top.saturating_add_signed(isize::try_from(n).unwrap_or(0).saturating_mul(unit))
        };
        let is_section = |at: &usize| matches!(self.lines.get(*at), Some(Line::Section(_)));
        self.top = match scroll {
            Scroll::Lines(n) => by(n, 1),
            Scroll::HalfPages(n) => by(n, page.div_ceil(2)),
            Scroll::Pages(n) => by(n, page.saturating_sub(1)),
            Scroll::Top => 0,
            Scroll::Bottom => usize::MAX,
            Scroll::Section(true) => {
                (self.top + 1..self.lines.len()).find(is_section).unwrap_or(self.top)
            }
            Scroll::Section(false) => (0..self.top).rev().find(is_section).unwrap_or(0),
            _ => self.top,
        }
        .min(self.most());
    }

    /// The byte of the new answer that the section at the top of the view begins with.
    pub(super) fn place(&self) -> Option<(RunId, usize)> {
        let above = self.lines.iter().take(self.top + 1).rev();
        let section = above.into_iter().find_map(|line| match line {
            Line::Section(at) => self.sections.get(*at),
            _ => None,
        })?;
        let run = self.key.map(|(_, _, run, ..)| run)?;
        // What is gone has no place in the new answer.
        Some((run, section.new.as_ref()?.start))
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
        self.draw_head(buffer, theme, (state, panes));
        let body =
            Rect { y: self.area.y + 1, height: self.area.height.saturating_sub(1), ..self.area };
        for (y, line) in (0..body.height).zip(self.lines.iter().skip(self.top)) {
            self.draw_line(buffer, theme, row(body, y), line);
        }
        let below = self.most().saturating_sub(self.top);
        if below > 0 && body.height > 0 {
            let last = row(body, body.height - 1);
            put_right(buffer, last, &[(&format!(" ↓ {below} "), theme.part(Part::Scrollbar))]);
        }
    }

    /// Whose answers, to which questions, and how much has changed.
    fn draw_head(&self, buffer: &mut Buffer, theme: &Theme, (state, panes): (&State, &[PaneView])) {
        let line = row(self.area, 0);
        let count = |fate: SectionFate| self.sections.iter().filter(|s| s.fate == fate).count();
        let counts = [
            (SectionFate::Added, "new"),
            (SectionFate::Removed, "gone"),
            (SectionFate::Changed, "changed"),
            (SectionFate::Same, "the same"),
        ];
        let words: Vec<String> = counts
            .into_iter()
            .filter(|(fate, _)| count(*fate) > 0)
            .map(|(fate, word)| format!("{} {word}", count(fate)))
            .collect();
        let used = put_right(
            buffer,
            inset(line, 0, 1),
            &[(&words.join(" · "), theme.part(Part::HeaderNote))],
        );
        let mut pen = Pen::new(buffer, inset(line, 1, used + 2));
        if let Some(view) = panes.get(state.focused) {
            let style = theme.persona(view.who.color.as_deref(), state.focused);
            let room = pen.room();
            pen.write(&cut(&view.who.name, room), style.add_modifier(Modifier::BOLD));
        }
        let text = format!(" · “{}” against “{}”", self.questions.1, self.questions.0);
        let room = pen.room();
        pen.write(&cut(&text, room), theme.part(Part::TitleNote));
    }

    fn draw_line(&self, buffer: &mut Buffer, theme: &Theme, area: Rect, line: &Line) {
        match line {
            Line::Blank => {}
            Line::Folded(n) => {
                let text = format!("  ⋮ {} the same", format_quantity(*n, "line"));
                put(buffer, inset(area, 1, 1), &text, theme.part(Part::Note));
            }
            Line::Section(at) => {
                let Some(section) = self.sections.get(*at) else { return };
                draw_section(buffer, theme, area, section);
            }
            Line::Text(kind, pieces) => {
                let (sign, role) = match kind {
                    DiffKind::Same => (" ", Role::Text),
                    DiffKind::Added => ("+", Role::Inserted),
                    DiffKind::Removed => ("−", Role::Removed),
                };
                let plain = theme.face(Face::of(role));
                let mut pen = Pen::new(buffer, inset(area, 1, 1));
                pen.write(sign, plain.add_modifier(Modifier::BOLD));
                pen.write(" ", Style::new());
                for (text, strong) in pieces {
                    let emphasis = if *strong {
                        Modifier::BOLD | Modifier::UNDERLINED
                    } else {
                        Modifier::empty()
                    };
                    pen.write(text, plain.add_modifier(emphasis));
                }
            }
        }
    }
}

fn draw_section(buffer: &mut Buffer, theme: &Theme, area: Rect, section: &SectionDiff) {
    let (word, part) = match section.fate {
        SectionFate::Added => ("new".to_owned(), Part::Done),
        SectionFate::Removed => ("gone".to_owned(), Part::Failed),
        SectionFate::Same => ("the same".to_owned(), Part::Note),
        SectionFate::Changed => {
            (format!("+{} −{}", section.added, section.removed), Part::Retrying)
        }
    };
    let used =
        put_right(buffer, inset(area, 0, 1), &[(" ", Style::new()), (&word, theme.part(part))]);
    let mut pen = Pen::new(buffer, inset(area, 0, used + 1));
    pen.write("▌ ", theme.face(Face { bold: true, ..Face::of(Role::Heading2) }));
    let title = sanitize_line(&section.title);
    let title = if title.is_empty() { "(before the first heading)".to_owned() } else { title };
    let face = if section.fate == SectionFate::Same {
        theme.part(Part::Note)
    } else {
        theme.role(Role::Heading2)
    };
    let room = pen.room();
    pen.write(&cut(&title, room), face);
    pen.write(" ", Style::new());
    let rest = pen.room();
    pen.fill(rest, "─", theme.part(Part::Border));
}

/// The lines of all sections; of what stays the same only what stands around a change.
fn lines(sections: &[SectionDiff], columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        lines.push(Line::Section(at));
        if section.fate == SectionFate::Same {
            continue;
        }
        let near = |at: usize| {
            let from = at.saturating_sub(AROUND);
            let around = section.lines.iter().skip(from).take(at + AROUND + 1 - from);
            around.into_iter().any(|line| line.kind != DiffKind::Same)
        };
        let mut folded = 0;
        for (n, line) in section.lines.iter().enumerate() {
            if line.kind == DiffKind::Same && !near(n) {
                folded += 1;
                continue;
            }
            if folded > 0 {
                lines.push(Line::Folded(std::mem::take(&mut folded)));
            }
            text_rows(line, columns, &mut lines);
        }
        if folded > 0 {
            lines.push(Line::Folded(folded));
        }
        lines.push(Line::Blank);
    }
    lines
}

/// A line of the source, wrapped, its pieces kept.
fn text_rows(line: &DiffLine, columns: usize, lines: &mut Vec<Line>) {
    let mut text = String::new();
    let mut strong: Vec<(Range<usize>, bool)> = Vec::new();
    for piece in &line.pieces {
        let clean: String = piece.text.trim_end_matches('\n').replace(['\t', '\n'], " ");
        strong.push((text.len()..text.len() + clean.len(), piece.strong));
        text.push_str(&clean);
    }
    if width(&text) == 0 {
        if line.kind != DiffKind::Same {
            lines.push(Line::Text(line.kind, Vec::new()));
        }
        return;
    }
    for range in wrap_lines(&text, columns.max(1)) {
        let mut pieces = Vec::new();
        for (part, strong) in &strong {
            let cut = part.start.max(range.start)..part.end.min(range.end);
            if let Some(text) = text.get(cut).filter(|text| !text.is_empty()) {
                pieces.push((text.to_owned(), *strong));
            }
        }
        lines.push(Line::Text(line.kind, pieces));
    }
}
