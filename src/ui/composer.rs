//! The question being written: prompt, text, cursor, who will be asked, and the names offered behind an `@`.
//!
//! The text area wraps and knows its cursor; `prepare` asks it for the rows around the cursor once per change, so that
//! what is shown and where the cursor stands come from one wrapping. `draw` only reads.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::paint::{Pen, border, clear, cut, inset, put, put_right, row};
use super::pane::Who;
use super::theme::{Part, Theme};
use super::words;
use crate::app::{Action, Focus, KeyContext, State};
use crate::domain::PersonaId;
use crate::prompt;
use crate::text::{sanitize_line, width::width};

/// Rows of text that are shown at most.
const ROWS: u16 = 6;
/// Below this, an estimate of tokens tells nothing.
const MANY_TOKENS: u32 = 100;
/// Columns between tab stops, as the text area has them.
const TAB: usize = 4;
/// What stands in an empty composer.
const PLACEHOLDER: &str = "ask everyone, @persona asks one";

/// Line and character where a selection begins and ends.
type Selection = ((usize, usize), (usize, usize));

/// All that decides what the composer shows.
#[derive(Debug)]
struct Key {
    lines: Vec<String>,
    cursor: (usize, usize),
    selection: Option<Selection>,
    width: u16,
    most: u16,
    dismissed: Vec<PersonaId>,
}

impl Key {
    fn of(state: &State, width: u16, most: u16) -> Self {
        Self {
            lines: state.composer.lines().to_vec(),
            cursor: state.composer.cursor(),
            selection: state.composer.area().selection_range(),
            width,
            most,
            dismissed: state.dismissed.clone(),
        }
    }

    /// True when nothing has changed; asked every frame, so nothing is copied.
    fn still_holds(&self, state: &State, width: u16, most: u16) -> bool {
        let composer = &state.composer;
        self.lines == composer.lines()
            && self.cursor == composer.cursor()
            && self.selection == composer.area().selection_range()
            && (self.width, self.most) == (width, most)
            && self.dismissed == state.dismissed
    }
}

/// One row of the text: before, in and behind the selection.
#[derive(Debug, Default)]
struct TextRow {
    pieces: [String; 3],
}

impl TextRow {
    /// Characters `from..to` of line `number`, tabs drawn as blanks.
    fn of(
        line: &str,
        (number, from, to): (usize, usize, usize),
        selection: Option<Selection>,
    ) -> Self {
        let mut row = Self::default();
        let mut column = 0;
        for (i, c) in line.chars().enumerate().skip(from).take(to.saturating_sub(from)) {
            let at = (number, i);
            let piece = match selection {
                Some((_, end)) if at >= end => 2,
                Some((start, _)) if at >= start => 1,
                _ => 0,
            };
            let Some(text) = row.pieces.get_mut(piece) else { continue };
            if c == '\t' {
                let blanks = TAB - column % TAB;
                text.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            } else {
                text.push(c);
                column += width(c.encode_utf8(&mut [0; 4]));
            }
        }
        row
    }
}

/// What the composer shows.
#[derive(Debug, Default)]
pub(super) struct ComposerView {
    key: Option<Key>,
    rows: Vec<TextRow>,
    /// The first row of the text that is shown.
    top: usize,
    cursor: Position,
    target: String,
    /// Somebody is named whom nobody knows.
    nobody: bool,
    joins: Option<String>,
    offered: Vec<(String, String)>,
}

impl ComposerView {
    /// Brings it up to date for a screen of `width` columns; the rows it needs, at most a third of `height`.
    pub(super) fn prepare(&mut self, state: &State, width: u16, height: u16) -> u16 {
        let most = (height / 3).clamp(1, ROWS);
        if !self.key.as_ref().is_some_and(|key| key.still_holds(state, width, most)) {
            self.read(state, width);
            self.lay(state, width, most);
            self.key = Some(Key::of(state, width, most));
        }
        self.offer(state);
        self.height(height)
    }

    fn height(&self, height: u16) -> u16 {
        self.rows() + u16::from(self.joins.is_some() && height >= 8)
    }

    fn rows(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(1).max(1)
    }

