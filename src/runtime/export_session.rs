//! Exports a stored session to disk, with all changes that were queued before.
//!
//! Missing recommendations are extracted first. Blocks, so it must not run on the loop.

use std::path::{Path, PathBuf};

use super::export_files::{ExportAccess, ExportError, write_export};
use crate::domain::{PersonaId, SessionId};
use crate::export::{ReadingInput, find_target};
use crate::review::extract_missing;
use crate::store::Store;

/// Default names to try before reporting that they are taken.
pub(super) const MAX_NAMES: usize = 999;

/// Writes session `id` as `format` to `to`, never over an existing file; without `to` under the default name, or the next
/// free one: `1a2b3c4d-adr-2.md`. Returns the path, or an error message.
pub(super) fn export_session(
    store: &Store,
    id: SessionId,
    format: &str,
    to: Option<&Path>,
    reading: &ReadingInput<'_>,
) -> Result<PathBuf, String> {
    let target = find_target(format).ok_or_else(|| format!("\"{format}\" is not a format"))?;
    let session = store.load_session(id).map_err(|e| e.to_string())?;
    let mut session = session.ok_or_else(|| format!("there is no session {}", id.short()))?;
    let known = |id: &PersonaId| reading.personas.iter().find(|persona| persona.id == *id);
    let promised = |id: &PersonaId| known(id).map(|persona| &persona.contract);
    for change in extract_missing(&mut session, promised, reading.synonyms) {
        store.write(change);
    }
    let name = target.file_name(&session.id.short());
    let access = if to.is_some() { ExportAccess::Umask } else { ExportAccess::Owner };
    let mut tried = 1;
    loop {
        let usual = to.is_none().then(|| numbered_name(&name, tried));
        let path = to.or(usual.as_deref());
        match write_export(&session, reading, target, path, false, access) {
            Err(ExportError::Exists(_)) if to.is_none() && tried < MAX_NAMES => tried += 1,
            Err(ExportError::Exists(path)) => {
                let path = path.display();
                return Err(format!(
                    "{path} already exists. Press S, then e, to choose another path"
                ));
            }
            done => return done.map_err(|e| e.to_string()),
        }
    }
}

/// The `n`-th name like `name`, counted from 1.
pub(super) fn numbered_name(name: &str, n: usize) -> PathBuf {
    match (n, name.rsplit_once('.')) {
        (1, _) => PathBuf::from(name),
        (_, Some((stem, end))) => PathBuf::from(format!("{stem}-{n}.{end}")),
        (_, None) => PathBuf::from(format!("{name}-{n}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_free_name_is_numbered() {
        assert_eq!(numbered_name("1a-adr.md", 1), Path::new("1a-adr.md"));
        assert_eq!(numbered_name("1a-adr.md", 2), Path::new("1a-adr-2.md"));
        assert_eq!(numbered_name("plenary-1a", 3), Path::new("plenary-1a-3"));
    }
}
