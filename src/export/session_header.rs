//! The text at the top of every export: how many answered, the state of each run, models, date, tokens, cost.
//!
//! Each format arranges it in its own way. Cost is mentioned only when a provider reported a price.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::format::{format_dollars, format_duration, format_exact_count, format_quantity};
use crate::domain::{Ending, Run, RunState, Session, Turn, mark_project, project_tag};
use crate::text::{sanitize, sanitize_line};

/// How the latest runs of one or more questions ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct EndingCounts {
    pub(super) asked: usize,
    pub(super) answered: usize,
    pub(super) cut: usize,
    pub(super) refused: usize,
    pub(super) failed: usize,
    pub(super) cancelled: usize,
    /// Runs that have not ended.
    pub(super) unfinished: usize,
}

impl EndingCounts {
    /// Counts the latest runs of these questions.
    pub(super) fn from_turns<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Self {
        let mut counts = Self::default();
        for run in turns.into_iter().flat_map(Turn::latest_runs) {
            counts.asked += 1;
            *match &run.state {
                RunState::Ended(Ending::Done) => &mut counts.answered,
                RunState::Ended(Ending::Cut(_)) => &mut counts.cut,
                RunState::Ended(Ending::Refused(_)) => &mut counts.refused,
                RunState::Ended(Ending::Failed(_)) => &mut counts.failed,
                RunState::Ended(Ending::Cancelled) => &mut counts.cancelled,
                _ => &mut counts.unfinished,
            } += 1;
        }
        counts
    }

    /// Every count but the first two, with its label.
    pub(super) fn not_answered(&self) -> [(&'static str, usize); 5] {
        [
            ("cut", self.cut),
            ("refused", self.refused),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("not finished", self.unfinished),
        ]
    }
}

impl fmt::Display for EndingCounts {
    /// `3 of 4 answered · 1 cut`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} answered", self.answered, self.asked)?;
        self.not_answered()
            .iter()
            .filter(|(_, n)| *n > 0)
            .try_for_each(|(word, n)| write!(f, " · {n} {word}"))
    }
}

/// How many of a turn's personas answered completely, and how many were asked.
pub(super) fn count_answered(turn: &Turn) -> (usize, usize) {
    let counts = EndingCounts::from_turns([turn]);
    (counts.answered, counts.asked)
}

/// `3 of 4 answered · 1 cut`; for several turns the sum, with the number of turns.
pub(super) fn summarize_session(session: &Session) -> String {
    let counts = EndingCounts::from_turns(&session.turns);
    match session.turns.len() {
        0 => "nothing has been asked yet".to_owned(),
        1 => counts.to_string(),
        turns => format!("{}, {counts}", format_quantity(turns, "question")),
    }
}

/// The models that were asked, each once, in order.
pub(super) fn list_models(session: &Session) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for run in session.turns.iter().flat_map(Turn::latest_runs) {
        let model = model_name(run);
        if !models.contains(&model) {
            models.push(model);
        }
    }
    models
}

/// Models, tokens and cost on one line; none when nothing was asked. `escape` makes model names fit for the format.
pub(super) fn describe_models_and_usage(
    session: &Session,
    escape: fn(&str) -> String,
) -> Option<String> {
    let models = list_models(session);
    if models.is_empty() {
        return None;
    }
    let word = if models.len() == 1 { "Model" } else { "Models" };
    let spent = UsageTotals::from_session(session).to_string();
    let between = if spent.is_empty() { "" } else { " · " };
    Some(format!("{word}: {}{between}{spent}", escape(&models.join(", "))))
}

/// Tokens and money that a session used: all runs, also replaced ones, challenges and briefs. Runs that ended without text
/// and without usage are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct UsageTotals {
    /// Tokens sent.
    pub(super) input: u64,
    /// Tokens received.
    pub(super) output: u64,
    /// Millionths of a US dollar, as far as reported.
    pub(super) cost_microusd: Option<u64>,
    /// Number of runs that used something.
    pub(super) runs: usize,
    /// Number of these that reported tokens.
    pub(super) tokens_known: usize,
    /// Number of these that reported a cost.
    pub(super) cost_known: usize,
}

