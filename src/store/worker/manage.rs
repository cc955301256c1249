//! What a person does to a whole session by a command: written at once, or not at all.
//!
//! An error means that nothing was changed, in the file or in memory, and says why. Called through
//! [`super::super::Store`]'s handles.

use super::super::StoreError;
use super::super::backlog::{Entry, now_ms};
use super::super::trouble::{is_damaged, words};
use super::super::write::{self, Sync, being_answered};
use super::{Access, Disk, Worker};
use crate::domain::{Change, SessionId};

impl Worker {
    /// Writes `change`, which is about session `id`, behind all that waits.
    pub(in crate::store) fn manage(
        &mut self,
        id: SessionId,
        change: Change,
    ) -> Result<(), StoreError> {
        self.commit(Sync::Full);
        let entry = Entry::new(now_ms(), change);
        let Some(Disk { conn, access, instance, .. }) = &mut self.disk else {
            return self.manage_in_memory(id, entry);
        };
        let written = match (access, conn) {
            (Access::Write, Some(conn)) if self.backlog.is_empty() => {
                write::apply(conn, instance, std::slice::from_ref(&entry), Sync::Full)
            }
            _ => return Err(self.unwritable()),
        };
        match written {
            Ok(written) => match written.skipped.into_iter().next() {
                None => {
                    self.unsynced = false;
                    self.wipe(written.wipe);
                    Ok(())
                }
                Some(_) if self.stored(id)?.is_none() => Err(gone(id)),
                Some(skipped) => Err(StoreError::Io(skipped.why)),
            },
            Err(e) => {
                if is_damaged(&e) {
                    self.failed(&e);
                }
                Err(StoreError::Io(format!("nothing was changed: {}", words(&e))))
            }
        }
    }

    /// A store that lives in memory: what waits is all there is.
    fn manage_in_memory(&mut self, id: SessionId, entry: Entry) -> Result<(), StoreError> {
        match self.stored(id)? {
            None => Err(gone(id)),
            Some(stored) if matches!(entry.change, Change::Deleted { .. }) && stored.is_live() => {
                Err(StoreError::Io(being_answered(id, true)))
            }
            Some(_) => {
                self.backlog.push(entry);
                Ok(())
            }
        }
    }

    fn unwritable(&self) -> StoreError {
        let (path, why) = match &self.disk {
            Some(disk) => (disk.path.display().to_string(), disk.why.as_str()),
            None => (String::new(), ""),
        };
        StoreError::Io(format!(
            "{path}: nothing was changed, as the store cannot be written: {why}"
        ))
    }
}

fn gone(id: SessionId) -> StoreError {
    StoreError::Io(format!("there is no session {} any more", id.short()))
}
