//! What lies above the panes: one stack, Esc closes the top. Holds what is chosen and typed; rows are made by the
//! keymap and the store, drawn by `ui`.

use crate::domain::SessionSummary;

/// The list of keys and actions; also the command palette.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HelpOverlay {
    /// What was typed to narrow the list.
    pub filter: String,
    /// Set while typing goes into the filter.
    pub typing: bool,
    /// Which row is chosen, among those that the filter leaves.
    pub selected: usize,
}

/// The list of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionsOverlay {
    /// The sessions, newest first; none until the store answered.
    pub sessions: Option<Vec<SessionSummary>>,
    /// What was typed to narrow the list.
    pub filter: String,
    /// Set while typing goes into the filter.
    pub typing: bool,
    /// Which row is chosen, among those that the filter leaves.
    pub selected: usize,
}

impl SessionsOverlay {
    /// The sessions that the filter leaves: every typed word occurs in title or panel, in any case.
    pub fn matching(&self) -> Vec<&SessionSummary> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        let fits = |s: &&SessionSummary| {
            let text = format!("{} {} {}", s.title, s.panel, s.id).to_lowercase();
            words.iter().all(|w| text.contains(w))
        };
        self.sessions.iter().flatten().filter(fits).collect()
    }
}

/// Getting local models that are not there: asks, shows how it goes, says why it failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullOverlay {
    /// The models it is about, by id.
    pub wants: Vec<String>,
    /// A question opened it, and waits in the composer for the answer.
    pub asks: bool,
}

/// One overlay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlay {
    /// Keys and actions.
    Help(HelpOverlay),
    /// Sessions.
    Sessions(SessionsOverlay),
    /// Getting local models.
    Pull(PullOverlay),
}
