//! Changes that wait to be written, oldest first. Text of a run is appended to the text of that run that already waits.
//!
//! The number of changes depends on the number of runs and endings, never on the number of tokens; the bytes are
//! limited by [`MAX_PENDING_BYTES`]. The order of the changes of one run, and of all turns and endings, is kept. No
//! threads and no SQL here.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::SyncSender;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::{Change, Ending, RunId};

/// Maximum bytes of answers kept in memory. Further text is dropped, and its run is stored as cut.
const MAX_PENDING_BYTES: usize = 256 << 20;

/// The current time in ms since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "a change is stored with the time it was queued")]
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_millis()).ok())
        .unwrap_or_default()
}

/// A change and the time it was queued.
#[derive(Debug, Clone)]
pub(super) struct QueuedChange {
    /// Time in ms since the Unix epoch; for joined text that of the latest piece.
    pub(super) at: i64,
    /// The change.
    pub(super) change: Change,
    /// Receive whether the change was written.
    waiters: Vec<SyncSender<bool>>,
}

impl QueuedChange {
    /// A change without a waiter.
    pub(super) fn new(at: i64, change: Change) -> Self {
        Self { at, change, waiters: Vec::new() }
    }

    /// A change whose waiter receives whether it was written.
    pub(super) fn with_waiter(at: i64, change: Change, waiter: SyncSender<bool>) -> Self {
        Self { at, change, waiters: vec![waiter] }
    }

    /// True if a caller waits until the change is written.
    pub(super) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Reports to all waiters whether the change was written.
    pub(super) fn notify_waiters(&mut self, written: bool) {
        for waiter in self.waiters.drain(..) {
            // A waiter that timed out is not an error.
            waiter.try_send(written).unwrap_or_default();
        }
    }
}

/// True for changes that must survive a power loss before the program continues. Triage is synced right after its
/// commit by another thread; recommendations can be extracted again.
fn needs_sync(change: &Change) -> bool {
    match change {
        Change::Turn { .. }
        | Change::Run { .. }
        | Change::Note { .. }
        | Change::Ended { .. }
        | Change::SideTurn { .. }
        | Change::Renamed { .. }
        | Change::Tagged { .. }
        | Change::Deleted { .. } => true,
        Change::Append { .. }
        | Change::Extracted { .. }
        | Change::RecommendationSelected(_)
        | Change::TriageStepDone { .. }
        | Change::TriageStepUndone { .. }
        | Change::TriageStepRedone { .. } => false,
    }
}

/// Changes that wait to be written.
#[derive(Debug)]
pub(super) struct Backlog {
    changes: Vec<QueuedChange>,
    /// Index of the last change of each run, if that is text.
    growing: HashMap<RunId, usize>,
    /// Runs whose text was dropped at the limit.
    cut: HashSet<RunId>,
    /// Bytes of answers, pending or kept in memory.
    bytes: usize,
    max_bytes: usize,
}

impl Backlog {
    /// An empty backlog.
    pub(super) fn new() -> Self {
        Self::with_limit(MAX_PENDING_BYTES)
    }

    fn with_limit(max_bytes: usize) -> Self {
        Self {
            changes: Vec::new(),
            growing: HashMap::new(),
            cut: HashSet::new(),
            bytes: 0,
            max_bytes,
        }
    }

    /// Adds a change at the end; text is appended to the pending text of its run.
    pub(super) fn push(&mut self, mut queued: QueuedChange) {
        match &mut queued.change {
            Change::Append { run, text, reasoning } => {
                let added = text.len() + reasoning.len();
                if self.cut.contains(run) || self.bytes.saturating_add(added) > self.max_bytes {
                    self.cut.insert(*run);
                    return;
                }
                self.bytes += added;
                let last = self.growing.get(run).and_then(|index| self.changes.get_mut(*index));
                if let Some(last) = last
                    && let Change::Append { text: last_text, reasoning: last_reasoning, .. } =
                        &mut last.change
                {
                    last_text.push_str(text);
                    last_reasoning.push_str(reasoning);
                    last.at = queued.at;
                    last.waiters.append(&mut queued.waiters);
                    return;
                }
                self.growing.insert(*run, self.changes.len());
            }
            Change::Ended { run, ending, .. } => {
                self.growing.remove(run);
                if self.cut.remove(run) && ending.is_done() {
                    *ending = Ending::Cut(
                        "the store could not be written for so long that part of the text was lost"
                            .to_owned(),
                    );
                }
            }
            // Text queued before its run exists is dropped; the text of the run must not join it.
            Change::Turn { runs, .. } => {
                self.growing.retain(|run, _| runs.iter().all(|new| new.id != *run));
            }
            Change::Run { run, .. } => {
                self.growing.remove(&run.id);
            }
            Change::SideTurn { side_turn, .. } => {
                self.growing.remove(&side_turn.run.id);
            }
            Change::Note { .. }
            | Change::Extracted { .. }
            | Change::RecommendationSelected(_)
            | Change::TriageStepDone { .. }
            | Change::TriageStepUndone { .. }
            | Change::TriageStepRedone { .. }
            | Change::Renamed { .. }
            | Change::Tagged { .. }
            | Change::Deleted { .. } => {}
        }
        self.changes.push(queued);
    }

