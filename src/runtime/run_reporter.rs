//! Reports of one run: updates, then exactly one ending, and nothing after it, whichever thread reports first.

use std::sync::{Mutex, PoisonError};

use super::run_mailbox::RunMailbox;
use crate::domain::{Ending, RunId, RunUpdate};

/// The reports of one run; its ending is the last.
pub(super) struct RunReporter {
    run: RunId,
    mailbox: RunMailbox,
    ended: Mutex<bool>,
}

impl RunReporter {
    /// For `run`, which has not ended, to `mailbox`.
    pub(super) fn new(run: RunId, mailbox: RunMailbox) -> Self {
        Self { run, mailbox, ended: Mutex::new(false) }
    }

    /// The run.
    pub(super) fn run(&self) -> RunId {
        self.run
    }

    /// Reports `update`, unless the run has ended.
    pub(super) fn report_update(&self, update: RunUpdate) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if !*ended {
            self.mailbox.push(self.run, update);
        }
    }

    /// Waits while much of the run's text has not been taken from the mailbox.
    pub(super) async fn wait_for_room(&self) {
        self.mailbox.wait_for_room(self.run).await;
    }

    /// Reports the ending, unless the run has ended.
    pub(super) fn report_end(&self, ending: Ending) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *ended, true) {
            self.mailbox.push(self.run, RunUpdate::Ended(ending));
        }
    }

    /// True when the run has ended.
    pub(super) fn has_ended(&self) -> bool {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
