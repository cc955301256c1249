//! One open pane: border, title, body.
//!
//! `prepare` brings the thread and the titles up to date, `draw` only reads. What a row is made of is decided in `thread`;
//! here it gets its colours and its cells.

use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::layout::{Form, Slot};
use super::paint::{Pen, border, cut, inset, put, put_right, row};
use super::rows::draw_row;
use super::theme::{Part, Theme};
use super::thread::{Shown, Thread};
use super::words;
use crate::app::{Pane, State};
use crate::domain::format::{format_elapsed, format_quantity};
use crate::domain::{Persona, RunId, RunNotes, RunState};
use crate::text::width::width;
use crate::text::{LayoutOptions, sanitize_line};

/// Who answers in a pane, as it can be shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Who {
    /// Name.
    pub(super) name: String,
    /// View, or id.
    pub(super) label: String,
    /// Title.
    pub(super) title: String,
    /// The colour that its file names.
    pub(super) color: Option<String>,
}

impl Who {
    /// Cleans what comes from a file.
    pub(super) fn of(persona: &Persona) -> Self {
        Self {
            name: sanitize_line(&persona.name),
            label: sanitize_line(persona.label()),
            title: sanitize_line(&persona.title),
            color: persona.color.clone(),
        }
    }
}

/// The state of a pane's last run in words; live numbers move at most four times a second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// What it is about.
    run: Option<RunId>,
    is_live: bool,
    /// When the tokens were last looked at, in quarters of a second, and how many they were.
    sampled: u128,
    tokens_then: u64,
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
    /// Style of glyph and word.
    pub(super) part: Option<Part>,
}

impl Status {
    fn update(&mut self, pane: &Pane<'_>, now: Duration) {
        let Some(view) = pane.current() else {
            *self = Self::default();
            return;
        };
        let state = &view.run.state;
        let sample = now.as_millis() / 250;
        let (tokens, estimated) = view.tokens();
        if self.run != Some(view.id()) || self.sampled != sample {
            self.tokens_then = tokens / 10 * 10;
        }
        (self.run, self.sampled) = (Some(view.id()), sample);
        let live = view.is_live();
        self.is_live = live;
        let shown = if live { self.tokens_then } else { tokens };
        let elapsed = view.elapsed(now);
        self.glyph = words::glyph(state);
        self.word = words::state(state, now);
        let waits = matches!(state, RunState::Queued | RunState::Retrying { .. });
        let known = !waits && !elapsed.is_zero();
        self.elapsed = if known { format_elapsed(elapsed, live) } else { String::new() };
        self.tokens = if shown > 0 { words::tokens(shown, estimated) } else { String::new() };
        self.badge = view.mode.as_deref().map(sanitize_line).unwrap_or_default();
        self.part = Some(words::part(state));
    }
}

/// What is kept of a pane between frames.
#[derive(Debug)]
pub(super) struct PaneView {
    persona: Arc<Persona>,
    /// Who answers.
    pub(super) who: Who,
    /// How the last run stands.
    pub(super) status: Status,
    /// The rows.
    pub(super) thread: Thread,
    /// Which local model answered; goes before everything else on the border.
    local: String,
    notes: String,
    turns: (usize, usize),
}

impl PaneView {
    /// Nothing is prepared yet.
    pub(super) fn new(pane: &Pane<'_>) -> Self {
        Self {
            persona: Arc::clone(&pane.persona),
            who: Who::of(&pane.persona),
            status: Status::default(),
            thread: Thread::default(),
            local: String::new(),
            notes: String::new(),
            turns: (0, 0),
        }
    }

    /// A persona with a twin of its name and view is told apart by its id.
    pub(super) fn tell_apart(&mut self, twin: bool) {
        let label = if twin { self.persona.id.as_str() } else { self.persona.label() };
        if self.who.label != label {
            self.who.label = sanitize_line(label);
        }
    }

    /// True when this is the view of `pane`.
    pub(super) fn is_of(&self, pane: &Pane<'_>) -> bool {
        Arc::ptr_eq(&self.persona, &pane.persona)
    }

    /// Brings the words of its last run up to date: cheap, for every pane.
    pub(super) fn prepare_status(&mut self, pane: &Pane<'_>, now: Duration) {
        self.status.update(pane, now);
    }

