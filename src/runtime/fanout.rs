//! The fan-out: one task a run, from waiting for a place to its ending.
//!
//! Runs share nothing but the number of places at their provider: one that fails, hangs or panics is that pane's
//! state and nobody else's. Cancelling drops the run's future, which closes its connection. Exactly one `Ended` comes
//! of every run, and nothing after it. Reports to the [`Inbox`]; the loop and the headless `ask` start runs here.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use super::attempt;
use super::inbox::Inbox;
use super::report::Report;
use crate::domain::{ChatRequest, Ending, RunId};
use crate::provider::Provider;
use crate::text::sanitize_line;

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
    inbox: Inbox,
    live: HashMap<RunId, Live>,
    places: HashMap<String, Places>,
}

struct Live {
    task: AbortHandle,
    report: Arc<Report>,
}

/// The places at one provider.
struct Places {
    many: usize,
    free: Arc<Semaphore>,
}

impl Fanout {
    /// A fan-out that reports to `inbox`. Must be used inside a tokio runtime.
    pub fn new(inbox: Inbox) -> Self {
        Self { inbox, live: HashMap::new(), places: HashMap::new() }
    }

    /// Starts one run: queued until its provider has a place, then connecting, streaming, ended.
    ///
    /// A run of the same identity that is still going is cancelled first.
    pub fn start(&mut self, job: Job) {
        self.cancel(job.run);
        self.live.retain(|_, live| !live.report.is_over());
        let run = job.run;
        let report = Arc::new(Report::new(run, self.inbox.clone()));
        let places = self.places(&job.provider.spec().name, job.provider.spec().concurrency);
        let sink = Arc::clone(&report);
        let task = tokio::spawn(async move {
            let whole = Box::pin(attempt::run(job.provider, job.request, places, &sink));
            let ending = AssertUnwindSafe(whole).catch_unwind().await.unwrap_or_else(|panic| {
                Ending::Failed(format!("internal error: {}", panic_words(panic.as_ref())))
            });
            sink.end(ending);
        });
        self.live.insert(run, Live { task: task.abort_handle(), report });
    }

    /// Cancels one run: its connection closes at once, and `Ended(Cancelled)` is reported unless it had ended.
    pub fn cancel(&mut self, run: RunId) {
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

    /// How many runs have not ended.
    pub fn live(&self) -> usize {
        self.live.values().filter(|live| !live.report.is_over()).count()
    }

    /// The places at the provider called `name`; another number of them (a changed configuration) makes new ones.
    fn places(&mut self, name: &str, many: usize) -> Arc<Semaphore> {
        let many = many.clamp(1, Semaphore::MAX_PERMITS);
        let fresh = || Places { many, free: Arc::new(Semaphore::new(many)) };
        let places = self.places.entry(name.to_owned()).or_insert_with(fresh);
        if places.many != many {
            *places = fresh();
        }
        Arc::clone(&places.free)
    }
}

impl Drop for Fanout {
    fn drop(&mut self) {
        for live in self.live.values() {
            live.task.abort();
        }
    }
}

impl Live {
    fn cancel(self) {
        // Reported before the task is dropped: whatever it still does until then is not heard any more.
        self.report.end(Ending::Cancelled);
        self.task.abort();
    }
}

fn panic_words(panic: &(dyn Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    sanitize_line(words).chars().take(300).collect()
}