    /// The pending changes, oldest first.
    pub(super) fn changes(&self) -> &[QueuedChange] {
        &self.changes
    }

    /// True if no change is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// True if a question, an ending or another change that is synced at once is pending.
    pub(super) fn needs_sync(&self) -> bool {
        self.changes.iter().any(|queued| needs_sync(&queued.change))
    }

    /// True if a change of triage is pending.
    pub(super) fn has_triage_change(&self) -> bool {
        self.changes.iter().any(|queued| queued.change.is_triage_change())
    }

    /// True if a caller waits for a pending change.
    pub(super) fn has_waiters(&self) -> bool {
        self.changes.iter().any(QueuedChange::has_waiters)
    }

    /// Reports to all waiters that their change was not written. The changes stay pending.
    pub(super) fn reject_waiters(&mut self) {
        for queued in &mut self.changes {
            queued.notify_waiters(false);
        }
    }

    /// Removes and returns all changes.
    pub(super) fn take(&mut self) -> Vec<QueuedChange> {
        self.bytes = 0;
        self.take_into_memory()
    }

    /// Removes and returns all changes, whose text stays in memory elsewhere and still counts against the limit.
    pub(super) fn take_into_memory(&mut self) -> Vec<QueuedChange> {
        self.growing.clear();
        std::mem::take(&mut self.changes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn append(run: u128, text: &str) -> QueuedChange {
        let run = RunId::from_number(run);
        QueuedChange::new(0, Change::Append { run, text: text.into(), reasoning: String::new() })
    }

    fn ended(run: u128) -> QueuedChange {
        let change = Change::Ended {
            run: RunId::from_number(run),
            ending: Ending::Done,
            model: None,
            usage: None,
            elapsed: Duration::ZERO,
        };
        QueuedChange::new(0, change)
    }

    fn unwrap_changes(queued: &[QueuedChange]) -> Vec<Change> {
        queued.iter().map(|queued| queued.change.clone()).collect()
    }

    #[test]
    fn appends_text_to_pending_text_of_its_run_but_not_across_an_ending() {
        let mut backlog = Backlog::new();
        for queued in [append(1, "a"), append(2, "x"), append(1, "b"), ended(1), append(1, "c")] {
            backlog.push(queued);
        }
        let expected = [append(1, "ab"), append(2, "x"), ended(1), append(1, "c")];
        assert_eq!(unwrap_changes(&backlog.take()), unwrap_changes(&expected));
        backlog.push(append(1, "d"));
        assert_eq!(unwrap_changes(backlog.changes()), unwrap_changes(&[append(1, "d")]));
    }

    #[test]
    fn text_taken_into_memory_counts_against_the_limit() {
        let mut backlog = Backlog::with_limit(4);
        backlog.push(append(1, "abc"));
        assert_eq!(backlog.take_into_memory().len(), 1);
        backlog.push(append(1, "de"));
        assert!(backlog.is_empty());
        backlog.take();
        backlog.push(append(2, "abc"));
        assert_eq!(unwrap_changes(backlog.changes()), unwrap_changes(&[append(2, "abc")]));
    }

    #[test]
    fn run_with_dropped_text_ends_as_cut() {
        let mut backlog = Backlog::with_limit(4);
        for queued in [append(1, "abc"), append(1, "de"), append(1, "f"), append(2, "x")] {
            backlog.push(queued);
        }
        backlog.push(ended(1));
        backlog.push(ended(2));
        let endings: Vec<&str> = backlog
            .changes()
            .iter()
            .filter_map(|queued| match &queued.change {
                Change::Ended { ending, .. } => Some(ending.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(endings, ["cut", "done"]);
        assert_eq!(unwrap_changes(&backlog.changes()[..1]), unwrap_changes(&[append(1, "abc")]));
    }
}