    /// What the words come to: who will be asked, who joins, how much it is.
    fn read(&mut self, state: &State, width: u16) {
        let known: Vec<PersonaId> = state.roster.personas.iter().map(|p| p.id.clone()).collect();
        let text = state.composer.text();
        let to = prompt::split_mentions(&text, &known);
        let joining = if text.is_empty() { Vec::new() } else { state.joining() };
        self.joins = badge(state, &joining);
        // A name that is still being written is not wrong yet.
        let unknown = to.unknown.first().filter(|_| state.composer.mention_at_cursor().is_none());
        self.nobody = unknown.is_some();
        self.target = match (to.targets.as_slice(), unknown) {
            (_, Some(word)) => format!("nobody is called @{}", sanitize_line(word)),
            ([], _) => {
                let panel = &state.roster.panel.personas;
                let more = joining.iter().filter(|id| !panel.contains(id)).count();
                match panel.len() + more {
                    0 => "→ nobody: the panel is empty".to_owned(),
                    1 => "→ 1 persona".to_owned(),
                    n => format!("→ all {n}"),
                }
            }
            (ids, _) if ids.len() <= 3 || width >= 120 => {
                let names: Vec<String> = ids.iter().map(|id| format!("@{id}")).collect();
                format!("→ {}", names.join(" "))
            }
            (ids, _) => format!("→ {} of them", ids.len()),
        };
        let tokens = state.composer.whole_question().map_or(0, |q| prompt::estimate_tokens(&q));
        if tokens >= MANY_TOKENS {
            self.target.push_str(" · ");
            self.target.push_str(&words::tokens(u64::from(tokens), true));
        }
    }

    /// Columns of the target at the right of the first row; none where the text needs them.
    fn target_room(&self, width_: u16) -> u16 {
        let room = u16::try_from(width(&self.target)).unwrap_or(u16::MAX).saturating_add(2);
        if width_ >= room.saturating_add(36) { room } else { 0 }
    }

    /// Finds the rows around the cursor. The text area wraps; what it draws itself is not asked for, as its viewport never
    /// comes back up when the text gets shorter.
    fn lay(&mut self, state: &State, width: u16, most: u16) {
        let area = state.composer.area();
        // One column stays free behind the text, for the cursor.
        let columns = width.saturating_sub(margin(width) + 3 + self.target_room(width)).max(1);
        // It learns its width when it is rendered.
        let first = Rect::new(0, 0, columns, 1);
        area.render(first, &mut Buffer::empty(first));
        let most = usize::from(most);
        let begins = |row: usize| area.screen_to_data(row, 0);
        let is_there = |row: usize| row == 0 || begins(row) != begins(row - 1);
        let at = area.screen_cursor();
        let mut top = self.top.clamp((at.row + 1).saturating_sub(most), at.row);
        while top > 0 && !is_there(top + most - 1) {
            top -= 1;
        }
        self.top = top;
        let selection = area.selection_range();
        let shown = (top..top + most).take_while(|row| is_there(*row));
        let rows = shown.map(|row| {
            let (from, next) = (begins(row), begins(row + 1));
            let to = if next.0 == from.0 && next.1 > from.1 { next.1 } else { usize::MAX };
            let line = area.lines().get(from.0).map_or("", String::as_str);
            TextRow::of(line, (from.0, from.1, to), selection)
        });
        self.rows = rows.collect();
        let cell = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.cursor = Position::new(cell(at.col).min(columns), cell(at.row - top));
    }

    fn offer(&mut self, state: &State) {
        self.offered.clear();
        let Some(completion) = &state.completion else { return };
        for persona in completion.items.iter().filter_map(|id| state.roster.persona(id)) {
            let who = Who::of(persona);
            let what = if who.title.is_empty() { who.label } else { who.title };
            let name = if what.is_empty() { who.name } else { format!("{} · {what}", who.name) };
            self.offered.push((format!("@{}", persona.id), name));
        }
    }

