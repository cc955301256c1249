//! What one run tells the [`Inbox`]: updates, then exactly one ending, and nothing after it.
//!
//! Holds the rule however many threads report: the run's task and whoever cancels it. Decides nothing about the run.

use std::sync::{Mutex, PoisonError};

use super::inbox::Inbox;
use crate::domain::{Ending, RunId, RunUpdate};

/// The reports of one run; its ending is the last.
pub(super) struct Report {
    run: RunId,
    inbox: Inbox,
    over: Mutex<bool>,
}

impl Report {
    /// For `run`, which has not ended, to `inbox`.
    pub(super) fn new(run: RunId, inbox: Inbox) -> Self {
        Self { run, inbox, over: Mutex::new(false) }
    }

    /// Reports `update`, unless the run has ended.
    pub(super) fn tell(&self, update: RunUpdate) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if !*over {
            self.inbox.push(self.run, update);
        }
    }

    /// Reports the ending, unless the run has ended.
    pub(super) fn end(&self, ending: Ending) {
        let mut over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *over, true) {
            self.inbox.push(self.run, RunUpdate::Ended(ending));
        }
    }

    /// True when the run has ended.
    pub(super) fn is_over(&self) -> bool {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
