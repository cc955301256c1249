//! Draws strips (panes folded to one row) and the tab bar.
//!
//! A strip has number, name, view, state and one line of the answer; a tab has name and sign of the state. Which panes are
//! folded is decided by `layout`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::layout::PaneSlot;
use super::paint::{RowPainter, truncate_to_width};
use super::pane::PaneRenderer;
use super::theme::{Theme, UiRole};
use crate::app::{Pane, RunRef};
use crate::domain::RunId;
use crate::text::width::width;

/// The line of an answer in a strip: its recommendation when it has ended, its last line while it streams.
#[derive(Debug, Default)]
pub(super) struct StripText {
    key: Option<(RunId, u64, bool)>,
    /// The line, sanitised.
    pub(super) text: String,
}

impl StripText {
    /// Updates the line if the run or its text has changed.
    pub(super) fn prepare(&mut self, pane: &Pane<'_>) {
        let Some(run) = pane.current() else {
            self.key = None;
            "not asked yet".clone_into(&mut self.text);
            return;
        };
        let key = (run.id(), run.document.revision(), run.is_live());
        if self.key == Some(key) {
            return;
        }
        self.key = Some(key);
        self.text = summarize_answer(run);
    }
}

/// Maximum lines of an answer that are searched for a recommendation.
const MAX_SEARCHED_LINES: usize = 2_000;

fn summarize_answer(run: RunRef<'_>) -> String {
    let source = run.document.source();
    let line = if run.is_live() {
        last_line(source)
    } else {
        lead_line(source).or_else(|| last_line(source))
    };
    match line {
        Some(line) => strip_markdown(line),
        None => match &run.run.state {
            crate::domain::RunState::Retrying { reason, .. } => sanitize_start(reason),
            crate::domain::RunState::Ended(ending) => {
                sanitize_start(ending.reason().unwrap_or_default())
            }
            _ => String::new(),
        },
    }
}

fn sanitize_start(text: &str) -> String {
    crate::text::sanitize_line(&text.chars().take(400).collect::<String>())
}

fn last_line(source: &str) -> Option<&str> {
    source.rsplit('\n').take(20).find(|line| !line.trim().is_empty() && !line.starts_with("```"))
}

/// Returns the first line with `recommend` in it, or the first line below such a heading, or else the first line of prose.
fn lead_line(source: &str) -> Option<&str> {
    let mut is_below_heading = false;
    let mut first = None;
    let lines = source.lines().take(MAX_SEARCHED_LINES).map(str::trim).filter(|l| !l.is_empty());
    for line in lines {
        let start: String = line.chars().take(60).collect();
        let recommends = start.to_lowercase().contains("recommend");
        let is_heading = line.starts_with('#');
        if recommends && !is_heading {
            return Some(line);
        }
        if is_below_heading && !is_heading {
            return Some(line);
        }
        is_below_heading = is_heading && recommends;
        if first.is_none() && !is_heading && line.starts_with(char::is_alphanumeric) {
            first = Some(line);
        }
    }
    first
}

/// Removes Markdown marks from a line and cuts it to more than any screen is wide.
fn strip_markdown(line: &str) -> String {
    let start = line.trim_start_matches(['#', '>', '-', '*', '+', '|', ' ', '\t']);
    let text: String = start.chars().take(300).filter(|c| !matches!(c, '*' | '`' | '|')).collect();
    crate::text::sanitize_line(&text).trim().to_owned()
}

