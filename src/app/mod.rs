//! The program as data: [`State`], messages ([`Msg`]) that change it, and effects ([`Effect`]) to execute outside.
//!
//! [`update()`] is the complete behaviour. It has no IO, no clock (the time is a message, [`Msg::Clock`]) and no
//! terminal, so that every key and event can be tested as a table. Nothing is drawn or executed here.

pub mod action;
mod apply;
pub mod composer;
pub mod effect;
pub mod ids;
pub mod key;
mod key_context;
pub mod keymap;
pub mod line_editor;
pub mod local_models;
pub mod msg;
pub mod notice;
pub mod overlay;
pub mod pane;
pub mod reading;
pub mod roster;
pub mod run_display;
pub mod side_turn;
pub mod state;
pub mod submission;
pub mod triage;
pub mod update;
pub mod view;

pub use action::Action;
pub use composer::{Completion, Composer};
pub use effect::{EditorPurpose, Effect, Effects, RunRequest, ScrollMove};
pub use key::{KeyCode, KeyPress};
pub use keymap::{KeyContext, Keymap};
pub use line_editor::LineEditor;
pub use local_models::{DownloadReport, LocalModels};
pub use msg::{Clock, Msg, Signal};
pub use notice::{Notice, NoticeLevel};
pub use overlay::{
    AnswerPosition, BriefOverlay, ChallengeOverlay, Confirmation, DownloadOverlay, ExportOverlay,
    HelpOverlay, LedgerOverlay, LedgerRow, LineEditOverlay, LineEditPurpose, ListCursor, Overlay,
    Picker, SessionRow, SessionsOverlay, UnsavedOverlay,
};
pub use pane::Pane;
pub use roster::{Answerer, AskTarget, Roster};
pub use run_display::{RunDisplay, RunDisplays, RunQuestion, RunRef};
pub use side_turn::SideTurnRef;
pub use state::{Focus, LayoutMode, State, StoredCopy};
pub use submission::Submission;
pub use triage::TriageState;
pub use update::update;
pub use view::{CompareState, TriageFilter, TriageStatus, ViewKind};
