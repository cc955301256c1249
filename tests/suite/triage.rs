//! From answers to decisions, without a terminal: keys in, decisions, changes and effects out.

mod decide;
mod fuzz;
mod pty;
mod screens;
mod side_turn;
mod views;

use plenary::app::triage::{build_items, count_items, filter_items};
use plenary::app::{Effect, State};
use plenary::domain::{Change, Ending, RunUpdate};

use crate::common::desk::Desk;

/// Two recommendations and a risk.
const INFRA: &str = "## Recommendation\n\nKeep one primary. It is enough.\n\n- **Archive the log all the time.** Dumps lose a day.\n\n## Risks\n\n1. A replica lags.\n";
/// One that is the same recommendation, one that is different.
const EDGE: &str =
    "## Recommended pattern\n\n- Archive the log, continuously.\n- Keep a queue in every shop.\n";

/// Infra and edge have answered, devops has nothing to propose, the fourth has failed; triage is open.
fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.ask("What breaks first?");
    for (persona, text) in [("infra", INFRA), ("edge", EDGE), ("devops", "Nothing to add.")] {
        desk.run(persona, vec![RunUpdate::Text(text.into()), RunUpdate::Ended(Ending::Done)]);
    }
    desk.run("ai-lead", vec![RunUpdate::Ended(Ending::Failed("401".into()))]);
    desk.keys("esc t");
    desk.take();
    desk
}

/// The rows of the list: sign of what was decided, who, title.
fn rows(state: &State) -> Vec<String> {
    let rows = filter_items(state, build_items(state), &state.triage.filter);
    rows.iter()
        .map(|item| {
            let who: Vec<&str> =
                item.panes().iter().map(|at| state.panes()[*at].persona.id.as_str()).collect();
            let word = item.decision().map_or("open", |decision| decision.as_str());
            format!("{word} {}: {}", who.join("+"), item.leader.found.title())
        })
        .collect()
}

/// The progress line.
fn progress(state: &State) -> String {
    count_items(&build_items(state)).0.to_string()
}

/// What is written down, as words: decided, undone, …
fn saved(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Save(Change::TriageStepDone { .. }) => Some("edited"),
            Effect::Save(Change::TriageStepUndone { .. }) => Some("undone"),
            Effect::Save(Change::TriageStepRedone { .. }) => Some("redone"),
            Effect::Save(Change::RecommendationSelected(_)) => Some("selected"),
            Effect::Save(_) => Some("other"),
            _ => None,
        })
        .collect()
}
