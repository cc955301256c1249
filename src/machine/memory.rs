//! How much memory is free for a model: what the system says, or less where a container allows less.
//!
//! A model that does not fit makes the machine swap, or the system kill the program. Where nothing is known, nothing is
//! refused.

use std::fs;

/// Bytes of memory that a program may still take; none when the system does not say.
pub fn available() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo(&text));
    let container = container(
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().as_deref(),
        fs::read_to_string("/sys/fs/cgroup/memory.current").ok().as_deref(),
    );
    match (system, container) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// Bytes of memory that this process has; none when the system does not say.
pub fn resident() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    kib_behind(&text, "VmRSS:")
}

fn meminfo(text: &str) -> Option<u64> {
    kib_behind(text, "MemAvailable:")
}

fn kib_behind(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

fn container(most: Option<&str>, taken: Option<&str>) -> Option<u64> {
    let most: u64 = most?.trim().parse().ok()?;
    let taken: u64 = taken?.trim().parse().ok()?;
    Some(most.saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_system_and_container_counts() {
        assert_eq!(meminfo("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!(meminfo("MemTotal: 9 kB\n"), None);
        assert_eq!(container(Some("1000\n"), Some("400\n")), Some(600));
        assert_eq!(container(Some("max\n"), Some("400\n")), None);
        assert_eq!(container(Some("100"), Some("400")), Some(0));
    }
}
