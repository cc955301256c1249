//! Short texts: numbers, times, the state of a run with its sign and role, the key of an action.
//!
//! Pure functions. Values that change while a run streams are rounded, so that titles are not rewritten in every frame.

use std::time::Duration;

use super::theme::UiRole;
use crate::app::{Action, KeyContext, Keymap};
use crate::domain::format::format_count;
use crate::domain::{Ending, RunState};

/// `640 tok`, `≈410 tok`.
pub(super) fn format_tokens(n: u64, estimated: bool) -> String {
    format!("{}{} tok", if estimated { "≈" } else { "" }, format_count(n))
}

/// Returns the sign of a state, so that no state is shown by colour alone.
pub(super) fn state_glyph(state: &RunState) -> &'static str {
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

/// Returns the theme role of a state.
pub(super) fn state_role(state: &RunState) -> UiRole {
    match state {
        RunState::Queued => UiRole::Queued,
        RunState::Connecting => UiRole::Connecting,
        RunState::Streaming => UiRole::Streaming,
        RunState::Retrying { .. } => UiRole::Retrying,
        RunState::Ended(Ending::Done) => UiRole::Done,
        RunState::Ended(Ending::Cut(_)) => UiRole::Cut,
        RunState::Ended(Ending::Refused(_)) => UiRole::Refused,
        RunState::Ended(Ending::Failed(_)) => UiRole::Failed,
        RunState::Ended(Ending::Cancelled) => UiRole::Cancelled,
    }
}

/// Describes a state at `now`: its name, or `retry in 3s (2/4)`.
pub(super) fn describe_state(state: &RunState, now: Duration) -> String {
    match state {
        RunState::Retrying { attempt, of, at, .. } => {
            // Rounded up, so that "in 0s" never appears.
            let seconds_left = at.saturating_sub(now).as_millis().div_ceil(1_000);
            match seconds_left {
                0 => format!("retrying ({attempt}/{of})"),
                s => format!("retry in {s}s ({attempt}/{of})"),
            }
        }
        other => other.as_str().to_owned(),
    }
}

/// Returns the first key bound to `action` in `context`, as hints show it.
pub(super) fn key_hint(keymap: &Keymap, context: KeyContext, action: Action) -> Option<String> {
    let binding = keymap.in_force(context).find(|b| b.run == action && !b.on.is_empty())?;
    let keys = binding.on.first()?;
    Some(keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_marked() {
        assert_eq!(format_tokens(410, true), "≈410 tok");
        assert_eq!(format_tokens(12_345, false), "12k tok");
    }

    #[test]
    fn retry_counts_down_to_one_second() {
        let at = |ms| RunState::Retrying {
            attempt: 2,
            of: 4,
            at: Duration::from_millis(ms),
            reason: String::new(),
        };
        assert_eq!(describe_state(&at(3_000), Duration::ZERO), "retry in 3s (2/4)");
        assert_eq!(describe_state(&at(100), Duration::ZERO), "retry in 1s (2/4)");
        assert_eq!(describe_state(&at(0), Duration::from_secs(1)), "retrying (2/4)");
    }
}
