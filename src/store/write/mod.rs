//! Changes into tables: all that waits becomes one transaction.
//!
//! Everything can be applied twice without harm except text, and a transaction that failed has left none. A
//! change that can never be written leaves nothing of itself and does not stop the others. What a change means is
//! in `run` (questions and answers), `triage` and `session`.

mod run;
mod session;
mod triage;

use std::collections::BTreeSet;

use rusqlite::{Connection, Savepoint, TransactionBehavior};

use super::backlog::Entry;
use super::instance::Instance;
use super::trouble::{is_of_the_change, words};
use super::wipe::Wipe;
use crate::domain::Change;

pub(super) use session::being_answered;

/// How safe a transaction is when it has been committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Survives the end of the program, however it ends.
    Normal,
    /// Survives a power loss.
    Full,
}

/// A change that can never be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Which of the entries.
    pub(super) at: usize,
    /// What it is and why, in words: `the end of an answer of an unknown run could not be stored`.
    pub(super) why: String,
}

/// What a transaction did.
#[derive(Debug)]
pub(super) struct Written {
    /// What can never be written.
    pub(super) skipped: Vec<Skipped>,
    /// What must be taken out of the file now that it is deleted.
    pub(super) wipe: Wipe,
}

/// What came of one change.
enum Outcome {
    /// It is in the tables, now or from before.
    Done,
    /// What it belongs to is not there.
    Unknown,
    /// It must not be written now, in words.
    Refused(String),
}

impl Outcome {
    fn known(known: bool) -> Self {
        if known { Self::Done } else { Self::Unknown }
    }
}

/// Where changes are written to.
struct Place<'a> {
    conn: &'a Connection,
    instance: &'a Instance,
    /// When the change was handed over, in milliseconds since 1970 UTC.
    at: i64,
    /// Sessions whose recommendations must be counted again before the transaction ends.
    recount: &'a mut BTreeSet<i64>,
    /// What must be taken out of the file once the transaction is over.
    wipe: &'a mut Wipe,
}

/// Writes `entries` as one transaction. An error means that none was written and that trying again may help.
pub(super) fn apply(
    conn: &mut Connection,
    instance: &mut Instance,
    entries: &[Entry],
    sync: Sync,
) -> rusqlite::Result<Written> {
    set_level(conn, sync)?;
    let starts_runs = entries.iter().any(|entry| starts_runs(&entry.change));
    if starts_runs {
        instance.take_lock();
    }
    let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if starts_runs {
        instance.register(&tx)?;
    }
    let mut skipped = Vec::new();
    let mut recount = BTreeSet::new();
    let mut wipe = Wipe::Nothing;
    for (at, entry) in entries.iter().enumerate() {
        let step = tx.savepoint()?;
        let mut place =
            Place { conn: &step, instance, at: entry.at, recount: &mut recount, wipe: &mut wipe };
        let what = name(&entry.change);
        let why = match one(&mut place, &entry.change) {
            Ok(Outcome::Done) => {
                step.commit()?;
                continue;
            }
            Ok(Outcome::Unknown) => {
                format!("{what} of {} could not be stored", whose(&entry.change))
            }
            Ok(Outcome::Refused(why)) => why,
            Err(e) if is_of_the_change(&e) => {
                format!("{what} could not be stored ({})", words(&e))
            }
            Err(e) => return Err(e),
        };
        undo(step)?;
        skipped.push(Skipped { at, why });
    }
    for session in recount {
        triage::count(&tx, session)?;
    }
    tx.commit()?;
    if starts_runs {
        instance.registered();
    }
    Ok(Written { skipped, wipe })
}

fn undo(mut step: Savepoint<'_>) -> rusqlite::Result<()> {
    step.rollback()?;
    step.commit()
}

/// Syncs what has been committed without a sync, by a transaction that changes nothing.
pub(super) fn sync(conn: &mut Connection) -> rusqlite::Result<()> {
    set_level(conn, Sync::Full)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()
}

fn set_level(conn: &Connection, sync: Sync) -> rusqlite::Result<()> {
    let level = match sync {
        Sync::Normal => "normal",
        Sync::Full => "full",
    };
    conn.pragma_update(None, "synchronous", level)
}

fn starts_runs(change: &Change) -> bool {
    matches!(change, Change::Turn { .. } | Change::Run { .. } | Change::Aside { .. })
}

/// What a change is called in a message.
fn name(change: &Change) -> &'static str {
    match change {
        Change::Turn { .. } => "a question",
        Change::Run { .. } => "the start of an answer",
        Change::Append { .. } => "part of an answer",
        Change::Note { .. } => "a note to an answer",
        Change::Ended { .. } => "the end of an answer",
        Change::Lifted { .. } => "the recommendations",
        Change::Selected(_) => "a selected recommendation",
        Change::Edited { .. } => "a decision",
        Change::Undone { .. } => "the undoing of a decision",
        Change::Redone { .. } => "the redoing of a decision",
        Change::Aside { .. } => "a challenge or brief",
        Change::Renamed { .. } => "the title",
        Change::Tagged { .. } => "the tags",
        Change::Deleted { .. } => "the deletion",
    }
}

/// What a change belongs to that is not there.
fn whose(change: &Change) -> &'static str {
    match change {
        Change::Run { .. } => "an unknown question",
        Change::Append { .. }
        | Change::Note { .. }
        | Change::Ended { .. }
        | Change::Lifted { .. }
        | Change::Selected(_) => "an unknown answer",
        Change::Undone { .. } | Change::Redone { .. } => "an unknown session, or of another one",
        Change::Turn { .. }
        | Change::Edited { .. }
        | Change::Aside { .. }
        | Change::Renamed { .. }
        | Change::Tagged { .. }
        | Change::Deleted { .. } => "an unknown session",
    }
}

/// Writes one change.
fn one(place: &mut Place<'_>, change: &Change) -> rusqlite::Result<Outcome> {
    match change {
        Change::Turn { .. } => run::turn(place, change),
        Change::Run { turn, run } => run::again(place, *turn, run),
        Change::Append { run, text, reasoning } => run::append(place, *run, text, reasoning),
        Change::Note { run, note } => run::note(place, *run, note),
        Change::Ended { .. } => run::ended(place, change),
        Change::Aside { session, aside } => run::aside(place, *session, aside),
        Change::Lifted { run, found } => triage::lifted(place, *run, found),
        Change::Selected(item) => triage::selected(place, item),
        Change::Edited { session, edit } => triage::edited(place, *session, edit),
        Change::Undone { session, edit } => triage::undone(place, *session, *edit, true),
        Change::Redone { session, edit } => triage::undone(place, *session, *edit, false),
        Change::Renamed { session, title } => session::renamed(place, *session, title),
        Change::Tagged { session, tags } => session::tagged(place, *session, tags),
        Change::Deleted { session } => session::deleted(place, *session),
    }
}
