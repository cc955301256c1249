//! Writes sessions that the store could not save as Markdown: to the first folder that takes them, never over an existing
//! file, readable by the user only.
//!
//! Blocks, so it must not run on the loop. Does not decide when that is needed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::export_files::{ExportError, write_private_file};
use super::export_session::{MAX_NAMES, numbered_name};
use crate::config::personas::expand_home;
use crate::domain::{Persona, Session, UnsavedChanges};
use crate::export::{ExportTarget, ReadingInput, find_target};
use crate::review::HeadingSynonyms;
use crate::store::Store;

/// Writes the sessions of `changes` and returns a message that says where. `open` is the session on the screen, which is
/// complete whatever became of the store. `known` are the personas and heading synonyms to read answers with.
///
/// # Errors
/// Says which session could not be written, and where that was tried.
pub(super) fn write_unsaved(
    store: &Store,
    changes: &UnsavedChanges,
    open: Option<&Session>,
    known: (&[Arc<Persona>], &HeadingSynonyms),
) -> Result<String, String> {
    let target = find_target("markdown").ok_or("this program was built without Markdown")?;
    let (personas, synonyms) = known;
    let reading = ReadingInput { personas, synonyms, context: None };
    let mut paths = Vec::new();
    for id in &changes.sessions {
        let session = match open.filter(|open| open.id == *id) {
            Some(open) => Some(Cow::Borrowed(open)),
            None => store.load_session(*id).map_err(|e| e.to_string())?.map(Cow::Owned),
        };
        // Deleted meanwhile.
        let Some(session) = session else { continue };
        paths.push(write_session(&session, target, &reading)?.display().to_string());
    }
    let verb = if changes.answers == 1 { "it was" } else { "they were" };
    Ok(format!("{}; {verb} written to {}", changes.describe_loss(), paths.join(", ")))
}

/// Writes one session to the working folder, the home folder or the folder for temporary files.
fn write_session(
    session: &Session,
    target: &ExportTarget,
    reading: &ReadingInput<'_>,
) -> Result<PathBuf, String> {
    let Some(format) = target.format else { return Err("no format".to_owned()) };
    let text = (format.write)(session, reading);
    let name = target.file_name(&session.id.short());
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let mut reasons = Vec::new();
    for folder in [here, expand_home(Path::new("~")), std::env::temp_dir()] {
        match write_numbered(&folder, &name, &text) {
            Ok(path) => return Ok(path),
            Err(e) => reasons.push(e.to_string()),
        }
    }
    reasons.dedup();
    Err(format!("{}. Press S, then e, to choose another path", reasons.join("; ")))
}

fn write_numbered(folder: &Path, name: &str, text: &str) -> Result<PathBuf, ExportError> {
    let mut tried = 1;
    loop {
        let path = folder.join(numbered_name(name, tried));
        match write_private_file(&path, text) {
            Err(ExportError::Exists(_)) if tried < MAX_NAMES => tried += 1,
            written => return written.map(|()| path),
        }
    }
}
