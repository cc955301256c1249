//! Opening the screen: `plenary`, `plenary "question"`, `plenary resume [ID]`.
//!
//! Finds out what to open and whether there is a terminal to open it on; the screen itself is `runtime`'s.
//! Without a terminal a question is answered as `ask` does it, and everything else is explained.

use std::io::IsTerminal;

use super::{CliError, ask, configure, open_store};
use crate::config::{Flags, Paths, Setup};
use crate::domain::SessionId;
use crate::store::Store;

const NO_TERMINAL: &str = "standard output is not a terminal, and the screen needs one; \
                           without a screen: plenary ask \"your question\" (see plenary ask --help)";

/// Opens the screen, asking `question` at once when there is one.
pub fn open(flags: &Flags, question: Option<String>) -> Result<u8, CliError> {
    if !std::io::stdout().is_terminal() {
        let Some(question) = question else { return Err(CliError::usage(NO_TERMINAL)) };
        return ask::run(&ask::Ask { question: vec![question], ..Default::default() }, flags);
    }
    if question.as_ref().is_some_and(|question| question.trim().is_empty()) {
        return Err(CliError::usage("the question is empty: plenary \"your question\""));
    }
    let setup = configure(flags)?;
    let store = open_store(&setup.paths);
    start(setup, question, None, store)
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
    let session = find(&store, id)?;
    start(configure(flags)?, None, Some(session), store)
}

fn find(store: &Store, id: Option<&str>) -> Result<SessionId, CliError> {
    let unreadable = |e: crate::store::StoreError| CliError::failed(e.to_string());
    let Some(prefix) = id else {
        return match store.list(1).map_err(unreadable)?.first() {
            Some(latest) => Ok(latest.id),
            None => Err(CliError::failed("there is no session yet: plenary \"your question\"")),
        };
    };
    match store.find(prefix).map_err(unreadable)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(CliError::usage(format!(
            "no session's id begins with \"{prefix}\"; `plenary sessions list` shows them"
        ))),
        several => {
            let ids = several.iter().take(8).map(SessionId::short).collect::<Vec<_>>().join(", ");
            Err(CliError::usage(format!(
                "several sessions' ids begin with \"{prefix}\": {ids}; type more of it"
            )))
        }
    }
}

/// Hands over to the screen. The one place that does.
fn start(
    _setup: Setup,
    _question: Option<String>,
    _session: Option<SessionId>,
    _store: Store,
) -> Result<u8, CliError> {
    Err(CliError::failed(
        "the screen is not here yet; without a screen: plenary ask \"your question\"",
    ))
}
