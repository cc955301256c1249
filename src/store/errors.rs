//! Store errors on their way from the worker to the status line, and texts for SQLite's errors.
//!
//! The worker reports a problem once when it begins and once when it is over, not at every attempt in between.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::ErrorCode;
use tokio::sync::Notify;

use super::StoreError;

/// Maximum number of errors kept for a caller that does not take them.
const MAX_QUEUED_ERRORS: usize = 16;

/// Errors that no caller has taken yet.
#[derive(Debug)]
pub(super) struct StoreErrors {
    queued: Mutex<VecDeque<StoreError>>,
    ready: Notify,
    /// The worker is busy with something that may take minutes.
    slow: AtomicBool,
}

impl StoreErrors {
    /// No errors.
    pub(super) fn new() -> Self {
        Self {
            queued: Mutex::new(VecDeque::new()),
            ready: Notify::new(),
            slow: AtomicBool::new(false),
        }
    }

    /// Adds an error. Drops the oldest one beyond the limit.
    pub(super) fn push(&self, error: StoreError) {
        tracing::warn!(%error, "store");
        let mut queued = self.queued.lock().unwrap_or_else(PoisonError::into_inner);
        if queued.back() == Some(&error) {
            return;
        }
        if queued.len() >= MAX_QUEUED_ERRORS {
            queued.pop_front();
        }
        queued.push_back(error);
        drop(queued);
        self.ready.notify_one();
    }

    /// Marks the worker as slow, so that callers extend their timeout.
    pub(super) fn set_slow(&self, slow: bool) {
        self.slow.store(slow, Ordering::Relaxed);
    }

    /// True if callers should extend their timeout.
    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Removes and returns the oldest error.
    pub(super) fn take(&self) -> Option<StoreError> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Waits until there is an error.
    pub(super) async fn wait_for_error(&self) {
        loop {
            let notified = self.ready.notified();
            if !self.queued.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            notified.await;
        }
    }
}

/// True if another connection holds the file.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// True if the file's content is not what SQLite wrote. Such a file must not be written.
pub(super) fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// True if the change that was written causes the error, not the file. Another attempt cannot help.
pub(super) fn is_caused_by_change(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
        ),
        None => true,
    }
}

/// Describes the error and what to do about it, without the file's name.
pub(super) fn describe_error(error: &rusqlite::Error) -> String {
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
        ErrorCode::OutOfMemory => "out of memory".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn returns_each_error_once_and_drops_the_oldest_first() {
        let errors = StoreErrors::new();
        for n in 0..MAX_QUEUED_ERRORS + 2 {
            errors.push(StoreError::Io(n.to_string()));
        }
        errors.wait_for_error().await;
        assert_eq!(errors.take(), Some(StoreError::Io("2".into())));
        assert_eq!(std::iter::from_fn(|| errors.take()).count(), MAX_QUEUED_ERRORS - 1);
        assert_eq!(errors.take(), None);
    }
}
