//! What must be done outside the state: pushed by `update`, executed by `runtime`. Plain data, so that tests can compare it.

use crate::domain::{Change, ChatRequest, PersonaId, RunId, SessionId};
use crate::text::HighlightJob;

/// One run to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRequest {
    /// Its identity.
    pub run: RunId,
    /// Who answers.
    pub persona: PersonaId,
    /// Name of the provider.
    pub provider: String,
    /// What is asked.
    pub request: ChatRequest,
}

/// How a pane's view moves. The view knows the rows, the state does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScrollMove {
    /// By rows, down is positive.
    Lines(i32),
    /// By half pages, down is positive.
    HalfPages(i32),
    /// By pages, down is positive.
    Pages(i32),
    /// To the first row.
    Top,
    /// To the last row, following the stream again.
    Bottom,
    /// To the next (or previous) heading.
    Section(bool),
    /// To the next (or previous) code block.
    Code(bool),
    /// Sideways by columns, right is positive; only code moves.
    Columns(i32),
    /// Follow the stream, or stop following.
    ToggleFollow,
}

/// What the editor is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditorPurpose {
    /// To write the question; its text comes back.
    Question,
    /// To read an answer; nothing comes back.
    Answer,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Start these runs, all at once.
    Ask(Vec<RunRequest>),
    /// Cancel one run.
    Cancel(RunId),
    /// Cancel every run.
    CancelAll,
    /// Store this.
    Save(Change),
    /// Highlight these lines.
    Highlight(RunId, Vec<HighlightJob>),
    /// Scroll the view; among the answers, the pane with this index.
    Scroll(usize, ScrollMove),
    /// Copy this text. The description is shown (`the answer of Kai Lennox`).
    Copy {
        /// The text.
        text: String,
        /// What it is.
        what: String,
    },
    /// Copy the code block, or else the section, at the top of the view of the pane with this index.
    CopyBlock(usize),
    /// Open `$EDITOR`.
    Edit(EditorPurpose, String),
    /// Scroll to a position of an answer: pane, run, byte of its text.
    Reveal(usize, RunId, usize),
    /// Scroll to the section that is at the top of the change view, in its answer.
    RevealSection(usize),
    /// List the sessions.
    ListSessions,
    /// Find the sessions whose text contains these words.
    Search(String),
    /// Give a session another title.
    Rename(SessionId, String),
    /// Give a session these tags.
    Tag(SessionId, Vec<String>),
    /// Delete a session for good.
    Delete(SessionId),
    /// Write a session to a file, or a folder.
    Export {
        /// Which one.
        session: SessionId,
        /// The name of the format.
        format: &'static str,
        /// Relative to the working folder. Without one: the default name there, or the next free one.
        path: Option<String>,
    },
    /// Open a session.
    Open(SessionId),
    /// Download the model file with this id, and report the progress.
    Download(String),
    /// Cancel the download, and report how much is kept.
    CancelDownload(String),
    /// Clear what is cached per pane: another session is shown.
    ClearPaneCaches,
    /// Code is wrapped, or scrolls sideways.
    ToggleWrap,
    /// The next theme.
    NextTheme,
    /// Clear the terminal and redraw.
    Redraw,
    /// Stop until the shell continues the program.
    Suspend,
    /// End with this exit status.
    Quit(u8),
}

/// The effects that `update` asks for, in the order in which they are to be done.
#[derive(Debug, Default, PartialEq)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// No effects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one behind the others.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// True when nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The effects in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Effect> {
        self.0.iter()
    }

    /// Takes all effects out, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect> {
        self.0.drain(..)
    }
}

impl Extend<Effect> for Effects {
    fn extend<I: IntoIterator<Item = Effect>>(&mut self, effects: I) {
        self.0.extend(effects);
    }
}

impl IntoIterator for Effects {
    type Item = Effect;
    type IntoIter = std::vec::IntoIter<Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Effects {
    type Item = &'a Effect;
    type IntoIter = std::slice::Iter<'a, Effect>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
