//! Effects that need no screen: starting and cancelling runs, storing changes. Shared by the TUI and headless `ask`.

use std::time::Duration;

use super::fanout::{Fanout, RunTask};
use super::provider_pool::ProviderPool;
use super::run_mailbox::RunMailbox;
use crate::app::{Msg, NoticeLevel, RunRequest};
use crate::domain::{Change, Ending, RunId, RunUpdate};
use crate::store::{Store, StoreError};

/// How long a question may wait to be stored before it is asked all the same.
const SYNC_TIME: Duration = Duration::from_millis(100);

/// How long a decision may wait to be stored before it is shown all the same.
const COMMIT_TIME: Duration = Duration::from_millis(50);

/// Starts runs, cancels them, stores changes.
pub struct RunStarter {
    /// One task per run.
    pub fanout: Fanout,
    /// Where runs report, also those that could not be started.
    pub mailbox: RunMailbox,
    /// Where answers come from.
    pub providers: ProviderPool,
    /// Where changes are stored.
    pub store: Store,
}

impl RunStarter {
    /// A starter with nothing running. Runs must be started inside a tokio runtime.
    pub fn new(providers: ProviderPool, store: Store) -> Self {
        let mailbox = RunMailbox::new();
        Self { fanout: Fanout::new(mailbox.clone()), mailbox, providers, store }
    }

    /// Starts runs once their question is on disk. All are prepared before the first is started, so that requests leave
    /// together. Returns what the user should know about the providers, once for each.
    pub fn start_runs(&mut self, requests: Vec<RunRequest>) -> Vec<String> {
        let names = requests.iter().map(|request| request.provider.as_str());
        let notices = self.providers.take_notices(names);
        let mut tasks = Vec::with_capacity(requests.len());
        for request in requests {
            match self.providers.get(&request.provider) {
                Ok(provider) => {
                    tasks.push(RunTask { run: request.run, provider, request: request.request });
                }
                Err(failure) => {
                    let ended = RunUpdate::Ended(Ending::Failed(failure.message));
                    self.mailbox.push(request.run, ended);
                }
            }
        }
        self.flush_question();
        for task in tasks {
            self.fanout.start_run(task);
        }
        notices
    }

    /// The question is on disk before the first request leaves, which takes a few milliseconds. A disk that takes longer
    /// than [`SYNC_TIME`] does not hold up the question.
    fn flush_question(&self) {
        let (done, written) = std::sync::mpsc::channel();
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            store.flush();
            let _ = done.send(());
        });
        let _ = written.recv_timeout(SYNC_TIME);
    }

    /// The next report of the store, if there is one. A problem that lasts stays on the screen until it is over.
    pub fn take_store_message(&self) -> Option<Msg> {
        let report = self.store.take_error()?;
        let text = report.to_string();
        Some(match report {
            StoreError::Recovered { .. } => Msg::StoreRecovered(text),
            StoreError::Failing(_) => Msg::StoreFailing(text),
            StoreError::ChangedElsewhere => Msg::StoreChanged,
            _ => Msg::Notice(NoticeLevel::Error, text),
        })
    }

    /// Cancels one run.
    pub fn cancel_run(&mut self, run: RunId) {
        self.fanout.cancel_run(run);
    }

    /// Cancels every run.
    pub fn cancel_all(&mut self) {
        self.fanout.cancel_all();
    }

    /// Has a change stored. What triage shows is on disk: the screen follows the commit, which takes a fraction of a
    /// millisecond.
    pub fn save(&self, change: Change) {
        if change.is_triage_change() {
            self.store.write_now(change, COMMIT_TIME);
        } else {
            self.store.write(change);
        }
    }
}
