//! The first row: where one is, and how the question stands.
//!
//! Progress matters more than place, so place gives way where there is little room. Called by `View`.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::paint::{Pen, cut, put_right};
use super::theme::{Part, Theme};
use super::words;
use crate::app::State;
use crate::domain::RunState;
use crate::domain::format::format_elapsed;
use crate::text::sanitize_line;
use crate::text::width::width;

/// What the header says, made once a frame.
#[derive(Debug, Default)]
pub(super) struct Header {
    /// Panel and model; neither changes while the program runs.
    place: Option<(String, String)>,
    title: String,
    right: String,
    sampled: u128,
    tokens: u64,
}

/// `1 failed`, `1 cut`: how runs of the last question ended that did not answer in full.
fn unanswered(state: &State) -> Vec<String> {
    let last = || state.panes().into_iter().filter_map(|pane| pane.current());
    let turn = last().max_by_key(|v| (v.is_live(), v.started)).map(|v| v.turn);
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for view in last().filter(|v| Some(v.turn) == turn) {
        let RunState::Ended(ending) = &view.run.state else { continue };
        let word = ending.word();
        match counts.iter_mut().find(|(w, _)| *w == word) {
            _ if ending.answered() => {}
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.into_iter().map(|(word, n)| format!("{n} {word}")).collect()
}

impl Header {
    /// Brings the words up to date.
    pub(super) fn prepare(&mut self, state: &State) {
        let roster = &state.roster;
        // Opening a session brings its panel.
        let name = sanitize_line(&roster.panel.name);
        if self.place.as_ref().is_none_or(|(shown, _)| *shown != name) {
            let model = roster.common_model().map(|m| sanitize_line(&m.to_string()));
            let any = || roster.panel.personas.iter().any(|p| roster.answerer(p).is_ok());
            let model = model.unwrap_or_else(|| {
                if any() { "several models".to_owned() } else { "no model".to_owned() }
            });
            self.place = Some((name, model));
        }
        let title = state.session_title();
        if self.title != title {
            self.title = title;
        }
        self.right = self.progress(state);
    }

    /// `3 of 4 done · 1 failed · 12.4s · ≈8.1k tok`
    fn progress(&mut self, state: &State) -> String {
        let progress = state.progress();
        if progress.asked == 0 {
            return String::new();
        }
        let live = progress.live > 0;
        let sample = state.clock.since_start.as_millis() / 250;
        if !live || self.sampled != sample {
            (self.sampled, self.tokens) = (sample, progress.tokens);
        }
        let tokens = if live { self.tokens / 10 * 10 } else { progress.tokens };
        let mut words = vec![format!("{} of {} done", progress.done, progress.asked)];
        words.extend(unanswered(state));
        if !progress.elapsed.is_zero() {
            words.push(format_elapsed(progress.elapsed, live));
        }
        if tokens > 0 {
            words.push(words::tokens(tokens, progress.estimated));
        }
        words.join(" · ")
    }

    /// Draws it.
    pub(super) fn draw(&self, buffer: &mut Buffer, theme: &Theme, area: Rect) {
        let note = theme.part(Part::HeaderNote);
        let total = usize::from(area.width);
        let short = self.right.split(" · ").next().unwrap_or_default();
        // Progress matters more than where one is.
        let right = if width(&self.right) + 12 <= total { self.right.as_str() } else { short };
        let right = format!(" {right} ");
        let used =
            if right.trim().is_empty() { 0 } else { put_right(buffer, area, &[(&right, note)]) };
        let mut pen = Pen::new(buffer, Rect { width: area.width - used, ..area });
        pen.write(" plenary", theme.part(Part::Header));
        let (panel, model) = self.place.clone().unwrap_or_default();
        for word in [panel, model] {
            if !word.is_empty() && pen.room() > width(&word) + 4 {
                pen.write(" · ", note);
                pen.write(&word, note);
            }
        }
        let room = pen.room();
        if !self.title.is_empty() && room > 20 {
            pen.write(" · ", note);
            pen.write(&cut(&self.title, room - 5), Style::new());
        }
    }
}
