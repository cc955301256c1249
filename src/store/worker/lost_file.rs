//! Notices that the file was deleted, moved or replaced while it is open, when SQLite would write into a file that no
//! program will find again.
//!
//! Creates no other file at the path: what another program has put there, or removed, stays as it is. Until the file is
//! back, changes stay pending.

use std::io::ErrorKind;
use std::time::Instant;

use super::super::{StoreError, store_file};
use super::{FileAccess, StoreWorker};

/// Why a lost file is not written.
const LOST_REASON: &str = "the store was deleted, moved or replaced by another program";

impl StoreWorker {
    /// Compares the file at the path with the open one, and reports when that changes. Costs one `stat`.
    pub(super) fn check_file(&mut self) {
        let Some(file) = &mut self.file else { return };
        let Some(open) = file.identity else { return };
        let is_lost = match store_file::identify(&file.path) {
            Ok(found) => found != open,
            // Any other error says nothing about the file.
            Err(e) => matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        };
        match file.access {
            FileAccess::Write if is_lost => {
                file.access = FileAccess::Lost;
                LOST_REASON.clone_into(&mut file.reason);
                self.has_problem = true;
                let path = file.path.display();
                self.errors.push(StoreError::Failing(format!(
                    "{path}: {LOST_REASON}; what this program has written is kept in memory. Put the \
                     file back, or quit to write it to a file"
                )));
            }
            FileAccess::Lost if !is_lost => {
                file.access = FileAccess::Write;
                if self.backlog.is_empty() {
                    self.has_problem = false;
                    self.errors.push(StoreError::Recovered { path: file.path.clone() });
                } else {
                    self.retry_at = Some(Instant::now());
                }
            }
            _ => {}
        }
    }
}
