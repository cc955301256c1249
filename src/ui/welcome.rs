//! Draws the first screen: what the program does, the panel, the models, examples and keys, as a card in the middle.
//!
//! On a small screen its blocks are left out one after the other.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::labels;
use super::paint::{
    RowPainter, fraction_of, inset_sides, row_at, truncate_start_to_width, truncate_to_width,
    wrap_text,
};
use super::pane::PersonaLabel;
use super::theme::{Theme, UiRole};
use crate::app::local_models::ModelFileStatus;
use crate::app::state::EXAMPLES;
use crate::app::{Action, Answerer, KeyContext, State};
use crate::domain::format::format_bytes;
use crate::text::{sanitize_line, width::width};

/// Maximum width of the card, in columns.
const MAX_CARD_WIDTH: u16 = 76;

/// Style of a piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ink {
    Role(UiRole),
    /// A persona: the colour that its file names, and its position in the panel.
    Persona(Option<String>, usize),
}

/// One row of the card.
type WelcomeLine = Vec<(String, Ink)>;

/// Rows that are shown or left out together.
#[derive(Debug, Default)]
struct WelcomeBlock {
    lines: Vec<WelcomeLine>,
    /// Blocks with a higher rank are left out first.
    rank: u8,
    /// Whether it has an empty row above it if there is room.
    has_gap: bool,
}

/// Caches of the first screen between frames.
#[derive(Debug, Default)]
pub(super) struct WelcomeRenderer {
    cache_key: Option<(Rect, String)>,
    lines: Vec<WelcomeLine>,
    width: u16,
}

impl WelcomeRenderer {
    /// Builds the card for `area`. It depends only on the area and the progress of downloads.
    pub(super) fn prepare(&mut self, state: &State, area: Rect) {
        let key =
            Some((area, describe_local_models(state).map(|(text, _)| text).unwrap_or_default()));
        if self.cache_key == key {
            return;
        }
        self.cache_key = key;
        self.width = area.width.saturating_sub(4).clamp(1, MAX_CARD_WIDTH);
        let columns = usize::from(self.width);
        let blocks = vec![
            title_block(columns),
            panel_block(state, columns),
            model_block(state, columns),
            examples_block(state, columns),
            keys_block(state, columns),
        ];
        self.lines = fit_blocks(blocks, usize::from(area.height));
    }

    /// Draws the card into `area`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let height = u16::try_from(self.lines.len()).unwrap_or(u16::MAX).min(area.height);
        let left = area.width.saturating_sub(self.width) / 2;
        // Slightly above the middle looks centred.
        let top = fraction_of(area.height - height, 2, 5);
        let card = inset_sides(area, left, area.width.saturating_sub(self.width + left));
        for (y, line) in self.lines.iter().enumerate().take(usize::from(height)) {
            let mut painter =
                RowPainter::new(buffer, row_at(card, top + u16::try_from(y).unwrap_or(0)));
            for (text, ink) in line {
                let style = match ink {
                    Ink::Role(role) => theme.ui_style(*role),
                    Ink::Persona(color, position) => theme
                        .persona_style(color.as_deref(), *position)
                        .add_modifier(Modifier::BOLD),
                };
                if text.trim().is_empty() {
                    painter.write_spaces(text.len(), Style::new());
                } else {
                    painter.write(text, style);
                }
            }
        }
    }
}

/// Returns the rows of as many blocks as fit, with empty rows between them if there is room.
fn fit_blocks(mut blocks: Vec<WelcomeBlock>, height: usize) -> Vec<WelcomeLine> {
    let rows = |blocks: &[WelcomeBlock]| blocks.iter().map(|b| b.lines.len()).sum::<usize>();
    while rows(&blocks) > height {
        match blocks.iter().enumerate().max_by_key(|(_, b)| b.rank).map(|(i, _)| i) {
            Some(index) if blocks.len() > 1 => drop(blocks.remove(index)),
            _ => break,
        }
    }
    let mut spare = height.saturating_sub(rows(&blocks));
    let mut lines = Vec::new();
    for block in blocks {
        if block.has_gap && spare > 0 && !lines.is_empty() {
            lines.push(WelcomeLine::new());
            spare -= 1;
        }
        lines.extend(block.lines);
    }
    lines
}

fn styled_text(role: UiRole, text: impl Into<String>) -> (String, Ink) {
    (text.into(), Ink::Role(role))
}

fn blank_columns(columns: usize) -> (String, Ink) {
    styled_text(UiRole::Note, " ".repeat(columns))
}

