//! What happens to the program: keys, time, reports of runs, answers of the store.

use std::time::Duration;

use super::{DownloadReport, EditorPurpose, KeyPress, NoticeLevel, Submission};
use crate::domain::{RunId, RunUpdate, SearchHit, Session, SessionSummary};
use crate::text::Highlighted;

/// The time, as `runtime` reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Time since the program started; never goes back.
    pub since_start: Duration,
    /// Milliseconds since the Unix epoch.
    pub unix_ms: i64,
}

/// Signals that end the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT from outside (in raw mode the key comes as a key).
    Interrupt,
    /// SIGTERM
    Terminate,
    /// SIGHUP, or the terminal is gone.
    Hangup,
    /// SIGQUIT
    Quit,
}

impl Signal {
    /// The number of the signal: the exit status is 128 more.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }

    /// `SIGTERM` …
    pub fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// One event.
#[derive(Debug)]
pub enum Msg {
    /// The time; comes before every other message of a round.
    Clock(Clock),
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted, in one piece.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// A question given on the command line.
    Ask(String),
    /// A question whose addressees are known.
    Submit(Submission),
    /// What a run reported since the last frame.
    Run(RunId, Vec<RunUpdate>),
    /// Code lines of a run's answer were highlighted.
    Highlighted(RunId, Vec<Highlighted>),
    /// The sessions, newest first, or why they cannot be listed.
    SessionsListed(Result<Vec<SessionSummary>, String>),
    /// What full-text search found for these words, or why it could not search.
    SearchResults(String, Result<Vec<SearchHit>, String>),
    /// A session was renamed, tagged or deleted (its words), or why not. The list is out of date.
    SessionChanged(Result<String, String>),
    /// The session to resume, or why it cannot be opened.
    SessionLoaded(Result<Box<Session>, String>),
    /// The editor was closed; the text it left, or why it could not be used.
    EditorClosed(EditorPurpose, Result<String, String>),
    /// A report on the model file with this id.
    Download(String, DownloadReport),
    /// Download the panel's missing local models without asking.
    DownloadModels,
    /// A notice.
    Notice(NoticeLevel, String),
    /// A signal that ends the program.
    Signal(Signal),
}
