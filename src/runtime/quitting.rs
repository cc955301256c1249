//! The end of the program: finds what is not on disk, and after a signal, when no question can be asked, writes it to a
//! file.
//!
//! Listens to signals while it waits for the disk. Does not ask and prints nothing; the message for the terminal is returned.

use std::sync::Arc;
use std::time::Duration;

use super::signals::TuiSignals;
use super::unsaved_files::write_unsaved;
use crate::app::{Signal, State};
use crate::domain::{Persona, Session, UnsavedChanges};
use crate::review::HeadingSynonyms;
use crate::store::Store;

/// How long quitting waits for the disk before the user is asked.
const QUIT_FLUSH_TIME: Duration = Duration::from_secs(3);

/// How long the end after a signal waits for the disk. A sender of signals kills soon after.
const SIGNAL_FLUSH_TIME: Duration = Duration::from_secs(3);

/// How much of that is left after a second signal.
const SECOND_SIGNAL_TIME: Duration = Duration::from_secs(1);

/// How the TUI ended.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct TuiEnd {
    /// The exit status.
    pub status: u8,
    /// To be printed when the terminal is restored: what is not on disk.
    pub farewell: Option<String>,
}

/// Writes what is queued, and returns what is not on disk then; none if everything is. A signal that ends the program is
/// returned at once.
pub(super) async fn find_unsaved(
    store: &Store,
    state: &State,
    signals: &mut TuiSignals,
) -> Result<Option<UnsavedChanges>, Signal> {
    let flushing = store.clone();
    let flush = tokio::task::spawn_blocking(move || flushing.flush_within(QUIT_FLUSH_TIME));
    let flushed = tokio::select! {
        biased;
        signal = signals.next_end() => return Err(signal),
        flushed = flush => flushed,
    };
    let open = state.session.as_ref();
    let unsaved = match flushed {
        Ok(Ok(unsaved)) => unsaved,
        Ok(Err(e)) => assume_unsaved(open, e.to_string()),
        Err(e) => assume_unsaved(open, e.to_string()),
    };
    Ok((!unsaved.is_empty()).then_some(unsaved))
}

/// Writes what is queued, and what is not on disk then to a file. Returns what to print. A second signal leaves a second
/// for that: a terminal that closes and a system that shuts down send two at once.
pub(super) async fn save_at_exit(
    store: &Store,
    state: &State,
    signals: &mut TuiSignals,
) -> Option<String> {
    let (saving, open) = (store.clone(), state.session.clone());
    let (personas, synonyms) = (state.roster.personas.clone(), Arc::clone(&state.roster.synonyms));
    let mut save = tokio::task::spawn_blocking(move || {
        save_or_export(&saving, open.as_ref(), (&personas, &synonyms))
    });
    let saved = tokio::select! {
        biased;
        saved = &mut save => Ok(saved),
        signal = signals.next_end() => match tokio::time::timeout(SECOND_SIGNAL_TIME, save).await {
            Ok(saved) => Ok(saved),
            Err(_) => Err(signal),
        },
    };
    let farewell = match saved {
        Ok(Ok(farewell)) => farewell,
        Ok(Err(e)) => Some(assume_unsaved(state.session.as_ref(), e.to_string()).describe_loss()),
        Err(signal) => Some(format!(
            "ended by a second signal ({}) while the disk did not answer: the latest answers may \
             not be on disk",
            signal.name()
        )),
    };
    if farewell.is_some() {
        // The disk has had its time.
        store.limit_close(Duration::ZERO);
    }
    farewell
}

fn save_or_export(
    store: &Store,
    open: Option<&Session>,
    known: (&[Arc<Persona>], &HeadingSynonyms),
) -> Option<String> {
    let unsaved = store
        .flush_within(SIGNAL_FLUSH_TIME)
        .unwrap_or_else(|e| assume_unsaved(open, e.to_string()));
    if unsaved.is_empty() {
        return None;
    }
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
