//! `plenary config path|show|init`: the path of the configuration file, every value with its origin, a first file.
//!
//! Shows where keys are found, never keys. `init` never overwrites a file.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::{CliError, ListFormat, print_message, write_json, write_stdout};
use crate::config::{EffectiveValue, FileSeen, FileStatus, Flags, Paths, build_setup};
use crate::text::sanitize_line;

/// `plenary config …`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Print the path of the configuration file
    Path,
    /// Print every value and where it came from
    Show {
        /// How to print it
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Write a commented configuration file; never over an existing one
    Init,
}

/// Runs `plenary config …` and returns the exit code.
pub fn run_config(command: &ConfigCommand, flags: &Flags) -> Result<u8, CliError> {
    match command {
        ConfigCommand::Path => write_stdout(&format!("{}\n", config_path(flags)?.display())),
        ConfigCommand::Show { format } => show_values(*format, flags),
        ConfigCommand::Init => write_template(flags),
    }?;
    Ok(0)
}

/// The file that the user edits: the named one, or the usual one.
fn config_path(flags: &Flags) -> Result<PathBuf, CliError> {
    let by_env = || std::env::var_os("PLENARY_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
    flags.config.clone().or_else(by_env).or_else(|| Paths::of_process().config_file()).ok_or_else(
        || {
            CliError::failed(
                "no home folder is known: set HOME or XDG_CONFIG_HOME, or use --config FILE",
            )
        },
    )
}

#[derive(Serialize)]
struct ConfigOutput {
    values: Vec<ConfigOutputValue>,
    files: Vec<ConfigOutputFile>,
}

#[derive(Serialize)]
struct ConfigOutputValue {
    key: String,
    value: String,
    from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden_by: Option<String>,
}

#[derive(Serialize)]
struct ConfigOutputFile {
    path: String,
    read: bool,
}

fn show_values(format: ListFormat, flags: &Flags) -> Result<(), CliError> {
    let setup = build_setup(flags).map_err(|e| CliError::usage(e.to_string()))?;
    for warning in &setup.warnings {
        print_message(warning);
    }
    let value = |(key, value): (&str, &EffectiveValue)| ConfigOutputValue {
        key: key.to_owned(),
        value: value.shown.clone(),
        from: value.origin.to_string(),
        overridden_by: value.overridden_by.as_ref().map(ToString::to_string),
    };
    let values: Vec<ConfigOutputValue> = setup.report.values.iter().map(value).collect();
    if format == ListFormat::Json {
        let file = |file: &FileSeen| ConfigOutputFile {
            path: file.path.display().to_string(),
            read: file.status == FileStatus::Read,
        };
        let files = setup.report.files.iter().map(file).collect();
        return write_json(&ConfigOutput { values, files });
    }
    let width = |column: fn(&ConfigOutputValue) -> &str| {
        values.iter().map(|v| column(v).chars().count()).filter(|n| *n <= 48).max().unwrap_or(0)
    };
    let (keys, shown) = (width(|v| &v.key), width(|v| &v.value));
    let mut text = String::new();
    for ConfigOutputValue { key, value, from, overridden_by } in &values {
        let mut line = format!("{key:keys$} = {value:shown$}  # {from}");
        if let Some(origin) = overridden_by {
            line.push_str(", overridden by ");
            line.push_str(origin);
        }
        text.push_str(&sanitize_line(&line));
        text.push('\n');
    }
    write_stdout(&text)
}

/// The file that `init` writes: everything in comments, so that it changes nothing.
const TEMPLATE: &str = include_str!("config.toml");

fn write_template(flags: &Flags) -> Result<(), CliError> {
    let path = config_path(flags)?;
    let shown = path.display();
    let failed = |error: std::io::Error| CliError::failed(format!("{shown}: {error}"));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(CliError::failed(format!("{shown} exists already; nothing was written")));
        }
        opened => opened.map_err(failed)?,
    };
    file.write_all(TEMPLATE.as_bytes()).map_err(failed)?;
    write_stdout(&format!("{shown}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, build_setup_in};

    fn setup_with(text: &str) -> crate::config::Setup {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let flags = Flags { config: Some(file), ..Flags::default() };
        build_setup_in(&flags, &Environment::default()).unwrap()
    }

    fn values_from_file(setup: &crate::config::Setup) -> Vec<&str> {
        let from_file = |value: &EffectiveValue| value.origin.to_string().contains(" line ");
        let values = setup.report.values.iter();
        values.filter(|(_, value)| from_file(value)).map(|(key, _)| key).collect()
    }

    #[test]
    fn the_template_changes_nothing_and_is_valid_when_uncommented() {
        assert_eq!(values_from_file(&setup_with(TEMPLATE)), [""; 0]);
        let live: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#").filter(|l| !l.starts_with(' ')).unwrap_or(""))
            .flat_map(|line| [line, "\n"])
            .filter(|line| !line.contains("appsec.md"))
            .collect();
        let setup = setup_with(&live);
        for key in ["model", "providers.gateway.base_url", "persona.edge.temperature"] {
            assert!(values_from_file(&setup).contains(&key), "{key}\n{live}");
        }
    }
}
