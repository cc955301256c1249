//! The words, signs and styles for a run's state, and the keys that hints name.
//!
//! Pure functions; numbers and durations are formatted by `domain::format`.

use std::time::Duration;

use super::theme::Part;
use crate::app::{Action, KeyContext, Keymap};
use crate::domain::format::format_count;
use crate::domain::{Ending, RunState};

/// `640 tok`, `≈410 tok`.
pub(super) fn tokens(n: u64, estimated: bool) -> String {
    format!("{}{} tok", if estimated { "≈" } else { "" }, format_count(n))
}

/// The sign of a state: never colour alone.
pub(super) fn glyph(state: &RunState) -> &'static str {
    match state {
        RunState::Queued => "○",
        RunState::Connecting => "◌",
        RunState::Streaming => "●",
        RunState::Retrying { .. } => "↻",
        RunState::Ended(Ending::Done) => "✓",
        RunState::Ended(Ending::Cut(_)) => "✂",
        RunState::Ended(Ending::Refused(_)) => "⊘",
        RunState::Ended(Ending::Failed(_)) => "✗",
        RunState::Ended(Ending::Cancelled) => "■",
    }
}

/// The part of the screen whose style a state has.
pub(super) fn part(state: &RunState) -> Part {
    match state {
        RunState::Queued => Part::Queued,
        RunState::Connecting => Part::Connecting,
        RunState::Streaming => Part::Streaming,
        RunState::Retrying { .. } => Part::Retrying,
        RunState::Ended(Ending::Done) => Part::Done,
        RunState::Ended(Ending::Cut(_)) => Part::Cut,
        RunState::Ended(Ending::Refused(_)) => Part::Refused,
        RunState::Ended(Ending::Failed(_)) => Part::Failed,
        RunState::Ended(Ending::Cancelled) => Part::Cancelled,
    }
}

/// The state in words at `now`: `retry in 3s (2/4)` says more than the word alone.
pub(super) fn state(state: &RunState, now: Duration) -> String {
    match state {
        RunState::Retrying { attempt, of, at, .. } => {
            // Rounded up: "in 0s" would be read as "now".
            let left = at.saturating_sub(now).as_millis().div_ceil(1_000);
            match left {
                0 => format!("retrying ({attempt}/{of})"),
                s => format!("retry in {s}s ({attempt}/{of})"),
            }
        }
        other => other.word().to_owned(),
    }
}

/// The first key that runs `action` in `context`: what hints name.
pub(super) fn key(keymap: &Keymap, context: KeyContext, action: Action) -> Option<String> {
    let binding = keymap.in_force(context).find(|b| b.run == action && !b.on.is_empty())?;
    let keys = binding.on.first()?;
    Some(keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_marked() {
        assert_eq!(tokens(410, true), "≈410 tok");
        assert_eq!(tokens(12_345, false), "12k tok");
    }

    #[test]
    fn a_retry_counts_down_and_never_says_zero() {
        let at = |ms| RunState::Retrying {
            attempt: 2,
            of: 4,
            at: Duration::from_millis(ms),
            reason: String::new(),
        };
        assert_eq!(state(&at(3_000), Duration::ZERO), "retry in 3s (2/4)");
        assert_eq!(state(&at(100), Duration::ZERO), "retry in 1s (2/4)");
        assert_eq!(state(&at(0), Duration::from_secs(1)), "retrying (2/4)");
    }
}
