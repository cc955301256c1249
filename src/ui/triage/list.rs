//! The list of recommendations: state, who, what about, title; the chosen one always in sight.
//!
//! Titles come from answers and are cleaned where they are lifted; the user's own are cleaned here. Called by `triage`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::triage::TriageItem;
use crate::app::{State, TriageStatus};
use crate::domain::{Facet, RecommendationId, Severity};
use crate::text::sanitize_line;
use crate::text::width::width;
use crate::ui::paint::{Pen, cut, put_right, row};
use crate::ui::pane::PaneView;
use crate::ui::theme::{Part, Theme};

/// Columns of `recommendation`, the longest facet.
const FACET: usize = 14;
/// A list of fewer columns does not name the facets.
const ROOMY: u16 = 64;

/// One row as it is drawn.
#[derive(Debug)]
struct Line {
    id: RecommendationId,
    which: TriageStatus,
    panes: Vec<usize>,
    facet: Facet,
    severity: Option<Severity>,
    title: String,
    /// `@owner`, and a sign where there is a comment.
    said: String,
    turn: usize,
}

/// What is kept of the list between frames.
#[derive(Debug, Default)]
pub(super) struct ListView {
    area: Rect,
    lines: Vec<Line>,
    first: usize,
    chosen: usize,
    marked: Option<RecommendationId>,
    selecting: bool,
    all: usize,
    /// Why there are no rows.
    empty: String,
    /// More than one question was asked.
    turns: bool,
}

impl ListView {
    /// Brings the visible rows up to date.
    pub(super) fn prepare(
        &mut self,
        state: &State,
        rows: &[TriageItem<'_>],
        chosen: usize,
        area: Rect,
    ) {
        self.area = area;
        self.all = rows.len();
        self.chosen = chosen;
        self.marked = state.triage.marked;
        self.selecting = state.triage.selecting.is_some();
        self.turns = state.turns().len() > 1;
        let height = usize::from(area.height);
        // As much as was in sight stays in sight.
        let most = rows.len().saturating_sub(height);
        let (lowest, highest) = ((chosen + 2).saturating_sub(height), chosen.saturating_sub(1));
        self.first = self.first.min(highest).max(lowest).min(most);
        let shown = rows.iter().skip(self.first).take(height);
        self.lines = shown.map(line).collect();
        self.empty = match () {
            () if !rows.is_empty() => String::new(),
            () if !state.triage.filter.is_empty() => {
                "nothing here has these words, this state, this persona: 0 lists all".to_owned()
            }
            () if state.is_live() => {
                "recommendations are found when an answer has ended".to_owned()
            }
            () => "no recommendation was found; Space selects lines of an answer as one".to_owned(),
        };
    }

    /// Draws them.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, panes: &[PaneView]) {
        if !self.empty.is_empty() {
            let mut pen = Pen::new(buffer, self.area);
            pen.write(" ", Style::new());
            let room = pen.room();
            pen.write(&cut(&self.empty, room), theme.part(Part::Note));
        }
        let tags = self.lines.iter().map(|line| tag(line, panes).len()).max().unwrap_or(0);
        for (y, (at, shown)) in (0..self.area.height).zip(self.lines.iter().enumerate()) {
            let chosen = self.first + at == self.chosen && !self.selecting;
            self.draw_line(buffer, theme, row(self.area, y), (shown, panes, tags), chosen);
        }
        let below = self.all.saturating_sub(self.first + usize::from(self.area.height));
        if below > 0 && self.area.height > 1 {
            let last = row(self.area, self.area.height - 1);
            put_right(buffer, last, &[(&format!(" ↓ {below} "), theme.part(Part::Scrollbar))]);
        }
    }

