//! Writes changes to the tables: all pending changes are one transaction.
//!
//! The only SQL that changes sessions, for the file and for a store in memory alike. Every change except text may be
//! written twice without harm, and a failed transaction has written none. A change that can never be written leaves no
//! trace and does not stop the others.

mod run;
mod session;
mod triage;

use std::collections::BTreeSet;

use rusqlite::{Connection, Savepoint, TransactionBehavior};

use super::backlog::QueuedChange;
use super::errors::{describe_error, is_caused_by_change};
use super::instance::Instance;
use super::secure_delete::EraseScope;
use crate::domain::Change;

/// What a committed transaction survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SyncLevel {
    /// The end of the program, however it ends.
    Normal,
    /// A power loss, too.
    Full,
}

/// A change that can never be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SkippedChange {
    /// Its index in the list of changes.
    pub(super) index: usize,
    /// A message with the reason: `the end of an answer of an unknown run could not be stored`.
    pub(super) reason: String,
}

/// The outcome of a transaction.
#[derive(Debug)]
pub(super) struct WriteOutcome {
    /// Changes that can never be written.
    pub(super) skipped: Vec<SkippedChange>,
    /// Where the text that it deleted must still be erased.
    pub(super) erase_scope: EraseScope,
}

/// The outcome of one change.
enum ChangeOutcome {
    /// It is in the tables, now or already before.
    Done,
    /// The session, turn or run that it belongs to does not exist.
    UnknownTarget,
    /// It must not be written now; the reason as a message.
    Refused(String),
}

impl ChangeOutcome {
    fn from_target_exists(exists: bool) -> Self {
        if exists { Self::Done } else { Self::UnknownTarget }
    }
}

/// Writes one change.
struct ChangeWriter<'a> {
    conn: &'a Connection,
    instance: &'a Instance,
    /// When the change was queued, in ms since the Unix epoch.
    at: i64,
    /// Numbers of the sessions whose recommendations must be counted again before the commit.
    recount: &'a mut BTreeSet<i64>,
    /// Where deleted text must be erased after the commit.
    erase_scope: &'a mut EraseScope,
}

/// Writes `changes` as one transaction. An error means that none was written; another attempt may succeed.
pub(super) fn write_changes(
    conn: &mut Connection,
    instance: &mut Instance,
    changes: &[QueuedChange],
    level: SyncLevel,
) -> rusqlite::Result<WriteOutcome> {
    set_sync_level(conn, level)?;
    let has_new_runs = changes.iter().any(|queued| has_new_runs(&queued.change));
    if has_new_runs {
        instance.acquire_lock();
    }
    let mut tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if has_new_runs {
        instance.insert_row(&tx)?;
    }
    let mut skipped = Vec::new();
    let mut recount = BTreeSet::new();
    let mut erase_scope = EraseScope::Nothing;
    for (index, queued) in changes.iter().enumerate() {
        let savepoint = tx.savepoint()?;
        let mut writer = ChangeWriter {
            conn: &savepoint,
            instance,
            at: queued.at,
            recount: &mut recount,
            erase_scope: &mut erase_scope,
        };
        let description = describe_change(&queued.change);
        let reason = match write_change(&mut writer, &queued.change) {
            Ok(ChangeOutcome::Done) => {
                savepoint.commit()?;
                continue;
            }
            Ok(ChangeOutcome::UnknownTarget) => {
                format!(
                    "{description} of {} could not be stored",
                    describe_unknown_target(&queued.change)
                )
            }
            Ok(ChangeOutcome::Refused(reason)) => reason,
            Err(e) if is_caused_by_change(&e) => {
                format!("{description} could not be stored ({})", describe_error(&e))
            }
            Err(e) => return Err(e),
        };
        roll_back_to(savepoint)?;
        skipped.push(SkippedChange { index, reason });
    }
    for session in recount {
        triage::count_recommendations(&tx, session)?;
    }
    tx.commit()?;
    if has_new_runs {
        instance.on_row_committed();
    }
    Ok(WriteOutcome { skipped, erase_scope })
}

