//! The key context: where a key is looked up, derived from the state.

use super::{Action, Focus, KeyContext, NoticeLevel, State, ViewKind};

impl State {
    /// The context in which keys are looked up now.
    pub fn key_context(&self) -> KeyContext {
        if let Some(overlay) = self.overlays.last() {
            return overlay.handler().key_context();
        }
        match self.focus {
            Focus::Composer if self.completion.is_some() => KeyContext::Completion,
            Focus::Composer => KeyContext::Composer,
            Focus::Panes => self.view_context(),
        }
    }

    /// The context of the shown view, even when the composer has the focus.
    pub(super) fn view_context(&self) -> KeyContext {
        match self.view {
            ViewKind::Answers => KeyContext::Panes,
            ViewKind::Compare => KeyContext::Compare,
            ViewKind::Triage if self.triage.typing => KeyContext::Filter,
            ViewKind::Triage if self.triage.selecting.is_some() => KeyContext::Select,
            ViewKind::Triage => KeyContext::Triage,
            ViewKind::Change => KeyContext::Change,
        }
    }

    /// Shows a notice with the contexts in which `action` works.
    pub(super) fn explain_where(&mut self, action: Action, contexts: &[KeyContext]) {
        let titles: Vec<String> = contexts.iter().map(|c| c.title().to_lowercase()).collect();
        let message = format!("\u{201c}{}\u{201d} works here: {}", action.id(), titles.join("; "));
        self.show_notice(NoticeLevel::Info, message);
    }
}
