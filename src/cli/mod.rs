//! The command line, one file per command: parsing, dispatch, exit codes.
//!
//! Commands only combine `config`, `store`, `provider` and `runtime`; nothing is drawn or asked here. Every error message
//! says what failed, where, and what to do.

pub mod args;
pub mod ask;
mod ask_input;
mod completions;
pub mod config;
pub mod doctor;
pub mod download;
mod download_progress;
pub mod exit_status;
pub mod export;
mod key_status;
mod man;
pub mod model;
pub mod persona;
mod project_question;
mod project_review;
mod reference;
pub mod sessions;
mod table;
mod terminal;
pub mod trust;
pub mod tui;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::config::{Flags, Paths, Setup};
use crate::machine::can_open_files;
use crate::provider;
use crate::runtime::{logging, signals};
use crate::store::Store;
use crate::text::{did_you_mean, sanitize};
use args::{Cli, Command};

/// Why a command failed, and its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    /// What failed, where, and what to do. Empty if there is nothing to say.
    pub message: String,
    /// One of [`exit_status`].
    pub code: u8,
}

impl CliError {
    /// Creates a usage or configuration error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: exit_status::USAGE }
    }

    /// Creates the error for standard output that cannot be written. A closed pipe needs no words: its reader has what it
    /// wanted.
    fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { message: String::new(), code: exit_status::OUTPUT_CLOSED };
        }
        let message = format!("standard output: {error}");
        Self { message, code: exit_status::OUTPUT_FAILED }
    }

    /// Prints the message on standard error and returns the exit code.
    fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            print_message(&self.message);
        }
        ExitCode::from(self.code)
    }

    /// Creates an error for any other failure.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: exit_status::FAILURE }
    }
}

/// Output format of a command: text or JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// Human-readable text
    #[default]
    Text,
    /// JSON
    Json,
}

/// Writes `text` to standard output.
fn write_stdout(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|e| CliError::output(&e))
}

/// Writes one message to standard error. Write errors are ignored: there is no other place to report them.
fn print_message(message: &str) {
    let line = format!("plenary: {}\n", sanitize(message.trim_end()));
    let written = std::io::stderr().lock().write_all(line.as_bytes());
    drop(written);
}

/// Writes each message to standard error.
fn print_messages(messages: &[String]) {
    for message in messages {
        print_message(message);
    }
}

/// Reports on standard error why the store does not work, if it does not.
fn print_store_error(store: &Store) {
    if let Some(error) = store.take_error() {
        print_message(&error.to_string());
    }
}

/// Writes `value` to standard output as indented JSON.
fn write_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    write_stdout(&to_json_text(value)?)
}

/// Returns `value` as indented JSON that ends with a newline.
fn to_json_text(value: &impl serde::Serialize) -> Result<String, CliError> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|e| CliError::failed(format!("this cannot be written as JSON: {e}")))
}

/// Files that must be free at the start: the store, the terminal, the runtime, one connection for each of a few personas.
const NEEDED_FILES: usize = 24;

/// Runs the command that was given on the command line and returns its exit code.
pub fn main() -> ExitCode {
    signals::survive_file_size_limit();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return print_clap_error(&e),
    };
    if !can_open_files(NEEDED_FILES) {
        return CliError::failed(format!(
            "fewer than {NEEDED_FILES} more files can be opened; raise the limit: ulimit -n 256"
        ))
        .report();
    }
    let _logging = start_logging();
    logging::log_environment();
    match run_command(cli) {
        Ok(code) => ExitCode::from(code),
        Err(e) => e.report(),
    }
}

/// Prints a usage error, or the help or version text: clap treats those as errors that go to standard output and end
/// with 0.
fn print_clap_error(error: &clap::Error) -> ExitCode {
    let code = u8::try_from(error.exit_code()).unwrap_or(exit_status::USAGE);
    match error.print() {
        // A usage error goes to standard error: its own code says more.
        Err(e) if code == 0 => CliError::output(&e).report(),
        _ => ExitCode::from(code),
    }
}

fn start_logging() -> Option<logging::Logging> {
    let filter = logging::wanted()?;
    let Some(path) = Paths::of_process().log() else {
        print_message("no log is written: no home folder is known (set HOME or XDG_STATE_HOME)");
        return None;
    };
    match logging::start(&path, &filter) {
        Ok(logging) => Some(logging),
        Err(e) => {
            print_message(&format!("no log is written: {}: {e}", path.display()));
            None
        }
    }
}

fn run_command(cli: Cli) -> Result<u8, CliError> {
    let flags = cli.flags.to_config_flags();
    let Some(command) = cli.command else {
        return tui::open_screen(&flags, args::parse_question(&cli.question)?, cli.pull);
    };
    match command {
        Command::Ask(args) => ask::run_ask(&args, &flags),
        Command::Resume { id } => tui::resume_session(&flags, id.as_deref()),
        Command::Sessions(command) => {
            sessions::run_sessions_command(command, &open_store(&Paths::of_process()), &flags)
        }
        Command::Persona(command) => persona::run_persona_command(command, &flags),
        Command::Model(command) => model::run_model_command(&command, &flags),
        Command::Trust(command) => trust::run_trust_command(command, &flags),
        Command::Doctor { format } => doctor::run_doctor(format, &flags),
        Command::Config(command) => config::run_config(&command, &flags),
        Command::Completions { shell } => completions::print_completions(shell),
        Command::Man { command } => man::print_man_page(command.as_deref()),
    }
}

/// Loads the configuration and refuses provider kinds that this build does not support.
fn load_setup(flags: &Flags) -> Result<Setup, CliError> {
    let setup = crate::config::build_setup(flags).map_err(|e| CliError::usage(e.to_string()))?;
    let kinds = || provider::KINDS.iter().map(|kind| kind.name);
    for (name, spec) in &setup.providers {
        let key = format!("providers.{name}.kind");
        // A build without the local engine refuses `local` only when it is chosen.
        if provider::find_kind(&spec.kind).is_none() && spec.local.is_none() {
            let origin = setup.report.values.origin(&key).map(ToString::to_string);
            return Err(CliError::usage(format!(
                "{}: {key}: this version does not speak \"{}\"{} (known: {})",
                origin.unwrap_or_default(),
                spec.kind,
                did_you_mean(&spec.kind, kinds()),
                kinds().collect::<Vec<_>>().join(", ")
            )));
        }
    }
    Ok(setup)
}

/// Opens the store of this user. Without a home folder, the store is kept in memory.
fn open_store(paths: &Paths) -> Store {
    if let Some(path) = paths.store() {
        return Store::open(&path);
    }
    print_message(
        "no home folder is known (set HOME or XDG_DATA_HOME): this session is kept in memory only",
    );
    Store::in_memory()
}

/// Builds a single-threaded runtime for commands that use the network.
fn build_runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed(format!("the asynchronous runtime cannot start: {e}")))
}
