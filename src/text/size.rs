//! Sizes of files for people: `1.1 GB`, `98 MB`, in powers of a thousand as disks and downloads are counted.

/// `bytes` in words.
pub fn size(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] =
        &[(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let Some((one, unit)) = UNITS.iter().find(|(one, _)| bytes >= *one) else {
        return format!("{bytes} bytes");
    };
    let (whole, tenth) = (bytes / one, bytes % one / (one / 10));
    if whole < 10 { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_people_write_them() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (98_362_432, "98 MB"),
            (1_117_320_768, "1.1 GB"),
            (9_999_999_999, "9.9 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
