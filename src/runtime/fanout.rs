//! The fan-out: one task per run, from waiting for a slot to the run's ending.
//!
//! Runs share nothing but the slots of their provider: one that fails, hangs or panics affects its own pane only.
//! Cancelling drops the run's future, which closes its connection. Every run reports exactly one `Ended`, and nothing
//! after it.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tracing::Instrument as _;

use super::attempt;
use super::run_mailbox::RunMailbox;
use super::run_reporter::RunReporter;
use crate::domain::{ChatRequest, Ending, RunId};
use crate::provider::Provider;
use crate::text::sanitize_line;

/// One run to be started.
pub struct RunTask {
    /// Its identity; every update carries it.
    pub run: RunId,
    /// Who answers.
    pub provider: Arc<dyn Provider>,
    /// What is asked.
    pub request: ChatRequest,
}

/// Starts runs, one task each, and cancels them by dropping their futures.
pub struct Fanout {
    mailbox: RunMailbox,
    live: HashMap<RunId, RunHandle>,
    slots: HashMap<String, ProviderSlots>,
}

struct RunHandle {
    task: AbortHandle,
    reporter: Arc<RunReporter>,
}

/// The slots at one provider.
struct ProviderSlots {
    count: usize,
    free: Arc<Semaphore>,
}

impl Fanout {
    /// A fan-out that reports to `mailbox`. Must be used inside a tokio runtime.
    pub fn new(mailbox: RunMailbox) -> Self {
        Self { mailbox, live: HashMap::new(), slots: HashMap::new() }
    }

    /// Starts one run: queued until its provider has a place, then connecting, streaming, ended.
    ///
    /// A run of the same identity that is still going is cancelled first.
    pub fn start_run(&mut self, task_spec: RunTask) {
        self.cancel_run(task_spec.run);
        self.live.retain(|_, live| !live.reporter.has_ended());
        let run = task_spec.run;
        let reporter = Arc::new(RunReporter::new(run, self.mailbox.clone()));
        let slots =
            self.slots_of(&task_spec.provider.spec().name, task_spec.provider.spec().concurrency);
        let sink = Arc::clone(&reporter);
        let (provider, model) = (&task_spec.provider.spec().name, &task_spec.request.model);
        let span = tracing::info_span!("run", id = %run.short(), provider, model);
        let work = async move {
            let whole = Box::pin(attempt::run_attempts(
                task_spec.provider,
                task_spec.request,
                slots,
                &sink,
            ));
            let ending = AssertUnwindSafe(whole).catch_unwind().await.unwrap_or_else(|panic| {
                Ending::Failed(format!("internal error: {}", panic_message(panic.as_ref())))
            });
            tracing::info!(ending = ending.as_str(), "the run ended");
            sink.report_end(ending);
        };
        let task = tokio::spawn(work.instrument(span));
        self.live.insert(run, RunHandle { task: task.abort_handle(), reporter });
    }

    /// Cancels one run: its connection closes at once, and `Ended(Cancelled)` is reported unless it had ended.
    pub fn cancel_run(&mut self, run: RunId) {
        if let Some(live) = self.live.remove(&run) {
            live.cancel();
        }
    }

    /// Cancels all.
    pub fn cancel_all(&mut self) {
        for (_, live) in self.live.drain() {
            live.cancel();
        }
    }

    /// The number of runs that have not ended.
    pub fn count_live(&self) -> usize {
        self.live.values().filter(|live| !live.reporter.has_ended()).count()
    }

    /// The slots at the provider called `name`; a changed limit makes new ones.
    fn slots_of(&mut self, name: &str, count: usize) -> Arc<Semaphore> {
        let count = count.clamp(1, Semaphore::MAX_PERMITS);
        let fresh = || ProviderSlots { count, free: Arc::new(Semaphore::new(count)) };
        let slots = self.slots.entry(name.to_owned()).or_insert_with(fresh);
        if slots.count != count {
            *slots = fresh();
        }
        Arc::clone(&slots.free)
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        for live in self.live.values() {
            live.task.abort();
        }
    }
}

impl RunHandle {
    fn cancel(self) {
        tracing::info!(run = %self.reporter.run().short(), "cancelled");
        // Reported before the task is dropped: whatever it still reports is dropped.
        self.reporter.report_end(Ending::Cancelled);
        self.task.abort();
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    sanitize_line(words).chars().take(300).collect()
}
