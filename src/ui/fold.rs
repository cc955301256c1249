//! Panes in one row or less: strips and the tab bar.
//!
//! A strip has number, name, view, state and one line that stands for the answer; a tab has the name and the state's sign.
//! Which panes are folded is `layout`'s business; `View` calls this file for those that are.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::layout::Slot;
use super::paint::{Pen, cut};
use super::pane::PaneView;
use super::theme::{Part, Theme};
use crate::app::{Pane, RunRef};
use crate::domain::RunId;
use crate::text::width::width;

/// One line that stands for an answer: its recommendation when it has ended, its last line while it streams.
#[derive(Debug, Default)]
pub(super) struct Gist {
    key: Option<(RunId, u64, bool)>,
    /// The line.
    pub(super) text: String,
}

impl Gist {
    /// Brings it up to date.
    pub(super) fn prepare(&mut self, pane: &Pane<'_>) {
        let Some(view) = pane.current() else {
            self.key = None;
            "not asked yet".clone_into(&mut self.text);
            return;
        };
        let key = (view.id(), view.document.revision(), view.is_live());
        if self.key == Some(key) {
            return;
        }
        self.key = Some(key);
        self.text = gist(view);
    }
}

/// How many lines of an answer are searched for a recommendation.
const SEARCHED: usize = 2_000;

fn gist(view: RunRef<'_>) -> String {
    let source = view.document.source();
    let line =
        if view.is_live() { last_line(source) } else { lead(source).or_else(|| last_line(source)) };
    match line {
        Some(line) => bare(line),
        None => match &view.run.state {
            crate::domain::RunState::Retrying { reason, .. } => first_of(reason),
            crate::domain::RunState::Ended(ending) => first_of(ending.reason().unwrap_or_default()),
            _ => String::new(),
        },
    }
}

fn first_of(text: &str) -> String {
    crate::text::sanitize_line(&text.chars().take(400).collect::<String>())
}

fn last_line(source: &str) -> Option<&str> {
    source.rsplit('\n').take(20).find(|line| !line.trim().is_empty() && !line.starts_with("```"))
}

/// `**Recommendation: …**`, or the first line below a heading that says so, or the first line of prose.
fn lead(source: &str) -> Option<&str> {
    let mut below = false;
    let mut first = None;
    let lines = source.lines().take(SEARCHED).map(str::trim).filter(|l| !l.is_empty());
    for line in lines {
        let begin: String = line.chars().take(60).collect();
        let says = begin.to_lowercase().contains("recommend");
        let heading = line.starts_with('#');
        if says && !heading {
            return Some(line);
        }
        if below && !heading {
            return Some(line);
        }
        below = heading && says;
        if first.is_none() && !heading && line.starts_with(char::is_alphanumeric) {
            first = Some(line);
        }
    }
    first
}

/// A line of Markdown without its marks, as long as any screen is wide.
fn bare(line: &str) -> String {
    let start = line.trim_start_matches(['#', '>', '-', '*', '+', '|', ' ', '\t']);
    let text: String = start.chars().take(300).filter(|c| !matches!(c, '*' | '`' | '|')).collect();
    crate::text::sanitize_line(&text).trim().to_owned()
}

/// Draws a folded pane: number, name, view, state, then its gist, in the same columns in every strip.
pub(super) fn strip(buffer: &mut Buffer, theme: &Theme, slot: &Slot, view: &PaneView, gist: &str) {
    let mut pen = Pen::new(buffer, slot.area);
    let note = theme.part(Part::TitleNote);
    let total = usize::from(slot.area.width);
    let name_room = (total / 4).clamp(8, 34);
    let state_room = 26;
    let who = &view.who;
    pen.write(&format!(" {} ", slot.pane + 1), note);
    let persona = theme.persona(who.color.as_deref(), slot.pane).add_modifier(Modifier::BOLD);
    let name = cut(&who.name, name_room);
    pen.write(&name, persona);
    let mut used = width(&name);
    if used + 3 + width(&who.label) <= name_room {
        pen.write(" · ", note);
        pen.write(&who.label, note);
        used += 3 + width(&who.label);
    }
    pen.blanks(name_room.saturating_sub(used) + 1, Style::new());
    let status = &view.status;
    let state = format!("{} {}", status.glyph, status.word);
    pen.write(&state, status.part.map(|p| theme.part(p)).unwrap_or_default());
    let more = format!(" {} {}", status.elapsed, status.tokens);
    let more = more.trim_end();
    let mut used = width(&state);
    if used + width(more) <= state_room {
        pen.write(more, note);
        used += width(more);
    }
    pen.blanks(state_room.saturating_sub(used) + 1, Style::new());
    if !status.badge.is_empty() {
        pen.write(&format!(" {} ", status.badge), theme.part(Part::Badge));
        pen.blanks(1, Style::new());
    }
    let room = pen.room().saturating_sub(1);
    pen.write(&cut(gist, room), theme.part(Part::Advice));
}

/// How much of each tab is written.
#[derive(Clone, Copy)]
enum Detail {
    Name,
    FirstWord,
    Number,
}

fn tab_name(view: &PaneView, detail: Detail) -> &str {
    match detail {
        Detail::Name => &view.who.name,
        Detail::FirstWord => view.who.name.split(' ').next().unwrap_or_default(),
        Detail::Number => "",
    }
}

fn tab_width(number: usize, view: &PaneView, detail: Detail) -> usize {
    let name = width(tab_name(view, detail));
    let glyph = usize::from(!view.status.glyph.is_empty()) * 2;
    2 + digits(number) + usize::from(name > 0) + name + glyph
}

fn digits(number: usize) -> usize {
    number.to_string().len()
}

/// Draws the bar that names every pane; the focused one's tab is always in view.
pub(super) fn tabs(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    views: &[PaneView],
    focused: usize,
) {
    let room = usize::from(area.width);
    let total = |detail| -> usize {
        views.iter().enumerate().map(|(i, v)| tab_width(i + 1, v, detail) + 1).sum()
    };
    let detail = [Detail::Name, Detail::FirstWord].into_iter().find(|d| total(*d) <= room);
    let detail = detail.unwrap_or(Detail::Number);
    // With more panes than fit, the bar begins where the focused one is still inside.
    let mut first = 0;
    let upto = |first: usize| -> usize {
        let shown = views.iter().enumerate().skip(first).take((focused + 1).saturating_sub(first));
        shown.map(|(i, v)| tab_width(i + 1, v, detail) + 1).sum()
    };
    while first < focused && upto(first) > room {
        first += 1;
    }
    let mut pen = Pen::new(buffer, area);
    for (i, view) in views.iter().enumerate().skip(first) {
        let active = i == focused;
        let base = theme.part(if active { Part::TabActive } else { Part::Tab });
        let ground = if active { base } else { Style::new() };
        pen.write(&format!(" {}", i + 1), base);
        let name = tab_name(view, detail);
        if !name.is_empty() {
            let persona = theme.persona(view.who.color.as_deref(), i);
            pen.write(" ", ground);
            pen.write(name, if active { ground.patch(persona) } else { persona });
        }
        if !view.status.glyph.is_empty() {
            let state = view.status.part.map(|p| theme.part(p)).unwrap_or_default();
            pen.write(" ", ground);
            pen.write(view.status.glyph, ground.patch(state));
        }
        pen.write(" ", ground);
        pen.blanks(1, Style::new());
    }
}
