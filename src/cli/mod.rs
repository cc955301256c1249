//! The command line, one file a command: what was typed, which command it is, which exit code it ends with.
//!
//! Nothing here draws or asks by itself: commands put `config`, `store`, `provider` and `runtime` together.
//! Every message says what failed, where, and what to do. Called by `main`.

pub mod args;
pub mod ask;
mod attach;
mod completions;
pub mod config;
pub mod doctor;
pub mod export;
pub mod fetch;
mod keys;
mod man;
pub mod model;
pub mod persona;
mod progress;
pub mod sessions;
pub mod tui;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{Flags, Paths, Setup, nearest};
use crate::provider;
use crate::runtime::logging;
use crate::store::Store;
use crate::text::sanitize;
use args::{Cli, Command};

/// Why a command ended without doing its work, and the exit code that says so.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    /// What failed, where, what to do.
    pub message: String,
    /// 2 for usage and configuration, 1 otherwise.
    pub code: u8,
}

impl CliError {
    /// A usage or configuration error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// Any other failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

/// How a command prints: text or JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Writes to standard output; a closed pipe is not an error (the reader has what it wanted).
fn out(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CliError::failed(format!("standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes one message to standard error. One that cannot be written is lost: there is nowhere else.
fn say(message: &str) {
    let line = format!("plenary: {}\n", sanitize(message.trim_end()));
    let told = std::io::stderr().lock().write_all(line.as_bytes());
    drop(told);
}

/// Writes `value` as JSON, for people and programs alike.
fn out_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    out(&json_text(value)?)
}

/// `value` as JSON, with a line end.
fn json_text(value: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| CliError::failed(format!("this cannot be written as JSON: {e}")))
}

/// Runs the program: the command that was typed, and the exit code that it ended with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return help_or_wrong(&e),
    };
    let _logging = start_logging();
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            say(&e.message);
            ExitCode::from(e.code)
        }
    }
}

/// Help and version are errors to clap; they go to standard output and end with 0.
fn help_or_wrong(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    match error.print() {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            say(&format!("standard output: {e}"));
            ExitCode::from(code.max(1))
        }
        _ => ExitCode::from(code),
    }
}

fn start_logging() -> Option<logging::Logging> {
    let wanted = logging::wanted()?;
    let Some(path) = Paths::here().log() else {
        say("no log is written: no home folder is known (set HOME or XDG_STATE_HOME)");
        return None;
    };
    match logging::start(&path, &wanted) {
        Ok(logging) => Some(logging),
        Err(e) => {
            say(&format!("no log is written: {}: {e}", path.display()));
            None
        }
    }
}

fn run(cli: Cli) -> Result<u8, CliError> {
    let flags = cli.flags.flags();
    let Some(command) = cli.command else {
        return tui::open(&flags, args::question(&cli.question)?, cli.pull);
    };
    match command {
        Command::Ask(ask) => ask::run(&ask, &flags),
        Command::Resume { id } => tui::resume(&flags, id.as_deref()),
        Command::Sessions(command) => sessions::run(command, &open_store(&Paths::here()), &flags),
        Command::Persona(command) => persona::run(command, &flags),
        Command::Model(command) => model::run(&command, &flags),
        Command::Doctor { format } => doctor::run(format, &flags),
        Command::Config(command) => config::run(&command, &flags),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { command } => man::run(command.as_deref()),
    }
}

/// Puts the configuration together, and refuses kinds of providers that nobody here speaks.
fn configure(flags: &Flags) -> Result<Setup, CliError> {
    let setup = crate::config::setup(flags).map_err(|e| CliError::usage(e.to_string()))?;
    let kinds = || provider::KINDS.iter().map(|kind| kind.name);
    for (name, spec) in &setup.providers {
        let key = format!("providers.{name}.kind");
        // Without its engine, `local` is refused where it is chosen.
        if provider::kind(&spec.kind).is_none() && spec.local.is_none() {
            let origin = setup.report.ledger.origin(&key).map(ToString::to_string);
            return Err(CliError::usage(format!(
                "{}: {key}: this version does not speak \"{}\"{} (known: {})",
                origin.unwrap_or_default(),
                spec.kind,
                nearest::hint(&spec.kind, kinds()),
                kinds().collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(setup)
}

/// Opens the store where it belongs on this machine; without a home it is kept in memory.
fn open_store(paths: &Paths) -> Store {
    if let Some(path) = paths.store() {
        return Store::open(&path);
    }
    say("no home folder is known (set HOME or XDG_DATA_HOME): this session is kept in memory only");
    Store::in_memory()
}

/// A runtime for commands that ask the network: one thread, this one.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed(format!("the asynchronous runtime cannot start: {e}")))
}
