//! The personas that ship with the program: the files of the package's `personas/` folder, embedded.
//!
//! Every file in the folder is built in. Tests ensure that none of them has a problem.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};

use super::parse::{assign_ids, parse_persona};
use super::problem::PersonaProblem;
use crate::domain::{Persona, PersonaSource};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/personas");

static PERSONAS: LazyLock<(Vec<Arc<Persona>>, Vec<PersonaProblem>)> = LazyLock::new(read_built_in);

fn read_built_in() -> (Vec<Arc<Persona>>, Vec<PersonaProblem>) {
    let mut drafts = Vec::new();
    let mut problems = Vec::new();
    for file in FILES.files() {
        let path = Path::new("personas").join(file.path());
        let text = file.contents_utf8().unwrap_or_default();
        match parse_persona(text, &path, PersonaSource::BuiltIn) {
            Ok(mut draft) => {
                problems.append(&mut draft.warnings);
                drafts.push(draft);
            }
            Err(found) => problems.extend(found),
        }
    }
    let drafts = assign_ids(drafts, &mut problems);
    (drafts.into_iter().map(|draft| Arc::new(draft.persona)).collect(), problems)
}

/// The built-in personas, by id.
pub(super) fn built_in_personas() -> &'static [Arc<Persona>] {
    &PERSONAS.0
}

/// The problems of their files. A test ensures that there are none.
pub(super) fn built_in_problems() -> &'static [PersonaProblem] {
    &PERSONAS.1
}
