//! How much memory is free on this machine. One number, read when it is asked for; where it cannot be known, nothing.
//!
//! Used for the choice of a local model and by `doctor`.

/// Bytes that programs can have without swapping; none where the system does not say.
pub fn available() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_own_estimate_is_read() {
        let text = "MemTotal:       16384256 kB\nMemFree:          123456 kB\nMemAvailable:    8192000 kB\n";
        assert_eq!(parse(text), Some(8_192_000 * 1024));
        for nonsense in ["", "MemAvailable:", "MemAvailable: x kB", "MemAvailable: 5 MB"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
