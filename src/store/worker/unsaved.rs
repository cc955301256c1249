//! What is in memory only: of sessions that wait to be written, and of those that never can be.
//!
//! Writes nothing.

use super::super::StoreError;
use super::super::memory::MemoryStore;
use super::{FileAccess, ReadView, StoreFile, StoreWorker};
use crate::domain::{Run, Session, SessionId, UnsavedChanges};

impl StoreWorker {
    /// Returns what is in memory only.
    pub(in crate::store) fn unsaved_changes(&self) -> Result<UnsavedChanges, StoreError> {
        let mut unsaved = UnsavedChanges { reason: self.failure_reason(), ..Default::default() };
        for id in self.unwritten_session_ids()? {
            let Some(session) = self.view().load_session(id)? else { continue };
            // What cannot be read is not safe.
            let on_disk = self.file_view().and_then(|view| view.load_session(id).ok().flatten());
            if on_disk.as_ref() != Some(&session) {
                unsaved.sessions.push(id);
                unsaved.answers += count_unsaved_answers(&session, on_disk.as_ref());
            }
        }
        Ok(unsaved)
    }

    /// The sessions that are in memory, whether the file has the same or not.
    fn unwritten_session_ids(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut ids = self.view().pending_session_ids()?;
        let in_memory = self.memory.iter().flat_map(MemoryStore::sessions);
        // SQLite still reads them, but no other program will.
        let lost = self.written.iter().filter(|_| self.is_file_lost());
        for id in in_memory.chain(lost) {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
        Ok(ids)
    }

    fn is_file_lost(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.access == FileAccess::Lost)
    }

    /// What another program can read; none if that is nothing.
    fn file_view(&self) -> Option<ReadView<'_>> {
        if self.is_file_lost() {
            return None;
        }
        let StoreFile { path, conn, instance, .. } = self.file.as_ref()?;
        Some(ReadView::of_file(path, conn.as_ref()?, instance.id()))
    }

    fn failure_reason(&self) -> String {
        match &self.file {
            None => "sessions are kept in memory only".to_owned(),
            Some(file) => format!("{}: {}", file.path.display(), file.reason),
        }
    }
}

/// Number of answers of `session` that the file does not have in full.
fn count_unsaved_answers(session: &Session, on_disk: Option<&Session>) -> usize {
    let has_all = |run: &Run| {
        let stored = on_disk.and_then(|stored| stored.run(run.id));
        stored.is_some_and(|stored| stored.text.len() >= run.text.len())
    };
    session.runs().filter(|run| run.has_text() && !has_all(run)).count()
}
