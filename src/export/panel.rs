//! What stands above every export: how many answered, each persona's state in words, models, date, tokens, cost.
//!
//! Only words; how they are laid out is each format's business. Money is spoken of only where a provider named a price.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Ending, Run, RunState, Session, Turn};
use crate::text::{sanitize, sanitize_line};

/// What became of those who were asked: of each question, with their last run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) asked: usize,
    pub(super) answered: usize,
    pub(super) cut: usize,
    pub(super) refused: usize,
    pub(super) failed: usize,
    pub(super) cancelled: usize,
    /// Those that have not ended yet.
    pub(super) unfinished: usize,
}

impl Counts {
    /// Of these questions together.
    pub(super) fn of<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Self {
        let mut counts = Self::default();
        for run in turns.into_iter().flat_map(Turn::latest) {
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

    /// Every count but the first two, with its word.
    pub(super) fn rest(&self) -> [(&'static str, usize); 5] {
        [
            ("cut", self.cut),
            ("refused", self.refused),
            ("failed", self.failed),
            ("cancelled", self.cancelled),
            ("not finished", self.unfinished),
        ]
    }
}

impl fmt::Display for Counts {
    /// `3 of 4 answered · 1 cut`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} answered", self.answered, self.asked)?;
        self.rest()
            .iter()
            .filter(|(_, n)| *n > 0)
            .try_for_each(|(word, n)| write!(f, " · {n} {word}"))
    }
}

/// How many of a turn's personas answered in full, and how many were asked.
pub(super) fn count(turn: &Turn) -> (usize, usize) {
    let counts = Counts::of([turn]);
    (counts.answered, counts.asked)
}

/// `3 of 4 answered · 1 cut`; of several turns all together, with their number.
pub(super) fn summary(session: &Session) -> String {
    let counts = Counts::of(&session.turns);
    match session.turns.len() {
        0 => "nothing has been asked yet".to_owned(),
        1 => counts.to_string(),
        turns => format!("{turns} questions, {counts}"),
    }
}

/// The models that were asked, each once, in the order in which they were.
pub(super) fn models(session: &Session) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for run in session.turns.iter().flat_map(Turn::latest) {
        let model = model(run);
        if !models.contains(&model) {
            models.push(model);
        }
    }
    models
}

/// Models, tokens, cost on one line; none when nothing was asked. `as_written` makes names of models fit for the format.
pub(super) fn means(session: &Session, as_written: fn(&str) -> String) -> Option<String> {
    let models = models(session);
    if models.is_empty() {
        return None;
    }
    let word = if models.len() == 1 { "Model" } else { "Models" };
    let spent = Spent::of(session).to_string();
    let between = if spent.is_empty() { "" } else { " · " };
    Some(format!("{word}: {}{between}{spent}", as_written(&models.join(", "))))
}

/// What a session took in tokens and money: all runs together, replaced ones, challenges and briefs included. A run that ended
/// without a word and without a count took nothing that anybody could tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Spent {
    /// Tokens sent.
    pub(super) input: u64,
    /// Tokens answered.
    pub(super) output: u64,
    /// Millionths of a US dollar, as far as it was told.
    pub(super) cost_microusd: Option<u64>,
    /// Runs that took something.
    pub(super) runs: usize,
    /// Of these, how many told their tokens.
    pub(super) tokens_known: usize,
    /// Of these, how many told their cost.
    pub(super) cost_known: usize,
}

impl Spent {
    /// Of the whole session.
    pub(super) fn of(session: &Session) -> Self {
        let runs = session.turns.iter().flat_map(|turn| &turn.runs);
        Self::of_runs(runs.chain(session.asides.iter().map(|aside| &aside.run)))
    }

    fn of_runs<'a>(runs: impl Iterator<Item = &'a Run>) -> Self {
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

    /// `$0.0412`, `$0.0301 · cost known for 2 of 4`; none when nobody told a price.
    pub(super) fn cost(&self) -> Option<String> {
        let cost = dollars(self.cost_microusd?);
        Some(if self.cost_known == self.runs {
            cost
        } else {
            format!("{cost} · cost known for {} of {}", self.cost_known, self.runs)
        })
    }
}

