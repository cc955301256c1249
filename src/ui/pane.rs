//! Draws one open pane: border, title, rows, scrollbar.
//!
//! `prepare` updates the thread and the titles, `draw` only reads them. The rows come from `thread`.

use crate::domain::format::{format_elapsed, format_quantity};
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::answer_rows::draw_row;
use super::labels;
use super::layout::{PaneForm, PaneSlot};
use super::paint::{
    RowPainter, draw_border, draw_text, draw_text_right, inset_sides, row_at, truncate_to_width,
};
use super::theme::{Theme, UiRole};
use super::thread::{Thread, ThreadRow};
use crate::app::{Pane, State};
use crate::domain::{PROJECT_MARK, Persona, RunId, RunNotes, RunState};
use crate::text::width::width;
use crate::text::{RowOptions, sanitize_line};

/// Name, title and view of a persona, sanitised.
#[derive(Debug, Clone, Default)]
pub(super) struct PersonaLabel {
    /// Name.
    pub(super) name: String,
    /// The persona's view, or its id if another pane has the same name and view.
    pub(super) label: String,
    /// The view as it names the persona alone, in narrow columns: that of a project's persona is marked.
    pub(super) tag: String,
    /// Title.
    pub(super) title: String,
    /// Colour named in the persona's file.
    pub(super) color: Option<String>,
}

impl PersonaLabel {
    /// Sanitises the texts of the persona's file.
    pub(super) fn from_persona(persona: &Persona) -> Self {
        Self {
            name: sanitize_line(&persona.display_name()),
            label: sanitize_line(persona.label()),
            tag: sanitize_line(&persona.tag()),
            title: sanitize_line(&persona.title),
            color: persona.color.clone(),
        }
    }

    /// The first word of the name, with the mark of a project's persona.
    pub(super) fn first_word(&self) -> &str {
        let mark = if self.name.starts_with(PROJECT_MARK) { PROJECT_MARK.len() } else { 0 };
        let rest = self.name.get(mark..).unwrap_or_default();
        let end = rest.find(' ').map_or(self.name.len(), |end| mark + end);
        self.name.get(..end).unwrap_or(&self.name)
    }
}

/// State of a pane's current run as text. Numbers of a running run change at most four times a second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PaneStatus {
    run: Option<RunId>,
    is_live: bool,
    /// Time of the last sample of tokens, in quarters of a second since the start.
    sample_time: u128,
    sampled_tokens: u64,
    /// `●`
    pub(super) glyph: &'static str,
    /// `streaming`
    pub(super) word: String,
    /// `12s`
    pub(super) elapsed: String,
    /// `≈410 tok`
    pub(super) tokens: String,
    /// `DevOps Mode`
    pub(super) badge: String,
    /// Theme role of glyph and word.
    pub(super) role: Option<UiRole>,
}

impl PaneStatus {
    fn update_from(&mut self, pane: &Pane<'_>, now: Duration) {
        let Some(run) = pane.current() else {
            *self = Self::default();
            return;
        };
        let state = &run.run.state;
        let sample_time = now.as_millis() / 250;
        let (tokens, estimated) = run.tokens();
        if self.run != Some(run.id()) || self.sample_time != sample_time {
            self.sampled_tokens = tokens / 10 * 10;
        }
        (self.run, self.sample_time) = (Some(run.id()), sample_time);
        self.is_live = run.is_live();
        let tokens = if self.is_live { self.sampled_tokens } else { tokens };
        let elapsed = run.elapsed(now);
        self.glyph = labels::state_glyph(state);
        self.word = labels::describe_state(state, now);
        let is_waiting = matches!(state, RunState::Queued | RunState::Retrying { .. });
        let has_started = !is_waiting && !elapsed.is_zero();
        self.elapsed =
            if has_started { format_elapsed(elapsed, self.is_live) } else { String::new() };
        self.tokens =
            if tokens > 0 { labels::format_tokens(tokens, estimated) } else { String::new() };
        self.badge = run.mode.as_deref().map(sanitize_line).unwrap_or_default();
        self.role = Some(labels::state_role(state));
    }
}

