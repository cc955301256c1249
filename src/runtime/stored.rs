//! `S`: a session from the store to the disk.
//!
//! What was queued before is in it; recommendations that were never looked for are found first. Blocks: the TUI's effect calls
//! it off the loop. How a file is written is `export`'s here, what stands in it is `crate::export`'s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::export::{ExportError, project_context, write};
use crate::config::Paths;
use crate::domain::{Persona, PersonaId, SessionId};
use crate::export::{ReadingInput, find_target};
use crate::review::{HeadingSynonyms, extract_missing};
use crate::store::Store;

/// Usual names that are tried before it is said that they are taken.
const MOST_NAMES: usize = 999;

/// Writes the session `id` as the store has it, all that was queued before included, as `format` to `to`, never over anything;
/// without `to` under its usual name, or the next that is free: `1a2b3c4d-adr-2.md`.
/// `known` are the personas and words that its answers are read with. Returns where, or why not, in words.
pub(super) fn stored(
    store: &Store,
    id: SessionId,
    format: &str,
    to: Option<&Path>,
    known: (&[Arc<Persona>], &HeadingSynonyms),
) -> Result<PathBuf, String> {
    let target = find_target(format).ok_or_else(|| format!("\"{format}\" is not a format"))?;
    let session = store.load(id).map_err(|e| e.to_string())?;
    let mut session = session.ok_or_else(|| format!("there is no session {}", id.short()))?;
    let (personas, synonyms) = known;
    let promised = |id: &PersonaId| personas.iter().find(|p| p.id == *id).map(|p| &p.contract);
    for change in extract_missing(&mut session, promised, synonyms) {
        store.write(change);
    }
    // A file that cannot be read is left out; the decision is written all the same.
    let context = project_context(&Paths::here()).unwrap_or_default();
    let reading = ReadingInput { personas, synonyms, context: context.as_deref() };
    let name = target.file_name(&session.id.short());
    let mut tried = 1;
    loop {
        let usual = to.is_none().then(|| numbered(&name, tried));
        match write(&session, &reading, target, to.or(usual.as_deref()), false) {
            Err(ExportError::Exists(_)) if to.is_none() && tried < MOST_NAMES => tried += 1,
            Err(ExportError::Exists(path)) => {
                let path = path.display();
                return Err(format!("{path} is there already: S, then e, names another place"));
            }
            done => return done.map_err(|e| e.to_string()),
        }
    }
}

/// The `n`-th name like `name`, counted from 1.
fn numbered(name: &str, n: usize) -> PathBuf {
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
        assert_eq!(numbered("1a-adr.md", 1), Path::new("1a-adr.md"));
        assert_eq!(numbered("1a-adr.md", 2), Path::new("1a-adr-2.md"));
        assert_eq!(numbered("plenary-1a", 3), Path::new("plenary-1a-3"));
    }
}
