//! The terminal of line-oriented commands: its width, its abilities, and questions with yes or no as the answer.
//!
//! The full screen is the business of `runtime`.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// True for `TERM=dumb`: a terminal without cursor movement.
pub(super) fn is_dumb() -> bool {
    std::env::var("TERM").is_ok_and(|term| term == "dumb")
}

/// Returns the number of columns of the terminal, or none if standard output is not a terminal.
pub(super) fn stdout_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// True if standard output is a terminal that can show bold text and `NO_COLOR` is not set.
pub(super) fn can_show_bold() -> bool {
    let has_value = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_known = std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    io::stdout().is_terminal() && is_known && !has_value("NO_COLOR")
}

/// True if a question can be shown on standard error and answered on standard input.
pub(super) fn can_prompt() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Shows `question` on standard error and reads the answer. An empty answer means `default`; anything but "y" or "yes",
/// a read error and the end of the input mean no.
pub(super) fn confirm(question: &str, default: bool) -> bool {
    let choices = if default { "[Y/n]" } else { "[y/N]" };
    let mut stderr = io::stderr().lock();
    let mut answer = String::new();
    let read = stderr
        .write_all(format!("{question} {choices} ").as_bytes())
        .and_then(|()| stderr.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    if !answer.ends_with('\n') {
        // Ctrl+D leaves the cursor after the question.
        drop(stderr.write_all(b"\n"));
    }
    match (read, answer.trim().to_lowercase().as_str()) {
        (Ok(1..), "") => default,
        (Ok(1..), "y" | "yes") => true,
        _ => false,
    }
}
