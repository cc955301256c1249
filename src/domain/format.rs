//! Formats numbers, durations, sizes and amounts of money for people.
//!
//! No clock, no locale, no styling, no dates.

use std::fmt::Display;
use std::time::Duration;

/// A count in few characters: `640`, `8.1k`, `12k`, `1.2M`. Cut, not rounded, so that a growing count never runs ahead.
pub fn format_count(n: u64) -> String {
    match n {
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format_exact_count(n),
    }
}

/// A count with one decimal from a thousand on: `640`, `12.3k`, `1.2M`.
pub fn format_exact_count(n: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", n / unit, n % unit * 10 / unit);
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => tenths(1_000) + "k",
        _ => tenths(1_000_000) + "M",
    }
}

/// All digits, in groups of three: `12,345`.
pub fn format_thousands(n: u32) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 question`, `3 questions`, `2 entries`.
pub fn format_quantity<N: Copy + Display + PartialEq + From<u8>>(n: N, noun: &str) -> String {
    if n == N::from(1) { format!("{n} {noun}") } else { format!("{n} {}", pluralize(noun)) }
}

/// The plural of a regular English noun: `questions`, `entries`, `replies`, `days`.
fn pluralize(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// The size of a file or of memory: `1.1 GB`, `98 MB`, in powers of a thousand as disks and downloads are counted.
pub fn format_bytes(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] =
        &[(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((one, unit)) = UNITS.iter().find(|(one, _)| bytes >= *one) else {
        return format!("{bytes} bytes");
    };
    let (whole, tenth) = (bytes / one, bytes % one / (one / 10));
    if whole < 10 { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

/// A duration in few characters: `9.8s`, `2m04s` from 100 seconds on. While it is `running`, in whole seconds
/// (`9s`), so that the screen changes only once a second.
pub fn format_elapsed(time: Duration, running: bool) -> String {
    let seconds = time.as_secs();
    match (seconds, running) {
        (100.., _) => format!("{}m{:02}s", seconds / 60, seconds % 60),
        (_, true) => format!("{seconds}s"),
        _ => format!("{seconds}.{}s", time.subsec_millis() / 100),
    }
}

/// A duration as it is written in prose: `9.8 s`, `2 min 5 s`. Rounded.
pub fn format_duration(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        let seconds = (time.as_millis() + 500) / 1000;
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// How long ago `then` was, both in milliseconds since 1970: `just now`, `5 min ago`, `2 h ago`, `3 days ago`,
/// `5 weeks ago`, `2 years ago`.
pub fn format_age(then: i64, now: i64) -> String {
    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let ago = |n: i64, noun: &str| format_quantity(n, noun) + " ago";
    match now.saturating_sub(then) {
        ..MINUTE => "just now".to_owned(),
        ms if ms < HOUR => format!("{} min ago", ms / MINUTE),
        ms if ms < DAY => format!("{} h ago", ms / HOUR),
        ms if ms < 14 * DAY => ago(ms / DAY, "day"),
        ms if ms < 365 * DAY => ago(ms / (7 * DAY), "week"),
        ms => ago(ms / (365 * DAY), "year"),
    }
}

/// Millionths of a US dollar: `$0.0412`, `$12.35`, `$0.000031`. Rounded to the digits that matter at that size.
pub fn format_dollars(micro: u64) -> String {
    let with_digits = |digits: u32| {
        let unit = 10u64.pow(6 - digits);
        let (rounded, one) = (micro.saturating_add(unit / 2) / unit, 10u64.pow(digits));
        format!("${}.{:0width$}", rounded / one, rounded % one, width = digits as usize)
    };
    match micro {
        0 => "$0".to_owned(),
        1..100 => with_digits(6),
        100..1_000_000 => with_digits(4),
        _ => with_digits(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cut_to_few_digits() {
        for (n, short, exact) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1.0k", "1.0k"),
            (8_140, "8.1k", "8.1k"),
            (12_345, "12k", "12.3k"),
            (1_250_000, "1.2M", "1.2M"),
        ] {
            assert_eq!((format_count(n), format_exact_count(n)), (short.into(), exact.into()));
        }
        for (n, text) in [(0, "0"), (999, "999"), (4_096, "4,096"), (1_234_567, "1,234,567")] {
            assert_eq!(format_thousands(n), text);
        }
    }

    #[test]
    fn nouns_get_their_plural() {
        for (n, noun, text) in [
            (0, "entry", "0 entries"),
            (1, "entry", "1 entry"),
            (2, "entry", "2 entries"),
            (2, "day", "2 days"),
            (2, "more model", "2 more models"),
        ] {
            assert_eq!(format_quantity(n, noun), text);
        }
    }

    #[test]
    fn bytes_are_in_powers_of_a_thousand() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (98_362_432, "98 MB"),
            (1_117_320_768, "1.1 GB"),
            (9_999_999_999, "9.9 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(format_bytes(bytes), text);
        }
    }

    #[test]
    fn durations_are_short_on_screen_and_rounded_in_prose() {
        for (ms, running, text) in [
            (9_840, false, "9.8s"),
            (9_840, true, "9s"),
            (99_999, false, "99.9s"),
            (124_000, false, "2m04s"),
        ] {
            assert_eq!(format_elapsed(Duration::from_millis(ms), running), text);
        }
        for (ms, text) in [
            (40, "0.0 s"),
            (9_849, "9.8 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min 0 s"),
            (125_400, "2 min 5 s"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn ages_use_the_largest_unit_that_fits() {
        for (seconds, text) in [
            (-5, "just now"),
            (59, "just now"),
            (61, "1 min ago"),
            (7_200, "2 h ago"),
            (90_000, "1 day ago"),
            (86_400 * 20, "2 weeks ago"),
            (86_400 * 800, "2 years ago"),
        ] {
            assert_eq!(format_age(0, seconds * 1_000), text);
        }
        assert_eq!(format_age(i64::MIN, i64::MAX), format_age(0, i64::MAX));
    }

    #[test]
    fn dollars_keep_the_digits_that_matter() {
        for (micro, text) in [
            (0, "$0"),
            (31, "$0.000031"),
            (100, "$0.0001"),
            (41_249, "$0.0412"),
            (41_250, "$0.0413"),
            (999_999, "$1.0000"),
            (1_000_000, "$1.00"),
            (12_345_678, "$12.35"),
            (u64::MAX, "$18446744073709.55"),
        ] {
            assert_eq!(format_dollars(micro), text);
        }
    }
}
