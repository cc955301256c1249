//! `plenary config path|show|init`: where the configuration is, what it says and why, and a first one.
//!
//! Shows places of keys, never keys. `init` never writes over anything.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::{CliError, ListFormat, print_message, write_json, write_stdout};
use crate::config::{Flags, Paths, setup};
use crate::text::sanitize_line;

/// `plenary config …`
#[derive(Debug, Clone, Subcommand)]
pub enum Config {
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

/// Runs `plenary config …`; the number is the exit code.
pub fn run(command: &Config, flags: &Flags) -> Result<u8, CliError> {
    match command {
        Config::Path => write_stdout(&format!("{}\n", file(flags)?.display())),
        Config::Show { format } => show(*format, flags),
        Config::Init => init(flags),
    }?;
    Ok(0)
}

/// The file that is read first: the named one, or the user's.
fn file(flags: &Flags) -> Result<PathBuf, CliError> {
    let by_env = || std::env::var_os("PLENARY_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
    flags.config.clone().or_else(by_env).or_else(|| Paths::here().config_file()).ok_or_else(|| {
        CliError::failed(
            "no home folder is known: set HOME or XDG_CONFIG_HOME, or use --config FILE",
        )
    })
}

#[derive(Serialize)]
struct Shown {
    values: Vec<ShownValue>,
    files: Vec<ShownFile>,
}

#[derive(Serialize)]
struct ShownValue {
    key: String,
    value: String,
    from: String,
}

#[derive(Serialize)]
struct ShownFile {
    path: String,
    read: bool,
}

fn show(format: ListFormat, flags: &Flags) -> Result<(), CliError> {
    let setup = setup(flags).map_err(|e| CliError::usage(e.to_string()))?;
    for notice in &setup.notices {
        print_message(notice);
    }
    let value = |(key, value): (&str, &crate::config::origin::Value)| ShownValue {
        key: key.to_owned(),
        value: value.shown.clone(),
        from: value.origin.to_string(),
    };
    let values: Vec<ShownValue> = setup.report.ledger.iter().map(value).collect();
    let seen = setup.report.files.iter();
    let files =
        seen.map(|f| ShownFile { path: f.path.display().to_string(), read: f.read }).collect();
    if format == ListFormat::Json {
        return write_json(&Shown { values, files });
    }
    let width = |of: fn(&ShownValue) -> &str| {
        values.iter().map(|v| of(v).chars().count()).filter(|n| *n <= 48).max().unwrap_or(0)
    };
    let (keys, shown) = (width(|v| &v.key), width(|v| &v.value));
    let mut text = String::new();
    for ShownValue { key, value, from } in &values {
        let line = format!("{key:keys$} = {value:shown$}  # {from}");
        text.push_str(&sanitize_line(&line));
        text.push('\n');
    }
    write_stdout(&text)
}

/// What `init` writes: everything in comments, so that it changes nothing until somebody wants it to.
const TEMPLATE: &str = include_str!("config.toml");

fn init(flags: &Flags) -> Result<(), CliError> {
    let path = file(flags)?;
    let shown = path.display();
    let failed = |what: std::io::Error| CliError::failed(format!("{shown}: {what}"));
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
    use crate::config::ConfigFile;

    #[test]
    fn the_template_changes_nothing_and_is_right_when_uncommented() {
        let path = std::path::Path::new("config.toml");
        let as_written = ConfigFile::parse(path, false, TEMPLATE).unwrap();
        assert_eq!(as_written.schema, crate::config::file::Schema::default());
        let live: String = TEMPLATE
            .lines()
            .map(|line| line.strip_prefix("#").filter(|l| !l.starts_with(' ')).unwrap_or(""))
            .flat_map(|line| [line, "\n"])
            .collect();
        let schema = ConfigFile::parse(path, false, &live).unwrap().schema;
        assert!(schema.model.is_some() && schema.providers.contains_key("gateway"), "{live}");
        assert!(schema.panels.contains_key("security") && schema.persona.contains_key("edge"));
    }
}