impl UsageTotals {
    /// Adds up the whole session.
    pub(super) fn from_session(session: &Session) -> Self {
        let runs = session.turns.iter().flat_map(|turn| &turn.runs);
        Self::from_runs(runs.chain(session.side_turns.iter().map(|side_turn| &side_turn.run)))
    }

    fn from_runs<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
        let mut spent = Self::default();
        for run in runs {
            let silent = run.text.is_empty() && run.reasoning.is_empty();
            let Some(usage) = run.usage else {
                spent.runs += usize::from(!silent);
                continue;
            };
            spent.runs += 1;
            spent.tokens_known += 1;
            spent.input = spent.input.saturating_add(usage.input);
            spent.output = spent.output.saturating_add(usage.output);
            if let Some(cost) = usage.cost_microusd {
                spent.cost_known += 1;
                spent.cost_microusd = Some(spent.cost_microusd.unwrap_or(0).saturating_add(cost));
            }
        }
        spent
    }

    /// `$0.0412`, `$0.0301 · cost known for 2 of 4`; none when no provider reported a price.
    pub(super) fn format_cost(&self) -> Option<String> {
        let cost = format_dollars(self.cost_microusd?);
        Some(if self.cost_known == self.runs {
            cost
        } else {
            format!("{cost} · cost known for {} of {}", self.cost_known, self.runs)
        })
    }
}

impl fmt::Display for UsageTotals {
    /// `12.3k tokens in, 8.1k out · $0.0412`; empty when no usage was reported.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens_known == 0 {
            return Ok(());
        }
        write!(
            f,
            "{} tokens in, {} out",
            format_exact_count(self.input),
            format_exact_count(self.output)
        )?;
        if self.tokens_known < self.runs {
            write!(f, " · tokens known for {} of {}", self.tokens_known, self.runs)?;
        }
        match self.format_cost() {
            Some(cost) => write!(f, " · {cost}"),
            None if self.runs > 0 => f.write_str(" · cost unknown"),
            None => Ok(()),
        }
    }
}

/// The persona's id, sanitised.
pub(super) fn persona_id(run: &Run) -> String {
    sanitize_line(run.persona.as_str())
}

/// The persona's id as texts name it: marked when the persona came from a project.
pub(super) fn persona_tag(run: &Run) -> String {
    project_tag(&persona_id(run), run.notes.is_project()).into_owned()
}

/// `Kael Voss (infra)`
pub(super) fn name_with_id(run: &Run) -> String {
    format!("{} ({})", persona_name(run), persona_id(run))
}

/// The question as a block quote.
pub(super) fn quote_question(turn: &Turn) -> String {
    let quoted = |line: &str| format!("> {line}").trim_end().to_owned();
    sanitize(&turn.question).lines().map(quoted).collect::<Vec<_>>().join("\n")
}

/// The persona's name, or its id when it has none; on one line, and marked when the persona came from a project.
pub(super) fn persona_name(run: &Run) -> String {
    mark_project(&plain_persona_name(run), run.notes.is_project()).into_owned()
}

/// The persona's name, or its id when it has none; on one line.
pub(super) fn plain_persona_name(run: &Run) -> String {
    if run.persona_name.trim().is_empty() {
        run.persona.to_string()
    } else {
        sanitize_line(&run.persona_name)
    }
}

/// The persona's view, or its id when it has none; on one line.
pub(super) fn persona_view(run: &Run) -> String {
    if run.view.trim().is_empty() { run.persona.to_string() } else { sanitize_line(&run.view) }
}

/// `gateway:large`, on one line; without the colon for the provider's default model.
pub(super) fn model_name(run: &Run) -> String {
    let model = run.model.to_string();
    sanitize_line(model.strip_suffix(':').unwrap_or(&model))
}

