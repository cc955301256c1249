//! Free and used memory, as Linux reports it.
//!
//! A model that does not fit into free memory makes the machine swap, or the system kill the program.

use std::fs;

/// Bytes of memory that a program can still allocate: those of the system, or of the container if that allows less.
/// None if the system does not report them.
pub fn available_memory() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| parse_meminfo(&text));
    let container = container_memory(
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().as_deref(),
        fs::read_to_string("/sys/fs/cgroup/memory.current").ok().as_deref(),
    );
    match (system, container) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}

/// Bytes of memory that this process uses. None if the system does not report them.
pub fn resident_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    parse_kib_field(&text, "VmRSS:")
}

fn parse_meminfo(text: &str) -> Option<u64> {
    parse_kib_field(text, "MemAvailable:")
}

fn parse_kib_field(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Bytes that a container can still allocate, from its `memory.max` and `memory.current`.
fn container_memory(max: Option<&str>, current: Option<&str>) -> Option<u64> {
    let max: u64 = max?.trim().parse().ok()?;
    let current: u64 = current?.trim().parse().ok()?;
    Some(max.saturating_sub(current))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_system_and_container_are_read() {
        assert_eq!(
            parse_meminfo("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"),
            Some(2 * 1024 * 1024)
        );
        assert_eq!(parse_meminfo("MemTotal: 9 kB\n"), None);
        assert_eq!(container_memory(Some("1000\n"), Some("400\n")), Some(600));
        assert_eq!(container_memory(Some("max\n"), Some("400\n")), None);
        assert_eq!(container_memory(Some("100"), Some("400")), Some(0));
    }
}
