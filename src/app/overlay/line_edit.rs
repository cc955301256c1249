//! Editing one line: a comment, an owner, a title, tags, a path. Enter saves it, Esc discards the edit.

use super::{Overlay, OverlayHandler, OverlayOutcome, open_overlay};
use crate::app::update::{session, triage, triage_list};
use crate::app::{Action, Effects, KeyContext, KeyPress, LineEditor, State};
use crate::domain::{RecommendationId, SessionId};

/// What the line edit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEditPurpose {
    /// The comment on a recommendation.
    Comment(RecommendationId),
    /// The owner of a recommendation.
    Owner(RecommendationId),
    /// The title of a recommendation.
    Title(RecommendationId),
    /// The title of a session.
    SessionTitle(SessionId),
    /// The tags of a session, separated by spaces.
    SessionTags(SessionId),
    /// The path of an export.
    ExportPath,
}

/// One line of text that is being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineEditOverlay {
    /// What the line edit changes.
    pub purpose: LineEditPurpose,
    /// Title of the recommendation or session, or another description of the subject; sanitised.
    pub subject: String,
    /// The line.
    pub line: LineEditor,
}

impl LineEditOverlay {
    /// Edits `text`, the cursor at its end.
    pub fn new(purpose: LineEditPurpose, subject: String, text: &str) -> Self {
        Self { purpose, subject, line: LineEditor::new(text) }
    }

    fn save_text(&self, state: &mut State, effects: &mut Effects) {
        let text = self.line.text();
        match &self.purpose {
            LineEditPurpose::Comment(id) => triage::save_comment(state, *id, &text, effects),
            LineEditPurpose::Owner(id) => triage::save_owner(state, *id, &text, effects),
            LineEditPurpose::Title(id) => triage::save_title(state, *id, &text, effects),
            LineEditPurpose::SessionTitle(id) => {
                session::rename_session(state, *id, &text, effects);
            }
            LineEditPurpose::SessionTags(id) => session::tag_session(*id, &text, effects),
            LineEditPurpose::ExportPath => {
                if let Some(below) = state.overlays.last_mut() {
                    below.handler_mut().on_line_saved(&text);
                }
            }
        }
    }
}

/// Opens the line edit for comment, owner or title of the selected recommendation.
pub(in crate::app) fn edit_verdict(
    state: &mut State,
    purpose: fn(RecommendationId) -> LineEditPurpose,
) {
    let Some(item) = triage_list::selected_item(state) else { return };
    let purpose = purpose(item.id());
    let text = match &purpose {
        LineEditPurpose::Comment(_) => &item.verdict().comment,
        LineEditPurpose::Owner(_) => &item.verdict().owner,
        _ => item.leader.found.title(),
    };
    let overlay = LineEditOverlay::new(purpose, triage_list::short_title(&item), text);
    open_overlay(state, Overlay::LineEdit(overlay));
}

impl OverlayHandler for LineEditOverlay {
    fn key_context(&self) -> KeyContext {
        KeyContext::Line
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open => self.save_text(state, effects),
            Action::Back => {}
            _ => return OverlayOutcome::Unhandled,
        }
        OverlayOutcome::Close
    }

    fn handle_text(&mut self, key: KeyPress, _effects: &mut Effects) {
        self.line.handle_key(key);
    }

    fn handle_paste(&mut self, text: &str, _effects: &mut Effects) {
        self.line.insert_text(text.trim());
    }
}
