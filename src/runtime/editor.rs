//! `$EDITOR`: for writing a question and for reading an answer.
//!
//! The editor gets the terminal; runs keep streaming and are stored.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use tokio::process::Command;

use super::private_files;
use crate::app::EditorPurpose;
use crate::machine::hide_key_variables;

/// Why a text could not be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// The file for the text cannot be written or read.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The editor could not be started.
    #[error("cannot start the editor \"{0}\": {1}; name another in $EDITOR")]
    Start(String, #[source] io::Error),
    /// It ended with a failure.
    #[error("the editor ended with {0}; the question is as it was")]
    Failed(ExitStatus),
    /// Its end is unknown.
    #[error("the editor: {0}")]
    Wait(#[source] io::Error),
}

/// An open editor.
pub struct Editing {
    /// Why it was opened.
    pub purpose: EditorPurpose,
    path: PathBuf,
    child: tokio::process::Child,
}

/// Opens the editor on `text` in a private file below `folder`.
///
/// # Errors
/// Says which editor could not be started, and how to name another.
pub fn open_editor(
    purpose: EditorPurpose,
    text: &str,
    folder: &Path,
) -> Result<Editing, EditorError> {
    let name = match purpose {
        EditorPurpose::Question => "question",
        EditorPurpose::Answer => "answer",
    };
    let path = folder.join(format!("{name}-{}.md", std::process::id()));
    private_files::write_private(&path, text.as_bytes())
        .map_err(|e| EditorError::File { path: path.clone(), error: e })?;
    let line = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let mut command = Command::new(program);
    command.args(words).arg(&path);
    hide_key_variables(command.as_std_mut());
    match command.spawn() {
        Ok(child) => Ok(Editing { purpose, path, child }),
        Err(e) => {
            let _ = std::fs::remove_file(&path);
            Err(EditorError::Start(line, e))
        }
    }
}

impl Editing {
    /// Waits until the editor is closed. Cancel safe.
    pub async fn wait_closed(&mut self) -> Result<(), EditorError> {
        match self.child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(EditorError::Failed(status)),
            Err(e) => Err(EditorError::Wait(e)),
        }
    }

    /// Returns the edited text and removes the file.
    pub fn read_text(self) -> Result<String, EditorError> {
        let text = std::fs::read(&self.path)
            .map_err(|e| EditorError::File { path: self.path.clone(), error: e });
        let _ = std::fs::remove_file(&self.path);
        Ok(String::from_utf8_lossy(&text?).into_owned())
    }

    /// Removes the file without reading it.
    pub fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
