//! Reads the clocks of the machine; `app` and `ui` get the time from here.

use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned};

use crate::app::Clock;

/// The program's clock: zero at its start.
#[derive(Debug, Clone, Copy)]
pub struct ProgramClock {
    start: Instant,
}

impl ProgramClock {
    /// Starts at zero.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The instant at `since_start`, for sleeping until then.
    pub fn instant_at(&self, since_start: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.start + since_start)
    }

    /// Both clocks now.
    pub fn now(&self) -> Clock {
        Clock { since_start: self.elapsed(), unix_ms: unix_ms() }
    }
}

/// The time of day, in milliseconds since 1970 UTC.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn unix_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The time of day where the user is.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn local_time() -> Zoned {
    Zoned::now()
}
