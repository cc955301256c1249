//! Overlays: boxes above the view. They form a stack; keys go to the top one.
//!
//! Each file has the state, rows, keys and text input of one overlay. Drawing is in `ui::overlay`; actions that change more
//! than the overlay are in `update`.

mod brief;
mod challenge;
mod confirm;
mod download;
mod export;
mod help;
mod ledger;
mod line_edit;
mod picker;
mod sessions;
mod unsaved;

pub use brief::BriefOverlay;
pub use challenge::ChallengeOverlay;
pub use confirm::Confirmation;
pub use download::DownloadOverlay;
pub use export::ExportOverlay;
pub use help::HelpOverlay;
pub use ledger::{AnswerPosition, LedgerOverlay, LedgerRow};
pub use line_edit::{LineEditOverlay, LineEditPurpose};
pub use picker::{ListCursor, Picker};
pub use sessions::{SessionRow, SessionsOverlay};
pub use unsaved::UnsavedOverlay;

pub(super) use brief::open_brief;
pub(super) use challenge::open_challenge;
pub(super) use confirm::confirm_listed;
pub(super) use export::open_export;
pub(super) use help::open_help;
pub(super) use ledger::{on_ledger_read, open_ledger};
pub(super) use line_edit::edit_verdict;
pub(super) use picker::{edit_filter, list_delta};
pub(super) use sessions::{
    awaits_search, lists_sessions, on_session_changed, on_sessions_found, on_sessions_listed,
    open_sessions,
};
pub(super) use unsaved::{asked_unsaved, close_unsaved, on_unsaved_found, on_unsaved_written};

use super::{Action, Effects, KeyContext, KeyPress, State};

/// One overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// Help and palette.
    Help(HelpOverlay),
    /// The list of sessions.
    Sessions(SessionsOverlay),
    /// Download of local models.
    Download(DownloadOverlay),
    /// One line of text.
    LineEdit(LineEditOverlay),
    /// A confirmation.
    Confirm(Confirmation),
    /// Choice of the persona that challenges a recommendation.
    Challenge(ChallengeOverlay),
    /// Assumptions and numbers.
    Ledger(LedgerOverlay),
    /// A summary with verified quotes.
    Brief(BriefOverlay),
    /// Export of the session to a file.
    Export(ExportOverlay),
    /// The question what becomes of changes that are not on disk.
    Unsaved(UnsavedOverlay),
}

/// How an overlay handled an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlayOutcome {
    /// Handled; the overlay stays open.
    Keep,
    /// Handled; the overlay is closed.
    Close,
    /// The overlay is closed, then this action runs.
    Run(Action),
    /// The action has no meaning in this overlay.
    Unhandled,
}

/// The behaviour that every overlay has.
///
/// While `handle_action` runs, the overlay is not on the stack, so that both it and the state can change.
pub trait OverlayHandler {
    /// The context in which its keys are looked up.
    fn key_context(&self) -> KeyContext;

    /// Handles `action`.
    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome;

    /// Handles a key without an action as text. Overlays without a text line ignore it.
    fn handle_text(&mut self, _key: KeyPress, _effects: &mut Effects) {}

    /// Handles pasted text. Overlays without a text line ignore it: a paste never runs an action.
    fn handle_paste(&mut self, _text: &str, _effects: &mut Effects) {}

    /// True when pasted text goes to the composer below.
    fn is_transparent_to_paste(&self) -> bool {
        false
    }

    /// Receives the text of a line edit that this overlay opened.
    fn on_line_saved(&mut self, _text: &str) {}
}

impl Overlay {
    /// Its handler.
    pub fn handler(&self) -> &dyn OverlayHandler {
        match self {
            Self::Help(overlay) => overlay,
            Self::Sessions(overlay) => overlay,
            Self::Download(overlay) => overlay,
            Self::LineEdit(overlay) => overlay,
            Self::Confirm(overlay) => overlay,
            Self::Challenge(overlay) => overlay,
            Self::Ledger(overlay) => overlay,
            Self::Brief(overlay) => overlay,
            Self::Export(overlay) => overlay,
            Self::Unsaved(overlay) => overlay,
        }
    }

    /// Its handler.
    pub fn handler_mut(&mut self) -> &mut dyn OverlayHandler {
        match self {
            Self::Help(overlay) => overlay,
            Self::Sessions(overlay) => overlay,
            Self::Download(overlay) => overlay,
            Self::LineEdit(overlay) => overlay,
            Self::Confirm(overlay) => overlay,
            Self::Challenge(overlay) => overlay,
            Self::Ledger(overlay) => overlay,
            Self::Brief(overlay) => overlay,
            Self::Export(overlay) => overlay,
            Self::Unsaved(overlay) => overlay,
        }
    }
}

/// Opens an overlay on top, replacing an open one of the same kind.
pub(super) fn open_overlay(state: &mut State, overlay: Overlay) {
    let kind = std::mem::discriminant(&overlay);
    state.overlays.retain(|open| std::mem::discriminant(open) != kind);
    state.overlays.push(overlay);
}

/// Lets the top overlay handle `action`.
pub(super) fn handle_overlay_action(
    state: &mut State,
    action: Action,
    effects: &mut Effects,
) -> OverlayOutcome {
    let Some(mut top) = state.overlays.pop() else { return OverlayOutcome::Unhandled };
    let depth = state.overlays.len();
    let outcome = top.handler_mut().handle_action(state, action, effects);
    if matches!(outcome, OverlayOutcome::Keep | OverlayOutcome::Unhandled) {
        // Overlays opened by the action stay above this one.
        state.overlays.insert(depth.min(state.overlays.len()), top);
    }
    outcome
}
