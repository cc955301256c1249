//! Draws the composer: prompt, text, cursor, the personas that will be asked, and the completion of an `@` name.
//!
//! The text area wraps its text. `prepare` reads the rows around the cursor once per change, so that text and cursor come
//! from the same wrapping; `draw` only reads them. Does not edit the text.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::labels;
use super::paint::{
    RowPainter, clear_area, draw_border, draw_text, draw_text_right, inset_sides, row_at,
};
use super::pane::PersonaLabel;
use super::theme::{Theme, UiRole};
use crate::app::{Action, Focus, KeyContext, State};
use crate::domain::PersonaId;
use crate::prompt;
use crate::text::{sanitize_line, width::width};

/// Maximum rows of text.
const MAX_TEXT_ROWS: u16 = 6;
/// Minimum tokens of a question whose estimate is shown.
const MIN_SHOWN_TOKENS: u32 = 100;
/// Columns between tab stops, as in the text area.
const TAB_COLUMNS: usize = 4;
/// Minimum columns beside the target.
const MIN_TEXT_COLUMNS: u16 = 36;
/// Text in an empty composer.
const PLACEHOLDER: &str = "ask everyone, @persona asks one";

/// Line and character of the start and the end of a selection.
type TextSelection = ((usize, usize), (usize, usize));

/// Input of the cached rows and texts.
#[derive(Debug)]
struct ComposerCacheKey {
    lines: Vec<String>,
    cursor: (usize, usize),
    selection: Option<TextSelection>,
    width: u16,
    max_rows: u16,
    dismissed: Vec<PersonaId>,
}

impl ComposerCacheKey {
    fn new(state: &State, width: u16, max_rows: u16) -> Self {
        Self {
            lines: state.composer.lines().to_vec(),
            cursor: state.composer.cursor(),
            selection: state.composer.area().selection_range(),
            width,
            max_rows,
            dismissed: state.dismissed.clone(),
        }
    }

    /// Returns true if nothing has changed. Compares in place, because it is called in every frame.
    fn is_current(&self, state: &State, width: u16, max_rows: u16) -> bool {
        let composer = &state.composer;
        self.lines == composer.lines()
            && self.cursor == composer.cursor()
            && self.selection == composer.area().selection_range()
            && (self.width, self.max_rows) == (width, max_rows)
            && self.dismissed == state.dismissed
    }
}

/// One row of the text in three pieces: before, in and after the selection.
#[derive(Debug, Default)]
struct ComposerRow {
    pieces: [String; 3],
}

impl ComposerRow {
    /// Builds the row of characters `from..to` of line `number`, with spaces instead of tabs.
    fn from_line(
        line: &str,
        (number, from, to): (usize, usize, usize),
        selection: Option<TextSelection>,
    ) -> Self {
        let mut row = Self::default();
        let mut column = 0;
        for (i, c) in line.chars().enumerate().skip(from).take(to.saturating_sub(from)) {
            let position = (number, i);
            let piece = match selection {
                Some((_, end)) if position >= end => 2,
                Some((start, _)) if position >= start => 1,
                _ => 0,
            };
            let Some(text) = row.pieces.get_mut(piece) else { continue };
            if c == '\t' {
                let spaces = TAB_COLUMNS - column % TAB_COLUMNS;
                text.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            } else {
                text.push(c);
                column += width(c.encode_utf8(&mut [0; 4]));
            }
        }
        row
    }
}

/// Caches of the composer between frames.
#[derive(Debug, Default)]
pub(super) struct ComposerRenderer {
    key: Option<ComposerCacheKey>,
    rows: Vec<ComposerRow>,
    /// Index of the first visible row of the text.
    top: usize,
    cursor: Position,
    /// The personas that will be asked, or an unknown name.
    target: String,
    names_unknown_persona: bool,
    /// Personas added by a trigger.
    trigger_hint: Option<String>,
    /// Completions: `@id` and name.
    completions: Vec<(String, String)>,
}

impl ComposerRenderer {
    /// Updates the composer for a screen of `width` by `height`. Returns the rows it needs: at most a third of `height`, and
    /// one for the hint about triggers.
    pub(super) fn prepare(&mut self, state: &State, width: u16, height: u16) -> u16 {
        let max_rows = (height / 3).clamp(1, MAX_TEXT_ROWS);
        if !self.key.as_ref().is_some_and(|key| key.is_current(state, width, max_rows)) {
            self.update_target(state, width);
            self.layout_text(state, width, max_rows);
            self.key = Some(ComposerCacheKey::new(state, width, max_rows));
        }
        self.update_completions(state);
        self.text_rows() + u16::from(self.trigger_hint.is_some() && height >= 8)
    }

