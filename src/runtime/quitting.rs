//! The end of the program: finds what is not on disk, and after a signal, when no question can be asked, writes it to a
//! file.
//!
//! Does not ask and prints nothing; the message for the terminal is returned.

use std::time::Duration;

use super::unsaved_files::write_unsaved;
use crate::app::State;
use crate::domain::{Session, UnsavedChanges};
use crate::store::Store;

/// How long quitting waits for the disk before the user is asked.
const QUIT_FLUSH_TIME: Duration = Duration::from_secs(3);

/// How long the end after a signal waits for the disk. Whoever sends signals kills soon after.
const SIGNAL_FLUSH_TIME: Duration = Duration::from_secs(3);

/// How long it then waits for a store that has not written everything.
const SIGNAL_END_TIME: Duration = Duration::from_secs(1);

/// How the TUI ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TuiEnd {
    /// The exit status.
    pub status: u8,
    /// To be printed when the terminal is restored: what is not on disk.
    pub farewell: Option<String>,
}

/// Writes what is queued, and returns what is not on disk then; none if everything is.
pub(super) async fn find_unsaved(store: &Store, state: &State) -> Option<UnsavedChanges> {
    let open = state.session.as_ref();
    let flushing = store.clone();
    let flushed = tokio::task::spawn_blocking(move || flushing.flush_within(QUIT_FLUSH_TIME)).await;
    let unsaved = match flushed {
        Ok(Ok(unsaved)) => unsaved,
        Ok(Err(e)) => assume_unsaved(open, e.to_string()),
        Err(e) => assume_unsaved(open, e.to_string()),
    };
    (!unsaved.is_empty()).then_some(unsaved)
}

/// Writes what is queued, and what is not on disk then to a file. Returns what to print.
pub(super) fn save_at_exit(store: &Store, state: &State) -> Option<String> {
    let open = state.session.as_ref();
    let unsaved = store
        .flush_within(SIGNAL_FLUSH_TIME)
        .unwrap_or_else(|e| assume_unsaved(open, e.to_string()));
    if unsaved.is_empty() {
        return None;
    }
    store.limit_end(SIGNAL_END_TIME);
    let known = (state.roster.personas.as_slice(), &*state.roster.synonyms);
    Some(match write_unsaved(store, &unsaved, open, known) {
        Ok(farewell) => farewell,
        Err(reason) => format!("{}; {reason}", unsaved.describe_loss()),
    })
}

/// The store does not answer: whatever is on the screen may not be on disk.
fn assume_unsaved(open: Option<&Session>, reason: String) -> UnsavedChanges {
    UnsavedChanges {
        sessions: open.iter().map(|session| session.id).collect(),
        answers: open.map_or(0, |session| session.runs().filter(|run| run.has_text()).count()),
        reason,
    }
}