/// Caches of a pane between frames.
#[derive(Debug)]
pub(super) struct PaneRenderer {
    persona: Arc<Persona>,
    /// Name, title and view.
    pub(super) label: PersonaLabel,
    /// State of the current run.
    pub(super) status: PaneStatus,
    /// Rows and scroll position.
    pub(super) thread: Thread,
    /// Local model that answered; has priority over everything else on the border.
    local_note: String,
    notes: String,
    /// Turn at the top of the viewport, 1-based, and the number of turns.
    turns: (usize, usize),
}

impl PaneRenderer {
    /// Creates empty caches for `pane`.
    pub(super) fn new(pane: &Pane<'_>) -> Self {
        Self {
            persona: Arc::clone(pane.persona),
            label: PersonaLabel::from_persona(pane.persona),
            status: PaneStatus::default(),
            thread: Thread::default(),
            local_note: String::new(),
            notes: String::new(),
            turns: (0, 0),
        }
    }

    /// Labels the pane by the persona's id if another pane has the same name and view.
    pub(super) fn disambiguate_label(&mut self, has_twin: bool) {
        let label = if has_twin { self.persona.id.as_str() } else { self.persona.label() };
        if self.label.label != label {
            self.label.label = sanitize_line(label);
        }
    }

    /// Returns the word that names the persona in narrow columns.
    pub(super) fn tag(&self) -> &str {
        if self.is_of_project() { &self.label.tag } else { &self.label.label }
    }

    /// Returns true if the persona comes from the project.
    pub(super) fn is_of_project(&self) -> bool {
        self.persona.is_project
    }

    /// Returns true if these are the caches of `pane`.
    pub(super) fn is_for(&self, pane: &Pane<'_>) -> bool {
        Arc::ptr_eq(&self.persona, pane.persona)
    }

    /// Updates the state of the current run. Cheap, for every pane.
    pub(super) fn prepare_status(&mut self, pane: &Pane<'_>, now: Duration) {
        self.status.update_from(pane, now);
    }

    /// Updates the rows. Only for open panes.
    pub(super) fn prepare(
        &mut self,
        pane: &Pane<'_>,
        slot: &PaneSlot,
        state: &State,
        wrap_code: bool,
    ) {
        let body = body_area(slot);
        let options = RowOptions { wrap_code };
        let border = if slot.form == PaneForm::Bordered { bottom_area(slot.area).width } else { 0 };
        self.thread.prepare(pane, (body.width, body.height), border, options, &state.keymap);
        let notes = pane.current().map(|run| &run.run.notes);
        let local_note = notes.and_then(RunNotes::local_model);
        self.local_note = local_note.map(sanitize_line).unwrap_or_default();
        let remarks = notes.map(RunNotes::remarks).unwrap_or_default();
        self.notes = sanitize_line(&remarks.join("; "));
        let last = pane.runs.len().checked_sub(1);
        let index = if self.thread.is_following() { last } else { self.thread.run_at_top() };
        self.turns = turn_position(pane, index);
    }