/// Draws a strip: number, name, view, state, then a line of the answer, in the same columns in every strip.
pub(super) fn draw_strip(
    buffer: &mut Buffer,
    theme: &Theme,
    slot: &PaneSlot,
    pane: &PaneRenderer,
    text: &str,
) {
    let mut painter = RowPainter::new(buffer, slot.area);
    let note = theme.ui_style(UiRole::TitleNote);
    let total = usize::from(slot.area.width);
    let name_room = (total / 4).clamp(8, 34);
    let state_room = 26;
    let label = &pane.label;
    painter.write(&format!(" {} ", slot.pane + 1), note);
    let persona =
        theme.persona_style(label.color.as_deref(), slot.pane).add_modifier(Modifier::BOLD);
    let name = truncate_to_width(&label.name, name_room);
    painter.write(&name, persona);
    let mut used = width(&name);
    if used + 3 + width(&label.label) <= name_room {
        painter.write(" · ", note);
        painter.write(&label.label, note);
        used += 3 + width(&label.label);
    }
    painter.write_spaces(name_room.saturating_sub(used) + 1, Style::new());
    let status = &pane.status;
    let state = format!("{} {}", status.glyph, status.word);
    painter.write(&state, status.role.map(|role| theme.ui_style(role)).unwrap_or_default());
    let numbers = format!(" {} {}", status.elapsed, status.tokens);
    let numbers = numbers.trim_end();
    let mut used = width(&state);
    if used + width(numbers) <= state_room {
        painter.write(numbers, note);
        used += width(numbers);
    }
    painter.write_spaces(state_room.saturating_sub(used) + 1, Style::new());
    if !status.badge.is_empty() {
        painter.write(&format!(" {} ", status.badge), theme.ui_style(UiRole::Badge));
        painter.write_spaces(1, Style::new());
    }
    painter.write_truncated(text, 1, theme.ui_style(UiRole::Advice));
}

/// How much of a persona's name a tab shows.
#[derive(Clone, Copy)]
enum TabDetail {
    Name,
    FirstWord,
    Number,
}

fn tab_name(pane: &PaneRenderer, detail: TabDetail) -> &str {
    match detail {
        TabDetail::Name => &pane.label.name,
        TabDetail::FirstWord => pane.label.first_word(),
        TabDetail::Number => "",
    }
}

fn tab_width(number: usize, pane: &PaneRenderer, detail: TabDetail) -> usize {
    let name = width(tab_name(pane, detail));
    let glyph = usize::from(!pane.status.glyph.is_empty()) * 2;
    2 + number.to_string().len() + usize::from(name > 0) + name + glyph
}

/// Draws the bar that names every pane. The tab of the focused pane is always visible.
pub(super) fn draw_tabs(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    panes: &[PaneRenderer],
    focused: usize,
) {
    let room = usize::from(area.width);
    let total = |detail| -> usize {
        panes.iter().enumerate().map(|(i, pane)| tab_width(i + 1, pane, detail) + 1).sum()
    };
    let detail = [TabDetail::Name, TabDetail::FirstWord].into_iter().find(|d| total(*d) <= room);
    let detail = detail.unwrap_or(TabDetail::Number);
    // With more panes than fit, the bar starts with a later pane, so that the focused one fits.
    let mut first = 0;
    let width_to_focused = |first: usize| -> usize {
        let visible =
            panes.iter().enumerate().skip(first).take((focused + 1).saturating_sub(first));
        visible.map(|(i, pane)| tab_width(i + 1, pane, detail) + 1).sum()
    };
    while first < focused && width_to_focused(first) > room {
        first += 1;
    }
    let mut painter = RowPainter::new(buffer, area);
    for (i, pane) in panes.iter().enumerate().skip(first) {
        let is_active = i == focused;
        let base = theme.ui_style(if is_active { UiRole::TabActive } else { UiRole::Tab });
        let background = if is_active { base } else { Style::new() };
        painter.write(&format!(" {}", i + 1), base);
        let name = tab_name(pane, detail);
        if !name.is_empty() {
            let persona = theme.persona_style(pane.label.color.as_deref(), i);
            painter.write(" ", background);
            painter.write(name, if is_active { background.patch(persona) } else { persona });
        }
        if !pane.status.glyph.is_empty() {
            let state = pane.status.role.map(|role| theme.ui_style(role)).unwrap_or_default();
            painter.write(" ", background);
            painter.write(pane.status.glyph, background.patch(state));
        }
        painter.write(" ", background);
        painter.write_spaces(1, Style::new());
    }
}