impl fmt::Display for Spent {
    /// `12.3k tokens in, 8.1k out · $0.0412`; empty when nothing was told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens_known == 0 {
            return Ok(());
        }
        write!(f, "{} tokens in, {} out", tokens(self.input), tokens(self.output))?;
        if self.tokens_known < self.runs {
            write!(f, " · tokens known for {} of {}", self.tokens_known, self.runs)?;
        }
        match self.cost() {
            Some(cost) => write!(f, " · {cost}"),
            None if self.runs > 0 => f.write_str(" · cost not told"),
            None => Ok(()),
        }
    }
}

/// `640`, `12.3k`, `1.2M`
fn tokens(n: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", n / unit, n % unit * 10 / unit);
    match n {
        0..1_000 => n.to_string(),
        1_000..1_000_000 => tenths(1_000) + "k",
        _ => tenths(1_000_000) + "M",
    }
}

/// `$0.0412`, `$12.35`, `$0.000031`
fn dollars(micro: u64) -> String {
    let parts = |digits: u32| {
        let unit = 10u64.pow(6 - digits);
        let (rounded, one) = (micro.saturating_add(unit / 2) / unit, 10u64.pow(digits));
        format!("${}.{:0width$}", rounded / one, rounded % one, width = digits as usize)
    };
    match micro {
        0 => "$0".to_owned(),
        1..100 => parts(6),
        100..1_000_000 => parts(4),
        _ => parts(2),
    }
}

/// The persona's id, clean: what names it in lists of those who propose something.
pub(super) fn id(run: &Run) -> String {
    sanitize_line(run.persona.as_str())
}

/// `Kael Voss (infra)`
pub(super) fn who(run: &Run) -> String {
    format!("{} ({})", name(run), id(run))
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

/// `2026-11-21`; empty for a time that no calendar has.
pub(super) fn day(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// What became of earlier tries of a turn; none when there was none.
pub(super) fn tries(turn: &Turn) -> Option<String> {
    let (latest, spoken) = (turn.latest(), turn.answers());
    let stands = |run: &&&Run| spoken.iter().any(|other| other.id == run.id);
    let kept = latest.len() - latest.iter().filter(stands).count();
    let gone = turn.runs.len() - latest.len() - kept;
    let kept = match kept {
        0 => None,
        1 => Some("An answer is that of an earlier try: the last one brought nothing.".to_owned()),
        n => {
            Some(format!("{n} answers are those of earlier tries: the last ones brought nothing."))
        }
    };
    let gone = match gone {
        0 => None,
        1 => Some("An earlier try is in the JSON export only.".to_owned()),
        n => Some(format!("{n} earlier tries are in the JSON export only.")),
    };
    let words: Vec<String> = kept.into_iter().chain(gone).collect();
    (!words.is_empty()).then(|| words.join(" "))
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
    use crate::domain::{ModelRef, PersonaId, RunId, RunNotes, Usage};

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

    #[test]
    fn sums_read_as_people_say_them() {
        for (micro, words) in [
            (0, "$0"),
            (31, "$0.000031"),
            (100, "$0.0001"),
            (41_249, "$0.0412"),
            (41_250, "$0.0413"),
            (999_999, "$1.0000"),
            (1_000_000, "$1.00"),
            (12_345_678, "$12.35"),
            (u64::MAX, "$18446744073709.55"),
        ] {
            assert_eq!(dollars(micro), words);
        }
        for (n, words) in [(0, "0"), (999, "999"), (12_345, "12.3k"), (1_250_000, "1.2M")] {
            assert_eq!(tokens(n), words);
        }
    }

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
    fn what_was_spent_is_only_what_was_told() {
        let priced = run("x", Some((1_500, Some(20_000))));
        let free = run("x", Some((1_500, None)));
        let (silent, untold) = (run("", None), run("x", None));
        for (runs, words) in [
            (vec![&silent], ""),
            (vec![&untold], ""),
            (vec![&free], "1.5k tokens in, 1.5k out · cost not told"),
            (vec![&priced, &priced, &silent], "3.0k tokens in, 3.0k out · $0.0400"),
            (vec![&priced, &free], "3.0k tokens in, 3.0k out · $0.0200 · cost known for 1 of 2"),
            (
                vec![&priced, &untold],
                "1.5k tokens in, 1.5k out · tokens known for 1 of 2 · $0.0200 · cost known for 1 of 2",
            ),
        ] {
            assert_eq!(Spent::of_runs(runs.into_iter()).to_string(), words);
        }
    }
}
