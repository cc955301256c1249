//! Asking without a screen: starts the runs, writes what arrives as it arrives, keeps it in the store.
//!
//! The same parts as the TUI (fan-out, inbox, prompt, store) without its loop. Knows no flags and no exit
//! codes: `cli::ask` makes the [`Plan`] from a `Setup`, hands in an [`Output`] and reads the [`Finished`].

pub mod jsonl;
pub mod plain;
pub mod plan;
mod signals;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::fanout::Fanout;
use super::inbox::Inbox;
use crate::domain::{Change, Contract, Ending, History, Run, RunState, RunUpdate, Session, Turn};
use crate::review::{self, HeadingSynonyms};
use crate::store::Store;
use crate::text::{Document, Sanitizer};
pub use plan::{Plan, Planned, Question};
pub use signals::{Signals, Stop};

/// How long cancelled runs may take to say so.
const LEAVING: Duration = Duration::from_secs(1);

/// Where the answers are written while they arrive.
pub trait Output {
    /// The question is about to be asked.
    fn turn(&mut self, plan: &Plan) -> io::Result<()>;
    /// Something happened to run `at` of `runs`.
    fn event(&mut self, runs: &[Live], at: usize, event: &Event<'_>) -> io::Result<()>;
    /// Everything of this wake-up has been said.
    fn flush(&mut self) -> io::Result<()>;
    /// All runs have ended.
    fn summary(&mut self, plan: &Plan, runs: &[Live]) -> io::Result<()>;
}

/// What happened to a run. Texts are neutralised and join to [`Live::clean`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// An attempt begins.
    Start {
        /// Which one, 1 is the first.
        attempt: u32,
    },
    /// Reasoning text.
    Reasoning(&'a str),
    /// Text of the answer.
    Delta(&'a str),
    /// It failed and will try again.
    Retry {
        /// Which attempt comes next.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// How long until then.
        wait: Duration,
        /// Why.
        reason: &'a str,
    },
    /// It is over; how stands in the run's state.
    End,
}

/// A run with its neutralised text.
#[derive(Debug, Clone)]
pub struct Live {
    /// The run: raw text, state, tokens.
    pub run: Run,
    /// The answer so far, neutralised.
    pub clean: String,
    /// The model that really answers, when the provider said.
    pub answered_by: Option<String>,
    cleaner: Sanitizer,
    reasoning: Sanitizer,
}

impl Live {
    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Ending> {
        match &self.run.state {
            RunState::Ended(ending) => Some(ending),
            _ => None,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Finished {
    /// The runs, all ended, in the order of the panel.
    pub runs: Vec<Live>,
    /// The signal that ended it early.
    pub stopped: Option<Stop>,
    /// Whether the output could be written.
    pub output: io::Result<()>,
}

impl Finished {
    /// How many answered in full.
    pub fn answered(&self) -> usize {
        answered(&self.runs)
    }

    /// The session as it would be stored.
    pub fn session(&self, plan: &Plan) -> Session {
        let turn = Turn {
            id: plan.turn,
            question: plan.question.clone(),
            asked_at: plan.asked_at,
            runs: self.runs.iter().map(|live| live.run.clone()).collect(),
        };
        Session {
            id: plan.session,
            title: plan.title.clone(),
            panel: plan.panel.clone(),
            created_at: plan.asked_at,
            tags: Vec::new(),
            turns: vec![turn],
            asides: Vec::new(),
            history: History::default(),
        }
    }
}

/// How many of `runs` answered in full.
pub fn answered(runs: &[Live]) -> usize {
    runs.iter().filter(|live| live.ending().is_some_and(Ending::answered)).count()
}

/// Asks everybody of `plan` at once and returns when all runs have ended, however they ended.
pub async fn ask(plan: &mut Plan, output: &mut dyn Output, store: &Store) -> Finished {
    let mut signals = Signals::listen();
    let mut session = Asking::begin(plan, output, store);
    let inbox = Inbox::new();
    let mut fanout = Fanout::new(inbox.clone());
    for (at, planned) in plan.runs.iter_mut().enumerate() {
        match planned.job.take() {
            Some(job) => fanout.start(job),
            None => session.end(at, Ending::Failed(planned.why_not.clone())),
        }
    }
    session.flush();
    let mut leaving: Option<Instant> = None;
    while session.is_live() {
        let late = leaving.map_or(Duration::MAX, |since| LEAVING.saturating_sub(since.elapsed()));
        tokio::select! {
            () = inbox.ready() => {}
            stop = signals.next() => {
                // The second signal does not wait for anybody.
                let second = session.stopped.replace(stop).is_some();
                fanout.cancel_all();
                leaving.get_or_insert_with(Instant::now);
                if second { break; }
            }
            () = tokio::time::sleep(late), if leaving.is_some() => break,
        }
        for (run, updates) in inbox.drain() {
            let Some(at) = session.runs.iter().position(|live| live.run.id == run) else {
                continue;
            };
            session.take(at, updates);
        }
        session.flush();
        if session.written.is_err() && leaving.is_none() {
            fanout.cancel_all();
            leaving = Some(Instant::now());
        }
    }
    session.finish(plan)
}

/// The runs while they are asked.
struct Asking<'a> {
    runs: Vec<Live>,
    /// What the persona of each run promises.
    contracts: Vec<Contract>,
    synonyms: Arc<HeadingSynonyms>,
    output: &'a mut dyn Output,
    written: io::Result<()>,
    store: &'a Store,
    began: Instant,
    stopped: Option<Stop>,
}

impl<'a> Asking<'a> {
    fn begin(plan: &Plan, output: &'a mut dyn Output, store: &'a Store) -> Self {
        store.write(Change::Turn {
            session: plan.session,
            title: plan.title.clone(),
            panel: plan.panel.clone(),
            turn: plan.turn,
            question: plan.question.clone(),
            at: plan.asked_at,
            runs: plan.runs.iter().map(|planned| planned.run.clone()).collect(),
        });
        let runs = plan.runs.iter().map(|planned| live(&planned.run)).collect();
        let written = output.turn(plan);
        let contracts = plan.runs.iter().map(|planned| planned.contract.clone()).collect();
        let synonyms = Arc::clone(&plan.synonyms);
        let began = Instant::now();
        Self { runs, contracts, synonyms, output, written, store, began, stopped: None }
    }

    fn is_live(&self) -> bool {
        self.runs.iter().any(|live| live.run.state.is_live())
    }

    /// Takes the updates of one run of one wake-up; its text goes to the store in one piece.
    fn take(&mut self, at: usize, updates: Vec<RunUpdate>) {
        let Some(live) = self.runs.get(at) else { return };
        let (run, text, reasoning) = (live.run.id, live.run.text.len(), live.run.reasoning.len());
        let mut ending = None;
        for update in updates {
            match update {
                RunUpdate::Ended(how) => ending = Some(how),
                update => self.update(at, update),
            }
        }
        if let Some(live) = self.runs.get(at) {
            let text = live.run.text.get(text..).unwrap_or_default().to_owned();
            let reasoning = live.run.reasoning.get(reasoning..).unwrap_or_default().to_owned();
            if !text.is_empty() || !reasoning.is_empty() {
                self.store.write(Change::Append { run, text, reasoning });
            }
        }
        if let Some(ending) = ending {
            self.end(at, ending);
        }
    }

    fn update(&mut self, at: usize, update: RunUpdate) {
        let Some(live) = self.runs.get_mut(at).filter(|live| live.run.state.is_live()) else {
            return;
        };
        match update {
            RunUpdate::Queued => live.run.state = RunState::Queued,
            RunUpdate::Connecting { attempt } => {
                live.run.state = RunState::Connecting;
                self.say(at, &Event::Start { attempt });
            }
            RunUpdate::Open { model } => live.answered_by = model.or(live.answered_by.take()),
            RunUpdate::Waiting(_) => {}
            RunUpdate::Note(note) => {
                let note = crate::text::sanitize_line(&note);
                live.run.notes.push(note.clone());
                self.store.write(Change::Note { run: live.run.id, note });
            }
            RunUpdate::Text(raw) => {
                live.run.state = RunState::Streaming;
                live.run.text.push_str(&raw);
                let from = live.clean.len();
                live.cleaner.push(&raw, &mut live.clean);
                self.say_clean(at, from);
            }
            RunUpdate::Reasoning(raw) => {
                live.run.state = RunState::Streaming;
                live.run.reasoning.push_str(&raw);
                let mut clean = String::new();
                live.reasoning.push(&raw, &mut clean);
                self.say_reasoning(at, &clean);
            }
            RunUpdate::Usage(usage) => live.run.usage = Some(usage),
            RunUpdate::Retry { attempt, of, wait, reason } => {
                let state = RunState::Retrying {
                    attempt,
                    of,
                    at: self.began.elapsed() + wait,
                    reason: reason.clone(),
                };
                live.run.state = state;
                self.say(at, &Event::Retry { attempt, of, wait, reason: &reason });
            }
            RunUpdate::Ended(ending) => self.end(at, ending),
        }
    }

    fn end(&mut self, at: usize, ending: Ending) {
        let Some(live) = self.runs.get_mut(at).filter(|live| live.run.state.is_live()) else {
            return;
        };
        live.run.elapsed = self.began.elapsed();
        live.run.state = RunState::Ended(ending.clone());
        let mut reasoning = String::new();
        live.reasoning.finish(&mut reasoning);
        let from = live.clean.len();
        live.cleaner.finish(&mut live.clean);
        self.store.write(Change::Ended {
            run: live.run.id,
            ending,
            model: live.answered_by.clone(),
            usage: live.run.usage,
            elapsed: live.run.elapsed,
        });
        if !live.run.text.is_empty() {
            let promised = self.contracts.get(at).cloned().unwrap_or_default();
            let document = Document::of(&live.run.text);
            let sections = review::split_sections(&document, &promised, &self.synonyms);
            let found = review::extract_recommendations(&document, &sections, live.run.id);
            live.run.recommendations = Some(found.clone());
            self.store.write(Change::Lifted { run: live.run.id, found });
        }
        self.say_reasoning(at, &reasoning);
        self.say_clean(at, from);
        self.say(at, &Event::End);
    }

    fn say_reasoning(&mut self, at: usize, clean: &str) {
        if !clean.is_empty() {
            self.say(at, &Event::Reasoning(clean));
        }
    }

    /// Says what of the neutralised text is new since it was `from` bytes long.
    fn say_clean(&mut self, at: usize, from: usize) {
        let Some(new) = self.runs.get(at).and_then(|live| live.clean.get(from..)) else { return };
        if !new.is_empty() && self.written.is_ok() {
            self.written = self.output.event(&self.runs, at, &Event::Delta(new));
        }
    }

    fn say(&mut self, at: usize, event: &Event<'_>) {
        if self.written.is_ok() {
            self.written = self.output.event(&self.runs, at, event);
        }
    }

    fn flush(&mut self) {
        if self.written.is_ok() {
            self.written = self.output.flush();
        }
    }

    fn finish(mut self, plan: &Plan) -> Finished {
        for at in 0..self.runs.len() {
            self.end(at, Ending::Cancelled);
        }
        if self.written.is_ok() {
            self.written = self.output.summary(plan, &self.runs);
        }
        self.flush();
        Finished { runs: self.runs, stopped: self.stopped, output: self.written }
    }
}

fn live(run: &crate::domain::NewRun) -> Live {
    Live {
        run: run.begun(RunState::Queued),
        clean: String::new(),
        answered_by: None,
        cleaner: Sanitizer::default(),
        reasoning: Sanitizer::default(),
    }
}

#[cfg(test)]
mod tests;
