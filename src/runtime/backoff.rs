//! Decides whether a failed attempt is followed by another, and when. Pure: a function of the failure, the attempt's number
//! and a random number.
//!
//! Uses full jitter, so that panes that failed together do not retry together.

use std::time::Duration;

use jiff::{SignedDuration, Zoned};

use crate::domain::Failure;

/// The longest wait that plenary chooses.
const MAX_BACKOFF: Duration = Duration::from_secs(8);
/// Upper bound of the wait before the second attempt; it doubles with each attempt.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
/// The longest wait that a provider may request; beyond it the user decides.
const MAX_REQUESTED_WAIT: Duration = Duration::from_mins(1);
/// Random addition to the wait that a provider requests, so that panes it rejected together do not retry together.
const RETRY_AFTER_JITTER: Duration = Duration::from_millis(250);

/// What to do after a failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum NextAttempt {
    /// Make another attempt after this time.
    Wait(Duration),
    /// End the run with this reason.
    GiveUp(String),
}

/// Chooses what follows `failure` of attempt `attempt` (1-based) of `attempts`.
///
/// `random` is in `0.0..=1.0`; `now` is used only to format the deadline that a provider requests.
pub(super) fn choose_next_attempt(
    failure: &Failure,
    attempt: u32,
    attempts: u32,
    random: f64,
    now: &Zoned,
) -> NextAttempt {
    let tried = if attempt > 1 { format!(" (tried {attempt} times)") } else { String::new() };
    if !failure.retryable {
        return NextAttempt::GiveUp(format!("{}{tried}", failure.message));
    }
    if let Some(asked) = failure.retry_after.filter(|asked| *asked > MAX_REQUESTED_WAIT) {
        return NextAttempt::GiveUp(format!(
            "{}; it asks to wait {}",
            failure.message,
            format_deadline(asked, now)
        ));
    }
    if attempt >= attempts {
        return NextAttempt::GiveUp(format!("{}{tried}", failure.message));
    }
    NextAttempt::Wait(match failure.retry_after {
        Some(asked) => asked + RETRY_AFTER_JITTER.mul_f64(clamp_unit(random)),
        None => jittered_backoff(attempt, random),
    })
}

/// The wait after attempt number `attempt`: full jitter below a bound that doubles from 0.5 s to 8 s.
fn jittered_backoff(attempt: u32, random: f64) -> Duration {
    let doubled = FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(MAX_BACKOFF).mul_f64(clamp_unit(random))
}

fn clamp_unit(random: f64) -> f64 {
    if random.is_finite() { random.clamp(0.0, 1.0) } else { 1.0 }
}

/// `until 14:05:30`, with the date when it is not today's.
fn format_deadline(wait: Duration, now: &Zoned) -> String {
    let then = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
    match then {
        Some(then) if then.date() == now.date() => format!("until {}", then.strftime("%H:%M:%S")),
        Some(then) => format!("until {}", then.strftime("%Y-%m-%d %H:%M")),
        None => "for longer than anybody will".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FailureKind;

    fn now() -> Zoned {
        jiff::civil::date(2026, 11, 20).at(14, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap()
    }

    fn busy(retry_after: Option<u64>) -> Failure {
        let mut failure = Failure::new(FailureKind::Busy, "429 from gateway");
        failure.retry_after = retry_after.map(Duration::from_secs);
        failure
    }

    #[test]
    fn the_bound_doubles_and_stops_and_the_jitter_is_full() {
        let bounds: Vec<u64> = (1..8)
            .map(|attempt| u64::try_from(jittered_backoff(attempt, 1.0).as_millis()).unwrap())
            .collect();
        assert_eq!(bounds, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(jittered_backoff(3, 0.0), Duration::ZERO);
        assert_eq!(jittered_backoff(3, 0.25), Duration::from_millis(500));
        for odd in [f64::NAN, f64::INFINITY, -1.0, 7.0] {
            assert!(jittered_backoff(u32::MAX, odd) <= MAX_BACKOFF);
        }
    }

    #[test]
    fn attempts_end() {
        let at = |attempt| choose_next_attempt(&busy(None), attempt, 4, 1.0, &now());
        assert_eq!(at(1), NextAttempt::Wait(Duration::from_millis(500)));
        assert_eq!(at(3), NextAttempt::Wait(Duration::from_secs(2)));
        assert_eq!(at(4), NextAttempt::GiveUp("429 from gateway (tried 4 times)".into()));
        assert_eq!(
            choose_next_attempt(&busy(None), 1, 1, 1.0, &now()),
            NextAttempt::GiveUp("429 from gateway".into())
        );
        assert_eq!(
            choose_next_attempt(&busy(None), 1, 0, 1.0, &now()),
            NextAttempt::GiveUp("429 from gateway".into())
        );
    }

    #[test]
    fn what_cannot_help_is_not_tried() {
        let failure = Failure::new(FailureKind::Auth, "401 from gateway");
        assert_eq!(
            choose_next_attempt(&failure, 1, 4, 1.0, &now()),
            NextAttempt::GiveUp("401 from gateway".into())
        );
    }

    #[test]
    fn a_provider_is_obeyed_to_a_minute_and_then_the_person_is_asked() {
        let of = |seconds| choose_next_attempt(&busy(Some(seconds)), 1, 4, 0.0, &now());
        assert_eq!(of(7), NextAttempt::Wait(Duration::from_secs(7)));
        let late = choose_next_attempt(&busy(Some(7)), 1, 4, 1.0, &now());
        assert_eq!(late, NextAttempt::Wait(Duration::from_millis(7_250)));
        assert_eq!(of(60), NextAttempt::Wait(Duration::from_mins(1)));
        assert_eq!(
            of(330),
            NextAttempt::GiveUp("429 from gateway; it asks to wait until 14:05:30".into())
        );
        assert_eq!(
            of(86_400),
            NextAttempt::GiveUp("429 from gateway; it asks to wait until 2026-11-21 14:00".into())
        );
        for far in [1_000_000_000_000, u64::MAX] {
            assert!(
                matches!(of(far), NextAttempt::GiveUp(words) if words.contains("longer than anybody"))
            );
        }
    }
}
