//! The log: a file in the state folder, only when `PLENARY_LOG` or `RUST_LOG` asks for it.
//!
//! Never standard output (the screen is there), no colours, readable by its owner alone. What HTTP and TLS
//! libraries log stays at warnings whatever was asked for: their traces carry headers, and headers carry keys.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Libraries whose traces may carry keys.
const QUIET: &[&str] = &["reqwest", "hyper", "hyper_util", "h2", "rustls", "tokio_util", "mio"];

/// Keeps the log open; dropping it flushes the rest.
#[derive(Debug)]
pub struct Logging(#[expect(dead_code, reason = "held for its Drop")] WorkerGuard);

/// The log filter: `PLENARY_LOG`, else `RUST_LOG`; none when both are unset or empty.
pub fn wanted() -> Option<String> {
    ["PLENARY_LOG", "RUST_LOG"].into_iter().find_map(|var| {
        std::env::var(var).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    })
}

/// Starts logging what `wanted` says into the file at `path`.
pub fn start(path: &Path, wanted: &str) -> io::Result<Logging> {
    let filter = filter(wanted)?;
    let (writer, guard) = tracing_appender::non_blocking(open(path)?);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(writer)
        .try_init()
        .map_err(io::Error::other)?;
    Ok(Logging(guard))
}

fn filter(wanted: &str) -> io::Result<EnvFilter> {
    // "1" and "on" are what people try first.
    let wanted = if matches!(wanted, "1" | "on" | "true") { "plenary=debug" } else { wanted };
    let mut filter = EnvFilter::try_new(wanted).map_err(|e| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{e}; write for example plenary=debug"))
    })?;
    for library in QUIET {
        let directive = format!("{library}=warn").parse().map_err(io::Error::other)?;
        filter = filter.add_directive(directive);
    }
    Ok(filter)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    // Fixes the mode of a file from an earlier version or another umask.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_that_see_keys_never_log_their_traces() {
        let filter = filter("trace").unwrap().to_string();
        for library in QUIET {
            assert!(filter.contains(&format!("{library}=warn")), "{filter}");
        }
        assert!(super::filter("plenary=loud").is_err());
    }

    #[test]
    fn only_the_owner_can_read_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/plenary.log");
        for _ in 0..2 {
            let file = open(&path).unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}