    /// Brings the rows up to date: for panes that are open.
    pub(super) fn prepare(&mut self, pane: &Pane<'_>, slot: &Slot, state: &State, wrap_code: bool) {
        let body = body(slot);
        let options = LayoutOptions { wrap_code };
        let border = if slot.form == Form::Open { bottom(slot.area).width } else { 0 };
        self.thread.prepare(pane, (body.width, body.height), border, options, &state.keymap);
        let notes = pane.current().map(|v| &v.run.notes);
        let local = notes.and_then(RunNotes::local_model);
        self.local = local.map(sanitize_line).unwrap_or_default();
        let remarks = notes.map(RunNotes::remarks).unwrap_or_default();
        self.notes = sanitize_line(&remarks.join("; "));
        let last = pane.runs.len().checked_sub(1);
        let at = if self.thread.follows() { last } else { self.thread.run_at_top() };
        self.turns = turns(pane, at);
    }

    /// Draws the pane that stands at place `slot.pane`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, slot: &Slot, focused: bool) {
        let frame = theme.part(if focused { Part::BorderFocused } else { Part::Border });
        if slot.form == Form::Open {
            border(buffer, slot.area, frame);
        }
        self.draw_title(buffer, theme, slot, frame);
        self.draw_body(buffer, theme, slot);
        if slot.form == Form::Open {
            self.draw_bottom(buffer, theme, slot.area);
            self.draw_thumb(buffer, theme, slot.area);
        }
    }

    fn draw_title(&self, buffer: &mut Buffer, theme: &Theme, slot: &Slot, frame: Style) {
        let line = row(slot.area, 0);
        if slot.form != Form::Open {
            let mut pen = Pen::new(buffer, line);
            pen.fill(usize::from(line.width), "─", frame);
        }
        let room = inset(line, 1, 1);
        let number = format!(" {} ", slot.pane + 1);
        let right = self.right_of_title(usize::from(room.width), width(&number));
        let used: usize = right.iter().map(|(text, _)| width(text)).sum();
        let pieces: Vec<(&str, Style)> =
            right.iter().map(|(text, part)| (text.as_str(), theme.part(*part))).collect();
        put_right(buffer, room, &pieces);
        // The name gives way last; the view goes before it.
        let left = usize::from(room.width).saturating_sub(used + usize::from(used > 0));
        let mut pen = Pen::new(buffer, Rect { width: u16::try_from(left).unwrap_or(0), ..room });
        let note = theme.part(Part::TitleNote);
        let free = left.saturating_sub(width(&number) + 1);
        let with_view = width(&self.who.name) + 3 + width(&self.who.label) <= free;
        pen.write(&number, note);
        let persona = theme.persona(self.who.color.as_deref(), slot.pane);
        pen.write(&cut(&self.who.name, free), persona.add_modifier(Modifier::BOLD));
        if with_view {
            pen.write(" · ", note);
            pen.write(&self.who.label, note);
        }
        pen.write(" ", note);
    }

    /// As much of badge, state, elapsed time and tokens as leaves room for the name.
    fn right_of_title(&self, room: usize, number: usize) -> Vec<(String, Part)> {
        let status = &self.status;
        let Some(part) = status.part else { return Vec::new() };
        let name = width(&self.who.name);
        let full = number + name + 3 + width(&self.who.label) + 2;
        let bare = number + name + 2;
        let short = number + name.min(8) + 2;
        // What is shown, and what it must leave for the left side: tokens go first, then view and elapsed time; that
        // a trigger brought the persona in is said before either.
        let steps = [
            (true, true, true, full),
            (true, true, false, full),
            (true, true, false, bare),
            (true, false, false, bare),
            (true, false, false, short),
            (false, false, false, short),
        ];
        for (badge, elapsed, tokens, left) in steps {
            let mut pieces = Vec::new();
            if badge && !status.badge.is_empty() {
                pieces.push((format!(" {} ", status.badge), Part::Badge));
            }
            pieces.push((format!(" {} {}", status.glyph, status.word), part));
            if elapsed && !status.elapsed.is_empty() {
                pieces.push((format!(" {}", status.elapsed), Part::TitleNote));
            }
            if tokens && !status.tokens.is_empty() {
                pieces.push((format!(" {}", status.tokens), Part::TitleNote));
            }
            pieces.push((" ".to_owned(), Part::TitleNote));
            if left + pieces.iter().map(|(text, _)| width(text)).sum::<usize>() <= room {
                return pieces;
            }
        }
        vec![(format!(" {} ", status.glyph), part)]
    }

    fn draw_body(&self, buffer: &mut Buffer, theme: &Theme, slot: &Slot) {
        let area = body(slot);
        self.thread.visible(|y, shown| {
            let line = row(area, y);
            match shown {
                Shown::Line(line_) => {
                    put(buffer, line, &line_.text, theme.part(line_.part));
                }
                Shown::Row(shown) => {
                    draw_row(buffer, theme, line, shown, self.thread.columns());
                }
            }
        });
        let marked = self.thread.marked().and_then(|y| u16::try_from(y).ok());
        if let Some(y) =
            marked.filter(|_| area.x > slot.area.x + u16::from(slot.form == Form::Open))
        {
            let mark = Rect { x: area.x - 1, width: 1, ..row(area, y) };
            put(buffer, mark, "▸", theme.part(Part::Mark));
        }
    }

    fn draw_bottom(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let line = bottom(area);
        let right = self.right_of_bottom();
        let below = self.thread.below() > 0;
        let style = theme.part(if below { Part::Scrollbar } else { Part::Note });
        let wanted: usize = right.iter().map(|piece| width(piece)).sum();
        let full = usize::from(line.width);
        // Who answered is said before where one stands.
        let room = full.saturating_sub(wanted + 1);
        let (left, right) = match whole(&self.local, room) {
            Some(local) => (self.with_notes(local, room), right),
            None => (
                cut(last_words(&self.local, full), full.saturating_sub(2)).into_owned(),
                Vec::new(),
            ),
        };
        let pieces: Vec<(&str, Style)> = right.iter().map(|p| (p.as_str(), style)).collect();
        put_right(buffer, line, &pieces);
        if !left.is_empty() {
            put(buffer, line, &format!(" {left} "), theme.part(Part::Note));
        }
    }

    /// Where the view stands: turn, columns, rows below.
    fn right_of_bottom(&self) -> Vec<String> {
        let mut pieces: Vec<String> = Vec::new();
        let (turn, turns) = self.turns;
        if turns > 1 {
            pieces.push(format!(" turn {turn}/{turns} "));
        }
        if self.thread.columns() > 0 {
            pieces.push(format!(" ← {} ", self.thread.columns()));
        }
        let below = self.thread.below();
        if below > 0 {
            pieces.push(format!(" ↓ {} ", format_quantity(below, "row")));
        } else if self.status.is_live && self.thread.follows() {
            pieces.push(" follow ".to_owned());
        }
        pieces
    }

    /// `local`, and as much of the other notes as `room` columns have place for.
    fn with_notes(&self, local: &str, room: usize) -> String {
        let lead = if local.is_empty() { String::new() } else { format!("{local}; ") };
        let free = room.saturating_sub(width(&lead) + 2);
        if self.notes.is_empty() || free < 7 {
            return local.to_owned();
        }
        format!("{lead}{}", cut(&self.notes, free))
    }

    /// Where the view stands in the thread, on the right border.
    fn draw_thumb(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let rows = usize::from(area.height.saturating_sub(2));
        let (top, total) = self.thread.extent();
        if total <= rows || rows < 3 {
            return;
        }
        let length = (rows * rows / total).clamp(1, rows - 1);
        let most = total - rows;
        let start = (top * (rows - length) + most / 2) / most;
        for i in start..start + length {
            let y = area.y + 1 + u16::try_from(i).unwrap_or(0);
            let cell = Rect { x: area.right().saturating_sub(1), y, width: 1, height: 1 };
            Pen::new(buffer, cell).fill(1, "┃", theme.part(Part::Scrollbar));
        }
    }
}