    fn text_rows(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(1).max(1)
    }

    /// Finds the personas that the question addresses, those that triggers add, and an estimate of its tokens.
    fn update_target(&mut self, state: &State, width: u16) {
        let known: Vec<PersonaId> = state.roster.personas.iter().map(|p| p.id.clone()).collect();
        let text = state.composer.text();
        let address = prompt::split_mentions(&text, &known);
        let joining = if text.is_empty() { Vec::new() } else { state.triggered_personas() };
        self.trigger_hint = describe_triggers(state, &joining);
        // A name that is still being typed is not unknown yet.
        let unknown =
            address.unknown.first().filter(|_| state.composer.mention_at_cursor().is_none());
        self.names_unknown_persona = unknown.is_some();
        self.target = match (address.targets.as_slice(), unknown) {
            (_, Some(word)) => format!("unknown persona @{}", sanitize_line(word)),
            ([], _) => {
                let panel = &state.roster.panel.personas;
                let added = joining.iter().filter(|id| !panel.contains(id)).count();
                match panel.len() + added {
                    0 => "→ no one: the panel is empty".to_owned(),
                    1 => "→ 1 persona".to_owned(),
                    n => format!("→ all {n}"),
                }
            }
            (ids, _) if ids.len() <= 3 || width >= 120 => {
                let names: Vec<String> = ids.iter().map(|id| format!("@{id}")).collect();
                format!("→ {}", names.join(" "))
            }
            (ids, _) => format!("→ {} personas", ids.len()),
        };
        let tokens = state.composer.estimate_tokens();
        if tokens >= MIN_SHOWN_TOKENS {
            self.target.push_str(" · ");
            self.target.push_str(&labels::format_tokens(u64::from(tokens), true));
        }
    }

    /// Columns of the target at the right of the first row, 0 if the text needs them.
    fn target_columns(&self, screen_width: u16) -> u16 {
        let columns = u16::try_from(width(&self.target)).unwrap_or(u16::MAX).saturating_add(2);
        if screen_width >= columns.saturating_add(MIN_TEXT_COLUMNS) { columns } else { 0 }
    }

    /// Finds the rows around the cursor. The text area wraps them but does not draw them, because its viewport does not move
    /// up when the text gets shorter.
    fn layout_text(&mut self, state: &State, width: u16, max_rows: u16) {
        let area = state.composer.area();
        // One column stays free after the text, for the cursor.
        let columns =
            width.saturating_sub(prompt_margin(width) + 3 + self.target_columns(width)).max(1);
        // The text area takes its width from the area that it is rendered into.
        let first = Rect::new(0, 0, columns, 1);
        area.render(first, &mut Buffer::empty(first));
        let max_rows = usize::from(max_rows);
        let start_of = |row: usize| area.screen_to_data(row, 0);
        let row_exists = |row: usize| row == 0 || start_of(row) != start_of(row - 1);
        let cursor = area.screen_cursor();
        let mut top = self.top.clamp((cursor.row + 1).saturating_sub(max_rows), cursor.row);
        while top > 0 && !row_exists(top + max_rows - 1) {
            top -= 1;
        }
        self.top = top;
        let selection = area.selection_range();
        let visible = (top..top + max_rows).take_while(|row| row_exists(*row));
        let rows = visible.map(|row| {
            let (from, next) = (start_of(row), start_of(row + 1));
            let to = if next.0 == from.0 && next.1 > from.1 { next.1 } else { usize::MAX };
            let line = area.lines().get(from.0).map_or("", String::as_str);
            ComposerRow::from_line(line, (from.0, from.1, to), selection)
        });
        self.rows = rows.collect();
        let to_cells = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        self.cursor = Position::new(to_cells(cursor.col).min(columns), to_cells(cursor.row - top));
    }

    fn update_completions(&mut self, state: &State) {
        self.completions.clear();
        let Some(completion) = &state.completion else { return };
        for persona in completion.items.iter().filter_map(|id| state.roster.persona(id)) {
            let PersonaLabel { name, label, title, .. } = PersonaLabel::from_persona(persona);
            let description = if title.is_empty() { label } else { title };
            let name =
                if description.is_empty() { name } else { format!("{name} · {description}") };
            self.completions.push((format!("@{}", persona.id), name));
        }
    }

