//! How a fetch is shown on standard error: a bar on a terminal, a line now and then elsewhere.
//!
//! Only shows; what is fetched is `weights`' work. Used by `fetch`.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::say;
use crate::domain::format::format_bytes;
use crate::text::sanitize_line;
use crate::weights::Progress;

/// The longest wait between two lines while bytes come.
const LINE: Duration = Duration::from_secs(5);
/// A line for each of so many parts of the whole.
const STEPS: u64 = 20;

/// Where a fetch is shown.
pub(super) struct Show {
    title: String,
    bar: Option<ProgressBar>,
    last: Mutex<Last>,
}

/// What was shown last.
#[derive(Default)]
struct Last {
    step: Option<u64>,
    at: Option<Instant>,
    moving: bool,
}

impl Show {
    /// For weights of this title.
    pub(super) fn new(title: &str) -> Self {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let bar = (std::io::stderr().is_terminal() && !dumb).then(bar);
        Self { title: sanitize_line(title), bar, last: Mutex::default() }
    }

    /// Shows it.
    pub(super) fn tell(&self, progress: &Progress) {
        let title = &self.title;
        let words = match progress {
            Progress::Waiting => {
                format!("{title}: another instance of plenary is fetching it; waiting for that")
            }
            Progress::Trying(source) => {
                format!("{title}: fetching from {}", sanitize_line(source))
            }
            Progress::Checking => format!("{title}: checking its sha256"),
            Progress::Bytes { done, total } => return self.bytes(*done, *total),
        };
        match &self.bar {
            Some(bar) => bar.set_message(words),
            None => say(&words),
        }
    }

    fn bytes(&self, done: u64, total: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            if !std::mem::replace(&mut last.moving, true) {
                // What an earlier fetch left is no speed.
                bar.reset_eta();
            }
            return;
        }
        let step = done.saturating_mul(STEPS) / total.max(1);
        let due = last.at.is_none_or(|at| at.elapsed() >= LINE) || last.step != Some(step);
        if due && done > 0 {
            (last.step, last.at) = (Some(step), Some(Instant::now()));
            let percent = done.saturating_mul(100) / total.max(1);
            say(&format!(
                "{}: {} of {} ({percent} %)",
                self.title,
                format_bytes(done),
                format_bytes(total)
            ));
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let template = "{msg}\n{bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    let style = ProgressStyle::with_template(template);
    let bar = ProgressBar::new(0);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ "));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
