//! What the sources need to know about a download, and how they report its progress.
//!
//! Choosing sources and verifying the file are not handled here.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::DownloadProgress;
use super::model_file_paths::ModelFilePaths;

/// The least time between two reports of the number of bytes.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// One download.
pub(super) struct DownloadTask {
    pub(super) paths: ModelFilePaths,
    /// Set when the download is dropped: threads that still work for it check this and stop.
    pub(super) stop: Arc<AtomicBool>,
    /// Size of the file in bytes.
    pub(super) total: u64,
    report: Box<dyn Fn(DownloadProgress) + Send + Sync>,
    last_report: Mutex<Option<Instant>>,
}

impl DownloadTask {
    /// A download of `total` bytes whose progress is passed to `report`.
    pub(super) fn new(
        paths: ModelFilePaths,
        total: u64,
        report: impl Fn(DownloadProgress) + Send + Sync + 'static,
    ) -> Self {
        Self {
            paths,
            stop: Arc::default(),
            total,
            report: Box::new(report),
            last_report: Mutex::new(None),
        }
    }

    /// Reports a step.
    pub(super) fn report_progress(&self, progress: DownloadProgress) {
        (self.report)(progress);
    }

    /// Reports the number of bytes received, at most once per [`REPORT_INTERVAL`] before the last.
    pub(super) fn report_bytes(&self, done: u64) {
        let mut last_report = self.last_report.lock().unwrap_or_else(PoisonError::into_inner);
        if done < self.total && last_report.is_some_and(|at| at.elapsed() < REPORT_INTERVAL) {
            return;
        }
        *last_report = Some(Instant::now());
        drop(last_report);
        let done = done.min(self.total);
        self.report_progress(DownloadProgress::Bytes { done, total: self.total });
    }
}