    /// Draws the pane into its slot.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, slot: &PaneSlot, focused: bool) {
        let frame = theme.ui_style(if focused { UiRole::BorderFocused } else { UiRole::Border });
        if slot.form == PaneForm::Bordered {
            draw_border(buffer, slot.area, frame);
        }
        self.draw_title(buffer, theme, slot, frame);
        self.draw_body(buffer, theme, slot);
        if slot.form == PaneForm::Bordered {
            self.draw_bottom_border(buffer, theme, slot.area);
            self.draw_scrollbar(buffer, theme, slot.area);
        }
    }

    fn draw_title(&self, buffer: &mut Buffer, theme: &Theme, slot: &PaneSlot, frame: Style) {
        let line = row_at(slot.area, 0);
        if slot.form != PaneForm::Bordered {
            let mut painter = RowPainter::new(buffer, line);
            painter.fill_rest("─", frame);
        }
        let room = inset_sides(line, 1, 1);
        let number = format!(" {} ", slot.pane + 1);
        let right = self.title_status(usize::from(room.width), width(&number));
        let used: usize = right.iter().map(|(text, _)| width(text)).sum();
        let pieces: Vec<(&str, Style)> =
            right.iter().map(|(text, role)| (text.as_str(), theme.ui_style(*role))).collect();
        draw_text_right(buffer, room, &pieces);
        // The name is shortened only after the persona's view is left out.
        let left = usize::from(room.width).saturating_sub(used + usize::from(used > 0));
        let mut painter =
            RowPainter::new(buffer, Rect { width: u16::try_from(left).unwrap_or(0), ..room });
        let note = theme.ui_style(UiRole::TitleNote);
        let free = left.saturating_sub(width(&number) + 1);
        let with_view = width(&self.label.name) + 3 + width(&self.label.label) <= free;
        painter.write(&number, note);
        let persona = theme.persona_style(self.label.color.as_deref(), slot.pane);
        painter.write(
            &truncate_to_width(&self.label.name, free),
            persona.add_modifier(Modifier::BOLD),
        );
        if with_view {
            painter.write(" · ", note);
            painter.write(&self.label.label, note);
        }
        painter.write(" ", note);
    }

    /// Returns as much of badge, state, elapsed time and tokens as leaves room for the name. `room` and `number` are the
    /// columns of the title and of the pane's number.
    fn title_status(&self, room: usize, number: usize) -> Vec<(String, UiRole)> {
        let status = &self.status;
        let Some(role) = status.role else { return Vec::new() };
        let name = width(&self.label.name);
        let full = number + name + 3 + width(&self.label.label) + 2;
        let without_view = number + name + 2;
        let shortened = number + name.min(8) + 2;
        // What is drawn, and the columns it must leave for the left side. Tokens are left out first, then the persona's
        // view, elapsed time and, last, the badge of a persona added by a trigger.
        let steps = [
            (true, true, true, full),
            (true, true, false, full),
            (true, true, false, without_view),
            (true, false, false, without_view),
            (true, false, false, shortened),
            (false, false, false, shortened),
        ];
        for (badge, elapsed, tokens, left) in steps {
            let mut pieces = Vec::new();
            if badge && !status.badge.is_empty() {
                pieces.push((format!(" {} ", status.badge), UiRole::Badge));
            }
            pieces.push((format!(" {} {}", status.glyph, status.word), role));
            if elapsed && !status.elapsed.is_empty() {
                pieces.push((format!(" {}", status.elapsed), UiRole::TitleNote));
            }
            if tokens && !status.tokens.is_empty() {
                pieces.push((format!(" {}", status.tokens), UiRole::TitleNote));
            }
            pieces.push((" ".to_owned(), UiRole::TitleNote));
            if left + pieces.iter().map(|(text, _)| width(text)).sum::<usize>() <= room {
                return pieces;
            }
        }
        vec![(format!(" {} ", status.glyph), role)]
    }

    fn draw_body(&self, buffer: &mut Buffer, theme: &Theme, slot: &PaneSlot) {
        let area = body_area(slot);
        self.thread.for_visible_rows(|y, row| {
            let line = row_at(area, y);
            match row {
                ThreadRow::Info(info) => {
                    draw_text(buffer, line, &info.text, theme.ui_style(info.role));
                }
                ThreadRow::Answer(row) => {
                    draw_row(buffer, theme, line, row, self.thread.code_columns());
                }
            }
        });
        let marked = self.thread.marked_row().and_then(|y| u16::try_from(y).ok());
        if let Some(y) =
            marked.filter(|_| area.x > slot.area.x + u16::from(slot.form == PaneForm::Bordered))
        {
            let mark = Rect { x: area.x - 1, width: 1, ..row_at(area, y) };
            draw_text(buffer, mark, "▸", theme.ui_style(UiRole::Mark));
        }
    }

    fn draw_bottom_border(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let line = bottom_area(area);
        let right = self.position_texts();
        let has_rows_below = self.thread.viewport().rows_below() > 0;
        let style = theme.ui_style(if has_rows_below { UiRole::Scrollbar } else { UiRole::Note });
        let wanted: usize = right.iter().map(|piece| width(piece)).sum();
        let full = usize::from(line.width);
        // The local model has priority over the scroll position.
        let room = full.saturating_sub(wanted + 1);
        let (left, right) = match fit_local_note(&self.local_note, room) {
            Some(local) => (self.with_notes(local, room), right),
            None => (
                truncate_to_width(
                    shortest_local_note(&self.local_note, full),
                    full.saturating_sub(2),
                )
                .into_owned(),
                Vec::new(),
            ),
        };
        let pieces: Vec<(&str, Style)> = right.iter().map(|p| (p.as_str(), style)).collect();
        draw_text_right(buffer, line, &pieces);
        if !left.is_empty() {
            draw_text(buffer, line, &format!(" {left} "), theme.ui_style(UiRole::Note));
        }
    }

    /// Describes the scroll position: turn, columns, rows below.
    fn position_texts(&self) -> Vec<String> {
        let mut pieces: Vec<String> = Vec::new();
        let (turn, turns) = self.turns;
        if turns > 1 {
            pieces.push(format!(" turn {turn}/{turns} "));
        }
        if self.thread.code_columns() > 0 {
            pieces.push(format!(" ← {} ", self.thread.code_columns()));
        }
        let below = self.thread.viewport().rows_below();
        if below > 0 {
            pieces.push(format!(" ↓ {} ", format_quantity(below, "row")));
        } else if self.status.is_live && self.thread.is_following() {
            pieces.push(" follow ".to_owned());
        }
        pieces
    }

    /// Returns `local` and as much of the other notes as fits into `room` columns.
    fn with_notes(&self, local: &str, room: usize) -> String {
        let lead = if local.is_empty() { String::new() } else { format!("{local}; ") };
        let free = room.saturating_sub(width(&lead) + 2);
        if self.notes.is_empty() || free < 7 {
            return local.to_owned();
        }
        format!("{lead}{}", truncate_to_width(&self.notes, free))
    }

    /// Draws the scrollbar on the right border.
    fn draw_scrollbar(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let rows = usize::from(area.height.saturating_sub(2));
        let (top, total) = (self.thread.viewport().top(), self.thread.viewport().total());
        if total <= rows || rows < 3 {
            return;
        }
        let length = (rows * rows / total).clamp(1, rows - 1);
        let max_top = total - rows;
        let start = (top * (rows - length) + max_top / 2) / max_top;
        for i in start..start + length {
            let y = area.y + 1 + u16::try_from(i).unwrap_or(0);
            let cell = Rect { x: area.right().saturating_sub(1), y, width: 1, height: 1 };
            RowPainter::new(buffer, cell).fill(1, "┃", theme.ui_style(UiRole::Scrollbar));
        }
    }
}

