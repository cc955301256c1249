//! `plenary doctor`: the store and the terminal.
//!
//! Creates nothing, not even a missing store. Works without a configuration.

use std::io::IsTerminal;
use std::path::Path;

use super::report::DoctorItems;
use crate::config::Paths;
use crate::store::Store;

/// Examines the store.
pub(super) fn examine_store(paths: &Paths, items: &mut DoctorItems) {
    const AREA: &str = "store";
    let Some(path) = paths.store() else {
        let fix = "set HOME or XDG_DATA_HOME";
        return items.add_problem(
            AREA,
            "no home folder is known: sessions are kept in memory only",
            fix,
        );
    };
    let shown = path.display();
    if !path.exists() {
        if is_writable(&path) {
            return items.add_info(AREA, format!("{shown}: made with the first question"));
        }
        return items.add_problem(
            AREA,
            format!("{shown}: its folder cannot be written; sessions are kept in memory only"),
            "make the folder writable, or set XDG_DATA_HOME to another one",
        );
    }
    let store = Store::open(&path);
    let sessions = store.list_sessions(usize::MAX);
    match (store.take_error(), sessions) {
        (Some(trouble), _) => {
            items.add_problem(
                AREA,
                trouble.to_string(),
                "see the reason; sessions are kept in memory",
            );
        }
        (None, Err(e)) => items.add_problem(AREA, format!("{shown}: {e}"), "see the reason"),
        (None, Ok(sessions)) => {
            let n = sessions.len();
            let size = path.metadata().map_or(0, |meta| meta.len()).div_ceil(1024);
            items.add_ok(AREA, format!("{shown}: {n} sessions, {size} KiB"));
        }
    }
}

/// True when the nearest folder above `path` that exists can be written.
fn is_writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    let nearest = path.ancestors().skip(1).find(|folder| folder.exists());
    nearest
        .is_some_and(|dir| dir.is_dir() && access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// Examines the terminal.
pub(super) fn examine_terminal(items: &mut DoctorItems) {
    const AREA: &str = "terminal";
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let stdout = std::io::stdout();
    if stdout.is_terminal() {
        let size = rustix::termios::tcgetwinsize(&stdout)
            .map_or_else(|_| "unknown size".to_owned(), |s| format!("{}×{}", s.ws_col, s.ws_row));
        items.add_ok(AREA, format!("a terminal of {size}"));
    } else {
        items.add_info(AREA, "standard output is not a terminal: only `plenary ask` works there");
    }
    match var("TERM").as_deref() {
        None | Some("dumb") => items.add_problem(
            AREA,
            "TERM is unset or dumb: the screen cannot be drawn",
            "set TERM to what your terminal is, such as xterm-256color; `plenary ask` works without",
        ),
        Some(term) => items.add_ok(AREA, format!("TERM {term}")),
    }
    let colours = var("COLORTERM").unwrap_or_else(|| "unset".to_owned());
    items.add_info(AREA, format!("COLORTERM {colours}"));
    if var("NO_COLOR").is_some() {
        items.add_info(AREA, "NO_COLOR is set: no colours");
    }
    if var("TMUX").is_some() {
        items.add_info(AREA, "inside tmux");
    }
    if var("SSH_CONNECTION").is_some() {
        items.add_info(AREA, "over ssh");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_folders_are_writable_when_the_nearest_existing_one_is() {
        let dir = tempfile::tempdir().unwrap();
        assert!(is_writable(&dir.path().join("a/b/plenary.db")));
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(!is_writable(&dir.path().join("file/b/plenary.db")));
    }
}
