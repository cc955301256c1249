//! Notices: temporary messages in the status line, one at a time.

use std::time::Duration;

/// Severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeLevel {
    /// Something was done.
    Info,
    /// Something needs attention.
    Warning,
    /// Something failed.
    Error,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its severity.
    pub level: NoticeLevel,
    /// One line, sanitised.
    pub text: String,
    /// When it disappears, on the program's clock.
    pub until: Duration,
}

impl Notice {
    /// How long a notice is shown.
    pub const DISPLAY_TIME: Duration = Duration::from_secs(8);
    /// When a notice disappears that is shown until something happens.
    pub const STAYS: Duration = Duration::MAX;
    /// How long an error is shown: long enough to read it and act on it.
    pub const ERROR_DISPLAY_TIME: Duration = Duration::from_secs(30);
}