/// Returns the area for text on a pane's bottom border.
fn bottom_area(area: Rect) -> Rect {
    inset_sides(row_at(area, area.height.saturating_sub(1)), 2, 2)
}

/// Returns as much of `local · MODEL · CAUTION` as fits into `room` columns with a space around it. Leaves out complete
/// parts from the left, because the header names the model, too, but not the words of caution.
fn fit_local_note(local: &str, room: usize) -> Option<&str> {
    let mut rest = Some(local);
    while let Some(text) = rest {
        if text.is_empty() || width(text) + 2 <= room {
            return Some(text);
        }
        rest = text.split_once(" · ").map(|(_, rest)| rest);
    }
    None
}

/// Returns what fits into `room` columns, or else the last part, the words of caution, to be truncated.
fn shortest_local_note(local: &str, room: usize) -> &str {
    let last_part = || local.rsplit_once(" · ").map_or(local, |(_, last)| last);
    fit_local_note(local, room).unwrap_or_else(last_part)
}

/// Returns the turn of the run at `index`, 1-based, and the number of turns in the pane.
fn turn_position(pane: &Pane<'_>, index: Option<usize>) -> (usize, usize) {
    let (mut turn, mut turns, mut last) = (0, 0, None);
    for (i, run) in pane.runs.iter().enumerate() {
        turns += usize::from(last != Some(run.turn));
        last = Some(run.turn);
        if Some(i) == index {
            turn = turns;
        }
    }
    (turn, turns)
}

/// Returns the area of a pane that shows its thread.
pub(super) fn body_area(slot: &PaneSlot) -> Rect {
    let area = slot.area;
    let padding = u16::from(area.width >= 30);
    match slot.form {
        PaneForm::Bordered => inset_sides(
            Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area },
            1 + padding,
            1 + padding,
        ),
        PaneForm::Bare => inset_sides(
            Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area },
            padding,
            padding,
        ),
        PaneForm::Strip => Rect { width: 0, height: 0, ..area },
    }
}
