//! The list of sessions: find, open, rename, tag and delete them. Reading and writing sessions are effects.

use super::{
    Confirmation, LineEditOverlay, LineEditPurpose, Overlay, OverlayHandler, OverlayOutcome,
    Picker, open_overlay,
};
use crate::app::update::session;
use crate::app::{Action, Effect, Effects, KeyContext, KeyPress, NoticeLevel, State};
use crate::domain::{SearchHit, SessionSummary};
use crate::text::sanitize_line;

/// The list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionsOverlay {
    /// The sessions, newest first; none until they are loaded.
    pub sessions: Option<Vec<SessionSummary>>,
    /// The filter and the selected row.
    pub picker: Picker,
    /// The words of the last completed full-text search, and its hits.
    pub found: Option<(String, Vec<SearchHit>)>,
}

/// One row of the list of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow<'a> {
    /// The session.
    pub session: &'a SessionSummary,
    /// The full-text hit, when the session does not match by title, tags, panel or id.
    pub hit: Option<&'a SearchHit>,
}

/// Opens the list and requests the sessions.
pub(in crate::app) fn open_sessions(state: &mut State, effects: &mut Effects) {
    open_overlay(state, Overlay::Sessions(SessionsOverlay::default()));
    effects.push(Effect::ListSessions);
}

/// Takes the loaded sessions. The selection stays, because the list is reloaded after each change.
pub(in crate::app) fn on_sessions_listed(
    state: &mut State,
    list: Result<Vec<SessionSummary>, String>,
) {
    match list {
        Ok(sessions) => {
            for overlay in opened_lists(state) {
                if overlay.sessions.is_none() {
                    overlay.picker.cursor.selected = 0;
                }
                overlay.sessions = Some(sessions.clone());
                let rows = overlay.matching_rows().len();
                overlay.picker.cursor.move_by(0, rows);
            }
        }
        Err(reason) => {
            state.overlays.retain(|overlay| !matches!(overlay, Overlay::Sessions(_)));
            state.show_notice(NoticeLevel::Error, reason);
        }
    }
}

/// Takes the results of a full-text search. They are displayed only while the filter is still `words`.
pub(in crate::app) fn on_sessions_found(
    state: &mut State,
    words: &str,
    hits: Result<Vec<SearchHit>, String>,
) {
    match hits {
        Ok(hits) => {
            for overlay in opened_lists(state) {
                overlay.found = Some((words.to_owned(), hits.clone()));
            }
        }
        Err(reason) => state.show_notice(NoticeLevel::Error, reason),
    }
}

/// Reports that a session was renamed, tagged or deleted, or why not, and reloads the list.
pub(in crate::app) fn on_session_changed(
    state: &mut State,
    outcome: Result<String, String>,
    effects: &mut Effects,
) {
    match outcome {
        Ok(message) => state.show_notice(NoticeLevel::Info, message),
        Err(reason) => state.show_notice(NoticeLevel::Error, reason),
    }
    if opened_lists(state).next().is_some() {
        effects.push(Effect::ListSessions);
    }
}

/// True while the list is open, below other overlays too.
pub(in crate::app) fn lists_sessions(state: &State) -> bool {
    state.overlays.iter().any(|open| matches!(open, Overlay::Sessions(_)))
}

/// True while an open list awaits the result of a search.
pub(in crate::app) fn awaits_search(state: &State) -> bool {
    state.overlays.iter().any(|open| matches!(open, Overlay::Sessions(list) if list.is_searching()))
}

fn opened_lists(state: &mut State) -> impl Iterator<Item = &mut SessionsOverlay> {
    state.overlays.iter_mut().filter_map(|overlay| match overlay {
        Overlay::Sessions(list) => Some(list),
        _ => None,
    })
}

