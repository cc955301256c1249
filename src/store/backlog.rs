//! Changes that wait to be written, oldest first: text of a run joins the text of that run that still waits.
//!
//! The number of entries depends on the number of runs and endings, never on the number of tokens, and the bytes are
//! limited by [`ROOM`]. The order of the changes of one run, and of all turns and endings, is kept. Knows no threads:
//! those are `queue`'s and `worker`'s.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::SyncSender;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::{Change, Ending, RunId};

/// Bytes of answers that may wait for the disk. Beyond it text is dropped, and its run is stored as cut.
const ROOM: usize = 256 << 20;

/// Milliseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "changes are stamped when they are handed over")]
pub(super) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|d| i64::try_from(d.as_millis()).ok())
        .unwrap_or_default()
}

/// A change and when it was handed over, in milliseconds since 1970 UTC.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// When; of text that was joined, when the last of it came.
    pub(super) at: i64,
    /// What.
    pub(super) change: Change,
    /// Who waits to hear whether it was written.
    waiting: Vec<SyncSender<bool>>,
}

impl Entry {
    /// A change that nobody waits for.
    pub(super) fn new(at: i64, change: Change) -> Self {
        Self { at, change, waiting: Vec::new() }
    }

    /// A change, and where to say whether it was written.
    pub(super) fn awaited(at: i64, change: Change, waiting: SyncSender<bool>) -> Self {
        Self { at, change, waiting: vec![waiting] }
    }

    /// True when somebody waits for it.
    pub(super) fn is_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Tells all who wait whether it was written.
    pub(super) fn tell(&mut self, written: bool) {
        for waiting in self.waiting.drain(..) {
            // Who gave up waiting is not an error of the worker.
            waiting.try_send(written).unwrap_or_default();
        }
    }
}

/// True for what must survive a power loss before anything else happens. Triage is synced right behind its
/// commit; what was lifted can be lifted again.
fn is_weighty(change: &Change) -> bool {
    match change {
        Change::Turn { .. }
        | Change::Run { .. }
        | Change::Note { .. }
        | Change::Ended { .. }
        | Change::Aside { .. }
        | Change::Renamed { .. }
        | Change::Tagged { .. }
        | Change::Deleted { .. } => true,
        Change::Append { .. }
        | Change::Lifted { .. }
        | Change::Selected(_)
        | Change::Edited { .. }
        | Change::Undone { .. }
        | Change::Redone { .. } => false,
    }
}

/// Changes that wait to be written.
#[derive(Debug)]
pub(super) struct Backlog {
    entries: Vec<Entry>,
    /// For each run whose last entry is text: where it is.
    growing: HashMap<RunId, usize>,
    /// Runs that lost text because there was no room.
    cut: HashSet<RunId>,
    bytes: usize,
    room: usize,
}

impl Backlog {
    /// Nothing waits.
    pub(super) fn new() -> Self {
        Self::with_room(ROOM)
    }

    fn with_room(room: usize) -> Self {
        Self { entries: Vec::new(), growing: HashMap::new(), cut: HashSet::new(), bytes: 0, room }
    }

    /// Adds a change behind the others; text joins the text of its run.
    pub(super) fn push(&mut self, mut entry: Entry) {
        match &mut entry.change {
            Change::Append { run, text, reasoning } => {
                let more = text.len() + reasoning.len();
                if self.cut.contains(run) || self.bytes.saturating_add(more) > self.room {
                    self.cut.insert(*run);
                    return;
                }
                self.bytes += more;
                let last = self.growing.get(run).and_then(|at| self.entries.get_mut(*at));
                if let Some(last) = last
                    && let Change::Append { text: have, reasoning: thought, .. } = &mut last.change
                {
                    have.push_str(text);
                    thought.push_str(reasoning);
                    last.at = entry.at;
                    last.waiting.append(&mut entry.waiting);
                    return;
                }
                self.growing.insert(*run, self.entries.len());
            }
            Change::Ended { run, ending, .. } => {
                self.growing.remove(run);
                if self.cut.remove(run) && ending.answered() {
                    *ending = Ending::Cut(
                        "the store could not be written for so long that part of the text is gone"
                            .to_owned(),
                    );
                }
            }
            // Text that came before its run would take the run's own text with it into nowhere.
            Change::Turn { runs, .. } => {
                self.growing.retain(|run, _| runs.iter().all(|begun| begun.id != *run));
            }
            Change::Run { run, .. } => {
                self.growing.remove(&run.id);
            }
            Change::Aside { aside, .. } => {
                self.growing.remove(&aside.run.id);
            }
            Change::Note { .. }
            | Change::Lifted { .. }
            | Change::Selected(_)
            | Change::Edited { .. }
            | Change::Undone { .. }
            | Change::Redone { .. }
            | Change::Renamed { .. }
            | Change::Tagged { .. }
            | Change::Deleted { .. } => {}
        }
        self.entries.push(entry);
    }

    /// What waits, oldest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// True when nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// True when no question and no ending waits, nor anything else that is synced before all goes on.
    pub(super) fn is_light(&self) -> bool {
        self.entries.iter().all(|e| !is_weighty(&e.change))
    }

    /// True when a step of triage waits.
    pub(super) fn has_triage(&self) -> bool {
        self.entries.iter().any(|e| e.change.is_of_triage())
    }

    /// True when somebody waits for something in it.
    pub(super) fn is_awaited(&self) -> bool {
        self.entries.iter().any(Entry::is_awaited)
    }

    /// Tells all who wait that it was not written. What they wait for stays.
    pub(super) fn disappoint(&mut self) {
        for entry in &mut self.entries {
            entry.tell(false);
        }
    }

    /// Takes everything out.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        self.growing.clear();
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn append(run: u128, text: &str) -> Entry {
        let run = RunId::from_number(run);
        Entry::new(0, Change::Append { run, text: text.into(), reasoning: String::new() })
    }

    fn ended(run: u128) -> Entry {
        let change = Change::Ended {
            run: RunId::from_number(run),
            ending: Ending::Done,
            model: None,
            usage: None,
            elapsed: Duration::ZERO,
        };
        Entry::new(0, change)
    }

    fn changes(entries: &[Entry]) -> Vec<Change> {
        entries.iter().map(|entry| entry.change.clone()).collect()
    }

    #[test]
    fn text_joins_the_text_of_its_run_and_never_passes_an_ending() {
        let mut backlog = Backlog::new();
        for entry in [append(1, "a"), append(2, "x"), append(1, "b"), ended(1), append(1, "c")] {
            backlog.push(entry);
        }
        let expected = [append(1, "ab"), append(2, "x"), ended(1), append(1, "c")];
        assert_eq!(changes(&backlog.take()), changes(&expected));
        backlog.push(append(1, "d"));
        assert_eq!(changes(backlog.entries()), changes(&[append(1, "d")]));
    }

    #[test]
    fn a_run_that_lost_text_for_want_of_room_is_not_done() {
        let mut backlog = Backlog::with_room(4);
        for entry in [append(1, "abc"), append(1, "de"), append(1, "f"), append(2, "x")] {
            backlog.push(entry);
        }
        backlog.push(ended(1));
        backlog.push(ended(2));
        let endings: Vec<&str> = backlog
            .entries()
            .iter()
            .filter_map(|e| match &e.change {
                Change::Ended { ending, .. } => Some(ending.word()),
                _ => None,
            })
            .collect();
        assert_eq!(endings, ["cut", "done"]);
        assert_eq!(changes(&backlog.entries()[..1]), changes(&[append(1, "abc")]));
    }
}
