//! Opening the screen: `plenary`, `plenary "question"`, `plenary resume [ID]`.
//!
//! Finds out what to open and whether there is a terminal to open it on; the screen itself is `runtime`'s.
//! Without a terminal a question is answered as `ask` does it, and everything else is explained.

use std::io::IsTerminal;

use super::{CliError, ask, attach, configure, open_store, sessions};
use crate::config::{Flags, Paths, Setup};
use crate::runtime::{self, Start, event_loop::TuiError};
use crate::store::Store;

const NO_TERMINAL: &str = "standard output is not a terminal, and the screen needs one; \
                           without a screen: plenary ask \"your question\" (see plenary ask --help)";

/// Opens the screen, asking `question` at once when there is one; with `pull`, a local model that is not there is fetched
/// without asking.
pub fn open(flags: &Flags, question: Option<String>, pull: bool) -> Result<u8, CliError> {
    if !std::io::stdout().is_terminal() {
        let Some(question) = question else { return Err(CliError::usage(NO_TERMINAL)) };
        let question = vec![question];
        return ask::run(&ask::Ask { question, pull, ..Default::default() }, flags);
    }
    if question.as_ref().is_some_and(|question| question.trim().is_empty()) {
        return Err(CliError::usage("the question is empty: plenary \"your question\""));
    }
    let question = attach::for_screen(question.as_deref())?;
    let setup = configure(flags)?;
    let store = open_store(&setup.paths);
    start(setup, Start { question, pull, ..Start::default() }, store)
}

/// Opens the screen with a session: the one whose id begins with `id`, or the latest.
pub fn resume(flags: &Flags, id: Option<&str>) -> Result<u8, CliError> {
    if !std::io::stdout().is_terminal() {
        return Err(CliError::usage(
            "standard output is not a terminal, and the screen needs one; without a screen: \
             plenary sessions show ID",
        ));
    }
    let store = open_store(&Paths::here());
    let session = sessions::resolve(&store, id.unwrap_or("last"))?;
    start(configure(flags)?, Start { session: Some(session), ..Start::default() }, store)
}

/// Hands over to the screen. The one place that does.
fn start(setup: Setup, start: Start, store: Store) -> Result<u8, CliError> {
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        return Err(CliError::usage(
            "TERM=dumb: this terminal cannot show panes; without a screen: \
             plenary ask \"your question\"",
        ));
    }
    runtime::run_tui(setup, start, store).map_err(|e| match e {
        TuiError::Config(_) => CliError::usage(e.to_string()),
        TuiError::Terminal(_) => CliError::failed(e.to_string()),
    })
}