fn title_block(columns: usize) -> WelcomeBlock {
    let slogan = "Ask once, hear every view.";
    let line = if columns >= 40 {
        vec![
            styled_text(UiRole::Header, "plenary"),
            blank_columns(2),
            styled_text(UiRole::HeaderNote, slogan),
        ]
    } else {
        vec![styled_text(UiRole::Header, truncate_to_width(slogan, columns))]
    };
    WelcomeBlock { lines: vec![line], rank: 0, has_gap: false }
}

/// Builds the list of the panel: number, name, view and title of each persona.
fn panel_block(state: &State, columns: usize) -> WelcomeBlock {
    let labels: Vec<PersonaLabel> =
        state.roster.panel_personas().map(|p| PersonaLabel::from_persona(p)).collect();
    let longest =
        |f: fn(&PersonaLabel) -> &str| labels.iter().map(|w| width(f(w))).max().unwrap_or(0);
    let name_columns = longest(|label| &label.name).min(28);
    let label_columns = longest(|label| &label.label).min(14);
    let mut lines = Vec::new();
    for (i, persona) in labels.iter().enumerate() {
        let name = truncate_to_width(&persona.name, name_columns).into_owned();
        let label = truncate_to_width(&persona.label, label_columns).into_owned();
        let (after_name, after_label) =
            (name_columns - width(&name) + 2, label_columns - width(&label) + 2);
        let mut line = vec![
            styled_text(UiRole::Note, format!("{} ", i + 1)),
            (name, Ink::Persona(persona.color.clone(), i)),
            blank_columns(after_name),
            styled_text(UiRole::TitleNote, label),
            blank_columns(after_label),
        ];
        let used = 2 + name_columns + label_columns + 4;
        if columns > used + 16 {
            let title = truncate_to_width(&persona.title, columns - used).into_owned();
            line.push(styled_text(UiRole::Note, title));
        }
        lines.push(line);
    }
    if lines.is_empty() {
        let text = "The panel is empty. Name a persona with @, or choose a panel with --panel.";
        lines = wrap_lines(UiRole::Warning, text, columns, 3);
    }
    WelcomeBlock { lines, rank: 2, has_gap: true }
}

fn wrap_lines(role: UiRole, text: &str, columns: usize, max_rows: usize) -> Vec<WelcomeLine> {
    wrap_text(text, columns, max_rows).into_iter().map(|row| vec![styled_text(role, row)]).collect()
}

/// The model, with the host where it is not the usual one; of a long host the end, which says whose it is.
fn fit_model(answerer: &Answerer, columns: usize) -> String {
    let model = sanitize_line(&answerer.describe_model());
    let Some(host) = answerer.host.as_deref().filter(|_| width(&model) > columns) else {
        return truncate_to_width(&model, columns).into_owned();
    };
    let name = sanitize_line(&answerer.model.to_string());
    let start = format!("{} at ", truncate_to_width(&name, columns / 2));
    let left = columns.saturating_sub(width(&start));
    format!("{start}{}", truncate_start_to_width(&sanitize_line(host), left))
}

/// Builds the lines about models: which one answers and why it was chosen, or what to do if there is none.
fn model_block(state: &State, columns: usize) -> WelcomeBlock {
    let roster = &state.roster;
    let answerers = || roster.panel.personas.iter().map(|id| roster.answerer(id));
    let missing: Vec<String> = answerers().filter_map(Result::err).collect();
    let lines = match (roster.common_answerer(), missing.first()) {
        (Some(answerer), _) => {
            let reason = answerers().find_map(Result::ok).map(|a| sanitize_line(&a.reason));
            let reason = reason.filter(|r| !r.is_empty()).map(|r| format!(" ({r})"));
            let reason = reason.unwrap_or_default();
            let label = if columns < 40 { "" } else { "model: " };
            let room = columns.saturating_sub(width(label));
            let model = fit_model(answerer, room);
            let room = room.saturating_sub(width(&model));
            vec![vec![
                styled_text(UiRole::Note, label),
                styled_text(UiRole::Input, model),
                styled_text(UiRole::Note, truncate_to_width(&reason, room).into_owned()),
            ]]
        }
        (None, Some(reason)) => {
            let subject = if missing.len() == roster.panel.personas.len() {
                "No model can answer yet: ".to_owned()
            } else {
                format!("{} of {} have no model: ", missing.len(), roster.panel.personas.len())
            };
            wrap_lines(UiRole::Warning, &format!("{subject}{}", sanitize_line(reason)), columns, 5)
        }
        (None, None) => {
            let mut models: Vec<String> = Vec::new();
            for answerer in answerers().filter_map(Result::ok) {
                let model = sanitize_line(&answerer.describe_model());
                if !models.contains(&model) {
                    models.push(model);
                }
            }
            if models.is_empty() {
                Vec::new()
            } else {
                let text = format!("models: {}", models.join(", "));
                wrap_lines(UiRole::Note, &text, columns, 3)
            }
        }
    };
    let lines = [lines, local_model_lines(state, columns)].concat();
    WelcomeBlock { lines, rank: 1, has_gap: true }
}

