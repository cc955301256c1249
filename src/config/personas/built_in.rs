//! The personas that ship with the program: the files of the package's `personas/` folder, embedded.
//!
//! A persona is data alone: a file that is put there is built in. The tests hold each of them to have no problem
//! at all, so that what is dropped here never is one of ours.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};

use super::document;
use super::problem::Problem;
use crate::domain::{Persona, PersonaSource};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/personas");

static PERSONAS: LazyLock<(Vec<Arc<Persona>>, Vec<Problem>)> = LazyLock::new(read);

fn read() -> (Vec<Arc<Persona>>, Vec<Problem>) {
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    for file in FILES.files() {
        let path = Path::new("personas").join(file.path());
        let text = file.contents_utf8().unwrap_or_default();
        match document::read(text, &path, PersonaSource::BuiltIn) {
            Ok(mut draft) => {
                problems.append(&mut draft.warnings);
                drafts.push(draft);
            }
            Err(found) => problems.extend(found),
        }
    }
    let drafts = document::distinct(drafts, &mut problems);
    (drafts.into_iter().map(|draft| Arc::new(draft.persona)).collect(), problems)
}

/// The built-in personas, by id.
pub(super) fn personas() -> &'static [Arc<Persona>] {
    &PERSONAS.0
}

/// What is wrong with them: nothing, which a test holds.
pub(super) fn problems() -> &'static [Problem] {
    &PERSONAS.1
}
