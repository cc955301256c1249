//! What stands above every export: how many answered, and each persona's state in words.
//!
//! Only words; how they are laid out is each format's business.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::{Run, RunState, Session, Turn};
use crate::text::{sanitize, sanitize_line};

/// How many of a turn's personas answered in full, and how many were asked.
pub(super) fn count(turn: &Turn) -> (usize, usize) {
    let latest = turn.latest();
    let answered = latest.iter().filter(|run| answered(run)).count();
    (answered, latest.len())
}

/// `3 of 4 answered`; of several turns all together, with their number.
pub(super) fn summary(session: &Session) -> String {
    let (answered, asked) =
        session.turns.iter().map(count).fold((0, 0), |sum, turn| (sum.0 + turn.0, sum.1 + turn.1));
    match session.turns.len() {
        0 => "nothing has been asked yet".to_owned(),
        1 => format!("{answered} of {asked} answered"),
        turns => format!("{turns} questions, {answered} of {asked} answered"),
    }
}

/// The question, quoted line by line.
pub(super) fn question(turn: &Turn) -> String {
    let quoted = |line: &str| format!("> {line}").trim_end().to_owned();
    sanitize(&turn.question).lines().map(quoted).collect::<Vec<_>>().join("\n")
}

/// The persona's name, or its id when it has none; on one line.
pub(super) fn name(run: &Run) -> String {
    if run.persona_name.trim().is_empty() {
        run.persona.to_string()
    } else {
        sanitize_line(&run.persona_name)
    }
}

/// What stands behind the name: the view, or the id where there is none.
pub(super) fn view(run: &Run) -> String {
    if run.view.trim().is_empty() { run.persona.to_string() } else { sanitize_line(&run.view) }
}

/// `gateway:large`, on one line; without the colon when the provider's default was asked.
pub(super) fn model(run: &Run) -> String {
    let model = run.model.to_string();
    sanitize_line(model.strip_suffix(':').unwrap_or(&model))
}

/// Why a run is not done, where there is something to say; on one line.
pub(super) fn reason(run: &Run) -> Option<String> {
    match &run.state {
        RunState::Ended(ending) => ending.reason().filter(|why| !why.trim().is_empty()),
        RunState::Retrying { reason, .. } => Some(reason.as_str()),
        _ => None,
    }
    .map(sanitize_line)
}

/// State word, time and reason: `done in 9.8 s`, `cut after 3.1 s: length limit`.
pub(super) fn state(run: &Run) -> String {
    let mut words = run.state.word().to_owned();
    if !run.elapsed.is_zero() && !run.state.is_live() {
        words.push_str(if answered(run) { " in " } else { " after " });
        words.push_str(&duration(run.elapsed));
    }
    if let Some(reason) = reason(run) {
        words.push_str(": ");
        words.push_str(&reason);
    }
    words
}

/// `2026-11-21 09:00 UTC`; empty for a time that no calendar has.
pub(super) fn date(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// How many runs of a turn were followed by another try of the same persona.
pub(super) fn superseded(turn: &Turn) -> usize {
    turn.runs.len() - turn.latest().len()
}

fn answered(run: &Run) -> bool {
    matches!(&run.state, RunState::Ended(ending) if ending.answered())
}

/// `9.8 s`, `2 min 5 s`.
fn duration(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        let seconds = (time.as_millis() + 500) / 1000;
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (ms, words) in [
            (40, "0.0 s"),
            (9_849, "9.8 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min 0 s"),
            (125_400, "2 min 5 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), words);
        }
    }
}