    /// Draws the composer into `area`. Returns the position of the cursor if the composer has the focus.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        state: &State,
    ) -> Option<Position> {
        let is_focused = state.focus == Focus::Composer;
        let mut area = area;
        if let Some(hint) = self.trigger_hint.as_ref().filter(|_| area.height > self.text_rows()) {
            let mut painter = RowPainter::new(buffer, area);
            painter.write(" ", Style::new());
            painter.write(" ", theme.ui_style(UiRole::Badge));
            painter.write_truncated(hint, 2, theme.ui_style(UiRole::Badge));
            painter.write(" ", theme.ui_style(UiRole::Badge));
            area = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        let prompt = if is_focused { UiRole::Prompt } else { UiRole::PromptIdle };
        let margin = prompt_margin(area.width);
        draw_text(buffer, inset_sides(area, margin, 0), ">", theme.ui_style(prompt));
        let target = self.target_columns(area.width);
        if target > 0 {
            let style = theme.ui_style(if self.names_unknown_persona {
                UiRole::Warning
            } else {
                UiRole::Target
            });
            draw_text_right(buffer, row_at(area, 0), &[(&self.target, style), (" ", style)]);
        }
        let text = inset_sides(area, margin + 2, 0);
        if state.composer.is_empty() {
            let room = inset_sides(row_at(text, 0), 0, target);
            draw_text(buffer, room, PLACEHOLDER, theme.ui_style(UiRole::Placeholder));
        } else {
            self.draw_text(buffer, theme, text);
        }
        let cursor = Position::new(text.x + self.cursor.x, text.y + self.cursor.y);
        (is_focused && area.contains(cursor)).then_some(cursor)
    }

    fn draw_text(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let (plain, selected) = (theme.ui_style(UiRole::Input), theme.ui_style(UiRole::Selection));
        for (y, text) in (0..area.height).zip(&self.rows) {
            let mut painter = RowPainter::new(buffer, row_at(area, y));
            for (piece, style) in text.pieces.iter().zip([plain, selected, plain]) {
                painter.write(piece, style);
            }
        }
    }

    /// Draws the completion of an `@` name above `composer`.
    pub(super) fn draw_completion(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        composer: Rect,
        state: &State,
    ) {
        let Some(completion) = state.completion.as_ref().filter(|_| !self.completions.is_empty())
        else {
            return;
        };
        let max_rows = composer.y.saturating_sub(2).min(8);
        let rows = u16::try_from(self.completions.len()).unwrap_or(u16::MAX).min(max_rows);
        if rows == 0 || composer.width < 12 {
            return;
        }
        let ids = self.completions.iter().map(|(id, _)| width(id)).max().unwrap_or(0);
        let names = self.completions.iter().map(|(_, name)| width(name)).max().unwrap_or(0);
        let columns = u16::try_from(ids + names + 6).unwrap_or(u16::MAX).min(composer.width);
        let area =
            Rect { x: composer.x, y: composer.y - rows - 2, width: columns, height: rows + 2 };
        clear_area(buffer, area);
        draw_border(buffer, area, theme.ui_style(UiRole::PopupBorder));
        let first = (completion.selected + 1).saturating_sub(usize::from(rows));
        for (y, (i, (id, name))) in (0..rows).zip(self.completions.iter().enumerate().skip(first)) {
            let line = inset_sides(row_at(area, y + 1), 1, 1);
            let selected = (i == completion.selected).then(|| theme.ui_style(UiRole::Selection));
            let mut painter = RowPainter::new(buffer, line);
            let style = |role| selected.unwrap_or_else(|| theme.ui_style(role));
            painter.write(" ", style(UiRole::Key));
            painter.write(id, style(UiRole::Key));
            painter.write_spaces(ids - width(id) + 2, style(UiRole::Key));
            painter.write_truncated(name, 1, style(UiRole::Word));
            painter.fill_rest(" ", style(UiRole::Word));
        }
    }
}

/// Columns left of the prompt, so that it is aligned with the panes.
fn prompt_margin(width: u16) -> u16 {
    u16::from(width >= 30)
}

/// Describes the personas added by triggers: `gitops joins: DevOps Mode · Ctrl+T drops it`.
fn describe_triggers(state: &State, joining: &[PersonaId]) -> Option<String> {
    let first = state.roster.persona(joining.first()?)?;
    let names: Vec<&str> = joining.iter().map(PersonaId::as_str).collect();
    let mut text = format!("{} joins", names.join(", "));
    if let Some(mode) = &first.mode {
        text.push_str(": ");
        text.push_str(&sanitize_line(mode));
    }
    let key = labels::key_hint(&state.keymap, KeyContext::Composer, Action::Dismiss);
    if let Some(key) = key {
        text.push_str(" · ");
        text.push_str(&key);
        text.push_str(if joining.len() == 1 { " drops it" } else { " drops them" });
    }
    Some(text)
}
