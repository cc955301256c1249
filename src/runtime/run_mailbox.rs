//! The mailbox between runs and the loop: updates of one run are joined, so that the work of a frame depends on the
//! number of runs, not of tokens.
//!
//! It holds little: a run whose text is not taken waits, and its connection with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::{RunId, RunUpdate};

/// Bytes of text of one run beyond which the run waits.
const MAX_WAITING_BYTES: usize = 32 * 1024;
/// Bytes that every run may have taken at once, however many there are.
const MIN_SHARE: usize = 256;

/// A shared mailbox; clones are the same mailbox.
#[derive(Debug, Clone, Default)]
pub struct RunMailbox {
    inner: Arc<SharedUpdates>,
}

#[derive(Debug, Default)]
struct SharedUpdates {
    pending: Mutex<Vec<(RunId, Vec<RunUpdate>)>>,
    ready: Notify,
    taken: Notify,
}

impl RunMailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an update of `run`; consecutive text is joined.
    pub fn push(&self, run: RunId, update: RunUpdate) {
        let was_empty = {
            let mut pending = self.lock_pending();
            let was_empty = pending.is_empty();
            let slot = if let Some(at) = pending.iter().position(|(id, _)| *id == run) {
                pending.get_mut(at)
            } else {
                pending.push((run, Vec::new()));
                pending.last_mut()
            };
            if let Some((_, updates)) = slot {
                merge_update(updates, update);
            }
            was_empty
        };
        if was_empty {
            self.inner.ready.notify_one();
        }
    }

    /// Waits until there are updates. Cancel safe.
    pub async fn ready(&self) {
        self.inner.ready.notified().await;
    }

    /// Waits until less than 32 KiB of `run`'s text are in the mailbox. Cancel safe.
    pub async fn wait_for_room(&self, run: RunId) {
        loop {
            let taken = self.inner.taken.notified();
            if self.count_waiting_bytes(run) < MAX_WAITING_BYTES {
                return;
            }
            taken.await;
        }
    }

    /// Takes everything: runs in the order of their first update, updates in the order in which they came.
    pub fn drain(&self) -> Vec<(RunId, Vec<RunUpdate>)> {
        self.drain_at_most(usize::MAX)
    }

    /// Takes updates in the same order with at most about `bytes` of text, shared equally by the runs. What remains makes the
    /// mailbox ready again.
    pub fn drain_at_most(&self, bytes: usize) -> Vec<(RunId, Vec<RunUpdate>)> {
        let mut pending = self.lock_pending();
        let share = (bytes / pending.len().max(1)).max(MIN_SHARE);
        let mut rest = Vec::new();
        for (run, updates) in pending.iter_mut() {
            let later = split_updates(updates, share);
            if !later.is_empty() {
                rest.push((*run, later));
            }
        }
        let is_rest = !rest.is_empty();
        let taken = std::mem::replace(&mut *pending, rest);
        drop(pending);
        if is_rest {
            self.inner.ready.notify_one();
        }
        self.inner.taken.notify_waiters();
        taken
    }

    fn count_waiting_bytes(&self, run: RunId) -> usize {
        let pending = self.lock_pending();
        let updates = pending.iter().find(|(id, _)| *id == run).map(|(_, updates)| updates);
        updates.into_iter().flatten().map(text_len).sum()
    }

    fn lock_pending(&self) -> MutexGuard<'_, Vec<(RunId, Vec<RunUpdate>)>> {
        self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text_len(update: &RunUpdate) -> usize {
    match update {
        RunUpdate::Text(text) | RunUpdate::Reasoning(text) => text.len(),
        _ => 0,
    }
}

/// Leaves updates with at most `bytes` of text; returns those after them.
fn split_updates(updates: &mut Vec<RunUpdate>, bytes: usize) -> Vec<RunUpdate> {
    let mut left = bytes;
    for index in 0..updates.len() {
        let Some(update) = updates.get_mut(index) else { break };
        let length = text_len(update);
        if length <= left {
            left -= length;
            continue;
        }
        let rest = match update {
            RunUpdate::Text(text) => {
                RunUpdate::Text(text.split_off(text.floor_char_boundary(left)))
            }
            RunUpdate::Reasoning(text) => {
                RunUpdate::Reasoning(text.split_off(text.floor_char_boundary(left)))
            }
            _ => continue,
        };
        let mut later = updates.split_off(index + 1);
        later.insert(0, rest);
        return later;
    }
    Vec::new()
}

fn merge_update(updates: &mut Vec<RunUpdate>, update: RunUpdate) {
    match (updates.last_mut(), update) {
        (Some(RunUpdate::Text(have)), RunUpdate::Text(more))
        | (Some(RunUpdate::Reasoning(have)), RunUpdate::Reasoning(more)) => have.push_str(&more),
        (Some(RunUpdate::Usage(have)), RunUpdate::Usage(new)) => *have = new,
        (Some(RunUpdate::Waiting(have)), RunUpdate::Waiting(new)) => *have = new,
        (_, update) => updates.push(update),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::domain::Ending;

    #[tokio::test]
    async fn text_is_joined_and_the_order_kept() {
        let mailbox = RunMailbox::new();
        let (a, b) = (RunId::from_number(1), RunId::from_number(2));
        mailbox.push(a, RunUpdate::Text("one ".into()));
        mailbox.push(b, RunUpdate::Text("x".into()));
        mailbox.push(a, RunUpdate::Text("two".into()));
        mailbox.push(a, RunUpdate::Ended(Ending::Done));
        mailbox.ready().await;
        assert_eq!(
            mailbox.drain(),
            vec![
                (a, vec![RunUpdate::Text("one two".into()), RunUpdate::Ended(Ending::Done)]),
                (b, vec![RunUpdate::Text("x".into())]),
            ]
        );
        assert!(mailbox.drain().is_empty());
    }

    #[tokio::test]
    async fn a_part_is_taken_in_order_and_the_run_waits_for_room() {
        let mailbox = RunMailbox::new();
        let (a, b) = (RunId::from_number(1), RunId::from_number(2));
        let long = "é".repeat(MAX_WAITING_BYTES);
        mailbox.push(a, RunUpdate::Text(long.clone()));
        mailbox.push(a, RunUpdate::Ended(Ending::Done));
        mailbox.push(b, RunUpdate::Text("x".into()));
        mailbox.wait_for_room(b).await;
        let mut room = Box::pin(mailbox.wait_for_room(a));
        assert!((&mut room).now_or_never().is_none(), "too much waits");
        let (mut text, mut endings, mut drains) = (String::new(), 0, 0);
        while endings == 0 {
            mailbox.ready().await;
            for (run, updates) in mailbox.drain_at_most(10_001) {
                for update in updates {
                    match update {
                        RunUpdate::Text(more) if run == a => text.push_str(&more),
                        RunUpdate::Ended(_) => endings += 1,
                        _ => {}
                    }
                }
            }
            drains += 1;
        }
        assert!(text == long && drains > 5, "{} bytes in {drains} drains", text.len());
        room.await;
        assert!(mailbox.drain().is_empty());
    }
}