/// The room for words on a pane's bottom border.
fn bottom(area: Rect) -> Rect {
    inset(row(area, area.height.saturating_sub(1)), 2, 2)
}

/// As much of `local · MODEL · WORDS` as fits into `room` columns with a blank around it, whole parts only: the model's
/// name stands in the header too, the words of caution only here.
fn whole(local: &str, room: usize) -> Option<&str> {
    let mut rest = Some(local);
    while let Some(text) = rest {
        if text.is_empty() || width(text) + 2 <= room {
            return Some(text);
        }
        rest = text.split_once(" · ").map(|(_, rest)| rest);
    }
    None
}

/// The same in any case, even when the last part must be cut: the words of caution.
fn last_words(local: &str, room: usize) -> &str {
    let last = || local.rsplit_once(" · ").map_or(local, |(_, last)| last);
    whole(local, room).unwrap_or_else(last)
}

/// Which turn run `at` belongs to, counted from 1, and how many there are.
fn turns(pane: &Pane<'_>, at: Option<usize>) -> (usize, usize) {
    let (mut turn, mut turns, mut last) = (0, 0, None);
    for (i, view) in pane.runs.iter().enumerate() {
        turns += usize::from(last != Some(view.turn));
        last = Some(view.turn);
        if Some(i) == at {
            turn = turns;
        }
    }
    (turn, turns)
}

/// The part of a pane that shows its thread.
pub(super) fn body(slot: &Slot) -> Rect {
    let area = slot.area;
    let padding = u16::from(area.width >= 30);
    match slot.form {
        Form::Open => inset(
            Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area },
            1 + padding,
            1 + padding,
        ),
        Form::Bare => inset(
            Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area },
            padding,
            padding,
        ),
        Form::Strip => Rect { width: 0, height: 0, ..area },
    }
}
