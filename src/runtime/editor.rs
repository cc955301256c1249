//! `$EDITOR`: for writing a question and for reading an answer.
//!
//! The editor gets the terminal; runs keep streaming and are stored.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::Command;

use super::editor_files::{self, EditedFile};
use crate::app::EditorPurpose;
use crate::machine::hide_secrets;

/// How long the screen waits for the edited text: keys typed meanwhile come after it.
const READ_TIME: Duration = Duration::from_secs(2);

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
    file: EditedFile,
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
    let file = EditedFile::create(folder, purpose, text)
        .map_err(|error| EditorError::File { path: folder.to_owned(), error })?;
    let line = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.trim().is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let mut command = Command::new(program);
    command.args(words).arg(file.path());
    hide_secrets(command.as_std_mut());
    match command.spawn() {
        Ok(child) => Ok(Editing { purpose, file, child }),
        Err(e) => {
            file.remove();
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
    ///
    /// # Errors
    /// The file is no text file of a reasonable size, or cannot be read, or the disk does not answer.
    pub async fn read_text(self) -> Result<String, EditorError> {
        let path = self.file.path().to_owned();
        let reading = tokio::task::spawn_blocking(move || self.file.read());
        let read = match tokio::time::timeout(READ_TIME, reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => Err(io::Error::other(error)),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")),
        };
        read.map_err(|error| EditorError::File { path, error })
    }

    /// Removes the file without reading it.
    pub fn discard(self) {
        self.file.remove();
    }
}

/// Returns what was in the editor when programs died, as one text, and removes their files. None if there is nothing.
pub fn recover_question(folder: &Path) -> Option<String> {
    let questions = editor_files::recover_questions(folder);
    Some(questions.join("\n\n")).filter(|text| !text.is_empty())
}
