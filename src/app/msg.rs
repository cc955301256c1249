//! Messages: key presses, time, reports of runs, results of the store.

use std::time::Duration;

use super::reading::ReadingResult;
use super::{DownloadReport, EditorPurpose, KeyPress, NoticeLevel, Submission};
use crate::domain::{
    RunId, RunUpdate, SearchHit, Session, SessionId, SessionSummary, UnsavedChanges,
};
use crate::text::Highlighted;

/// The current time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock {
    /// Time since the program started; monotonic.
    pub since_start: Duration,
    /// Milliseconds since the Unix epoch.
    pub unix_ms: i64,
}

/// Signals that end the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT from another process (in raw mode Ctrl+C is a key press).
    Interrupt,
    /// SIGTERM
    Terminate,
    /// SIGHUP, or the terminal is gone.
    Hangup,
    /// SIGQUIT
    Quit,
    /// Another signal that would end a program which does not listen to it.
    Other {
        /// Its number on this system.
        number: u8,
        /// Its name: `SIGUSR1`.
        name: &'static str,
    },
}

impl Signal {
    /// Number of the signal. The exit status is 128 plus this number.
    pub fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
            Self::Other { number, .. } => number,
        }
    }

    /// Name of the signal: `SIGTERM`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
            Self::Other { name, .. } => name,
        }
    }
}

/// One message.
#[derive(Debug)]
pub enum Msg {
    /// The current time; precedes all other messages of a frame.
    Clock(Clock),
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted, in one piece.
    Paste(String),
    /// New size of the terminal: columns, rows.
    Resize(u16, u16),
    /// A question given on the command line.
    Ask(String),
    /// A question whose addressees are known.
    Submit(Submission),
    /// Updates of a run since the last frame.
    Run(RunId, Vec<RunUpdate>),
    /// Answers were read.
    Read(Box<ReadingResult>),
    /// Code lines of a run's answer were highlighted.
    Highlighted(RunId, Vec<Highlighted>),
    /// The sessions, newest first, or why they cannot be listed.
    SessionsListed(Result<Vec<SessionSummary>, String>),
    /// Full-text search results for these words, or why the search failed.
    SearchResults(String, Result<Vec<SearchHit>, String>),
    /// A session was renamed, tagged or deleted, with a message for the user, or why not. The list of sessions is outdated.
    SessionChanged(Result<String, String>),
    /// The session to resume, or why it cannot be opened.
    SessionLoaded(Result<Box<Session>, String>),
    /// The editor was closed, with the saved text, or why it could not be used.
    EditorClosed(EditorPurpose, Result<String, String>),
    /// A report on the model file with this id.
    Download(String, DownloadReport),
    /// Download the panel's missing local models without asking.
    DownloadModels,
    /// A notice.
    Notice(NoticeLevel, String),
    /// Another instance has changed the store.
    StoreChanged,
    /// The open session as the store has it now, after a change by another instance; none if it was deleted. Read when
    /// the session of the screen had this revision.
    SessionRefreshed(SessionId, u64, Option<Box<Session>>),
    /// Changes cannot be written to the disk, and why. That stays on the screen.
    StoreFailing(String),
    /// Everything is on disk again.
    StoreRecovered(String),
    /// The program would end, but this is not on disk.
    UnsavedFound(UnsavedChanges),
    /// What is not on disk was written to a file, with a message that says where, or why not.
    UnsavedWritten(Result<String, String>),
    /// A signal that ends the program.
    Signal(Signal),
}
