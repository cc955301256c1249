//! Commands of the user for a whole session (title, tags, deletion): written at once, or not at all.
//!
//! An error says why nothing was changed, neither in the file nor in memory.

use super::super::StoreError;
use super::super::backlog::{QueuedChange, now_ms};
use super::super::errors::{describe_error, is_damaged};
use super::super::write::{self, SyncLevel};
use super::{FileAccess, StoreFile, StoreWorker, get_or_open};
use crate::domain::{Change, SessionId};

impl StoreWorker {
    /// Writes `change` of session `id` after all pending changes.
    pub(in crate::store) fn run_command(
        &mut self,
        id: SessionId,
        change: Change,
    ) -> Result<(), StoreError> {
        self.commit_pending(SyncLevel::Full);
        if !self.backlog.is_empty() {
            return Err(self.unwritable_error());
        }
        let changes = [QueuedChange::new(now_ms(), change)];
        let written = match &mut self.file {
            None => get_or_open(&mut self.memory)?.write_changes(&changes),
            Some(StoreFile { access: FileAccess::Write, conn: Some(conn), instance, .. }) => {
                write::write_changes(conn, instance, &changes, SyncLevel::Full)
            }
            Some(_) => return Err(self.unwritable_error()),
        };
        match written {
            Ok(outcome) => match outcome.skipped.into_iter().next() {
                None => {
                    self.is_unsynced = false;
                    self.erase_deleted(outcome.erase_scope);
                    Ok(())
                }
                Some(_) if self.view().load_session(id)?.is_none() => {
                    Err(StoreError::NoSuchSession(id))
                }
                Some(skipped) => Err(StoreError::Io(skipped.reason)),
            },
            Err(e) => {
                if is_damaged(&e) {
                    self.on_write_failed(&e);
                }
                Err(StoreError::Io(format!("nothing was changed: {}", describe_error(&e))))
            }
        }
    }

    fn unwritable_error(&self) -> StoreError {
        match &self.file {
            Some(StoreFile { path, reason, .. }) => {
                StoreError::Unwritable { path: path.clone(), reason: reason.clone() }
            }
            None => StoreError::Io("nothing was changed: out of memory".to_owned()),
        }
    }
}