    fn draw_line(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        area: Rect,
        (line, panes, tags): (&Line, &[PaneView], usize),
        chosen: bool,
    ) {
        let ground = if chosen { theme.part(Part::Selection) } else { Style::new() };
        let on = |style: Style| {
            if chosen { ground.patch(style).bg(ground.bg.unwrap_or_default()) } else { style }
        };
        let ink = |part: Part| on(theme.part(part));
        let marked = self.marked == Some(line.id);
        let mut pen = Pen::new(buffer, area);
        pen.write(if marked { "m" } else { " " }, ink(Part::Mark));
        let (glyph, part) = sign(line.which);
        pen.write(glyph, ink(part));
        pen.write(" ", ground);
        self.draw_tag(&mut pen, theme, (line, panes, tags), &on);
        if self.area.width >= ROOMY {
            let facet = line.facet.word();
            pen.write(facet, ink(Part::Note));
            pen.blanks(FACET - width(facet).min(FACET) + 1, ground);
        }
        if let Some(severity) = line.severity {
            pen.write(severity.word(), ink(severity_part(severity)));
            pen.write(" ", ground);
        }
        let said = width(&line.said);
        let room = pen.room().saturating_sub(if said > 0 { said + 2 } else { 1 });
        let title = cut(&line.title, room);
        let style = match line.which {
            TriageStatus::Rejected => ink(Part::Note).add_modifier(Modifier::CROSSED_OUT),
            TriageStatus::Accepted | TriageStatus::Deferred => ink(Part::Word),
            TriageStatus::Open | TriageStatus::Discuss => ink(Part::Input),
        };
        pen.write(&title, style);
        let gap = pen.room().saturating_sub(said + usize::from(said > 0));
        pen.blanks(gap, ground);
        if said > 0 {
            pen.write(&line.said, ink(Part::Target));
        }
        let rest = pen.room();
        pen.blanks(rest, ground);
    }

    /// Who proposes it: `1`, or `1,2` for several, each in its colour; and the question's number.
    fn draw_tag(
        &self,
        pen: &mut Pen<'_>,
        theme: &Theme,
        (line, panes, tags): (&Line, &[PaneView], usize),
        on: &dyn Fn(Style) -> Style,
    ) {
        if self.turns {
            pen.write(&format!("q{} ", line.turn), on(theme.part(Part::Note)));
        }
        for (at, pane) in line.panes.iter().enumerate() {
            if at > 0 {
                pen.write(",", on(theme.part(Part::Note)));
            }
            let who = panes.get(*pane).map(|view| &view.who);
            let style = theme.persona(who.and_then(|w| w.color.as_deref()), *pane);
            let label = word(line, panes, *pane);
            pen.write(&label, on(style));
        }
        let used = tag(line, panes).len();
        pen.blanks(tags.saturating_sub(used) + 1, on(Style::new()));
    }
}

/// The view of the persona alone, the number where several propose it.
fn word(line: &Line, panes: &[PaneView], pane: usize) -> String {
    match panes.get(pane) {
        Some(view) if line.panes.len() == 1 => cut(&view.who.label, 8).into_owned(),
        _ => (pane + 1).to_string(),
    }
}

/// The same as one text, for its width.
fn tag(line: &Line, panes: &[PaneView]) -> String {
    let words: Vec<String> = line.panes.iter().map(|pane| word(line, panes, *pane)).collect();
    // Every character of it stands for a column.
    "x".repeat(width(&words.join(",")))
}

fn line(item: &TriageItem<'_>) -> Line {
    let verdict = item.verdict();
    let mut said = String::new();
    if item.members().any(|m| !m.found.verdict.comment.is_empty()) {
        said.push('“');
    }
    if !verdict.owner.is_empty() {
        let owner = sanitize_line(&verdict.owner);
        said.push('@');
        said.push_str(&cut(owner.trim_start_matches('@'), 12));
    }
    Line {
        id: item.id(),
        which: item.status(),
        panes: item.panes(),
        facet: item.leader.found.facet,
        severity: item.members().filter_map(|m| m.found.severity).min(),
        title: sanitize_line(item.leader.found.title()),
        said,
        turn: item.turn,
    }
}

/// The sign of a state, never colour alone.
pub(super) fn sign(which: TriageStatus) -> (&'static str, Part) {
    match which {
        TriageStatus::Open => ("·", Part::Open),
        TriageStatus::Discuss => ("…", Part::Discuss),
        TriageStatus::Accepted => ("✓", Part::Accepted),
        TriageStatus::Rejected => ("✗", Part::Rejected),
        TriageStatus::Deferred => ("→", Part::Deferred),
    }
}

/// How loud a severity is.
pub(super) fn severity_part(severity: Severity) -> Part {
    match severity {
        Severity::Critical => Part::Failed,
        Severity::High => Part::Cut,
        Severity::Medium => Part::Retrying,
        Severity::Low => Part::Note,
    }
}
