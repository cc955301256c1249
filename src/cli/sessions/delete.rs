//! `plenary sessions delete ID`: permanently, after asking.

use jiff::tz::TimeZone;

use super::super::{CliError, print_message, print_store_error, terminal};
use super::list::{MAX_TITLE_COLUMNS, format_local_time, truncate_line};
use super::{load_session, to_cli_error};
use crate::domain::format::format_quantity;
use crate::domain::{RunState, Session, SessionId, Turn};
use crate::store::Store;

/// Deletes the session. Without `yes`, asks the user first.
pub(super) fn delete_session(store: &Store, id: SessionId, yes: bool) -> Result<(), CliError> {
    let description = describe_session(&load_session(store, id)?);
    if !yes {
        confirm_deletion(&description)?;
    }
    store.delete_session(id).map_err(|e| to_cli_error(&e))?;
    print_message(&format!("{description} was deleted"));
    print_store_error(store);
    Ok(())
}

/// `session 1a2b3c4d "Which database?" (2026-11-21 09:00, 2 questions, 4 of 8 answered, 3 of 12 decided)`
fn describe_session(session: &Session) -> String {
    let runs: Vec<_> = session.turns.iter().flat_map(Turn::latest_runs).collect();
    let answered = runs.iter().filter(|r| matches!(&r.state, RunState::Ended(e) if e.is_done()));
    let triage = session.triage_counts();
    let mut counts = vec![
        format_local_time(session.created_at, &TimeZone::system()),
        format_quantity(session.turns.len(), "question"),
        format!("{} of {} answered", answered.count(), runs.len()),
    ];
    counts.extend(
        (triage.items > 0).then(|| format!("{} of {} decided", triage.decided, triage.items)),
    );
    let title = truncate_line(&session.title, MAX_TITLE_COLUMNS);
    format!("session {} \"{title}\" ({})", session.id.short(), counts.join(", "))
}

/// Asks the user. Without a terminal, returns an error that names the flag to use.
fn confirm_deletion(description: &str) -> Result<(), CliError> {
    if !terminal::can_prompt() {
        return Err(CliError::usage(format!(
            "{description} was not deleted: there is no terminal to ask on; add --yes"
        )));
    }
    if terminal::confirm(&format!("delete {description} for good?"), false) {
        return Ok(());
    }
    Err(CliError::usage(format!("{description} was not deleted")))
}
