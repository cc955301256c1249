//! STUB: the interface of the fan-out; being written.

use std::sync::Arc;

use super::inbox::Inbox;
use crate::domain::{ChatRequest, RunId};
use crate::provider::Provider;

/// One run to be started.
pub struct Job {
    /// Its identity; every update carries it.
    pub run: RunId,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// What is asked.
    pub request: ChatRequest,
}

/// Starts runs, one task each, and cancels them by dropping their futures.
pub struct Fanout {
    _inbox: Inbox,
}

impl Fanout {
    /// A fan-out that reports to `inbox`. Must be used inside a tokio runtime.
    pub fn new(inbox: Inbox) -> Self {
        Self { _inbox: inbox }
    }

    /// Starts one run: queued until its provider has a place, then connecting, streaming, ended.
    pub fn start(&mut self, _job: Job) {}

    /// Cancels one run: its connection closes at once, and `Ended(Cancelled)` is reported unless it had ended.
    pub fn cancel(&mut self, _run: RunId) {}

    /// Cancels all.
    pub fn cancel_all(&mut self) {}
}
