//! Effects: what must be done outside the state. Plain data, so that tests can compare them; nothing is executed here.

use super::reading::ReadingRequest;
use crate::domain::{Change, ChatRequest, PersonaId, RunId, SessionId, UnsavedChanges};
use crate::text::HighlightJob;

/// One run to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRequest {
    /// The run's id.
    pub run: RunId,
    /// The persona that answers.
    pub persona: PersonaId,
    /// Name of the provider.
    pub provider: String,
    /// The request to send.
    pub request: ChatRequest,
}

/// A scroll command. Its result depends on the rows, which the state does not know.
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
    /// Sideways by columns, right is positive; moves code only.
    Columns(i32),
    /// Follow the stream, or stop following.
    ToggleFollow,
}

/// Why `$EDITOR` is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditorPurpose {
    /// To write the question: the saved text replaces it.
    Question,
    /// To read an answer: the saved text is ignored.
    Answer,
}

/// One effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Start these runs concurrently.
    Ask(Vec<RunRequest>),
    /// Cancel one run.
    Cancel(RunId),
    /// Cancel every run.
    CancelAll,
    /// Store this change.
    Save(Change),
    /// Read answers.
    Read(Box<ReadingRequest>),
    /// Highlight these lines.
    Highlight(RunId, Vec<HighlightJob>),
    /// Scroll the view; among the answers, the pane with this index.
    Scroll(usize, ScrollMove),
    /// Copy this text. The description is shown (`the answer of Kai Lennox`).
    Copy {
        /// The text.
        text: String,
        /// Description of the text.
        what: String,
    },
    /// Copy the code block, or else the section, at the top of the view of the pane with this index.
    CopyBlock(usize),
    /// Open `$EDITOR` with this text.
    Edit(EditorPurpose, String),
    /// Scroll to a position of an answer: pane, run, byte of its text.
    Reveal(usize, RunId, usize),
    /// Scroll to the answer's section that is at the top of the Change view.
    RevealSection(usize),
    /// List the sessions.
    ListSessions,
    /// Search the sessions for these words.
    Search(String),
    /// Stop the search, whose result is not wanted any more.
    StopSearch,
    /// Rename a session.
    Rename(SessionId, String),
    /// Replace the tags of a session.
    Tag(SessionId, Vec<String>),
    /// Delete a session permanently.
    Delete(SessionId),
    /// Write a session to a file, or a folder.
    Export {
        /// The session.
        session: SessionId,
        /// The name of the format.
        format: &'static str,
        /// Path relative to the working folder; none for the default name, or the next free one.
        path: Option<String>,
    },
    /// Read the open session again. The result has this revision.
    RefreshSession(SessionId, u64),
    /// Open a session.
    Open(SessionId),
    /// Download the model file with this id, and report the progress.
    Download(String),
    /// Cancel the download of this model file, and report the number of bytes kept.
    CancelDownload(String),
    /// Clear the caches of all panes, because another session is shown.
    ClearPaneCaches,
    /// Switch between wrapping code and scrolling it sideways.
    ToggleWrap,
    /// Switch to the next theme.
    NextTheme,
    /// Clear the terminal and redraw.
    Redraw,
    /// Suspend the program until the shell continues it.
    Suspend,
    /// End the program with this exit status. With status 0, only if everything is on disk; otherwise the user is asked.
    Quit(u8),
    /// Write what is not on disk to a file, and report where.
    WriteUnsaved(UnsavedChanges),
    /// End the program, although something is not on disk, and print this afterwards.
    QuitUnsaved(String),
}

/// The effects of an update, in the order of execution.
#[derive(Debug, Default, PartialEq)]
pub struct Effects(Vec<Effect>);

impl Effects {
    /// No effects.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an effect.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// True when there are no effects.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The effects in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Effect> {
        self.0.iter()
    }

    /// Removes and returns all effects, in order.
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