impl SessionsOverlay {
    /// The sessions that match the filter: first by title, tags, panel or id, then by the text of questions and answers.
    pub fn matching_rows(&self) -> Vec<SessionRow<'_>> {
        let words = self.picker.filter_words();
        let is_match = |session: &&SessionSummary| {
            let tags = session.tags.join(" ");
            let text = format!("{} {tags} {} {}", session.title, session.panel, session.id);
            let text = text.to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let named = self.sessions.iter().flatten().filter(is_match);
        let mut rows: Vec<SessionRow<'_>> =
            named.map(|session| SessionRow { session, hit: None }).collect();
        let found = self.found.as_ref().filter(|(words, _)| *words == self.picker.filter);
        for hit in found.iter().flat_map(|(_, hits)| hits) {
            if rows.iter().all(|row| row.session.id != hit.session.id) {
                rows.push(SessionRow { session: &hit.session, hit: Some(hit) });
            }
        }
        rows
    }

    fn selected_session(&self) -> Option<&SessionSummary> {
        self.matching_rows().get(self.picker.selected()).map(|row| row.session)
    }

    fn open_selected(&self, state: &mut State, effects: &mut Effects) {
        if let Some(session) = self.selected_session() {
            session::open_session(state, session.id, effects);
        }
    }

    fn edit_title(&self, state: &mut State) {
        if let Some(session) = self.selected_session() {
            let purpose = LineEditPurpose::SessionTitle(session.id);
            open_session_line(state, session, purpose, &session.title);
        }
    }

    fn edit_tags(&self, state: &mut State) {
        if let Some(session) = self.selected_session() {
            let purpose = LineEditPurpose::SessionTags(session.id);
            open_session_line(state, session, purpose, &session.tags.join(" "));
        }
    }

    fn confirm_delete(&self, state: &mut State) {
        let Some(session) = self.selected_session() else { return };
        if state.session_id() == Some(session.id) && state.is_live() {
            state.show_notice(
                NoticeLevel::Warning,
                "answers of this session are still streaming. Press X to cancel them",
            );
            return;
        }
        let confirmation = Confirmation::DeleteSession {
            session: session.id,
            title: sanitize_line(&session.title),
        };
        open_overlay(state, Overlay::Confirm(confirmation));
    }

    fn search_text(&self, effects: &mut Effects) {
        if !self.picker.filter.trim().is_empty() {
            effects.push(Effect::Search(self.picker.filter.clone()));
        }
    }

    /// True while the result of a search is awaited.
    fn is_searching(&self) -> bool {
        let filter = &self.picker.filter;
        !filter.trim().is_empty() && self.found.as_ref().is_none_or(|(words, _)| words != filter)
    }
}

fn open_session_line(
    state: &mut State,
    session: &SessionSummary,
    purpose: LineEditPurpose,
    text: &str,
) {
    let subject = sanitize_line(&session.title);
    let overlay = LineEditOverlay::new(purpose, subject, &sanitize_line(text));
    open_overlay(state, Overlay::LineEdit(overlay));
}

impl OverlayHandler for SessionsOverlay {
    fn key_context(&self) -> KeyContext {
        if self.picker.typing { KeyContext::Filter } else { KeyContext::Sessions }
    }

    fn handle_action(
        &mut self,
        state: &mut State,
        action: Action,
        effects: &mut Effects,
    ) -> OverlayOutcome {
        match action {
            Action::Open => self.open_selected(state, effects),
            Action::Rename => self.edit_title(state),
            Action::Tag => self.edit_tags(state),
            Action::Drop => self.confirm_delete(state),
            _ => {
                let rows = self.matching_rows().len();
                return self.picker.handle_action(action, rows);
            }
        }
        OverlayOutcome::Keep
    }

    fn handle_text(&mut self, key: KeyPress, effects: &mut Effects) {
        if self.picker.handle_text(key) {
            self.search_text(effects);
        }
    }

    fn handle_paste(&mut self, text: &str, effects: &mut Effects) {
        if self.picker.handle_paste(text) {
            self.search_text(effects);
        }
    }
}
