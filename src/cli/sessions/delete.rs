//! `plenary sessions delete ID`: for good, after asking.
//!
//! Called by [`super`].

use std::io::{self, BufRead, IsTerminal, Write};

use jiff::tz::TimeZone;

use super::super::{CliError, say};
use super::list::{TITLE, fitted, local};
use super::{failed, load};
use crate::domain::format::format_quantity;
use crate::domain::{RunState, Session, SessionId, Turn};
use crate::store::Store;

/// Deletes the session, once the person has agreed.
pub(super) fn run(store: &Store, id: SessionId, yes: bool) -> Result<(), CliError> {
    let what = described(&load(store, id)?);
    if !yes {
        permitted(&what)?;
    }
    store.delete(id).map_err(|e| failed(&e))?;
    say(&format!("{what} was deleted"));
    if let Some(trouble) = store.trouble() {
        say(&trouble.to_string());
    }
    Ok(())
}

/// `session 1a2b3c4d "Which database?" (2026-11-21 09:00, 2 questions, 4 of 8 answered, 3 of 12 decided)`
fn described(session: &Session) -> String {
    let runs: Vec<_> = session.turns.iter().flat_map(Turn::latest).collect();
    let answered = runs.iter().filter(|r| matches!(&r.state, RunState::Ended(e) if e.answered()));
    let triage = session.triage();
    let mut counts = vec![
        local(session.created_at, &TimeZone::system()),
        format_quantity(session.turns.len(), "question"),
        format!("{} of {} answered", answered.count(), runs.len()),
    ];
    counts.extend(
        (triage.items > 0).then(|| format!("{} of {} decided", triage.decided, triage.items)),
    );
    let title = fitted(&session.title, TITLE);
    format!("session {} \"{title}\" ({})", session.id.short(), counts.join(", "))
}

/// Asks the person; a script is told what to do.
fn permitted(what: &str) -> Result<(), CliError> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(CliError::usage(format!(
            "{what} was not deleted: there is no terminal to ask on; add --yes"
        )));
    }
    let mut stderr = io::stderr().lock();
    let mut answer = String::new();
    let asked = stderr
        .write_all(format!("delete {what} for good? [y/N] ").as_bytes())
        .and_then(|()| stderr.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    if !answer.ends_with('\n') {
        // Ctrl-D leaves the cursor behind the question.
        drop(stderr.write_all(b"\n"));
    }
    drop(stderr);
    match (asked, answer.trim().to_lowercase().as_str()) {
        (Ok(1..), "y" | "yes") => Ok(()),
        _ => Err(CliError::usage(format!("{what} was not deleted"))),
    }
}
