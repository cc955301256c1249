//! Asks before the program ends without what could not be saved. Writing it to a file is an effect.

use super::{Overlay, OverlayHandler, OverlayOutcome, open_overlay};
use crate::app::{Action, Effect, Effects, KeyContext, NoticeLevel, State};
use crate::domain::UnsavedChanges;

/// The question what becomes of changes that are not on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnsavedOverlay {
    /// What is not on disk.
    pub changes: UnsavedChanges,
    /// A file is being written.
    pub is_writing: bool,
}

/// Quitting has found changes that are not on disk: asks what becomes of them.
pub(in crate::app) fn on_unsaved_found(state: &mut State, changes: UnsavedChanges) {
    open_overlay(state, Overlay::Unsaved(UnsavedOverlay { changes, is_writing: false }));
}

/// The changes were written to these files, which ends the program, or not.
pub(in crate::app) fn on_unsaved_written(
    state: &mut State,
    outcome: Result<String, String>,
    effects: &mut Effects,
) {
    let Some(open) = state.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Unsaved(open) => Some(open),
        _ => None,
    }) else {
        // The question was closed while the file was written.
        match outcome {
            Ok(written) => state.show_notice(NoticeLevel::Warning, written),
            Err(reason) => state.show_notice(NoticeLevel::Error, reason),
        }
        return;
    };
    open.is_writing = false;
    match outcome {
        Ok(farewell) => effects.push(Effect::QuitUnsaved(farewell)),
        Err(reason) => state.show_notice(NoticeLevel::Error, reason),
    }
}

/// Everything is on disk: closes the question, unless its file is being written, which ends the program.
pub(in crate::app) fn close_unsaved(state: &mut State) {
    state.overlays.retain(|overlay| !matches!(overlay, Overlay::Unsaved(open) if !open.is_writing));
}

/// The question, if it is open.
pub(in crate::app) fn asked_unsaved(state: &State) -> Option<&UnsavedChanges> {
    state.overlays.iter().find_map(|overlay| match overlay {
        Overlay::Unsaved(open) => Some(&open.changes),
        _ => None,
    })
}

impl OverlayHandler for UnsavedOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Unsaved
    }

    fn handle_action(
        &mut self,
        _state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            // The program ends when the file is complete.
            Action::WriteUnsaved | Action::Quit if self.is_writing => {}
            Action::WriteUnsaved => {
                self.is_writing = true;
                effects.push(Effect::WriteUnsaved(self.changes.clone()));
            }
            Action::Quit => effects.push(Effect::QuitUnsaved(self.changes.describe_loss())),
            Action::Back => return OverlayOutcome::Close,
            _ => return OverlayOutcome::Unhandled,
        }
        OverlayOutcome::Keep
    }
}
