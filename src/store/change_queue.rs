//! The way from the handles to the worker: a queue that never makes a caller wait.
//!
//! A channel with a fixed capacity would have to block or drop changes when the disk is slow. Pending changes are a
//! [`Backlog`], which joins text. Does not know how the worker handles them, nor what a request is.

use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backlog::{Backlog, QueuedChange};
use crate::domain::Change;

/// How long text is batched before it is written. Less than the promised 250 ms to leave time for drawing and a slow
/// disk.
const BATCH_DELAY: Duration = Duration::from_millis(150);

/// All changes and requests that the worker takes out of the queue at once.
pub(super) struct QueueBatch<R> {
    /// Changes, oldest first.
    pub(super) changes: Vec<QueuedChange>,
    /// Requests, oldest first.
    pub(super) requests: Vec<R>,
    /// True for the last batch: no handle is left.
    pub(super) stop: bool,
}

/// The queue that the handles share with the worker. `R` is a request, which the worker handles after the changes that
/// were queued before it.
pub(super) struct ChangeQueue<R> {
    state: Mutex<QueueState<R>>,
    wake: Condvar,
    closed: Condvar,
}

struct QueueState<R> {
    backlog: Backlog,
    /// Since when the oldest change waits.
    oldest: Option<Instant>,
    /// A pending change must not wait for the batch delay.
    urgent: bool,
    requests: Vec<R>,
    stop: bool,
    /// The worker has ended or could not be started.
    closed: bool,
}

impl<R> ChangeQueue<R> {
    /// An empty queue.
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(QueueState {
                backlog: Backlog::new(),
                oldest: None,
                urgent: false,
                requests: Vec::new(),
                stop: false,
                closed: false,
            }),
            wake: Condvar::new(),
            closed: Condvar::new(),
        }
    }

    fn lock_state(&self) -> MutexGuard<'_, QueueState<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a change made at `at` (ms since the Unix epoch).
    pub(super) fn push(&self, at: i64, change: Change) {
        self.enqueue(QueuedChange::new(at, change));
    }

    /// Queues a change whose `waiter`, a channel with capacity for one value, receives whether it was written. Drops
    /// both if the worker has ended.
    pub(super) fn push_with_waiter(&self, at: i64, change: Change, waiter: SyncSender<bool>) {
        self.enqueue(QueuedChange::with_waiter(at, change, waiter));
    }

    fn enqueue(&self, queued: QueuedChange) {
        let mut state = self.lock_state();
        if state.closed {
            return;
        }
        let urgent = !matches!(queued.change, Change::Append { .. }) || queued.has_waiters();
        let wake = state.oldest.is_none() || (urgent && !state.urgent);
        state.urgent |= urgent;
        state.oldest.get_or_insert_with(Instant::now);
        state.backlog.push(queued);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Queues a request. Drops it, and with it its reply channel, if the worker has ended.
    pub(super) fn push_request(&self, request: R) {
        let mut state = self.lock_state();
        if !state.closed {
            state.requests.push(request);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Waits for the next batch: returns at once if a change is urgent or a request is queued, otherwise when the batch
    /// delay of text has passed, or at `retry_at` with an empty batch.
    pub(super) fn next_batch(&self, retry_at: Option<Instant>) -> QueueBatch<R> {
        let mut state = self.lock_state();
        loop {
            let now = Instant::now();
            let due = if state.urgent || state.stop || !state.requests.is_empty() {
                Some(now)
            } else {
                state.oldest.map(|oldest| oldest + BATCH_DELAY).into_iter().chain(retry_at).min()
            };
            state = match due {
                Some(due) if due <= now => break,
                Some(due) => {
                    let waited = self.wake.wait_timeout(state, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state.oldest = None;
        state.urgent = false;
        QueueBatch {
            changes: state.backlog.take(),
            requests: std::mem::take(&mut state.requests),
            stop: state.stop,
        }
    }

    /// Asks the worker to end and waits for it, at most `limit`. False if it has not ended by then.
    pub(super) fn stop_worker(&self, limit: Duration) -> bool {
        let mut state = self.lock_state();
        state.stop = true;
        self.wake.notify_one();
        let waited = self.closed.wait_timeout_while(state, limit, |state| !state.closed);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.closed
    }

    /// Closes the queue: later changes and requests are dropped, and all who wait for the worker are woken.
    pub(super) fn close(&self) {
        let mut state = self.lock_state();
        state.closed = true;
        state.requests.clear();
        drop(state);
        self.closed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Ending, RunId};

    fn append(run: u128) -> Change {
        let run = RunId::from_number(run);
        Change::Append { run, text: "a".into(), reasoning: String::new() }
    }

    fn ended(run: u128) -> Change {
        Change::Ended {
            run: RunId::from_number(run),
            ending: Ending::Done,
            model: None,
            usage: None,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn text_waits_for_the_batch_delay_and_an_ending_does_not() {
        let queue = ChangeQueue::<()>::new();
        queue.push(0, append(1));
        queue.push(0, ended(1));
        assert_eq!(queue.next_batch(None).changes.len(), 2);
        queue.push(0, append(2));
        let start = Instant::now();
        let batch: Vec<Change> =
            queue.next_batch(None).changes.into_iter().map(|queued| queued.change).collect();
        assert_eq!(batch, [append(2)]);
        assert!(start.elapsed() > BATCH_DELAY / 2, "text came without waiting for more");
        assert!(queue.next_batch(Some(Instant::now())).changes.is_empty());
    }
}
