//! Export of the session to a file: choice of the format and the path. Does not write the file.

use super::{
    LineEditOverlay, LineEditPurpose, ListCursor, Overlay, OverlayHandler, OverlayOutcome,
    open_overlay,
};
use crate::app::{Action, Effect, Effects, KeyContext, NoticeLevel, State};
use crate::domain::SessionId;
use crate::export::{ExportTarget, TARGETS};

/// Format and path of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOverlay {
    /// The selected row of [`TARGETS`].
    pub cursor: ListCursor,
    /// The user's path; none for the default name of the format.
    pub path: Option<String>,
}

/// Opens the overlay, unless no question has been asked yet.
pub(in crate::app) fn open_export(state: &mut State) {
    if state.session_id().is_none() {
        state.show_notice(NoticeLevel::Info, "ask a question first: nothing to export yet");
        return;
    }
    // A review usually ends with a decision record.
    let selected = TARGETS.iter().position(|target| target.name == "adr").unwrap_or(0);
    let overlay = ExportOverlay { cursor: ListCursor { selected }, path: None };
    open_overlay(state, Overlay::Export(overlay));
}

impl ExportOverlay {
    /// The selected format.
    pub fn target(&self) -> &'static ExportTarget {
        TARGETS.get(self.cursor.selected).unwrap_or(&TARGETS[0])
    }

    /// The path of the export of `session`.
    pub fn path(&self, session: Option<SessionId>) -> String {
        self.path.clone().unwrap_or_else(|| {
            let id = session.map(|id| id.short()).unwrap_or_default();
            self.target().file_name(&id)
        })
    }

    fn edit_path(&self, state: &mut State) {
        let subject = format!("where the {} is written", self.target().name);
        let path = self.path(state.session_id());
        let overlay = LineEditOverlay::new(LineEditPurpose::ExportPath, subject, &path);
        open_overlay(state, Overlay::LineEdit(overlay));
    }

    fn request_export(&self, state: &State, effects: &mut Effects) {
        if let Some(session) = state.session_id() {
            let (format, path) = (self.target().name, self.path.clone());
            effects.push(Effect::Export { session, format, path });
        }
    }
}

impl OverlayHandler for ExportOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Export
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open => {
                self.request_export(state, effects);
                OverlayOutcome::Close
            }
            Action::Edit => {
                self.edit_path(state);
                OverlayOutcome::Keep
            }
            _ => self.cursor.handle_action(action, TARGETS.len()),
        }
    }

    fn on_line_saved(&mut self, text: &str) {
        let text = text.trim();
        self.path = (!text.is_empty()).then(|| text.to_owned());
    }
}
