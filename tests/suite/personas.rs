//! Persona files: the built-in ones, files from anywhere, unusable ones, lookup, `plenary persona`.

mod built_in;
mod command;
mod files;
mod lookup;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plenary::config::personas;
use plenary::domain::{Persona, PersonaId};
use tempfile::TempDir;

/// The built-in personas that answer questions.
const SHIPPED: [&str; 5] = ["ai-lead", "devops", "edge", "gitops", "infra"];

const PLAIN: &[u8] = b"# Good one\n\nText.\n";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/personas").join(name)
}

fn built_in(id: &str) -> Arc<Persona> {
    personas::built_in(&PersonaId::parse(id).unwrap()).unwrap_or_else(|| panic!("{id}"))
}

fn load_one(path: &Path) -> (Persona, Vec<String>) {
    let mut found = personas::load_path(path, |_| None).unwrap().personas;
    assert_eq!(found.len(), 1, "{}", path.display());
    found.remove(0)
}

/// Writes files into a new folder.
fn write_folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// Loads a folder as the user's.
fn load_folder(folder: &TempDir) -> personas::LoadedPersonas {
    personas::load(folder.path())
}

/// The warnings without the path of the folder.
fn list_warnings(loaded: &personas::LoadedPersonas, folder: &TempDir) -> Vec<String> {
    let prefix = format!("{}/", folder.path().display());
    loaded.warnings.iter().map(|n| n.replace(&prefix, "")).collect()
}
