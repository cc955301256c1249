//! The way from the handles to the worker: a mailbox in which text coalesces, so that a caller never waits.
//!
//! A channel of fixed length would have to block or to drop when the disk is slow. What waits is a [`Backlog`], which
//! joins text. Knows nothing of what the worker does with it, nor what a request is.

use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backlog::{Backlog, Entry};
use crate::domain::Change;

/// How long text waits for company. Below the promised 250 ms, as it comes from a loop that draws first
/// and goes to a disk that may take its time.
const GATHER: Duration = Duration::from_millis(150);

/// What the worker takes out of the mailbox at once.
pub(super) struct Work<R> {
    /// Changes, oldest first.
    pub(super) entries: Vec<Entry>,
    /// Requests, oldest first.
    pub(super) requests: Vec<R>,
    /// No handle is left: this is the last work.
    pub(super) stop: bool,
}

/// Shared by the handles and the worker; `R` is what the worker can be asked to do, once all that was pushed before is
/// with it.
pub(super) struct Mailbox<R> {
    state: Mutex<State<R>>,
    wake: Condvar,
    closed: Condvar,
}

struct State<R> {
    backlog: Backlog,
    /// Since when the oldest entry waits.
    since: Option<Instant>,
    /// Something in it must not wait for company.
    urgent: bool,
    requests: Vec<R>,
    stop: bool,
    /// The worker has ended, or never began.
    closed: bool,
}

impl<R> Mailbox<R> {
    /// An empty mailbox.
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                backlog: Backlog::new(),
                since: None,
                urgent: false,
                requests: Vec::new(),
                stop: false,
                closed: false,
            }),
            wake: Condvar::new(),
            closed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over a change that came at `at`.
    pub(super) fn push(&self, at: i64, change: Change) {
        self.put(Entry::new(at, change));
    }

    /// Hands over a change, and a channel with room for one answer: whether it was written. When the worker has
    /// ended both are dropped.
    pub(super) fn push_awaited(&self, at: i64, change: Change, waiting: SyncSender<bool>) {
        self.put(Entry::awaited(at, change, waiting));
    }

    fn put(&self, entry: Entry) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let urgent = !matches!(entry.change, Change::Append { .. }) || entry.is_awaited();
        let wake = state.since.is_none() || (urgent && !state.urgent);
        state.urgent |= urgent;
        state.since.get_or_insert_with(Instant::now);
        state.backlog.push(entry);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Hands over a request. When the worker has ended it is dropped, and its reply channel with it.
    pub(super) fn ask(&self, request: R) {
        let mut state = self.lock();
        if !state.closed {
            state.requests.push(request);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Waits for work: at once when something is urgent or asked, else when text has gathered long enough,
    /// else at `retry` with empty hands.
    pub(super) fn next(&self, retry: Option<Instant>) -> Work<R> {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let due = if state.urgent || state.stop || !state.requests.is_empty() {
                Some(now)
            } else {
                state.since.map(|since| since + GATHER).into_iter().chain(retry).min()
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
        state.since = None;
        state.urgent = false;
        Work {
            entries: state.backlog.take(),
            requests: std::mem::take(&mut state.requests),
            stop: state.stop,
        }
    }

    /// Asks the worker to end and waits for it, `limit` at most; false when it has not ended by then.
    pub(super) fn stop(&self, limit: Duration) -> bool {
        let mut state = self.lock();
        state.stop = true;
        self.wake.notify_one();
        let waited = self.closed.wait_timeout_while(state, limit, |state| !state.closed);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.closed
    }

    /// The worker takes nothing out any more: what comes now is dropped, whoever waits is answered.
    pub(super) fn close(&self) {
        let mut state = self.lock();
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
    fn text_waits_for_company_and_an_ending_does_not() {
        let mailbox = Mailbox::<()>::new();
        mailbox.push(0, append(1));
        mailbox.push(0, ended(1));
        assert_eq!(mailbox.next(None).entries.len(), 2);
        mailbox.push(0, append(2));
        let begun = Instant::now();
        let came: Vec<Change> = mailbox.next(None).entries.into_iter().map(|e| e.change).collect();
        assert_eq!(came, [append(2)]);
        assert!(begun.elapsed() > GATHER / 2, "text came without waiting for more");
        assert!(mailbox.next(Some(Instant::now())).entries.is_empty());
    }
}
