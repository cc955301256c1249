//! Help: keys and actions, grouped by context. Opened with the filter active, it is the command palette.

use super::{Overlay, OverlayHandler, OverlayOutcome, Picker, open_overlay};
use crate::app::keymap::{HelpRow, help_rows};
use crate::app::{Action, Effects, KeyContext, KeyPress, State};

/// The list of keys and actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelpOverlay {
    /// The context in which the help was opened; its keys are listed first.
    pub from: Option<KeyContext>,
    /// The filter and the selected row.
    pub picker: Picker,
}

/// Opens the help; as a palette, with the filter active.
pub(in crate::app) fn open_help(state: &mut State, palette: bool) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Help(_)));
    let from = Some(state.key_context());
    let picker = Picker { typing: palette, ..Picker::default() };
    open_overlay(state, Overlay::Help(HelpOverlay { from, picker }));
}

impl HelpOverlay {
    /// The rows that match the filter.
    pub fn matching_rows(&self, state: &State) -> Vec<HelpRow> {
        help_rows(&state.keymap, &self.picker.filter, self.from)
    }

    /// Runs the selected row. A row of another overlay would act on the screen below the help, so a notice names its context
    /// instead.
    fn run_selected(&self, state: &mut State) -> OverlayOutcome {
        let Some(row) = self.matching_rows(state).into_iter().nth(self.picker.selected()) else {
            return OverlayOutcome::Close;
        };
        let in_force =
            self.from.is_some_and(|from| from.lookup_order().any(|place| place == row.context));
        if in_force || !row.context.is_transient() {
            return OverlayOutcome::Run(row.action);
        }
        state.explain_where(row.action, &[row.context]);
        OverlayOutcome::Close
    }
}

impl OverlayHandler for HelpOverlay {
    fn key_context(&self) -> KeyContext {
        if self.picker.typing { KeyContext::Filter } else { KeyContext::Help }
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        _effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open => self.run_selected(state),
            // One key closes a palette that was opened by mistake.
            Action::Back if self.picker.filter.is_empty() => OverlayOutcome::Close,
            _ => {
                let rows = self.matching_rows(state).len();
                self.picker.handle_action(action, rows)
            }
        }
    }

    fn handle_text(&mut self, key: KeyPress, _effects: &mut Effects) {
        self.picker.handle_text(key);
    }

    fn handle_paste(&mut self, text: &str, _effects: &mut Effects) {
        self.picker.handle_paste(text);
    }
}