    /// Draws it into `area`; where the cursor stands, when keys go here.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        state: &State,
    ) -> Option<Position> {
        let focused = state.focus == Focus::Composer;
        let mut area = area;
        if let Some(joins) = self.joins.as_ref().filter(|_| area.height > self.rows()) {
            let mut pen = Pen::new(buffer, area);
            pen.write(" ", Style::new());
            let room = pen.room().saturating_sub(3);
            pen.write(" ", theme.part(Part::Badge));
            pen.write(&cut(joins, room), theme.part(Part::Badge));
            pen.write(" ", theme.part(Part::Badge));
            area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        let prompt = if focused { Part::Prompt } else { Part::PromptIdle };
        let margin = margin(area.width);
        put(buffer, inset(area, margin, 0), ">", theme.part(prompt));
        let target = self.target_room(area.width);
        if target > 0 {
            let style = theme.part(if self.nobody { Part::Warning } else { Part::Target });
            put_right(buffer, row(area, 0), &[(&self.target, style), (" ", style)]);
        }
        let text = inset(area, margin + 2, 0);
        if state.composer.is_empty() {
            let room = inset(row(text, 0), 0, target);
            put(buffer, room, PLACEHOLDER, theme.part(Part::Placeholder));
        } else {
            self.draw_text(buffer, theme, text);
        }
        let cursor = Position::new(text.x + self.cursor.x, text.y + self.cursor.y);
        (focused && area.contains(cursor)).then_some(cursor)
    }

    fn draw_text(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let (plain, chosen) = (theme.part(Part::Input), theme.part(Part::Selection));
        for (y, text) in (0..area.height).zip(&self.rows) {
            let mut pen = Pen::new(buffer, row(area, y));
            for (piece, style) in text.pieces.iter().zip([plain, chosen, plain]) {
                pen.write(piece, style);
            }
        }
    }

    /// Draws the names offered behind an `@`, above `composer`.
    pub(super) fn draw_offer(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        composer: Rect,
        state: &State,
    ) {
        let Some(completion) = state.completion.as_ref().filter(|_| !self.offered.is_empty())
        else {
            return;
        };
        let most = composer.y.saturating_sub(2).min(8);
        let rows = u16::try_from(self.offered.len()).unwrap_or(u16::MAX).min(most);
        if rows == 0 || composer.width < 12 {
            return;
        }
        let ids = self.offered.iter().map(|(id, _)| width(id)).max().unwrap_or(0);
        let names = self.offered.iter().map(|(_, name)| width(name)).max().unwrap_or(0);
        let columns = u16::try_from(ids + names + 6).unwrap_or(u16::MAX).min(composer.width);
        let area =
            Rect { x: composer.x, y: composer.y - rows - 2, width: columns, height: rows + 2 };
        clear(buffer, area);
        border(buffer, area, theme.part(Part::PopupBorder));
        let first = (completion.selected + 1).saturating_sub(usize::from(rows));
        for (y, (i, (id, name))) in (0..rows).zip(self.offered.iter().enumerate().skip(first)) {
            let line = inset(row(area, y + 1), 1, 1);
            let chosen = (i == completion.selected).then(|| theme.part(Part::Selection));
            let mut pen = Pen::new(buffer, line);
            let style = |part| chosen.unwrap_or_else(|| theme.part(part));
            pen.write(" ", style(Part::Key));
            pen.write(id, style(Part::Key));
            pen.blanks(ids - width(id) + 2, style(Part::Key));
            let room = pen.room().saturating_sub(1);
            pen.write(&cut(name, room), style(Part::Word));
            let room = pen.room();
            pen.blanks(room, style(Part::Word));
        }
    }
}

/// Blank columns before the prompt, so that it stands below what is above it.
fn margin(width: u16) -> u16 {
    u16::from(width >= 30)
}

/// `gitops joins: DevOps Mode · Ctrl+T drops it`
fn badge(state: &State, joining: &[PersonaId]) -> Option<String> {
    let first = state.roster.persona(joining.first()?)?;
    let names: Vec<&str> = joining.iter().map(PersonaId::as_str).collect();
    let mut text = format!("{} joins", names.join(", "));
    if let Some(mode) = &first.mode {
        text.push_str(": ");
        text.push_str(&sanitize_line(mode));
    }
    let key = words::key(&state.keymap, KeyContext::Composer, Action::Dismiss);
    if let Some(key) = key {
        text.push_str(" · ");
        text.push_str(&key);
        text.push_str(if joining.len() == 1 { " drops it" } else { " drops them" });
    }
    Some(text)
}
