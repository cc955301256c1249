//! The source of the chosen recommendation: what was said about it, its own rows, those of the others that say the same, the
//! challenges. While lines are selected: the whole answer with the selection in it.
//!
//! Rows are those of the answer at this width, found by their source bytes. Called by `triage`.

use std::collections::HashMap;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::list::{severity_part, sign};
use crate::app::triage::{TriageItem, TriageMember, span_of};
use crate::app::{RunRef, Scroll, State};
use crate::domain::{RecommendationId, RunId, RunState};
use crate::text::{Layout, LayoutOptions, PartKind, Row, RowKind, sanitize_line};
use crate::ui::paint::{Pen, cut, inset, put, put_right, row, wrap};
use crate::ui::pane::PaneView;
use crate::ui::rows::draw_row;
use crate::ui::theme::{Part, Theme};

/// Rows of a comment or a reason at most.
const WORDS: usize = 6;
/// Lines longer than this are hard to read.
const WIDE: u16 = 96;

/// One line of the source.
#[derive(Debug)]
enum Line {
    /// The program's words.
    Words(Part, String),
    /// Who speaks below: pane and words.
    Who(usize, String),
    /// A row of an answer; part of the recommendation, or only around it.
    Row { run: RunId, row: usize, own: bool },
    /// Nothing.
    Blank,
}

/// What is kept of the source between frames.
#[derive(Debug, Default)]
pub(super) struct SourceView {
    area: Rect,
    width: u16,
    layouts: HashMap<RunId, Layout>,
    lines: Vec<Line>,
    top: usize,
    shown: Option<(RecommendationId, bool)>,
}

impl SourceView {
    /// Brings the lines up to date for `item`.
    pub(super) fn prepare(&mut self, state: &State, item: Option<&TriageItem<'_>>, area: Rect) {
        self.area = area;
        let width = area.width.saturating_sub(4).clamp(1, WIDE);
        if self.width != width {
            self.layouts.clear();
            self.width = width;
        }
        self.lines.clear();
        if area.is_empty() {
            return;
        }
        if let Some(selecting) = state.triage.selecting {
            self.selection(state, selecting);
            return;
        }
        let Some(item) = item else { return };
        let shown = Some((item.id(), false));
        if self.shown != shown {
            (self.shown, self.top) = (shown, 0);
        }
        self.about(state, item);
        self.member(&item.leader);
        for other in &item.others {
            self.lines.push(Line::Blank);
            self.lines.push(Line::Who(other.pane, "says the same".to_owned()));
            self.member(other);
        }
        let challenges: Vec<RecommendationId> = item.members().map(|m| m.found.id).collect();
        for id in challenges {
            self.challenges(state, id);
        }
        self.top = self.top.min(self.most());
    }

    fn most(&self) -> usize {
        self.lines.len().saturating_sub(usize::from(self.area.height))
    }

    /// State, facet, severity, owner, comment.
    fn about(&mut self, state: &State, item: &TriageItem<'_>) {
        let (width, verdict) = (usize::from(self.width), item.verdict());
        let mut say = |part: Part, text: &str, most: usize| {
            let rows = wrap(text, width, most).into_iter();
            self.lines.extend(rows.map(|row| Line::Words(part, row)));
        };
        say(Part::PopupTitle, &sanitize_line(item.leader.found.title()), 3);
        let (glyph, part) = sign(item.status());
        say(part, &format!("{glyph} {}", item.status().word()), 1);
        let names: Vec<String> = item
            .panes()
            .into_iter()
            .filter_map(|at| state.pane_at(at))
            .map(|pane| sanitize_line(pane.persona.label()))
            .collect();
        let mut words = vec![
            format!("proposed by {}", names.join(", ")),
            item.leader.found.facet.word().to_owned(),
        ];
        if state.turns().len() > 1 {
            words.push(format!("question {}", item.turn));
        }
        if item.leader.found.origin == crate::domain::Origin::Selected {
            words.push("selected by hand".to_owned());
        }
        say(Part::Note, &words.join(" · "), 2);
        if let Some(severity) = item.members().filter_map(|m| m.found.severity).min() {
            say(severity_part(severity), &format!("{severity}, says the answer"), 1);
        }
        if !verdict.owner.is_empty() {
            say(Part::Target, &format!("owner: {}", sanitize_line(&verdict.owner)), 1);
        }
        for member in item.members() {
            let comment = &member.found.verdict.comment;
            if !comment.is_empty() {
                say(Part::Discuss, &format!("“{}”", sanitize_line(comment)), WORDS);
            }
        }
        self.lines.push(Line::Blank);
    }

