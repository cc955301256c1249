//! The log: what happened when, to find the cause of a problem; only when `PLENARY_LOG` or `RUST_LOG` asks
//! for it.
//!
//! It says which provider was asked, what it answered in kind, status and time, and how the run ended; never what was asked
//! or answered, and no key. Targets are the modules that log: `plenary::provider=debug` selects a layer. Libraries log
//! warnings alone, whatever was asked for: their traces carry headers and bodies.

use std::io;
use std::path::Path;

use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use super::log_file::LogFile;

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
    let filter = parse_filter(wanted)?;
    let (writer, guard) = tracing_appender::non_blocking(LogFile::open(path)?);
    let layer = fmt::layer().with_ansi(false).with_writer(writer);
    let layer = layer.with_filter(filter_fn(|event| may_log(event.target(), *event.level())));
    tracing_subscriber::registry().with(filter).with(layer).try_init().map_err(io::Error::other)?;
    Ok(Logging(guard))
}

/// Logs what the machine and the terminal are. Arguments are left out: a question is one.
pub fn log_environment() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        os = std::env::consts::OS,
        arch = std::env::consts::ARCH,
        term = variable("TERM"),
        colorterm = variable("COLORTERM"),
        tmux = std::env::var_os("TMUX").is_some(),
        ssh = std::env::var_os("SSH_CONNECTION").is_some(),
        "started"
    );
}

fn may_log(target: &str, level: Level) -> bool {
    let is_own = target == "plenary" || target.starts_with("plenary::");
    is_own || level <= Level::WARN
}

fn parse_filter(wanted: &str) -> io::Result<EnvFilter> {
    // "1" and "on" are what people try first, and a level alone means plenary's.
    let wanted = match wanted.to_ascii_lowercase().as_str() {
        "1" | "on" | "true" => "plenary=debug".to_owned(),
        level @ ("error" | "warn" | "info" | "debug" | "trace") => format!("warn,plenary={level}"),
        _ => wanted.to_owned(),
    };
    EnvFilter::try_new(wanted).map_err(|e| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{e}; write for example plenary=debug"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_log_warnings_alone() {
        for library in ["reqwest::connect", "hyper_util", "h2::codec", "rustls", "plenaryx"] {
            assert!(!may_log(library, Level::INFO) && !may_log(library, Level::TRACE), "{library}");
            assert!(may_log(library, Level::WARN));
        }
        assert!(may_log("plenary::provider::http", Level::TRACE));
    }

    #[test]
    fn filters_are_levels_or_directives() {
        assert_eq!(parse_filter("1").unwrap().to_string(), "plenary=debug");
        assert_eq!(parse_filter("trace").unwrap().to_string(), "plenary=trace,warn");
        assert!(parse_filter("plenary=loud").is_err());
    }
}
