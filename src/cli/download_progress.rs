//! The progress of a download on standard error: a bar on a terminal, occasional lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::{print_message, terminal};
use crate::text::{sanitize_line, size};
use crate::weights::DownloadProgress;

/// Longest time between two lines while bytes arrive.
const LINE_INTERVAL: Duration = Duration::from_secs(5);
/// Number of equal parts of a file; a line is printed at the end of each.
const LINE_STEPS: u64 = 20;

/// Shows the progress of one download.
pub(super) struct ProgressReporter {
    title: String,
    bar: Option<ProgressBar>,
    last: Mutex<LastReport>,
}

/// The state at the last report.
#[derive(Default)]
struct LastReport {
    step: Option<u64>,
    at: Option<Instant>,
    has_bytes: bool,
}

impl ProgressReporter {
    /// Creates a reporter for a model file with this title.
    pub(super) fn new(title: &str) -> Self {
        let bar = (std::io::stderr().is_terminal() && !terminal::is_dumb()).then(build_bar);
        Self { title: sanitize_line(title), bar, last: Mutex::default() }
    }

    /// Shows `progress`.
    pub(super) fn report(&self, progress: &DownloadProgress) {
        let title = &self.title;
        let message = match progress {
            DownloadProgress::Waiting => {
                format!("{title}: waiting for another instance of plenary that downloads it")
            }
            DownloadProgress::Trying(source) => {
                format!("{title}: downloading from {}", sanitize_line(source))
            }
            DownloadProgress::Checking => format!("{title}: checking its sha256"),
            DownloadProgress::Bytes { done, total } => return self.report_bytes(*done, *total),
        };
        match &self.bar {
            Some(bar) => bar.set_message(message),
            None => print_message(&message),
        }
    }

    fn report_bytes(&self, done: u64, total: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            if !std::mem::replace(&mut last.has_bytes, true) {
                // Bytes of an earlier download say nothing about the speed of this one.
                bar.reset_eta();
            }
            return;
        }
        let step = done.saturating_mul(LINE_STEPS) / total.max(1);
        let is_due =
            last.at.is_none_or(|at| at.elapsed() >= LINE_INTERVAL) || last.step != Some(step);
        if is_due && done > 0 {
            (last.step, last.at) = (Some(step), Some(Instant::now()));
            let percent = done.saturating_mul(100) / total.max(1);
            let (done, total) = (size(done), size(total));
            print_message(&format!("{}: {done} of {total} ({percent} %)", self.title));
        }
    }

    /// Removes the bar from the terminal.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn build_bar() -> ProgressBar {
    let template = "{msg}\n{bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::new(0);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
