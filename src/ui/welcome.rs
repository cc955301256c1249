//! The first screen: what this is, who answers, with which model, and what to press.
//!
//! A calm card in the middle. Where there is little room its parts go one by one, the least needed first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::paint::{Pen, cut, inset, row, wrap};
use super::pane::Who;
use super::theme::{Part, Theme};
use super::words;
use crate::app::local::Stock;
use crate::app::state::EXAMPLES;
use crate::app::{Action, KeyContext, State};
use crate::domain::format::format_bytes;
use crate::text::{sanitize_line, width::width};

/// The card is at most this wide.
const WIDE: u16 = 76;

/// Whose style a piece has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ink {
    Part(Part),
    /// A persona: the colour it names, its place.
    Persona(Option<String>, usize),
}

/// One row of the card.
type Line = Vec<(String, Ink)>;

/// Rows that come and go together.
#[derive(Debug, Default)]
struct Block {
    lines: Vec<Line>,
    /// The lower, the longer it stays.
    rank: u8,
    /// A blank row above it, where there is room.
    apart: bool,
}

/// The first screen.
#[derive(Debug, Default)]
pub(super) struct Welcome {
    made_for: Option<(Rect, String)>,
    lines: Vec<Line>,
    width: u16,
}

impl Welcome {
    /// Makes the card for `area`. Nothing on it changes while the program runs but the room, and how the local model is
    /// got.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        let wanted = Some((area, local(state).map(|(words, _)| words).unwrap_or_default()));
        if self.made_for == wanted {
            return;
        }
        self.made_for = wanted;
        self.width = area.width.saturating_sub(4).clamp(1, WIDE);
        let columns = usize::from(self.width);
        let blocks = vec![
            title(columns),
            panel(state, columns),
            model(state, columns),
            examples(state, columns),
            hints(state, columns),
        ];
        self.lines = fit(blocks, usize::from(area.height));
    }

    /// Draws it into `area`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let height = u16::try_from(self.lines.len()).unwrap_or(u16::MAX).min(area.height);
        let left = area.width.saturating_sub(self.width) / 2;
        // A little above the middle looks like the middle.
        let top = (area.height - height) * 2 / 5;
        let card = inset(area, left, area.width.saturating_sub(self.width + left));
        for (y, line) in self.lines.iter().enumerate().take(usize::from(height)) {
            let mut pen = Pen::new(buffer, row(card, top + u16::try_from(y).unwrap_or(0)));
            for (text, ink) in line {
                let style = match ink {
                    Ink::Part(part) => theme.part(*part),
                    Ink::Persona(color, place) => {
                        theme.persona(color.as_deref(), *place).add_modifier(Modifier::BOLD)
                    }
                };
                if text.trim().is_empty() {
                    pen.blanks(text.len(), Style::new());
                } else {
                    pen.write(text, style);
                }
            }
        }
    }
}

/// As many blocks as fit, the least needed ones gone; blank rows between them where there is room.
fn fit(mut blocks: Vec<Block>, height: usize) -> Vec<Line> {
    let rows = |blocks: &[Block]| blocks.iter().map(|b| b.lines.len()).sum::<usize>();
    while rows(&blocks) > height {
        match blocks.iter().enumerate().max_by_key(|(_, b)| b.rank).map(|(i, _)| i) {
            Some(least) if blocks.len() > 1 => drop(blocks.remove(least)),
            _ => break,
        }
    }
    let mut spare = height.saturating_sub(rows(&blocks));
    let mut lines = Vec::new();
    for block in blocks {
        if block.apart && spare > 0 && !lines.is_empty() {
            lines.push(Line::new());
            spare -= 1;
        }
        lines.extend(block.lines);
    }
    lines
}

fn part(part: Part, text: impl Into<String>) -> (String, Ink) {
    (text.into(), Ink::Part(part))
}

fn gap(columns: usize) -> (String, Ink) {
    part(Part::Note, " ".repeat(columns))
}

fn title(columns: usize) -> Block {
    let what = "Ask once, hear every view.";
    let line = if columns >= 40 {
        vec![part(Part::Header, "plenary"), gap(2), part(Part::HeaderNote, what)]
    } else {
        vec![part(Part::Header, cut(what, columns))]
    };
    Block { lines: vec![line], rank: 0, apart: false }
}

/// Number, name, view, title of everyone on the panel.
fn panel(state: &State, columns: usize) -> Block {
    let all: Vec<Who> = state.roster.panel_personas().map(|p| Who::of(p)).collect();
    let longest = |f: fn(&Who) -> &str| all.iter().map(|w| width(f(w))).max().unwrap_or(0);
    let name_room = longest(|w| &w.name).min(28);
    let label_room = longest(|w| &w.label).min(14);
    let mut lines = Vec::new();
    for (i, who) in all.iter().enumerate() {
        let name = cut(&who.name, name_room).into_owned();
        let label = cut(&who.label, label_room).into_owned();
        let (after_name, after_label) =
            (name_room - width(&name) + 2, label_room - width(&label) + 2);
        let mut line = vec![
            part(Part::Note, format!("{} ", i + 1)),
            (name, Ink::Persona(who.color.clone(), i)),
            gap(after_name),
            part(Part::TitleNote, label),
            gap(after_label),
        ];
        let used = 2 + name_room + label_room + 4;
        if columns > used + 16 {
            let title = cut(&who.title, columns - used).into_owned();
            line.push(part(Part::Note, title));
        }
        lines.push(line);
    }
    if lines.is_empty() {
        let text = "The panel is empty: name someone with @, or choose a panel with --panel.";
        lines = text_block(Part::Warning, text, columns, 3);
    }
    Block { lines, rank: 2, apart: true }
}

