//! Appends one member of a wheel (a zip archive) to a partial download.
//!
//! The archive is untrusted: nothing is unpacked to a path that it names, and never more bytes are taken than the
//! download lacks.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use zip::ZipArchive;

use super::failure::SourceFailure;
use super::partial_file::PartialFile;
use crate::text::sanitize_line;

/// Bytes read between two checks of the stop flag.
const READ_CHUNK_BYTES: usize = 256 * 1024;

/// Appends `member` of the wheel at `path`. After an error, `partial` is as it was before.
pub(super) fn append_member(
    partial: &mut PartialFile,
    path: &Path,
    member: &str,
    stop: &AtomicBool,
) -> Result<(), SourceFailure> {
    let file = File::open(path).map_err(|error| SourceFailure::from_disk(path, error))?;
    let unreadable = |error: &dyn std::fmt::Display| {
        let error = sanitize_line(&error.to_string());
        SourceFailure::Source(format!("member {member} of its wheel cannot be read: {error}"))
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(&error))?;
    let mut content = archive.by_name(member).map_err(|error| unreadable(&error))?;
    let before = partial.rewind_point();
    let mut buffer = vec![0; READ_CHUNK_BYTES];
    let appended = loop {
        if stop.load(Ordering::Relaxed) {
            break Err(SourceFailure::Source("it was stopped".to_owned()));
        }
        match content.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(length) => {
                if let Err(failure) = partial.append(buffer.get(..length).unwrap_or_default()) {
                    break Err(failure);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => break Err(unreadable(&error)),
        }
    };
    if appended.is_err() {
        partial.rewind_to(before)?;
    }
    appended
}
