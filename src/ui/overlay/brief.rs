//! The brief: each sentence with its tags; sentences whose quotes were not found are struck out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{draw_box, first_visible_row};
use crate::app::reading::ReadingSubject;
use crate::app::{BriefOverlay, RunRef, State};
use crate::domain::RunState;
use crate::review::BriefLine;
use crate::text::sanitize_line;
use crate::ui::paint::{RowPainter, inset_sides, row_at, wrap_text};
use crate::ui::theme::{Theme, UiRole};

/// Columns of the box.
const COLUMNS: u16 = 112;

/// One row of the box.
struct BriefRow {
    part: UiRole,
    text: String,
    struck: bool,
    /// Index of the sentence that it belongs to.
    sentence: Option<usize>,
    /// First row of the sentence.
    first: bool,
}

/// Draws the brief.
pub(super) fn draw_brief(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    brief: &BriefOverlay,
    state: &State,
) {
    let Some(run) = state.run(brief.run) else { return };
    let columns = usize::from(COLUMNS.min(area.width).saturating_sub(8)).max(1);
    let is_being_verified = state.readings.is_pending(ReadingSubject::Brief(brief.run));
    let rows = build_rows(run, columns, is_being_verified);
    let title = format_title(run);
    let inner = draw_box(buffer, theme, area, (&title, COLUMNS, rows.len()));
    let is_selected = |row: &BriefRow| row.sentence == Some(brief.cursor.selected);
    // Notes and reasons below the last sentence are shown with it.
    let last = rows.iter().filter_map(|row| row.sentence).max();
    let wanted = if last == Some(brief.cursor.selected) {
        rows.len().saturating_sub(1)
    } else {
        rows.iter().position(is_selected).unwrap_or(0)
    };
    let first = first_visible_row(wanted, rows.len(), usize::from(inner.height));
    for (y, shown) in (0..inner.height).zip(rows.iter().skip(first)) {
        let place = row_at(inner, y);
        let mark = if is_selected(shown) { "▌" } else { " " };
        RowPainter::new(buffer, place).write(mark, theme.ui_style(UiRole::SourceBar));
        let sign = match (shown.first, shown.sentence, shown.struck) {
            (true, _, true) => "✗",
            (true, Some(_), _) => "✓",
            _ => " ",
        };
        let part = if shown.struck { UiRole::Failed } else { UiRole::Done };
        RowPainter::new(buffer, inset_sides(place, 2, 0)).write(sign, theme.ui_style(part));
        let style = theme.ui_style(shown.part);
        let style = if shown.struck { style.add_modifier(Modifier::CROSSED_OUT) } else { style };
        RowPainter::new(buffer, inset_sides(place, 4, 0)).write(&shown.text, style);
    }
}

fn format_title(run: RunRef<'_>) -> String {
    let model = sanitize_line(&run.model().to_string());
    let state = match &run.run.state {
        RunState::Ended(ending) if ending.is_done() => String::new(),
        RunState::Ended(ending) => format!(" · {}", ending.as_str()),
        live => format!(" · {} …", live.as_str()),
    };
    format!("brief · {model}{state}")
}

fn build_rows(run: RunRef<'_>, columns: usize, is_being_verified: bool) -> Vec<BriefRow> {
    let mut rows: Vec<BriefRow> = Vec::new();
    let mut add = |part: UiRole, text: &str, struck: bool, sentence: Option<usize>| {
        let is_sentence = struck || sentence.is_some();
        for (index, text) in wrap_text(text, columns, 40).into_iter().enumerate() {
            rows.push(BriefRow { part, text, struck, sentence, first: is_sentence && index == 0 });
        }
    };
    let mut sentences = 0;
    for line in &run.display.brief.lines {
        match line {
            BriefLine::Heading(text) => {
                add(UiRole::Note, " ", false, None);
                add(UiRole::Group, &sanitize_line(text), false, None);
            }
            BriefLine::Sentence { text, fault, .. } => {
                let sentence = Some(sentences);
                sentences += 1;
                let part = if fault.is_some() { UiRole::Unverified } else { UiRole::Input };
                add(part, &sanitize_line(text), fault.is_some(), sentence);
                if let Some(fault) = fault {
                    let why = format!("unverified: {}", sanitize_line(&fault.to_string()));
                    add(UiRole::Warning, &why, false, None);
                }
            }
        }
    }
    if is_being_verified && !run.is_live() {
        add(UiRole::Note, "still comparing the quotes with the answers …", false, None);
    }
    match &run.run.state {
        RunState::Ended(ending) if !ending.is_done() => {
            add(UiRole::Error, &sanitize_line(&ending.to_string()), false, None);
        }
        RunState::Ended(_) => {
            for note in run.run.notes.iter() {
                add(UiRole::Note, &sanitize_line(note), false, None);
            }
        }
        live => {
            let waiting = if run.waiting.is_empty() { live.as_str() } else { &run.waiting };
            add(UiRole::Note, &format!("{waiting} …"), false, None);
        }
    }
    rows
}
