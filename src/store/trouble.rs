//! What went wrong, on its way from the worker to the status line; and SQLite's errors in words.
//!
//! The worker tells each problem once, when it begins and when it is over; nobody is told about every
//! attempt in between. Used by the worker and by [`super::Store`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::ErrorCode;
use tokio::sync::Notify;

use super::StoreError;

/// Troubles that are kept for a caller that never asks.
const KEPT: usize = 16;

/// Troubles that nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Troubles {
    untold: Mutex<VecDeque<StoreError>>,
    ready: Notify,
    /// What the worker does takes long, and that is no fault.
    patience: AtomicBool,
}

impl Troubles {
    /// No troubles.
    pub(super) fn new() -> Self {
        Self {
            untold: Mutex::new(VecDeque::new()),
            ready: Notify::new(),
            patience: AtomicBool::new(false),
        }
    }

    /// Adds one; the oldest is forgotten when nobody asks.
    pub(super) fn tell(&self, trouble: StoreError) {
        tracing::warn!(%trouble, "store");
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        if untold.len() >= KEPT {
            untold.pop_front();
        }
        untold.push_back(trouble);
        drop(untold);
        self.ready.notify_one();
    }

    /// Says that callers must wait longer than for an answer, or (`wait` false) need not any more.
    pub(super) fn be_patient(&self, wait: bool) {
        self.patience.store(wait, Ordering::Relaxed);
    }

    /// True when a worker that does not answer is at work.
    pub(super) fn is_patience_asked(&self) -> bool {
        self.patience.load(Ordering::Relaxed)
    }

    /// Takes the oldest.
    pub(super) fn take(&self) -> Option<StoreError> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits until there is one.
    pub(super) async fn wait(&self) {
        loop {
            let told = self.ready.notified();
            if !self.untold.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            told.await;
        }
    }
}

/// True when somebody else holds the file.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// True when the file's content is not what SQLite wrote: it must not be written any more.
pub(super) fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// True when the fault lies in the one change that was written, not in the file: trying again cannot help.
pub(super) fn is_of_the_change(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
        ),
        None => true,
    }
}

/// What happened and what to do, without the file's name.
pub(super) fn words(error: &rusqlite::Error) -> String {
    let Some(code) = error.sqlite_error_code() else { return error.to_string() };
    match code {
        ErrorCode::DiskFull => "the disk is full; free some space".to_owned(),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            "the file or its folder is read-only; make both writable".to_owned()
        }
        ErrorCode::CannotOpen => {
            "the file or its folder cannot be opened; check that both exist and are yours"
                .to_owned()
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program has held the file for more than 5 s; end it".to_owned()
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            "the file is damaged or not a store of plenary".to_owned()
        }
        ErrorCode::SystemIoFailure => format!("the disk reports an error ({error})"),
        ErrorCode::OutOfMemory => "there is no memory left".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_is_told_once_and_the_oldest_is_forgotten_first() {
        let troubles = Troubles::new();
        for n in 0..KEPT + 2 {
            troubles.tell(StoreError::Io(n.to_string()));
        }
        troubles.wait().await;
        assert_eq!(troubles.take(), Some(StoreError::Io("2".into())));
        assert_eq!(std::iter::from_fn(|| troubles.take()).count(), KEPT - 1);
        assert_eq!(troubles.take(), None);
    }
}
