//! The delay that a provider asks for: `retry-after-ms`, then `Retry-After` in seconds or as a date.
//!
//! Only reads headers, and does not decide whether to retry.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The delay that the headers ask for. None when they contain nothing usable: then the default backoff applies.
///
/// A date is compared with the `Date` of the response, because the clocks of the two machines may differ.
#[expect(clippy::disallowed_methods, reason = "only for a date without the response's own `Date`")]
pub(crate) fn parse_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.parse::<f64>().ok())
        && ms >= 0.0
    {
        return positive_duration(ms / 1000.0);
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return positive_duration(seconds);
    }
    let date = |text: &str| DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
    let until = date(value)?;
    let now = text(DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now);
    Duration::try_from(until.duration_since(now)).ok().filter(|wait| !wait.is_zero())
}

fn positive_duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay_of(pairs: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        parse_retry_after(&headers)
    }

    #[test]
    fn seconds_are_read_and_garbage_is_ignored() {
        let s = Duration::from_secs;
        for (value, wait) in [
            ("7", Some(s(7))),
            ("1.5", Some(Duration::from_millis(1500))),
            ("0", None),
            ("-5", None),
            ("1000000000", Some(s(1_000_000_000))),
            ("1e400", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(delay_of(&[("retry-after", value)]), wait, "{value}");
        }
    }

    #[test]
    fn milliseconds_come_first_and_zero_means_the_default_backoff() {
        assert_eq!(delay_of(&[("retry-after", "1"), ("retry-after-ms", "0")]), None);
        assert_eq!(
            delay_of(&[("retry-after", "1"), ("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            delay_of(&[("retry-after", "2"), ("retry-after-ms", "x")]),
            Some(Duration::from_secs(2))
        );
        assert_eq!(
            delay_of(&[("retry-after", "2"), ("retry-after-ms", "-1")]),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn a_date_is_relative_to_the_date_of_the_response() {
        let at = |date, until| delay_of(&[("date", date), ("retry-after", until)]);
        assert_eq!(
            at("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(at("Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:27:00 GMT"), None);
        assert_eq!(delay_of(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]), None, "long ago");
    }
}
