//! The question of `ask`: its words, standard input, and the files that are attached.
//!
//! Reads text only, of bounded size, and says what was wrong with anything else. An attachment stands
//! behind the question in a block that names it. Used by `ask` and by the screen's first question.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::{CliError, say};
use crate::config::read;
use crate::prompt::format_document;

/// After this time without an end of standard input the person is told what is being waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// A question before anybody is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The words of the question.
    pub(super) words: String,
    /// The attachments as they stand behind it; empty when there are none.
    pub(super) attachments: String,
    /// Set when the words came from standard input.
    pub(super) piped: bool,
}

impl Asked {
    /// `words` with the attachments behind them.
    pub(super) fn with(&self, words: &str) -> String {
        if self.attachments.is_empty() {
            return words.to_owned();
        }
        format!("{words}\n\n{}", self.attachments)
    }
}

/// Puts the question together. An empty one is a usage error.
pub(super) fn question(words: &str, files: &[PathBuf]) -> Result<Asked, CliError> {
    let piped = standard_input()?;
    assemble(words, files, piped)
}

/// The question that the screen asks at once: its words with standard input behind them, or standard input itself; none when
/// there is neither. (Keys come from the terminal even where standard input is a pipe.)
pub(super) fn for_screen(words: Option<&str>) -> Result<Option<String>, CliError> {
    let piped = standard_input()?.filter(|text| !text.trim().is_empty());
    if words.is_none() && piped.is_none() {
        return Ok(None);
    }
    let asked = assemble(words.unwrap_or_default(), &[], piped)?;
    Ok(Some(asked.with(&asked.words)))
}

fn assemble(words: &str, files: &[PathBuf], piped: Option<String>) -> Result<Asked, CliError> {
    let words = words.trim();
    // "-" is how many programs are told to read standard input; here it is read anyway.
    let words = if words == "-" { "" } else { words };
    let piped = piped.filter(|text| !text.trim().is_empty());
    let mut blocks: Vec<String> = Vec::new();
    for path in files {
        let text = read::text(path).map_err(|e| {
            let path = path.display();
            CliError::usage(format!("--file {path}: {}", read::why(&e)))
        })?;
        blocks.push(format_document(&path.display().to_string(), &text));
    }
    let (words, from_input) = match (words.is_empty(), piped) {
        (true, Some(text)) => (text.trim_end().to_owned(), true),
        (true, None) => {
            let what = if files.is_empty() {
                ""
            } else {
                "; a file is attached, but nothing is asked about it"
            };
            return Err(CliError::usage(format!(
                "the question is empty{what}: plenary ask \"your question\", or put it on standard input"
            )));
        }
        (false, Some(text)) => {
            blocks.push(format_document("standard input", &text));
            (words.to_owned(), false)
        }
        (false, None) => (words.to_owned(), false),
    };
    Ok(Asked { words, attachments: blocks.join("\n\n"), piped: from_input })
}

/// What is on standard input; none when that is a terminal.
fn standard_input() -> Result<Option<String>, CliError> {
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let (done, wait) = sync_channel(1);
    let reader = move || {
        let text = read::bytes(io::stdin().lock()).and_then(read::decode);
        // Whoever waited is gone only when the program is.
        done.send(text).unwrap_or_default();
    };
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(reader)
        .map_err(|e| CliError::failed(format!("standard input cannot be read: {e}")))?;
    let text = match wait.recv_timeout(PATIENCE) {
        Err(RecvTimeoutError::Timeout) => {
            say(
                "waiting for the end of standard input (Ctrl-C ends it; </dev/null attaches nothing)",
            );
            wait.recv().ok()
        }
        got => got.ok(),
    };
    match text {
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(e)) => Err(CliError::usage(format!("standard input {}", read::why(&e)))),
        None => Err(CliError::failed("standard input: its reader ended without a word")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_the_question_or_stands_behind_it() {
        let alone = assemble("", &[], Some("How?\n".into())).unwrap();
        assert_eq!((alone.words.as_str(), alone.piped), ("How?", true));
        assert_eq!(alone.with("How?"), "How?");
        let dash = assemble("-", &[], Some("How?".into())).unwrap();
        assert_eq!(dash.words, "How?");
        let both = assemble("Review this", &[], Some("a\nb".into())).unwrap();
        assert_eq!(
            both.with(&both.words),
            "Review this\n\n<attachment name=\"standard input\">\na\nb\n</attachment>"
        );
        let empty = assemble("Review this", &[], Some(" \n".into())).unwrap();
        assert_eq!(empty.with(&empty.words), "Review this");
    }

    #[test]
    fn nothing_asked_is_said() {
        assert_eq!(assemble("  ", &[], None).unwrap_err().code, 2);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a\"b.txt");
        std::fs::write(&file, "x").unwrap();
        let said = assemble("", std::slice::from_ref(&file), None).unwrap_err();
        assert!(said.message.contains("nothing is asked about it"), "{said}");
        let asked = assemble("q", &[file], None).unwrap();
        assert!(
            asked.attachments.contains("a_b.txt\">\nx\n</attachment>"),
            "{}",
            asked.attachments
        );
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("binary");
        std::fs::write(&binary, b"\x7fELF\0").unwrap();
        let large = dir.path().join("large");
        std::fs::write(&large, "x".repeat(2_000_000)).unwrap();
        for (path, what) in [
            (binary, "is not text (a NUL at byte 4)"),
            (large, "larger than 1 MiB"),
            (dir.path().to_owned(), "is a directory"),
            (PathBuf::from("/dev/zero"), "not a regular file"),
            (PathBuf::from("/no/such/file"), "does not exist"),
        ] {
            let said = assemble("q", std::slice::from_ref(&path), None).unwrap_err();
            assert!(said.message.contains(what), "{said}");
            assert!(said.message.contains(&path.display().to_string()), "{said}");
            assert_eq!(said.code, 2);
        }
    }
}
