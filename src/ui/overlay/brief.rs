//! The brief: what a model wrote about the answers, each sentence with its tags, unverified ones struck out.
//!
//! Whether a quote stands in its answer was checked by `review`; here it is only drawn. Called by `overlay`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{boxed, first_shown};
use crate::app::{BriefOverlay, RunRef, State};
use crate::domain::RunState;
use crate::review::BriefLine;
use crate::text::sanitize_line;
use crate::ui::paint::{Pen, inset, row, wrap};
use crate::ui::theme::{Part, Theme};

/// Columns of the box.
const COLUMNS: u16 = 112;

/// One row of the box.
struct Line {
    part: Part,
    text: String,
    struck: bool,
    /// Which of the lines that lead somewhere it belongs to.
    leads: Option<usize>,
    /// Its first row.
    first: bool,
}

/// Draws it.
pub(super) fn draw(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    brief: &BriefOverlay,
    state: &State,
) {
    let Some(run) = state.run(brief.run) else { return };
    let columns = usize::from(COLUMNS.min(area.width).saturating_sub(8)).max(1);
    let lines = lines(run, columns);
    let title = title(run);
    let inner = boxed(buffer, theme, area, (&title, COLUMNS, lines.len()));
    let chosen = |line: &Line| line.leads == Some(brief.selected);
    // Behind the last sentence stand notes and reasons.
    let last = lines.iter().filter_map(|line| line.leads).max();
    let wanted = if last == Some(brief.selected) {
        lines.len().saturating_sub(1)
    } else {
        lines.iter().position(chosen).unwrap_or(0)
    };
    let first = first_shown(wanted, lines.len(), usize::from(inner.height));
    for (y, line) in (0..inner.height).zip(lines.iter().skip(first)) {
        let place = row(inner, y);
        let mark = if chosen(line) { "▌" } else { " " };
        Pen::new(buffer, place).write(mark, theme.part(Part::SourceBar));
        let sign = match (line.first, line.leads, line.struck) {
            (true, _, true) => "✗",
            (true, Some(_), _) => "✓",
            _ => " ",
        };
        let part = if line.struck { Part::Failed } else { Part::Done };
        Pen::new(buffer, inset(place, 2, 0)).write(sign, theme.part(part));
        let style = theme.part(line.part);
        let style = if line.struck { style.add_modifier(Modifier::CROSSED_OUT) } else { style };
        Pen::new(buffer, inset(place, 4, 0)).write(&line.text, style);
    }
}

fn title(run: RunRef<'_>) -> String {
    let model = sanitize_line(&run.model().to_string());
    let state = match &run.run.state {
        RunState::Ended(ending) if ending.answered() => String::new(),
        RunState::Ended(ending) => format!(" · {}", ending.word()),
        live => format!(" · {} …", live.word()),
    };
    format!("brief · {model}{state}")
}

fn lines(run: RunRef<'_>, columns: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut say = |part: Part, text: &str, struck: bool, leads: Option<usize>| {
        let sentence = struck || leads.is_some();
        for (at, row) in wrap(text, columns, 40).into_iter().enumerate() {
            lines.push(Line { part, text: row, struck, leads, first: sentence && at == 0 });
        }
    };
    let mut leading = 0;
    for line in &run.display.brief.lines {
        match line {
            BriefLine::Heading(text) => {
                say(Part::Note, " ", false, None);
                say(Part::Group, &sanitize_line(text), false, None);
            }
            BriefLine::Sentence { text, fault, .. } => {
                let leads = Some(leading);
                leading += 1;
                let part = if fault.is_some() { Part::Unverified } else { Part::Input };
                say(part, &sanitize_line(text), fault.is_some(), leads);
                if let Some(fault) = fault {
                    let why = format!("unverified: {}", sanitize_line(&fault.to_string()));
                    say(Part::Warning, &why, false, None);
                }
            }
        }
    }
    match &run.run.state {
        RunState::Ended(ending) if !ending.answered() => {
            say(Part::Error, &sanitize_line(&ending.to_string()), false, None);
        }
        RunState::Ended(_) => {
            for note in &run.run.notes {
                say(Part::Note, &sanitize_line(note), false, None);
            }
        }
        live => {
            let waiting = if run.waiting.is_empty() { live.word() } else { &run.waiting };
            say(Part::Note, &format!("{waiting} …"), false, None);
        }
    }
    lines
}
