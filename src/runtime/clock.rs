//! The one place that reads the clocks of the machine; everybody else is told the time.

use std::time::{Duration, Instant};

use crate::app::Clock;

/// The program's clock: zero at its start.
#[derive(Debug, Clone, Copy)]
pub struct Timer {
    start: Instant,
}

impl Timer {
    /// Starts at zero.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The instant at `since_start`, for sleeping until then.
    pub fn at(&self, since_start: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start + since_start)
    }

    /// Both clocks now.
    pub fn now(&self) -> Clock {
        Clock { since_start: self.elapsed(), unix_ms: jiff::Timestamp::now().as_millisecond() }
    }
}
