//! `plenary trust add | list | revoke`: which contents of which project folders are trusted.
//!
//! What a project may do is decided in `config::project`; here it is shown, and the decision remembered.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::project_review::{format_parts, format_texts};
use super::{
    CliError, ListFormat, print_message, print_messages, terminal, write_json, write_stdout,
};
use crate::config::project::{ReviewPart, TrustFile, TrustedContent, TrustedFolder, folder_name};
use crate::config::{ConfigError, Environment, Flags, Paths, build_setup_in};
use crate::domain::format::format_quantity;
use crate::runtime::clock::local_time;
use crate::text::sanitize_line;

/// `plenary trust …`
#[derive(Debug, Clone, Subcommand)]
pub enum TrustCommand {
    /// List the trusted folders and what was trusted of each
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show what a folder's .plenary changes, and trust exactly that after asking
    Add {
        /// Folder that contains .plenary; the working folder unless given
        folder: Option<PathBuf>,
        /// Print the text of every file, too
        #[arg(long)]
        show: bool,
        /// Trust without asking
        #[arg(long)]
        yes: bool,
    },
    /// Stop trusting a folder
    Revoke {
        /// The folder; the working folder unless given
        folder: Option<PathBuf>,
    },
}

/// Runs `plenary trust …` and returns the exit code.
pub fn run_trust_command(command: TrustCommand, flags: &Flags) -> Result<u8, CliError> {
    match command {
        TrustCommand::List { format } => list_folders(format),
        TrustCommand::Add { folder, show, yes } => {
            let flags = Flags { trust_project: false, ignore_project: false, ..flags.clone() };
            add_folder(folder.as_deref(), &flags, show, yes)
        }
        TrustCommand::Revoke { folder } => revoke_folder(folder.as_deref()),
    }
}

fn to_cli_error(error: &ConfigError) -> CliError {
    CliError::usage(error.to_string())
}

/// The file with what is trusted.
///
/// # Errors
/// No home folder is known.
fn trust_file_path(paths: &Paths) -> Result<PathBuf, ConfigError> {
    let message = "no home folder is known (set HOME or XDG_DATA_HOME), so trust cannot be remembered; \
                   use --trust-project";
    paths.trust_file().ok_or_else(|| ConfigError::new(message))
}

/// Remembers that these parts of a folder are trusted.
///
/// # Errors
/// The file with what is trusted cannot be read or written.
pub(super) fn remember(
    paths: &Paths,
    folder: &Path,
    parts: &[ReviewPart],
) -> Result<(), ConfigError> {
    let path = trust_file_path(paths)?;
    let name = folder_name(folder)?;
    let since = local_time().date().to_string();
    TrustFile::update(&path, |file| {
        for part in parts {
            let content = TrustedContent {
                what: part.what.clone(),
                sha256: part.sha256.clone(),
                since: since.clone(),
                items: part.items.clone(),
            };
            file.add(&name, content);
        }
    })?;
    for part in parts {
        tracing::info!(folder = name, what = part.what, sha256 = part.sha256, "trusted");
    }
    Ok(())
}

/// The folder that a command is about; `.plenary` means the folder that contains it.
fn project_folder(folder: Option<&Path>) -> Result<PathBuf, CliError> {
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let full = std::path::absolute(folder)
        .map_err(|e| CliError::usage(format!("{}: {e}", folder.display())))?;
    Ok(match full.parent() {
        Some(project) if full.ends_with(".plenary") => project.to_owned(),
        _ => full,
    })
}

fn add_folder(folder: Option<&Path>, flags: &Flags, show: bool, yes: bool) -> Result<u8, CliError> {
    let folder = project_folder(folder)?;
    let mut environment = Environment::of_process();
    environment.paths.project = folder.join(".plenary");
    let setup = build_setup_in(flags, &environment).map_err(|e| to_cli_error(&e))?;
    let status = &setup.project;
    if let Some(fault) = status.trust_fault.as_ref().or(status.fault.as_ref()) {
        return Err(CliError::usage(fault));
    }
    let shown = folder.display();
    let parts: Vec<&ReviewPart> = status.untrusted.iter().collect();
    if parts.is_empty() {
        if status.folder.is_none() {
            print_messages(&setup.warnings);
        }
        let state = match (&status.folder, status.trusted.len()) {
            (None, _) => "there is no .plenary to trust",
            (Some(_), 0) => "its .plenary changes nothing that has to be trusted",
            (Some(_), _) => "is trusted as it is now",
        };
        print_message(&format!("{shown}: {state}"));
        return Ok(0);
    }
    write_stdout(&format_parts(&folder, &parts))?;
    if show {
        write_stdout(&format_texts(&parts))?;
    }
    if !yes {
        if !terminal::can_prompt() {
            return Err(CliError::usage(format!(
                "{shown} was not trusted: there is no terminal to ask on; add --yes"
            )));
        }
        if !terminal::confirm("trust exactly this?", false) {
            return Err(CliError::usage(format!("{shown} was not trusted")));
        }
    }
    remember(&setup.paths, &folder, &status.untrusted).map_err(|e| to_cli_error(&e))?;
    print_message(&format!(
        "{shown} is trusted as it is now; `plenary trust revoke` takes that back"
    ));
    Ok(0)
}

fn revoke_folder(folder: Option<&Path>) -> Result<u8, CliError> {
    let folder = project_folder(folder)?;
    let name = folder_name(&folder).map_err(|e| to_cli_error(&e))?;
    let path = trust_file_path(&Paths::of_process()).map_err(|e| to_cli_error(&e))?;
    let is_removed = TrustFile::update(&path, |file| file.remove(&name));
    if !is_removed.map_err(|e| to_cli_error(&e))? {
        return Err(CliError::usage(format!(
            "{name} is not among the trusted folders; `plenary trust list` shows them"
        )));
    }
    tracing::info!(folder = name, "not trusted any more");
    print_message(&format!("{name} is not trusted any more"));
    Ok(0)
}

fn list_folders(format: ListFormat) -> Result<u8, CliError> {
    let path = trust_file_path(&Paths::of_process()).map_err(|e| to_cli_error(&e))?;
    let file = TrustFile::read(&path).map_err(|e| to_cli_error(&e))?;
    if format == ListFormat::Json {
        write_json(&json!({ "file": path.display().to_string(), "folders": file.folders }))?;
        return Ok(0);
    }
    let text: String = file.folders.iter().map(format_folder).collect();
    write_stdout(&text)?;
    if file.folders.is_empty() {
        print_message("no project folder is trusted");
    }
    Ok(0)
}

fn format_folder(folder: &TrustedFolder) -> String {
    let mut text = format!("{}\n", sanitize_line(&folder.path));
    for content in &folder.contents {
        let hash: String = content.sha256.chars().take(12).collect();
        let (what, count) = (&content.what, format_quantity(content.items.len(), "item"));
        let line = format!("  {}  {hash}  {what}, {count}", content.since);
        text.push_str(&sanitize_line(&line));
        text.push('\n');
        for item in &content.items {
            text.push_str(&sanitize_line(&format!("    {}: {}", item.key, item.text)));
            text.push('\n');
        }
    }
    text
}
