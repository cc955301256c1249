//! What the status line says besides its usual content: one notice at a time, gone after a while.

use std::time::Duration;

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
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
    /// How loud.
    pub level: Level,
    /// One line, clean.
    pub text: String,
    /// When it goes away, on the program's clock.
    pub until: Duration,
}

impl Notice {
    /// How long a notice stays.
    pub const STAYS: Duration = Duration::from_secs(8);
    /// How long an error stays: long enough to be read and acted on.
    pub const ERROR_STAYS: Duration = Duration::from_secs(30);
}