/// Why a run is not done, when a reason is known; on one line.
pub(super) fn ending_reason(run: &Run) -> Option<String> {
    match &run.state {
        RunState::Ended(ending) => ending.reason().filter(|why| !why.trim().is_empty()),
        RunState::Retrying { reason, .. } => Some(reason.as_str()),
        _ => None,
    }
    .map(sanitize_line)
}

/// State, time and reason: `done in 9.8 s`, `cut after 3.1 s: length limit`.
pub(super) fn describe_state(run: &Run) -> String {
    let mut words = run.state.as_str().to_owned();
    if !run.elapsed.is_zero() && !run.state.is_live() {
        words.push_str(if is_answered(run) { " in " } else { " after " });
        words.push_str(&format_duration(run.elapsed));
    }
    if let Some(reason) = ending_reason(run) {
        words.push_str(": ");
        words.push_str(&reason);
    }
    words
}

/// `2026-11-21 09:00 UTC`; empty for a time outside the calendar.
pub(super) fn format_date(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default()
}

/// `2026-11-21`; empty for a time outside the calendar.
pub(super) fn format_day(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// A sentence about earlier runs of a turn; none when there are none.
pub(super) fn describe_earlier_runs(turn: &Turn) -> Option<String> {
    let (latest, current) = (turn.latest_runs(), turn.current_answers());
    let is_current = |run: &&&Run| current.iter().any(|other| other.id == run.id);
    let kept = latest.len() - latest.iter().filter(is_current).count();
    let gone = turn.runs.len() - latest.len() - kept;
    let kept = match kept {
        0 => None,
        1 => Some("One answer is from an earlier run: the retry returned no text.".to_owned()),
        n => Some(format!("{n} answers are from earlier runs: the retries returned no text.")),
    };
    let gone = match gone {
        0 => None,
        1 => Some("One earlier run is only in the JSON export.".to_owned()),
        n => Some(format!("{n} earlier runs are only in the JSON export.")),
    };
    let words: Vec<String> = kept.into_iter().chain(gone).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn is_answered(run: &Run) -> bool {
    matches!(&run.state, RunState::Ended(ending) if ending.is_done())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{ModelRef, PersonaId, RunId, RunNotes, Usage};

    fn run(text: &str, usage: Option<(u64, Option<u64>)>) -> Run {
        Run {
            id: RunId::from_number(1),
            persona: PersonaId::from_name("infra"),
            persona_name: String::new(),
            view: String::new(),
            model: ModelRef::parse("a:b").unwrap(),
            state: RunState::Streaming,
            text: text.to_owned(),
            reasoning: String::new(),
            usage: usage.map(|(tokens, cost_microusd)| Usage {
                input: tokens,
                output: tokens,
                cached: 0,
                reasoning: 0,
                cost_microusd,
            }),
            elapsed: Duration::ZERO,
            notes: RunNotes::default(),
            recommendations: None,
        }
    }

    #[test]
    fn usage_counts_only_what_was_reported() {
        let priced = run("x", Some((1_500, Some(20_000))));
        let free = run("x", Some((1_500, None)));
        let (silent, untold) = (run("", None), run("x", None));
        for (runs, words) in [
            (vec![&silent], ""),
            (vec![&untold], ""),
            (vec![&free], "1.5k tokens in, 1.5k out · cost unknown"),
            (vec![&priced, &priced, &silent], "3.0k tokens in, 3.0k out · $0.0400"),
            (vec![&priced, &free], "3.0k tokens in, 3.0k out · $0.0200 · cost known for 1 of 2"),
            (
                vec![&priced, &untold],
                "1.5k tokens in, 1.5k out · tokens known for 1 of 2 · $0.0200 · cost known for 1 of 2",
            ),
        ] {
            assert_eq!(UsageTotals::from_runs(runs.into_iter()).to_string(), words);
        }
    }
}