fn roll_back_to(mut savepoint: Savepoint<'_>) -> rusqlite::Result<()> {
    savepoint.rollback()?;
    savepoint.commit()
}

/// Syncs earlier commits with a transaction that changes nothing.
pub(super) fn sync_commits(conn: &mut Connection) -> rusqlite::Result<()> {
    set_sync_level(conn, SyncLevel::Full)?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()
}

fn set_sync_level(conn: &Connection, level: SyncLevel) -> rusqlite::Result<()> {
    let word = match level {
        SyncLevel::Normal => "normal",
        SyncLevel::Full => "full",
    };
    conn.pragma_update(None, "synchronous", word)
}

fn has_new_runs(change: &Change) -> bool {
    matches!(change, Change::Turn { .. } | Change::Run { .. } | Change::SideTurn { .. })
}

/// Describes a change for a message.
fn describe_change(change: &Change) -> &'static str {
    match change {
        Change::Turn { .. } => "a question",
        Change::Run { .. } => "the start of an answer",
        Change::Append { .. } => "part of an answer",
        Change::Note { .. } => "a note to an answer",
        Change::Ended { .. } => "the end of an answer",
        Change::Extracted { .. } => "the recommendations",
        Change::RecommendationSelected(_) => "a selected recommendation",
        Change::TriageStepDone { .. } => "a decision",
        Change::TriageStepUndone { .. } => "the undoing of a decision",
        Change::TriageStepRedone { .. } => "the redoing of a decision",
        Change::SideTurn { .. } => "a challenge or brief",
        Change::Renamed { .. } => "the title",
        Change::Tagged { .. } => "the tags",
        Change::Deleted { .. } => "the deletion",
    }
}

/// Describes the missing target of a change for a message.
fn describe_unknown_target(change: &Change) -> &'static str {
    match change {
        Change::Run { .. } => "an unknown question",
        Change::Append { .. }
        | Change::Note { .. }
        | Change::Ended { .. }
        | Change::Extracted { .. }
        | Change::RecommendationSelected(_) => "an unknown answer",
        Change::TriageStepUndone { .. } | Change::TriageStepRedone { .. } => {
            "an unknown session, or of another one"
        }
        Change::Turn { .. }
        | Change::TriageStepDone { .. }
        | Change::SideTurn { .. }
        | Change::Renamed { .. }
        | Change::Tagged { .. }
        | Change::Deleted { .. } => "an unknown session",
    }
}

fn write_change(writer: &mut ChangeWriter<'_>, change: &Change) -> rusqlite::Result<ChangeOutcome> {
    match change {
        Change::Turn { .. } => run::write_turn(writer, change),
        Change::Run { turn, run } => run::write_run(writer, *turn, run),
        Change::Append { run, text, reasoning } => run::append_text(writer, *run, text, reasoning),
        Change::Note { run, note } => run::append_note(writer, *run, note),
        Change::Ended { .. } => run::write_run_end(writer, change),
        Change::SideTurn { session, side_turn } => {
            run::write_side_turn(writer, *session, side_turn)
        }
        Change::Extracted { run, found } => triage::write_extracted(writer, *run, found),
        Change::RecommendationSelected(item) => triage::write_selected(writer, item),
        Change::TriageStepDone { session, step } => triage::write_step(writer, *session, step),
        Change::TriageStepUndone { session, step } => triage::write_undone(writer, *session, *step),
        Change::TriageStepRedone { session, step } => triage::write_redone(writer, *session, *step),
        Change::Renamed { session, title } => session::write_title(writer, *session, title),
        Change::Tagged { session, tags } => session::write_tags(writer, *session, tags),
        Change::Deleted { session } => session::delete_session(writer, *session),
    }
}
