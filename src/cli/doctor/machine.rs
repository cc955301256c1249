//! `plenary doctor`: the store and the terminal.
//!
//! Makes nothing: a store that is not there yet stays so. Works without a configuration.

use std::io::IsTerminal;
use std::path::Path;

use super::report::Checks;
use crate::config::Paths;
use crate::domain::format::{format_bytes, format_quantity};
use crate::store::Store;

/// Where sessions are kept.
pub(super) fn store(paths: &Paths, checks: &mut Checks) {
    const AREA: &str = "store";
    let Some(path) = paths.store() else {
        let fix = "set HOME or XDG_DATA_HOME";
        return checks.problem(
            AREA,
            "no home folder is known: sessions are kept in memory only",
            fix,
        );
    };
    let shown = path.display();
    if !path.exists() {
        if writable(&path) {
            return checks.info(AREA, format!("{shown}: made with the first question"));
        }
        return checks.problem(
            AREA,
            format!("{shown}: its folder cannot be written; sessions are kept in memory only"),
            "make the folder writable, or set XDG_DATA_HOME to another one",
        );
    }
    let store = Store::open(&path);
    let sessions = store.list_sessions(usize::MAX);
    match (store.take_error(), sessions) {
        (Some(trouble), _) => {
            checks.problem(
                AREA,
                trouble.to_string(),
                "see the reason; sessions are kept in memory",
            );
        }
        (None, Err(e)) => checks.problem(AREA, format!("{shown}: {e}"), "see the reason"),
        (None, Ok(sessions)) => {
            let count = format_quantity(sessions.len(), "session");
            let size = format_bytes(path.metadata().map_or(0, |meta| meta.len()));
            checks.ok(AREA, format!("{shown}: {count}, {size}"));
        }
    }
}

/// True when the nearest folder above `path` that exists can be written.
fn writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    let there = path.ancestors().skip(1).find(|folder| folder.exists());
    there.is_some_and(|dir| dir.is_dir() && access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// What the screen is drawn on.
pub(super) fn terminal(checks: &mut Checks) {
    const AREA: &str = "terminal";
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let stdout = std::io::stdout();
    if stdout.is_terminal() {
        let size = rustix::termios::tcgetwinsize(&stdout)
            .map_or_else(|_| "unknown size".to_owned(), |s| format!("{}×{}", s.ws_col, s.ws_row));
        checks.ok(AREA, format!("a terminal of {size}"));
    } else {
        checks.info(AREA, "standard output is not a terminal: only `plenary ask` works there");
    }
    match var("TERM").as_deref() {
        None | Some("dumb") => checks.problem(
            AREA,
            "TERM is unset or dumb: the screen cannot be drawn",
            "set TERM to what your terminal is, such as xterm-256color; `plenary ask` works without",
        ),
        Some(term) => checks.ok(AREA, format!("TERM {term}")),
    }
    let colours = var("COLORTERM").unwrap_or_else(|| "unset".to_owned());
    checks.info(AREA, format!("COLORTERM {colours}"));
    if var("NO_COLOR").is_some() {
        checks.info(AREA, "NO_COLOR is set: no colours");
    }
    if var("TMUX").is_some() {
        checks.info(AREA, "inside tmux");
    }
    if var("SSH_CONNECTION").is_some() {
        checks.info(AREA, "over ssh");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_does_not_exist_yet_is_judged_by_the_nearest_that_does() {
        let dir = tempfile::tempdir().unwrap();
        assert!(writable(&dir.path().join("a/b/plenary.db")));
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(!writable(&dir.path().join("file/b/plenary.db")));
    }
}
