//! Draws the header: panel, model, title of the session, and the progress of the current turn.
//!
//! On a narrow screen, progress has priority over the rest.

use crate::domain::format::format_elapsed;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::labels;
use super::paint::{RowPainter, draw_text_right, truncate_start_to_width, truncate_to_width};
use super::theme::{Theme, UiRole};
use crate::app::{Roster, State};
use crate::domain::RunState;
use crate::text::sanitize_line;
use crate::text::width::width;

/// Precedes the hosts.
const AT: &str = "at ";

/// Columns of the separator before a word, and of the space after the last one.
const ROOM_AROUND_WORD: usize = 4;

/// Texts of the header.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Panel and model.
    panel_and_model: Option<(String, String)>,
    /// The hosts that are asked, where they are not the usual ones; shown when the model has no room.
    hosts: String,
    title: String,
    progress: String,
    /// Time of the last sample of tokens, in quarters of a second since the start.
    sample_time: u128,
    sampled_tokens: u64,
}

/// Counts the runs of the last turn that ended without a complete answer: `1 failed`, `1 cut`.
fn describe_incomplete_runs(state: &State) -> Vec<String> {
    let current_runs = || state.panes().into_iter().filter_map(|pane| pane.current());
    let turn = current_runs().max_by_key(|run| (run.is_live(), run.started)).map(|run| run.turn);
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for run in current_runs().filter(|run| Some(run.turn) == turn) {
        let RunState::Ended(ending) = &run.run.state else { continue };
        let word = ending.as_str();
        match counts.iter_mut().find(|(w, _)| *w == word) {
            _ if ending.is_done() => {}
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.into_iter().map(|(word, n)| format!("{n} {word}")).collect()
}

/// The model of all personas, with its host where that is not the usual one; `several models`, with all such hosts.
fn describe_models(roster: &Roster) -> String {
    if let Some(answerer) = roster.common_answerer() {
        return sanitize_line(&answerer.describe_model());
    }
    let has_model = roster.panel.personas.iter().any(|id| roster.answerer(id).is_ok());
    match (has_model, join_hosts(roster)) {
        (false, _) => "no model".to_owned(),
        (true, hosts) if hosts.is_empty() => "several models".to_owned(),
        (true, hosts) => sanitize_line(&format!("several models {hosts}")),
    }
}

/// `at gateway.example.com, 127.0.0.1:8000`; empty when all hosts are the usual ones.
fn join_hosts(roster: &Roster) -> String {
    let hosts = roster.unusual_hosts();
    if hosts.is_empty() { String::new() } else { format!("{AT}{}", hosts.join(", ")) }
}

impl Header {
    /// Updates the texts.
    pub(super) fn prepare(&mut self, state: &State) {
        let roster = &state.roster;
        // Opening a session can change the panel.
        let name = sanitize_line(&roster.panel.name);
        if self.panel_and_model.as_ref().is_none_or(|(panel, _)| *panel != name) {
            self.panel_and_model = Some((name, describe_models(roster)));
            self.hosts = sanitize_line(&join_hosts(roster));
        }
        let title = state.session_title();
        if self.title != title {
            self.title = title;
        }
        self.progress = self.describe_progress(state);
    }

    /// The hosts as far as the row has room after the panel: `at …gateway.example.com`.
    fn fit_hosts(&self, painter: &RowPainter<'_>) -> String {
        let Some(hosts) = self.hosts.strip_prefix(AT) else { return String::new() };
        let columns = painter.columns_left().saturating_sub(width(AT) + ROOM_AROUND_WORD + 1);
        format!("{AT}{}", truncate_start_to_width(hosts, columns))
    }

    /// `3 of 4 done · 1 failed · 12.4s · ≈8.1k tok`
    fn describe_progress(&mut self, state: &State) -> String {
        let progress = state.progress();
        if progress.asked == 0 {
            return String::new();
        }
        let is_live = progress.live > 0;
        let sample_time = state.clock.since_start.as_millis() / 250;
        if !is_live || self.sample_time != sample_time {
            (self.sample_time, self.sampled_tokens) = (sample_time, progress.tokens);
        }
        let tokens = if is_live { self.sampled_tokens / 10 * 10 } else { progress.tokens };
        let mut texts = vec![format!("{} of {} done", progress.done, progress.asked)];
        texts.extend(describe_incomplete_runs(state));
        if !progress.elapsed.is_zero() {
            texts.push(format_elapsed(progress.elapsed, is_live));
        }
        if tokens > 0 {
            texts.push(labels::format_tokens(tokens, progress.estimated));
        }
        texts.join(" · ")
    }

    /// Draws the header into the first row of `area`.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let note = theme.ui_style(UiRole::HeaderNote);
        let total = usize::from(area.width);
        let short = self.progress.split(" · ").next().unwrap_or_default();
        // Progress matters more than where one is.
        let right =
            if width(&self.progress) + 12 <= total { self.progress.as_str() } else { short };
        let right = format!(" {right} ");
        let used = if right.trim().is_empty() {
            0
        } else {
            draw_text_right(buffer, area, &[(&right, note)])
        };
        let mut painter = RowPainter::new(buffer, Rect { width: area.width - used, ..area });
        painter.write(" plenary", theme.ui_style(UiRole::Header));
        let (panel, model) = self.panel_and_model.clone().unwrap_or_default();
        let has_room = |painter: &RowPainter<'_>, word: &str| {
            !word.is_empty() && painter.columns_left() > width(word) + ROOM_AROUND_WORD
        };
        // Where text goes matters more than which panel it is.
        let whole = width(&panel) + 3 + width(&model);
        let panel_fits = self.hosts.is_empty() || painter.columns_left() > whole + 7;
        let model = if has_room(&painter, &model) { model } else { self.fit_hosts(&painter) };
        for word in [if panel_fits { panel } else { String::new() }, model] {
            if has_room(&painter, &word) {
                painter.write(" · ", note);
                painter.write(&word, note);
            }
        }
        let room = painter.columns_left();
        if !self.title.is_empty() && room > 20 {
            painter.write(" · ", note);
            painter.write(&truncate_to_width(&self.title, room - 5), Style::new());
        }
    }
}
