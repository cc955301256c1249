//! The input of `ask` and of the screen's first question: words, standard input and attached files.
//!
//! Reads text of bounded size and refuses anything else by name. Documents follow the question, each in a block that names
//! it. Mentions are not resolved here.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::{CliError, print_message};
use crate::config::project::read_file_named_by_user;
use crate::config::text_file;
use crate::domain::TurnId;
use crate::prompt::format_documents;
use crate::text::sanitize;

/// How long to wait for the end of standard input before telling the user what plenary waits for.
const STDIN_NOTICE_DELAY: Duration = Duration::from_secs(2);

/// A question before its mentions are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskInput {
    /// Words of the question.
    pub(super) words: String,
    /// Documents as they follow the question; empty if there are none.
    pub(super) documents: String,
    /// True if the words came from standard input.
    pub(super) is_piped: bool,
}

impl AskInput {
    /// Returns `words` followed by the documents.
    pub(super) fn with_documents(&self, words: &str) -> String {
        if self.documents.is_empty() {
            return words.to_owned();
        }
        format!("{words}\n\n{}", self.documents)
    }
}

/// Reads the question of `ask`.
///
/// # Errors
/// A usage error for an empty question and for input that is not text.
pub(super) fn read_question(words: &str, files: &[PathBuf]) -> Result<AskInput, CliError> {
    let piped = read_stdin()?;
    build_input(words, files, piped)
}

/// Reads the question that the screen asks at once: `words` with standard input attached, or standard input alone; none if
/// both are empty. Keys come from the terminal even if standard input is a pipe.
pub(super) fn read_screen_question(words: Option<&str>) -> Result<Option<String>, CliError> {
    let piped = read_stdin()?.filter(|text| !text.trim().is_empty());
    if words.is_none() && piped.is_none() {
        return Ok(None);
    }
    let input = build_input(words.unwrap_or_default(), &[], piped)?;
    Ok(Some(input.with_documents(&input.words)))
}

fn build_input(
    words: &str,
    files: &[PathBuf],
    piped: Option<String>,
) -> Result<AskInput, CliError> {
    let words = words.trim();
    // "-" is the usual name of standard input, which is read in any case.
    let words = if words == "-" { "" } else { words };
    let piped = piped.filter(|text| !text.trim().is_empty());
    let mut documents: Vec<(String, String)> = Vec::new();
    for path in files {
        let text = read_file_named_by_user(path).unwrap_or_else(|| {
            text_file::read_text_file(path).map_err(|e| text_file::describe_io_error(&e))
        });
        let text =
            text.map_err(|reason| CliError::usage(format!("--file {}: {reason}", path.display())))?;
        documents.push((path.display().to_string(), text));
    }
    let (words, is_piped) = match (words.is_empty(), piped) {
        // Like a document: what is piped was not necessarily seen by the user.
        (true, Some(text)) => (sanitize(text.trim_end()), true),
        (true, None) => {
            let detail = if files.is_empty() {
                ""
            } else {
                "; a file is attached, but nothing is asked about it"
            };
            return Err(CliError::usage(format!(
                "the question is empty{detail}: plenary ask \"your question\", or put it on standard input"
            )));
        }
        (false, Some(text)) => {
            documents.push(("standard input".to_owned(), text));
            (words.to_owned(), false)
        }
        (false, None) => (words.to_owned(), false),
    };
    let documents: Vec<(&str, &str)> =
        documents.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let documents = match documents.as_slice() {
        [] => String::new(),
        // As random as an id, drawn after the documents were written.
        documents => format_documents(documents, TurnId::random().number()),
    };
    Ok(AskInput { words, documents, is_piped })
}

/// Reads standard input to its end; none if it is a terminal.
fn read_stdin() -> Result<Option<String>, CliError> {
    if io::stdin().is_terminal() {
        return Ok(None);
    }
    let (sender, receiver) = sync_channel(1);
    let reader = move || {
        let text = text_file::read_bytes(io::stdin().lock()).and_then(text_file::decode_utf8);
        // The receiver is dropped only when the program ends.
        sender.send(text).unwrap_or_default();
    };
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(reader)
        .map_err(|e| CliError::failed(format!("standard input cannot be read: {e}")))?;
    let text = match receiver.recv_timeout(STDIN_NOTICE_DELAY) {
        Err(RecvTimeoutError::Timeout) => {
            print_message(
                "waiting for the end of standard input (Ctrl+C ends it; </dev/null attaches nothing)",
            );
            receiver.recv().ok()
        }
        text => text.ok(),
    };
    match text {
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(e)) => {
            Err(CliError::usage(format!("standard input {}", text_file::describe_io_error(&e))))
        }
        None => Err(CliError::failed("standard input: its reader ended unexpectedly")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_the_question_or_attached_to_it() {
        let alone = build_input("", &[], Some("How?\n".into())).unwrap();
        assert_eq!((alone.words.as_str(), alone.is_piped), ("How?", true));
        assert_eq!(alone.with_documents("How?"), "How?");
        let hidden = build_input("", &[], Some("a\u{1b}[2J\u{202e}\u{e0041}é".into())).unwrap();
        assert_eq!(hidden.words, "a␛[2J‹U+202E›‹U+E0041›é");
        let dash = build_input("-", &[], Some("How?".into())).unwrap();
        assert_eq!(dash.words, "How?");
        let both = build_input("Review this", &[], Some("a\nb".into())).unwrap();
        let sent = both.with_documents(&both.words);
        assert!(sent.starts_with("Review this\n\nThe text between BEGIN "), "{sent}");
        assert!(sent.contains(" document standard input\na\nb\nEND "), "{sent}");
        let empty = build_input("Review this", &[], Some(" \n".into())).unwrap();
        assert_eq!(empty.with_documents(&empty.words), "Review this");
    }

    #[test]
    fn a_document_without_a_question_is_refused() {
        assert_eq!(build_input("  ", &[], None).unwrap_err().code, 2);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a\"b.txt");
        std::fs::write(&file, "x").unwrap();
        let error = build_input("", std::slice::from_ref(&file), None).unwrap_err();
        assert!(error.message.contains("nothing is asked about it"), "{error}");
        let input = build_input("q", &[file], None).unwrap();
        assert!(input.documents.contains("a\"b.txt\nx\nEND "), "{}", input.documents);
    }

    #[test]
    fn files_that_are_not_text_are_refused_by_name() {
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
            let error = build_input("q", std::slice::from_ref(&path), None).unwrap_err();
            assert!(error.message.contains(what), "{error}");
            assert!(error.message.contains(&path.display().to_string()), "{error}");
            assert_eq!(error.code, 2);
        }
    }
}