    /// The heading that it stands under, and its own rows.
    fn member(&mut self, member: &TriageMember<'_>) {
        let run = member.run.id();
        let layout = layout(&mut self.layouts, self.width, member.run);
        let own = rows_of(member.run, layout, &member.found.span);
        let heading = (0..own.start)
            .rev()
            .find(|at| layout.row(*at).is_some_and(|row| matches!(row.kind, RowKind::Heading(_))));
        if let Some(row) = heading {
            self.lines.push(Line::Row { run, row, own: false });
            self.lines.push(Line::Blank);
        }
        for row in table_head(member.run, layout, &member.found.span) {
            self.lines.push(Line::Row { run, row, own: false });
        }
        self.lines.extend(own.map(|row| Line::Row { run, row, own: true }));
    }

    fn challenges(&mut self, state: &State, id: RecommendationId) {
        for side in state.challenges_of(id) {
            let name = sanitize_line(&side.run.persona.name);
            let view = side.run;
            let how = match &view.run.state {
                RunState::Ended(ending) if ending.answered() => "challenges it".to_owned(),
                RunState::Ended(ending) => {
                    format!("challenges it: {}", sanitize_line(&ending.to_string()))
                }
                live => format!("challenges it … {}", live.word()),
            };
            let pane =
                state.pane_personas.iter().position(|persona| persona.id == side.run.run.persona);
            self.lines.push(Line::Blank);
            self.lines.push(match pane {
                Some(pane) => Line::Who(pane, how),
                None => Line::Words(
                    Part::Group,
                    cut(&format!("{name} {how}"), usize::from(self.width)).into_owned(),
                ),
            });
            let rows = layout(&mut self.layouts, self.width, view).height();
            let run = view.id();
            self.lines.extend((0..rows).map(|row| Line::Row { run, row, own: false }));
        }
    }

    /// The whole answer, the selected lines marked, the cursor in sight.
    fn selection(&mut self, state: &State, selecting: crate::app::triage::LineSelection) {
        let Some(view) = state.run(selecting.run) else { return };
        let run = selecting.run;
        let layout = layout(&mut self.layouts, self.width, view);
        let source = view.document.source();
        let selected = span_of(source, selecting.lines());
        let cursor = span_of(source, (selecting.line, selecting.line));
        let marked = |row: &Row| {
            let within = row.source.start < selected.end && row.source.end > selected.start;
            within && row.kind != RowKind::Blank
        };
        let how = if selecting.from.is_some() {
            "j/k extend, Enter takes it"
        } else {
            "Space begins, Enter takes this line"
        };
        self.lines.push(Line::Who(selecting.pane, format!("select lines: {how}")));
        let own = |row: usize| layout.row(row).is_some_and(marked);
        let rows: Vec<Line> =
            (0..layout.height()).map(|row| Line::Row { run, row, own: own(row) }).collect();
        self.lines.extend(rows);
        let at = layout.row_at(cursor.start) + 1;
        let height = usize::from(self.area.height);
        let (first, last) =
            (at.saturating_sub(1), (at + 2).saturating_sub(height.saturating_sub(2)));
        if self.shown.is_none_or(|(_, selecting)| !selecting) {
            self.top = at.saturating_sub(height / 3);
        }
        self.shown =
            self.shown.map(|(id, _)| (id, true)).or(Some((RecommendationId::from_number(0), true)));
        self.top = self.top.clamp(last.min(first), first).min(self.most());
    }

