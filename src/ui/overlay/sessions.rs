//! The list of sessions: when, what, with whom, how it ended.
//!
//! Titles come from the store and are sanitised here, for the visible rows only.

use crate::domain::format::{format_age, format_quantity};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{SearchLine, draw_search_box, first_visible_row, row_style};
use crate::app::SessionsOverlay;
use crate::domain::{SearchHit, SessionSummary};
use crate::text::{sanitize_line, width::width};
use crate::ui::paint::{RowPainter, row_at, truncate_to_width};
use crate::ui::theme::{Theme, UiRole};

/// Columns of `12 weeks ago`.
const WHEN: usize = 12;

/// Draws the list; returns the position of the cursor while the filter is edited.
pub(super) fn draw_sessions(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    list: &SessionsOverlay,
    now_ms: i64,
) -> Option<Position> {
    let matching = list.matching_rows();
    let found = match &list.sessions {
        None => String::new(),
        Some(_) => format_quantity(matching.len(), "session"),
    };
    let search = SearchLine::new(&list.picker, found);
    // The box keeps its size while the list is narrowed.
    let rows = list.sessions.as_ref().map_or(1, |all| all.len().max(1));
    let (inner, cursor) = draw_search_box(buffer, theme, area, ("sessions", 120, rows), &search);
    let empty = match &list.sessions {
        None => Some("reading the store…"),
        Some(all) if all.is_empty() => Some("no session yet: the first question creates one"),
        Some(_) if matching.is_empty() => Some("no session contains these words"),
        Some(_) => None,
    };
    if let Some(text) = empty {
        let mut painter = RowPainter::new(buffer, inner);
        let room = painter.columns_left();
        painter.write(&truncate_to_width(text, room), theme.ui_style(UiRole::Note));
    }
    let first =
        first_visible_row(list.picker.selected(), matching.len(), usize::from(inner.height));
    for (y, (i, shown)) in (0..inner.height).zip(matching.iter().enumerate().skip(first)) {
        let painter = RowPainter::new(buffer, row_at(inner, y));
        match shown.hit {
            Some(hit) => draw_hit(painter, theme, hit, i == list.picker.selected(), now_ms),
            None => draw_row(painter, theme, shown.session, i == list.picker.selected(), now_ms),
        }
    }
    cursor
}

/// A session that was found by its text: the title gives way to the words around the place.
fn draw_hit(
    mut painter: RowPainter<'_>,
    theme: &Theme,
    hit: &SearchHit,
    chosen: bool,
    now_ms: i64,
) {
    let style = |part| row_style(theme, chosen, part);
    let when = format_age(hit.session.updated_at, now_ms);
    painter.write(" ", style(UiRole::Note));
    painter.write(&when, style(UiRole::Note));
    painter.write_spaces(WHEN.saturating_sub(width(&when)) + 2, style(UiRole::Note));
    let title: String = hit.session.title.chars().take(300).collect();
    let most = painter.columns_left() / 3;
    painter.write(&truncate_to_width(&sanitize_line(&title), most), style(UiRole::Input));
    painter.write("  ", style(UiRole::Note));
    if !hit.who.is_empty() {
        painter.write(&sanitize_line(&hit.who), style(UiRole::Target));
        painter.write(": ", style(UiRole::Target));
    }
    for (n, piece) in hit.excerpt.split(['\u{2}', '\u{3}']).enumerate() {
        let part = if n % 2 == 1 { UiRole::Key } else { UiRole::Word };
        let room = painter.columns_left().saturating_sub(1);
        painter.write(&truncate_to_width(&sanitize_line(piece), room), style(part));
    }
    let room = painter.columns_left();
    painter.write_spaces(room, style(UiRole::Note));
}

fn draw_row(
    mut painter: RowPainter<'_>,
    theme: &Theme,
    session: &SessionSummary,
    chosen: bool,
    now_ms: i64,
) {
    let style = |part| row_style(theme, chosen, part);
    let when = format_age(session.updated_at, now_ms);
    painter.write(" ", style(UiRole::Note));
    painter.write(&when, style(UiRole::Note));
    painter.write_spaces(WHEN.saturating_sub(width(&when)) + 2, style(UiRole::Note));
    let mut right = format!(
        "{} of {} · {}",
        session.answered,
        session.runs,
        format_quantity(session.turns, "question")
    );
    if session.proposed > 0 {
        right = format!("{} of {} decided · {right}", session.decided, session.proposed);
    }
    let tags: Vec<String> =
        session.tags.iter().map(|tag| format!("#{}", sanitize_line(tag))).collect();
    if !tags.is_empty() && painter.columns_left() > width(&right) + 48 {
        right = format!("{} · {right}", truncate_to_width(&tags.join(" "), 24));
    }
    let panel = sanitize_line(&session.panel);
    if painter.columns_left() > width(&panel) + width(&right) + 40 {
        right = format!("{panel} · {right}");
    }
    let roomy = painter.columns_left() > width(&right) + 16;
    let room = painter.columns_left().saturating_sub(if roomy { width(&right) + 3 } else { 1 });
    let title: String = session.title.chars().take(300).collect();
    let title = sanitize_line(&title);
    let shown = truncate_to_width(&title, room);
    painter.write(&shown, style(UiRole::Input));
    if roomy {
        painter.write_spaces(room - width(&shown) + 2, style(UiRole::Note));
        painter.write(&right, style(UiRole::Note));
    }
    let room = painter.columns_left();
    painter.write_spaces(room, style(UiRole::Note));
}
