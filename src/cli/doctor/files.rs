//! `plenary doctor`: the user's own files beside `config.toml`: keys, themes, personas, and links that lead nowhere.
//!
//! Each file is read by the code that reads it at the start. `config.toml` and `facets.toml` are read with the setup.

use std::path::{Path, PathBuf};

use super::report::DoctorItems;
use crate::app::Keymap;
use crate::config::{Paths, Setup, personas};
use crate::runtime::appearance::check_themes;

const AREA: &str = "configuration";

/// Examines keys, themes and personas.
pub(super) fn examine_files(setup: &Setup, items: &mut DoctorItems) {
    if let Some((path, text)) = &setup.keys {
        let path = path.display();
        match Keymap::with_user(text, &path.to_string()) {
            Ok(_) => items.add_ok(AREA, format!("{path}: read")),
            Err(e) => items.add_problem(
                AREA,
                e.to_string(),
                format!("correct it: the screen does not start with it. Without {path} the usual keys are in force"),
            ),
        }
    }
    for theme in check_themes(setup) {
        match theme.result {
            Ok(notices) if notices.is_empty() => {
                items.add_ok(AREA, format!("theme {}: read", theme.name));
            }
            Ok(notices) => notices.iter().for_each(|notice| items.add_info(AREA, notice)),
            Err(reason) => items.add_problem(AREA, reason, "correct the theme, or remove the file"),
        }
    }
    for problem in personas::load(&setup.paths.user_personas()).errors {
        items.add_problem(
            "personas",
            problem,
            "correct or remove it; `plenary persona check FILE` says more",
        );
    }
}

/// Examines the links among the user's configuration files and folders. The store's own path is the store's business.
pub(super) fn examine_links(paths: &Paths, items: &mut DoctorItems) {
    let files = ["config.toml", "keys.toml", "facets.toml", "personas", "themes"];
    let config = files.iter().map(|name| paths.config.join(name));
    for path in std::iter::once(paths.config.clone()).chain(config) {
        if let Some(target) = find_dangling(&path) {
            items.add_problem(
                AREA,
                format!(
                    "{}: is a link to {}, which does not exist: nothing is read from it",
                    path.display(),
                    target.display()
                ),
                "correct or remove the link",
            );
        }
    }
}

/// Where `path` leads, when it is a link to what does not exist.
fn find_dangling(path: &Path) -> Option<PathBuf> {
    let target = std::fs::read_link(path).ok()?;
    (!path.exists()).then_some(target)
}
