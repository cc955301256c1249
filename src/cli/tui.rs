//! Opening the screen: `plenary`, `plenary "question"`, `plenary resume [ID]`.
//!
//! Decides what to open and checks that there is a terminal; the screen itself belongs to `runtime`. Without a terminal, a
//! question is answered as by `plenary ask`, and anything else is an error that says what to use instead.

use std::io::IsTerminal;

use super::project_question::{ProjectDecision, load_setup_or_ask};
use super::{CliError, ask, ask_input, open_store, print_message, sessions, terminal};
use crate::config::{Flags, Paths, Setup};
use crate::runtime::{self, Start, event_loop::TuiError};
use crate::store::Store;

const NO_TERMINAL: &str = "standard output is not a terminal, and the screen needs one; \
                           without a screen: plenary ask \"your question\" (see plenary ask --help)";

/// Opens the screen and asks `question`, if given. With `pull`, a missing local model is downloaded without asking.
pub fn open_screen(flags: &Flags, question: Option<String>, pull: bool) -> Result<u8, CliError> {
    if !std::io::stdout().is_terminal() {
        let Some(question) = question else { return Err(CliError::usage(NO_TERMINAL)) };
        let question = vec![question];
        return ask::run_ask(&ask::AskArgs { question, pull, ..Default::default() }, flags);
    }
    if question.as_ref().is_some_and(|question| question.trim().is_empty()) {
        return Err(CliError::usage("the question is empty: plenary \"your question\""));
    }
    let question = ask_input::read_screen_question(question.as_deref())?;
    check_terminal()?;
    let setup = match load_setup_or_ask(flags)? {
        ProjectDecision::Continue(setup) => *setup,
        ProjectDecision::Quit(code) => return Ok(code),
    };
    let store = open_store(&setup.paths);
    run_screen(setup, Start { question, pull, ..Start::default() }, store)
}

/// Opens the screen with the session whose id begins with `id`, or with the latest session.
pub fn resume_session(flags: &Flags, id: Option<&str>) -> Result<u8, CliError> {
    if !std::io::stdout().is_terminal() {
        return Err(CliError::usage(
            "standard output is not a terminal, and the screen needs one; without a screen: \
             plenary sessions show ID",
        ));
    }
    check_terminal()?;
    let store = open_store(&Paths::of_process());
    let session = sessions::find_session(&store, id.unwrap_or(sessions::LAST))?;
    let setup = match load_setup_or_ask(flags)? {
        ProjectDecision::Continue(setup) => *setup,
        ProjectDecision::Quit(code) => return Ok(code),
    };
    run_screen(setup, Start { session: Some(session), ..Start::default() }, store)
}

/// Refuses a terminal that cannot show the screen.
fn check_terminal() -> Result<(), CliError> {
    if terminal::is_dumb() {
        return Err(CliError::usage(
            "TERM=dumb: this terminal cannot show panes; without a screen: \
             plenary ask \"your question\"",
        ));
    }
    Ok(())
}

fn run_screen(setup: Setup, start: Start, store: Store) -> Result<u8, CliError> {
    let end = runtime::run_tui(setup, start, store).map_err(|e| match e {
        TuiError::Config(_) | TuiError::Theme(_) => CliError::usage(e.to_string()),
        TuiError::Terminal(_) => CliError::failed(e.to_string()),
    })?;
    if let Some(farewell) = end.farewell {
        print_message(&farewell);
    }
    Ok(end.status)
}
