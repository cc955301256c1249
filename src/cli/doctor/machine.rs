//! `plenary doctor`: the store and the terminal.
//!
//! Creates nothing, not even a missing store. Works without a configuration.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use super::report::DoctorItems;
use crate::config::Paths;
use crate::domain::format::{format_bytes, format_quantity};
use crate::store::{Store, StoreCheck, check_store, is_on_network};

/// How long the pages of the store may be checked.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// The area of the store in the report.
const AREA: &str = "store";

/// Examines the store.
pub(super) fn examine_store(paths: &Paths, items: &mut DoctorItems) {
    let Some(path) = paths.store() else {
        let fix = "set HOME or XDG_DATA_HOME";
        return items.add_problem(
            AREA,
            "no home folder is known: sessions are kept in memory only",
            fix,
        );
    };
    // A link without a target exists, although what it names does not.
    if path.symlink_metadata().is_err() {
        return examine_missing_store(&path, items);
    }
    let shown = path.display();
    // Before the store is opened, which writes to it.
    match check_store(&path, CHECK_TIME) {
        StoreCheck::Damaged(faults) => {
            return items.add_problem(
                AREA,
                format!("{shown}: the file is damaged: {}", faults.join("; ")),
                format!(
                    "end every plenary and keep a copy of the file and of {shown}-wal. What can be read is \
                     still exported by `plenary sessions export`; `sqlite3 '{shown}' .recover` prints the \
                     rest. To start over: mv '{shown}' '{shown}.damaged'"
                ),
            );
        }
        StoreCheck::Unchecked(reason) => {
            items.add_info(AREA, format!("{shown}: its pages were not checked: {reason}"));
        }
        // What cannot be opened is explained below.
        StoreCheck::Sound | StoreCheck::Unreadable => {}
    }
    examine_open_store(&path, items);
    if is_on_network(&path) {
        items.add_info(
            AREA,
            "the store is on a network file system: only one machine should use it at a time",
        );
    }
}

fn examine_missing_store(path: &Path, items: &mut DoctorItems) {
    let shown = path.display();
    if is_writable(path) {
        return items.add_info(AREA, format!("{shown}: made with the first question"));
    }
    items.add_problem(
        AREA,
        format!("{shown}: its folder cannot be written; sessions are kept in memory only"),
        "make the folder writable, or set XDG_DATA_HOME to another one",
    );
}

fn examine_open_store(path: &Path, items: &mut DoctorItems) {
    let shown = path.display();
    let store = Store::open(path);
    let sessions = store.list_sessions(usize::MAX);
    match (store.take_error(), sessions) {
        (Some(trouble), _) => {
            items.add_problem(
                AREA,
                trouble.to_string(),
                "correct what the message names; until then sessions are kept in memory",
            );
        }
        (None, Err(e)) => items.add_problem(
            AREA,
            format!("{shown}: {e}"),
            "copy the file for safety, then restore it from a backup or move it away",
        ),
        (None, Ok(sessions)) => {
            let count = format_quantity(sessions.len(), "session");
            let size = format_bytes(path.metadata().map_or(0, |meta| meta.len()));
            items.add_ok(AREA, format!("{shown}: {count}, {size}"));
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