    /// Moves it.
    pub(super) fn scroll(&mut self, scroll: Scroll) {
        if let Scroll::Lines(n) = scroll {
            let to = self.top.saturating_add_signed(isize::try_from(n).unwrap_or(0));
            self.top = to.min(self.most());
        }
    }

    /// Draws it.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        theme: &Theme,
        state: &State,
        panes: &[PaneView],
    ) {
        let selecting = state.triage.selecting.is_some();
        for (y, line) in (0..self.area.height).zip(self.lines.iter().skip(self.top)) {
            let area = row(self.area, y);
            let text = inset(area, 2, 1);
            match line {
                Line::Blank => {}
                Line::Words(part, words) => {
                    put(buffer, inset(area, 1, 1), words, theme.part(*part));
                }
                Line::Who(pane, words) => {
                    who(buffer, theme, inset(area, 1, 1), (panes, *pane), words);
                }
                Line::Row { run, row: at, own } => {
                    let Some(shown) = self.layouts.get(run).and_then(|layout| layout.row(*at))
                    else {
                        continue;
                    };
                    draw_row(buffer, theme, text, shown, 0);
                    if *own {
                        put(buffer, area, "▌", theme.part(Part::SourceBar));
                        if selecting {
                            ground(buffer, theme, text);
                        }
                    }
                }
            }
        }
        let below = self.lines.len().saturating_sub(self.top + usize::from(self.area.height));
        if below > 0 && self.area.height > 0 {
            let last = row(self.area, self.area.height - 1);
            put_right(buffer, last, &[(&format!(" ↓ {below} "), theme.part(Part::Scrollbar))]);
        }
    }
}

/// The layout of an answer at this width.
fn layout<'a>(layouts: &'a mut HashMap<RunId, Layout>, width: u16, view: RunRef<'_>) -> &'a Layout {
    let layout = layouts.entry(view.id()).or_default();
    layout.update(&view.document, width, LayoutOptions { wrap_code: true });
    layout
}

/// The rows that show these bytes.
fn rows_of(view: RunRef<'_>, layout: &Layout, span: &Range<usize>) -> Range<usize> {
    let last = view.document.source().get(span.clone()).map_or(0, |text| text.trim_end().len());
    let first = layout.row_at(span.start);
    let end = layout.row_at(span.start + last.saturating_sub(1)) + 1;
    // A long row of a table, or the last line of a paragraph, goes on over several rows.
    let mut end = end.max(first + 1);
    while layout.row(end).is_some_and(|row| {
        row.kind != RowKind::Blank && row.source.start < span.end && row.source.start >= span.start
    }) {
        end += 1;
    }
    first..end.min(layout.height())
}

/// The heading rows of the table that a row of it was lifted from.
fn table_head(view: RunRef<'_>, layout: &Layout, span: &Range<usize>) -> Range<usize> {
    let table = view.document.parts().find(|part| {
        part.kind() == PartKind::Table
            && part.span().start < span.start
            && span.end <= part.span().end
    });
    let Some(table) = table else { return 0..0 };
    let Some(first) = table.rows().first().map(|row| row.span.start) else { return 0..0 };
    let (start, end) = (layout.row_at(table.span().start), layout.row_at(first));
    // As records every row names its columns itself.
    if end.saturating_sub(start) > 4 { 0..0 } else { start..end }
}

fn who(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    (panes, pane): (&[PaneView], usize),
    words: &str,
) {
    let Some(view) = panes.get(pane) else { return };
    let mut pen = Pen::new(buffer, area);
    let style = theme.persona(view.who.color.as_deref(), pane).add_modifier(Modifier::BOLD);
    let room = pen.room();
    pen.write(&cut(&view.who.name, room), style);
    pen.write(" ", style);
    let room = pen.room();
    pen.write(&cut(words, room), theme.part(Part::Note));
}

/// Gives the cells of a selected row their ground.
fn ground(buffer: &mut Buffer, theme: &Theme, area: Rect) {
    let style = theme.part(Part::SourceRow);
    for position in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(position) {
            cell.set_style(style);
        }
    }
}
