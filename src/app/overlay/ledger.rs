//! The ledger: assumptions and numbers of all current answers as one list, built when it is opened.
//!
//! `review` extracts them; this module turns them into rows that open their source.

use super::{Overlay, OverlayHandler, OverlayOutcome, Picker, list_delta, open_overlay};
use crate::app::update::{extract, views};
use crate::app::{Action, Effects, KeyContext, KeyPress, NoticeLevel, RunRef, State};
use crate::domain::RunId;
use crate::review::{self, LedgerSource};
use crate::text::sanitize_line;

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
    /// The filter and the selected row; a title is never selected.
    pub picker: Picker,
}

/// Opens the ledger of the current answers.
pub(in crate::app) fn open_ledger(state: &mut State) {
    let rows = build_rows(state);
    if rows.is_empty() {
        state.show_notice(NoticeLevel::Info, "no assumptions or numbers found in the answers yet");
        return;
    }
    let mut overlay = LedgerOverlay { rows, picker: Picker::default() };
    overlay.move_selection(0);
    open_overlay(state, Overlay::Ledger(overlay));
}

fn build_rows(state: &mut State) -> Vec<LedgerRow> {
    extract::read_all_sections(state);
    let panes = state.panes();
    let answers: Vec<(usize, RunRef<'_>)> = panes
        .iter()
        .enumerate()
        .filter_map(|(index, pane)| Some((index, pane.answer()?)))
        .filter(|(_, run)| run.run.has_text())
        .collect();
    let voices: Vec<LedgerSource<'_>> = answers
        .iter()
        .map(|(_, run)| LedgerSource {
            document: &run.display.document,
            sections: &run.display.sections,
        })
        .collect();
    let found = review::build_ledger(&voices);
    let position = |voice: usize, offset: usize| {
        let (pane, run) = answers.get(voice)?;
        Some(AnswerPosition { pane: *pane, run: run.id(), offset })
    };
    let mut rows = Vec::new();
    if !found.assumptions.is_empty() {
        let text = format!("Assumptions ({})", found.assumptions.len());
        rows.push(LedgerRow::Title { text, differs: false });
    }
    for assumption in found.assumptions {
        if let Some(position) = position(assumption.source, assumption.span.start) {
            rows.push(LedgerRow::Assumption { text: sanitize_line(&assumption.text), position });
        }
    }
    for topic in found.topics {
        rows.push(LedgerRow::Title { text: sanitize_line(&topic.subject), differs: topic.differs });
        for number in topic.numbers {
            let Some(position) = position(number.source, number.span.start) else { continue };
            let support = number.support.label();
            let (value, sentence) = (sanitize_line(&number.value), sanitize_line(&number.sentence));
            rows.push(LedgerRow::Number { value, support, sentence, position });
        }
    }
    rows
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
        let mut title: Option<(&LedgerRow, bool)> = None;
        for row in &self.rows {
            let text = row.searchable_text();
            let is_match = words.iter().all(|word| text.contains(word));
            if row.position().is_none() {
                title = Some((row, is_match));
                continue;
            }
            if is_match || matches!(title, Some((_, true))) {
                if let Some((title, _)) = title.filter(|(title, _)| !matching.contains(title)) {
                    matching.push(title);
                }
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
