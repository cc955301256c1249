//! Numbers and times in few characters, and the words for a run's state.
//!
//! Pure functions; what is live is shown coarsely, so that a streaming screen does not rewrite its titles all the time.

use std::time::Duration;

use super::theme::Part;
use crate::app::{Action, KeyContext, Keymap};
use crate::domain::{Ending, RunState};

/// `640`, `8.1k`, `1.2M`.
pub(super) fn count(n: u64) -> String {
    let tenth = |unit: u64| format!("{}.{}", n / unit, n % unit * 10 / unit);
    match n {
        0..1_000 => n.to_string(),
        1_000..10_000 => tenth(1_000) + "k",
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => tenth(1_000_000) + "M",
    }
}

/// `640 tok`, `≈410 tok`.
pub(super) fn tokens(n: u64, estimated: bool) -> String {
    format!("{}{} tok", if estimated { "≈" } else { "" }, count(n))
}

/// `9.8s` when it is over, `9s` while it goes on, `2m04s` from 100 seconds on.
pub(super) fn elapsed(time: Duration, live: bool) -> String {
    let seconds = time.as_secs();
    match (seconds, live) {
        (100.., _) => format!("{}m{:02}s", seconds / 60, seconds % 60),
        (_, true) => format!("{seconds}s"),
        _ => format!("{seconds}.{}s", time.subsec_millis() / 100),
    }
}

/// `just now`, `5 min ago`, `2 h ago`, `3 days ago`, `5 weeks ago`, `2 years ago`.
pub(super) fn ago(then_ms: i64, now_ms: i64) -> String {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let ago = |n: i64, word: &str| many(n.unsigned_abs(), word) + " ago";
    match now_ms.saturating_sub(then_ms) {
        ..MINUTE => "just now".to_owned(),
        ms if ms < HOUR => format!("{} min ago", ms / MINUTE),
        ms if ms < DAY => format!("{} h ago", ms / HOUR),
        ms if ms < 14 * DAY => ago(ms / DAY, "day"),
        ms if ms < 365 * DAY => ago(ms / (7 * DAY), "week"),
        ms => ago(ms / (365 * DAY), "year"),
    }
}

/// `1 question`, `3 questions`.
pub(super) fn many(n: u64, word: &str) -> String {
    if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") }
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
    fn numbers_and_times_are_short() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0k"),
            (8_140, "8.1k"),
            (12_345, "12k"),
            (1_250_000, "1.2M"),
        ] {
            assert_eq!(count(n), text);
        }
        assert_eq!(tokens(410, true), "≈410 tok");
        for (ms, live, text) in [
            (9_840, false, "9.8s"),
            (9_840, true, "9s"),
            (99_999, false, "99.9s"),
            (124_000, false, "2m04s"),
        ] {
            assert_eq!(elapsed(Duration::from_millis(ms), live), text);
        }
        for (seconds, text) in [
            (-5, "just now"),
            (59, "just now"),
            (61, "1 min ago"),
            (7_200, "2 h ago"),
            (90_000, "1 day ago"),
            (86_400 * 20, "2 weeks ago"),
            (86_400 * 800, "2 years ago"),
        ] {
            assert_eq!(ago(0, seconds * 1_000), text);
        }
        assert_eq!(ago(i64::MIN, i64::MAX), ago(0, i64::MAX));
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
