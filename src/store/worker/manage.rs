//! What a person does to a whole session by a command: written at once, or not at all.
//!
//! An error means that nothing was changed, in the file or in memory, and says why. Called through
//! [`super::super::Store`]'s handles.

use super::super::StoreError;
use super::super::backlog::{Entry, now_ms};
use super::super::trouble::{is_damaged, words};
use super::super::write::{self, Sync};
use super::{Access, Disk, Worker, open_memory};
use crate::domain::{Change, SessionId};

impl Worker {
    /// Writes `change`, which is about session `id`, behind all that waits.
    pub(in crate::store) fn manage(
        &mut self,
        id: SessionId,
        change: Change,
    ) -> Result<(), StoreError> {
        self.commit(Sync::Full);
        if !self.backlog.is_empty() {
            return Err(self.unwritable());
        }
        let entries = [Entry::new(now_ms(), change)];
        let written = match &mut self.disk {
            None => open_memory(&mut self.memory)?.write(&entries),
            Some(Disk { access: Access::Write, conn: Some(conn), instance, .. }) => {
                write::apply(conn, instance, &entries, Sync::Full)
            }
            Some(_) => return Err(self.unwritable()),
        };
        match written {
            Ok(written) => match written.skipped.into_iter().next() {
                None => {
                    self.unsynced = false;
                    self.wipe(written.wipe);
                    Ok(())
                }
                Some(_) if self.load(id)?.is_none() => Err(gone(id)),
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