fn text_block(ink: Part, text: &str, columns: usize, most: usize) -> Vec<Line> {
    wrap(text, columns, most).into_iter().map(|row| vec![part(ink, row)]).collect()
}

/// Which model answers and why; or in plain words what to do.
fn model(state: &State, columns: usize) -> Block {
    let roster = &state.roster;
    let chosen = || roster.panel.personas.iter().map(|id| roster.answerer(id));
    let missing: Vec<String> = chosen().filter_map(Result::err).collect();
    let lines = match (roster.common_model(), missing.first()) {
        (Some(model), _) => {
            let model = sanitize_line(&model.to_string());
            let why = chosen().find_map(Result::ok).map(|a| sanitize_line(&a.why));
            let why = why.filter(|w| !w.is_empty()).map(|w| format!(" ({w})")).unwrap_or_default();
            let label = if columns < 40 { "" } else { "answers come from " };
            let room = columns.saturating_sub(width(label));
            let model = cut(&model, room).into_owned();
            let room = room.saturating_sub(width(&model));
            vec![vec![
                part(Part::Note, label),
                part(Part::Input, model),
                part(Part::Note, cut(&why, room).into_owned()),
            ]]
        }
        (None, Some(why)) => {
            let who = if missing.len() == roster.panel.personas.len() {
                "No model can answer yet: ".to_owned()
            } else {
                format!("{} of {} have no model: ", missing.len(), roster.panel.personas.len())
            };
            text_block(Part::Warning, &format!("{who}{}", sanitize_line(why)), columns, 5)
        }
        (None, None) => {
            let mut models: Vec<String> = Vec::new();
            for answerer in chosen().filter_map(Result::ok) {
                let model = sanitize_line(&answerer.model.to_string());
                if !models.contains(&model) {
                    models.push(model);
                }
            }
            if models.is_empty() {
                Vec::new()
            } else {
                let text = format!("answers come from {}", models.join(", "));
                text_block(Part::Note, &text, columns, 3)
            }
        }
    };
    let lines = [lines, get(state, columns)].concat();
    Block { lines, rank: 1, apart: true }
}

/// What is to be said of local models that are not there, and the key that does something about it.
fn local(state: &State) -> Option<(String, &'static str)> {
    let locals = &state.locals;
    if let Some((model, fetch)) = locals.coming() {
        let (name, percent) = (sanitize_line(model.weights.name()), fetch.percent());
        let waits = if locals.waiting.is_some() { "; your question waits for it" } else { "" };
        return Some((format!("Downloading {name}: {percent} %{waits}."), "shows the progress"));
    }
    let missing = locals.missing(&state.roster, &state.roster.panel.personas);
    let bytes = missing.iter().map(|m| m.weights.bytes).fold(0, u64::saturating_add);
    let bytes = format_bytes(bytes);
    Some(match missing.as_slice() {
        [] => return None,
        [model] if matches!(model.stock, Stock::Failed(_)) => (
            format!("{} could not be downloaded.", sanitize_line(&model.weights.title)),
            "says why",
        ),
        [model] => {
            let title = sanitize_line(&model.weights.title);
            (format!("{title} is not installed: {bytes}, downloaded once."), "downloads it")
        }
        several => {
            let n = several.len();
            (format!("{n} models are not installed: {bytes}, downloaded once."), "downloads them")
        }
    })
}

/// The words of [`local`] as rows, the key at the end.
fn get(state: &State, columns: usize) -> Vec<Line> {
    let Some((text, does)) = local(state) else { return Vec::new() };
    let mut lines = text_block(Part::Warning, &text, columns, 3);
    let Some(key) = words::key(&state.keymap, KeyContext::Composer, Action::GetModel) else {
        return lines;
    };
    let hint = vec![part(Part::Key, key.clone()), gap(1), part(Part::Word, does)];
    let used = lines.last().map_or(columns, |l| l.iter().map(|(text, _)| width(text)).sum());
    match lines.last_mut() {
        Some(line) if used + 2 + width(&key) + 1 + width(does) <= columns => {
            line.push(gap(2));
            line.extend(hint);
        }
        _ => lines.push(hint),
    }
    lines
}

fn examples(state: &State, columns: usize) -> Block {
    let actions = [Action::Example1, Action::Example2, Action::Example3];
    let mut lines = Vec::new();
    for (action, text) in actions.into_iter().zip(EXAMPLES) {
        let Some(key) = words::key(&state.keymap, KeyContext::Composer, action) else { continue };
        let indent = width(&key) + 2;
        for (i, row) in wrap(text, columns.saturating_sub(indent), 2).into_iter().enumerate() {
            let lead = if i == 0 { part(Part::Key, key.clone()) } else { gap(width(&key)) };
            lines.push(vec![lead, gap(2), part(Part::Word, row)]);
        }
    }
    if !lines.is_empty() {
        lines.insert(0, vec![part(Part::Note, "Ask something, or begin with an example:")]);
    }
    Block { lines, rank: 3, apart: true }
}

fn hints(state: &State, columns: usize) -> Block {
    let hints = [
        (Action::Send, "asks"),
        (Action::Newline, "new line"),
        (Action::Sessions, "earlier sessions"),
        (Action::Help, "all keys"),
        (Action::Interrupt, "twice quits"),
    ];
    let mut line = Line::new();
    let mut used = 0;
    for (action, word) in hints {
        let Some(key) = words::key(&state.keymap, KeyContext::Composer, action) else { continue };
        let lead = if used == 0 { 0 } else { 3 };
        let more = lead + width(&key) + 1 + width(word);
        if used + more > columns {
            break;
        }
        used += more;
        line.push(gap(lead));
        line.push(part(Part::Key, key));
        line.push(gap(1));
        line.push(part(Part::Note, word));
    }
    Block { lines: vec![line], rank: 4, apart: true }
}