/// Describes local models that are not installed, and what the download key does.
fn describe_local_models(state: &State) -> Option<(String, &'static str)> {
    let local_models = &state.local_models;
    if let Some((model, meter)) = local_models.current_download() {
        let (name, percent) = (sanitize_line(model.weights.name()), meter.percent());
        let waiting =
            if local_models.waiting.is_some() { "; your question is waiting for it" } else { "" };
        return Some((format!("Downloading {name}: {percent} %{waiting}."), "shows the progress"));
    }
    let missing = local_models.find_missing(&state.roster, &state.roster.panel.personas);
    let bytes = missing.iter().map(|m| m.weights.bytes).fold(0, u64::saturating_add);
    let bytes = format_bytes(bytes);
    Some(match missing.as_slice() {
        [] => return None,
        [model] if matches!(model.status, ModelFileStatus::Failed(_)) => (
            format!("{} could not be downloaded.", sanitize_line(&model.weights.title)),
            "shows why",
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

/// Wraps the text of [`describe_local_models`], with the key at the end.
fn local_model_lines(state: &State, columns: usize) -> Vec<WelcomeLine> {
    let Some((text, effect)) = describe_local_models(state) else { return Vec::new() };
    let mut lines = wrap_lines(UiRole::Warning, &text, columns, 3);
    let Some(key) = labels::key_hint(&state.keymap, KeyContext::Composer, Action::GetModel) else {
        return lines;
    };
    let hint = vec![
        styled_text(UiRole::Key, key.clone()),
        blank_columns(1),
        styled_text(UiRole::Word, effect),
    ];
    let used = lines.last().map_or(columns, |l| l.iter().map(|(text, _)| width(text)).sum());
    match lines.last_mut() {
        Some(line) if used + 2 + width(&key) + 1 + width(effect) <= columns => {
            line.push(blank_columns(2));
            line.extend(hint);
        }
        _ => lines.push(hint),
    }
    lines
}

fn examples_block(state: &State, columns: usize) -> WelcomeBlock {
    let actions = [Action::Example1, Action::Example2, Action::Example3];
    let mut lines = Vec::new();
    for (action, text) in actions.into_iter().zip(EXAMPLES) {
        let Some(key) = labels::key_hint(&state.keymap, KeyContext::Composer, action) else {
            continue;
        };
        let indent = width(&key) + 2;
        for (i, row) in wrap_text(text, columns.saturating_sub(indent), 2).into_iter().enumerate() {
            let lead = if i == 0 {
                styled_text(UiRole::Key, key.clone())
            } else {
                blank_columns(width(&key))
            };
            lines.push(vec![lead, blank_columns(2), styled_text(UiRole::Word, row)]);
        }
    }
    if !lines.is_empty() {
        lines
            .insert(0, vec![styled_text(UiRole::Note, "Ask something, or start with an example:")]);
    }
    WelcomeBlock { lines, rank: 3, has_gap: true }
}

fn keys_block(state: &State, columns: usize) -> WelcomeBlock {
    let hints = [
        (Action::Send, "ask"),
        (Action::Newline, "new line"),
        (Action::Sessions, "earlier sessions"),
        (Action::Help, "all keys"),
        (Action::Interrupt, "twice: quit"),
    ];
    let mut line = WelcomeLine::new();
    let mut used = 0;
    for (action, label) in hints {
        let Some(key) = labels::key_hint(&state.keymap, KeyContext::Composer, action) else {
            continue;
        };
        let lead = if used == 0 { 0 } else { 3 };
        let needed = lead + width(&key) + 1 + width(label);
        if used + needed > columns {
            break;
        }
        used += needed;
        line.push(blank_columns(lead));
        line.push(styled_text(UiRole::Key, key));
        line.push(blank_columns(1));
        line.push(styled_text(UiRole::Note, label));
    }
    WelcomeBlock { lines: vec![line], rank: 4, has_gap: true }
}
