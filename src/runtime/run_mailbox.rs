//! The mailbox between runs and the loop: updates of one run are joined, so that the work of a frame depends on the
//! number of runs, not of tokens.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::{RunId, RunUpdate};

/// A shared mailbox; clones are the same mailbox.
#[derive(Debug, Clone, Default)]
pub struct RunMailbox {
    inner: Arc<SharedUpdates>,
}

#[derive(Debug, Default)]
struct SharedUpdates {
    pending: Mutex<Vec<(RunId, Vec<RunUpdate>)>>,
    ready: Notify,
}

impl RunMailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an update of `run`; consecutive text is joined.
    pub fn push(&self, run: RunId, update: RunUpdate) {
        let was_empty = {
            let mut pending = self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// Takes everything: runs in the order of their first update, updates in the order in which they came.
    pub fn drain(&self) -> Vec<(RunId, Vec<RunUpdate>)> {
        std::mem::take(&mut *self.inner.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
}
