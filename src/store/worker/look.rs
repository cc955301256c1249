//! Looks for commits of other programs, which SQLite counts: some 20 µs a second, and nothing is read again without one.

use std::time::{Duration, Instant};

use super::super::StoreError;
use super::{StoreFile, StoreWorker};

/// Time between two looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

impl StoreWorker {
    /// Reports changes of other programs from now on.
    pub(in crate::store) fn watch_changes(&mut self) {
        self.data_version = self.read_data_version();
        self.look_at = Some(Instant::now() + LOOK_INTERVAL);
    }

    /// Looks for changes of other programs when it is time.
    pub(super) fn look_for_changes(&mut self) {
        let now = Instant::now();
        if self.look_at.is_none_or(|at| at > now) {
            return;
        }
        self.look_at = Some(now + LOOK_INTERVAL);
        self.check_file();
        let version = self.read_data_version();
        if version.is_some() && self.data_version.is_some() && version != self.data_version {
            self.errors.push(StoreError::ChangedElsewhere);
        }
        self.data_version = version.or(self.data_version);
    }

    fn read_data_version(&self) -> Option<i64> {
        let Some(StoreFile { conn: Some(conn), .. }) = &self.file else { return None };
        conn.pragma_query_value(None, "data_version", |row| row.get(0)).ok()
    }
}
