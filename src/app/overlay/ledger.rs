//! The ledger: assumptions and numbers of all current answers as one list, requested when it is opened.
//!
//! A reading finds them and makes the rows; here they are filtered, selected and opened.

use super::{Overlay, OverlayHandler, OverlayOutcome, Picker, list_delta, open_overlay};
use crate::app::reading::{AnswerCopy, ReadingTask};
use crate::app::update::{reading, views};
use crate::app::{Action, Effects, KeyContext, KeyPress, NoticeLevel, State};
use crate::domain::RunId;

const NOTHING_FOUND: &str = "no assumptions or numbers found in the answers yet";

/// A position in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerPosition {
    /// Index of the pane.
    pub pane: usize,
    /// The answer.
    pub run: RunId,
    /// Byte offset in its text.
    pub offset: usize,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerRow {
    /// `Assumptions`, or the subject of the numbers below.
    Title {
        /// The text, sanitised.
        text: String,
        /// The values below it differ.
        differs: bool,
    },
    /// An assumption.
    Assumption {
        /// The sentence, sanitised.
        text: String,
        /// Its source.
        position: AnswerPosition,
    },
    /// A number with its unit, in its sentence.
    Number {
        /// `40 ms`
        value: String,
        /// `cited`, `estimate` or `no source`
        support: &'static str,
        /// The sentence, sanitised.
        sentence: String,
        /// Its source.
        position: AnswerPosition,
    },
}

impl LedgerRow {
    /// Position of its source; none for a title.
    pub fn position(&self) -> Option<AnswerPosition> {
        match self {
            Self::Title { .. } => None,
            Self::Assumption { position, .. } | Self::Number { position, .. } => Some(*position),
        }
    }

    /// The text that the filter matches, in lower case.
    fn searchable_text(&self) -> String {
        match self {
            Self::Title { text, .. } | Self::Assumption { text, .. } => text.to_lowercase(),
            Self::Number { value, support, sentence, .. } => {
                format!("{value} {support} {sentence}").to_lowercase()
            }
        }
    }
}

/// Assumptions and numbers as one list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerOverlay {
    /// All rows.
    pub rows: Vec<LedgerRow>,
    /// The answers are being read: the rows are not there yet.
    pub is_being_read: bool,
    /// What of the answers is not in the rows; none when nothing is missing.
    pub left_out: Option<String>,
    /// The filter and the selected row; a title is never selected.
    pub picker: Picker,
}

/// Opens the ledger of the current answers and requests its rows.
pub(in crate::app) fn open_ledger(state: &mut State, effects: &mut Effects) {
    let panes = state.panes();
    let answers: Vec<(usize, AnswerCopy)> = panes
        .iter()
        .enumerate()
        .filter_map(|(index, pane)| Some((index, pane.answer()?)))
        .filter(|(_, run)| run.run.has_text())
        .map(|(index, run)| (index, reading::copy_answer(state, run)))
        .collect();
    if answers.is_empty() {
        state.show_notice(NoticeLevel::Info, NOTHING_FOUND);
        return;
    }
    reading::request(state, ReadingTask::Ledger(answers), effects);
    let overlay = LedgerOverlay { is_being_read: true, ..LedgerOverlay::default() };
    open_overlay(state, Overlay::Ledger(overlay));
}

/// Shows the rows that were read, if the ledger is still open.
pub(in crate::app) fn on_ledger_read(
    state: &mut State,
    rows: Vec<LedgerRow>,
    left_out: Option<String>,
) {
    let is_ledger = |overlay: &Overlay| matches!(overlay, Overlay::Ledger(_));
    let Some(index) = state.overlays.iter().position(is_ledger) else { return };
    if rows.is_empty() {
        state.overlays.remove(index);
        let text = left_out.map(|part| format!("{NOTHING_FOUND} ({part} was read)"));
        state.show_notice(NoticeLevel::Info, text.unwrap_or_else(|| NOTHING_FOUND.to_owned()));
        return;
    }
    if let Some(Overlay::Ledger(ledger)) = state.overlays.get_mut(index) {
        ledger.rows = rows;
        ledger.left_out = left_out;
        ledger.is_being_read = false;
        ledger.move_selection(0);
    }
}

impl LedgerOverlay {
    /// The rows that match the filter. A title is included with a matching row below it; a matching title includes all its
    /// rows.
    pub fn matching_rows(&self) -> Vec<&LedgerRow> {
        let words = self.picker.filter_words();
        if words.is_empty() {
            return self.rows.iter().collect();
        }
        let mut matching = Vec::new();
        // The title above, until it is listed, and whether it matches.
        let mut title: Option<&LedgerRow> = None;
        let mut is_in_match = false;
        for row in &self.rows {
            let text = row.searchable_text();
            let is_match = words.iter().all(|word| text.contains(word));
            if row.position().is_none() {
                (title, is_in_match) = (Some(row), is_match);
                continue;
            }
            if is_match || is_in_match {
                matching.extend(title.take());
                matching.push(row);
            }
        }
        matching
    }

    /// Moves the selection by `delta` rows; titles are skipped.
    fn move_selection(&mut self, delta: isize) {
        let selectable: Vec<usize> = {
            let rows = self.matching_rows();
            let all = rows.iter().enumerate();
            all.filter(|(_, row)| row.position().is_some()).map(|(index, _)| index).collect()
        };
        let at = selectable.partition_point(|row| *row < self.picker.selected());
        let to = at.saturating_add_signed(delta).min(selectable.len().saturating_sub(1));
        self.picker.cursor.selected = selectable.get(to).copied().unwrap_or(0);
    }

    fn selected_position(&self) -> Option<AnswerPosition> {
        self.matching_rows().get(self.picker.selected()).and_then(|row| row.position())
    }
}

impl OverlayHandler for LedgerOverlay {
    fn key_context(&self) -> KeyContext {
        if self.picker.typing { KeyContext::Filter } else { KeyContext::Ledger }
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        if let Some(delta) = list_delta(action) {
            self.move_selection(delta);
            return OverlayOutcome::Keep;
        }
        if action == Action::Open {
            let Some(position) = self.selected_position() else { return OverlayOutcome::Keep };
            views::show_position(state, position, effects);
            return OverlayOutcome::Close;
        }
        let outcome = self.picker.handle_action(action, self.rows.len());
        // Ending the search selects the first row, which is a title.
        self.move_selection(0);
        outcome
    }

    fn handle_text(&mut self, key: KeyPress, _effects: &mut Effects) {
        if self.picker.handle_text(key) {
            self.move_selection(0);
        }
    }

    fn handle_paste(&mut self, text: &str, _effects: &mut Effects) {
        if self.picker.handle_paste(text) {
            self.move_selection(0);
        }
    }
}
