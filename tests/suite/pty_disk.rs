//! The real binary in a pseudo terminal, on a disk that is full for a while: nothing is dropped without a word.
//!
//! The disk is "full" for one process: a limit on the size of its files, which an ordinary user may lower and raise again.

use std::os::unix::fs::PermissionsExt;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, prlimit};

use crate::common::server::{Reply, Server};
use crate::common::term::{Home, Term};

const WIDE: (u16, u16) = (200, 50);

/// Starts a server that answers slowly, and the program on a question, after the first text is on the disk.
fn streaming() -> (Server, Home, Term) {
    let server = Server::start();
    server.script("m", [Reply::text(&answer()).rate(120.0)]);
    let home = Home::asking(&server.base_url(), "m", &[]);
    // The signal that comes with the limit, not the limit, would end the program.
    let line = "trap '' XFSZ; exec \"$PLENARY\" 'What breaks first?'";
    let term = Term::shell(&home, WIDE, line);
    term.wait("all streaming for a while", |s| s.matches("Line 3 ").count() == 4);
    (server, home, term)
}

fn answer() -> String {
    let lines: Vec<String> = (0..60).map(|n| format!("Line {n} of the reasons.\n\n")).collect();
    format!("## Recommendation\n\nKeep it.\n\n{}END-m\n", lines.concat())
}

/// No file of the program may grow beyond what its journal has now.
fn fill_disk(home: &Home, term: &Term) {
    let wal = std::fs::metadata(home.path("data/plenary/plenary.db-wal")).unwrap().len();
    set_limit(term, Some(wal));
    term.wait_for("kept in memory");
}

/// Limits the size of the program's files; the highest limit that an ordinary user may set is as good as none.
fn set_limit(term: &Term, bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    prlimit(Some(term.pid()), Resource::Fsize, limit).unwrap();
}

/// Cancels what streams and presses `q`.
fn quit(term: &mut Term) {
    term.send("X");
    term.wait("all cancelled", |s| s.matches("cancelled").count() >= 4);
    term.send("q");
}

fn stored_texts(home: &Home) -> Vec<String> {
    let shown = home.run(&["sessions", "show", "last", "--format", "json"]);
    let session: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let runs = session["turns"][0]["runs"].as_array().unwrap();
    runs.iter().map(|run| run["text"].as_str().unwrap().to_owned()).collect()
}

fn markdown_files(home: &Home) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(home.path("work")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "md")).collect();
    files.sort();
    files
}

#[test]
fn quitting_on_a_full_disk_asks_and_says_what_is_lost() {
    let (_server, home, mut term) = streaming();
    fill_disk(&home, &term);
    quit(&mut term);
    let asked = term.wait_for("4 answers are not on disk");
    assert!(asked.contains("w writes them to a file") && asked.contains("q quits"), "{asked}");
    // Escape returns to the answers.
    term.send("\x1b");
    term.wait("no question", |s| !s.contains("writes them to a file"));
    term.send("q");
    term.wait_for("4 answers are not on disk");
    term.send("q");
    assert_eq!(term.end().exit_code(), 0);
    term.wait("the reason in the terminal", |s| s.contains("plenary: 4 answers are not on disk ("));
    term.assert_restored();
    assert!(markdown_files(&home).is_empty());
}

#[test]
fn answers_that_are_not_on_disk_are_written_to_a_file() {
    let (_server, home, mut term) = streaming();
    fill_disk(&home, &term);
    term.wait("more text", |s| s.matches("Line 6 ").count() == 4);
    quit(&mut term);
    term.wait_for("4 answers are not on disk");
    term.send("w");
    assert_eq!(term.end().exit_code(), 0);
    term.wait("where they are", |s| s.contains("written to") && s.contains(".md"));
    let files = markdown_files(&home);
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert_eq!(text.matches("Line 6 ").count(), 4, "{text}");
    assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn signals_on_a_full_disk_write_a_file_and_say_so() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let (_server, home, mut term) = streaming();
        fill_disk(&home, &term);
        term.signal(signal);
        assert_eq!(term.end().exit_code(), status, "{signal:?}");
        term.wait("where they are", |s| s.contains("4 answers are not on disk"));
        term.assert_restored();
        let text = std::fs::read_to_string(&markdown_files(&home)[0]).unwrap();
        assert_eq!(text.matches("Line 3 ").count(), 4, "{text}");
    }
}

/// Without a screen the answers have been printed; that they are not stored is said once, at the end.
#[test]
fn ask_says_which_answers_are_not_stored() {
    let server = Server::start();
    server.script("m", [Reply::text(&"a few words ".repeat(15_000))]);
    let home = Home::asking(&server.base_url(), "m", &[]);
    // The store exists before the limit.
    home.run(&["sessions", "list"]);
    let line = "trap '' XFSZ; ulimit -S -f 600; exec \"$0\" ask --panel design-review 'What?'";
    let ran = std::process::Command::new("sh")
        .args(["-c", line, env!("CARGO_BIN_EXE_plenary")])
        .env_clear()
        .envs(home.env())
        .current_dir(home.path("work"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{errors}");
    assert_eq!(ran.stdout.windows(11).filter(|w| w == b"a few words").count(), 4 * 15_000);
    assert_eq!(errors.matches("plenary.db").count(), 1, "{errors}");
    assert!(errors.contains("answers are not on disk ("), "{errors}");
}

#[test]
fn when_space_returns_everything_is_saved_and_the_line_goes() {
    let (_server, home, mut term) = streaming();
    fill_disk(&home, &term);
    term.wait("more text", |s| s.matches("Line 8 ").count() == 4);
    set_limit(&term, None);
    term.wait("the end of the problem", |s| {
        s.contains("everything has been saved") && !s.contains("kept in memory")
    });
    term.wait("four answers", |s| s.matches("END-m").count() == 4 && s.contains("4 of 4"));
    term.quit();
    assert_eq!(stored_texts(&home), vec![answer(); 4]);
}

/// Another program deletes the store: that is said at once, quitting asks, and the answers are written to a file.
#[test]
fn answers_of_a_deleted_store_are_asked_about_and_written_to_a_file() {
    let (_server, home, mut term) = streaming();
    std::fs::remove_dir_all(home.path("data/plenary")).unwrap();
    term.wait_for("deleted, moved or replaced by another program");
    quit(&mut term);
    term.wait_for("4 answers are not on disk");
    term.send("w");
    assert_eq!(term.end().exit_code(), 0);
    let text = std::fs::read_to_string(&markdown_files(&home)[0]).unwrap();
    assert_eq!(text.matches("Line 3 ").count(), 4, "{text}");
}

/// Waiting for the other program first, for the flush and again for the store's thread, takes longer than a test waits.
#[test]
fn a_signal_while_another_program_holds_the_store_writes_a_file_soon() {
    let (_server, home, mut term) = streaming();
    let holder = rusqlite::Connection::open(home.path("data/plenary/plenary.db")).unwrap();
    holder.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    term.signal(Signal::TERM);
    assert_eq!(term.end().exit_code(), 143);
    term.wait("where they are", |s| s.contains("4 answers are not on disk"));
    let text = std::fs::read_to_string(&markdown_files(&home)[0]).unwrap();
    assert_eq!(text.matches("Line 3 ").count(), 4, "{text}");
}
