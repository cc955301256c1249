//! Asking without a screen: the same state, `update` and effects as the TUI; an [`Output`] writes what arrives as it arrives.
//!
//! Every report of a run is passed on at once, never held for a frame; its end when its answer has been read, beside the loop,
//! so that the notes are complete. Knows no flags and no exit codes.

pub mod jsonl_output;
mod prepare;
mod signals;
pub mod text_output;

use std::collections::{HashMap, HashSet};
use std::io;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::clock::ProgramClock;
use super::reading_worker::ReadingWorker;
use super::run_starter::RunStarter;
use crate::app::reading::ReadingSubject;
use crate::app::{Effect, Effects, Msg, RunRef, State, update};
use crate::domain::{Ending, RunId, RunState, RunUpdate, Session};
use crate::store::Store;
use crate::text::Sanitizer;
pub use prepare::{PreparedAsk, build_headless_roster};
pub use signals::{StopSignal, StopSignals};

/// How long cancelled runs may take to report their end.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(1);
/// Readings that have returned and wait for the loop.
const MAX_WAITING_READINGS: usize = 16;

/// Where the answers are written while they arrive. `runs` are all runs of the turn, in the order of the panel.
pub trait Output {
    /// The question is about to be asked.
    fn write_turn(&mut self, session: &Session) -> io::Result<()>;
    /// Something happened to the run at `index`.
    fn write_event(
        &mut self,
        runs: &[RunRef<'_>],
        index: usize,
        event: &HeadlessEvent<'_>,
    ) -> io::Result<()>;
    /// Everything of this wake-up has been passed on.
    fn flush(&mut self) -> io::Result<()>;
    /// All runs have ended.
    fn write_summary(&mut self, session: &Session, runs: &[RunRef<'_>]) -> io::Result<()>;
}

/// What happened to a run. Texts are sanitised; the deltas of a run join to its document's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadlessEvent<'a> {
    /// An attempt begins.
    Start {
        /// Which one, counted from 1.
        attempt: u32,
    },
    /// Reasoning text.
    Reasoning(&'a str),
    /// Text of the answer.
    Delta(&'a str),
    /// The attempt failed; the next one follows.
    Retry {
        /// The next attempt.
        attempt: u32,
        /// Attempts in all.
        of: u32,
        /// How long until then.
        wait: Duration,
        /// Why.
        reason: &'a str,
    },
    /// The run has ended; its state says how.
    End,
}

/// A finished ask.
#[derive(Debug)]
pub struct Finished {
    state: State,
    /// The signal that ended it early.
    pub stopped: Option<StopSignal>,
    /// Whether the output could be written.
    pub output: io::Result<()>,
}

impl Finished {
    /// The runs, all ended, in the order of the panel.
    pub fn runs(&self) -> Vec<RunRef<'_>> {
        runs_of(&self.state)
    }

    /// How many answered in full.
    pub fn answered(&self) -> usize {
        count_answered(&self.runs())
    }

    /// The session, as it is stored.
    pub fn session(&self) -> Option<&Session> {
        self.state.session.as_ref()
    }
}

/// How many of `runs` answered in full.
pub fn count_answered(runs: &[RunRef<'_>]) -> usize {
    runs.iter().filter(|run| ending_of(run).is_some_and(Ending::is_done)).count()
}

/// How a run ended, once it has.
pub fn ending_of<'a>(run: &RunRef<'a>) -> Option<&'a Ending> {
    match &run.run.state {
        RunState::Ended(ending) => Some(ending),
        _ => None,
    }
}

fn runs_of(state: &State) -> Vec<RunRef<'_>> {
    let turn = state.turns().last();
    turn.iter().flat_map(|turn| &turn.runs).filter_map(|run| state.run(run.id)).collect()
}

/// Asks everyone at once and returns when all runs have ended, however they ended, and their answers are read.
pub async fn ask(prepared: PreparedAsk, output: &mut dyn Output, store: Store) -> Finished {
    let mut signals = StopSignals::listen();
    let PreparedAsk { state, effects, providers } = prepared;
    let starter = RunStarter::new(providers, store);
    let mut asking = Asking::new(state, output, starter, ReadingWorker::spawn);
    asking.start(effects);
    let mut leaving: Option<Instant> = None;
    while asking.is_busy() {
        let left = leaving
            .map_or(Duration::MAX, |since: Instant| CANCEL_TIMEOUT.saturating_sub(since.elapsed()));
        let mailbox = asking.starter.mailbox.clone();
        tokio::select! {
            () = mailbox.ready() => {}
            Some(read) = asking.readings.recv() => asking.on_read(read),
            stop = signals.next() => {
                // The second signal does not wait for anything.
                let second = asking.stopped.replace(stop).is_some();
                asking.starter.cancel_all();
                leaving.get_or_insert_with(Instant::now);
                if second { break; }
            }
            () = tokio::time::sleep(left), if leaving.is_some() => break,
        }
        for (run, updates) in mailbox.drain() {
            asking.on_run_updates(run, updates);
        }
        asking.flush();
        if asking.written.is_err() && leaving.is_none() {
            asking.starter.cancel_all();
            leaving = Some(Instant::now());
        }
    }
    asking.finish()
}

/// An ask while its runs are live or its answers are being read.
struct Asking<'a> {
    state: State,
    clock: ProgramClock,
    starter: RunStarter,
    output: &'a mut dyn Output,
    written: io::Result<()>,
    stopped: Option<StopSignal>,
    progress: HashMap<RunId, OutputProgress>,
    reader: ReadingWorker,
    readings: Receiver<Msg>,
    /// Runs that have ended and whose answers are being read.
    unread: HashSet<RunId>,
}

/// What of a run the output has been given.
#[derive(Default)]
struct OutputProgress {
    /// Bytes of the sanitised answer.
    bytes: usize,
    reasoning: Sanitizer,
}

impl<'a> Asking<'a> {
    fn new(
        state: State,
        output: &'a mut dyn Output,
        starter: RunStarter,
        spawn_reader: impl FnOnce(Sender<Msg>) -> ReadingWorker,
    ) -> Self {
        let (results, readings) = channel(MAX_WAITING_READINGS);
        Self {
            state,
            clock: ProgramClock::start(),
            starter,
            output,
            written: Ok(()),
            stopped: None,
            progress: HashMap::new(),
            reader: spawn_reader(results),
            readings,
            unread: HashSet::new(),
        }
    }

    /// True while a run is live or an answer is being read.
    fn is_busy(&self) -> bool {
        self.state.is_live() || self.state.readings.count_answers() > 0
    }

    /// Announces the turn and starts its runs; those that could not be asked have ended already.
    fn start(&mut self, effects: Effects) {
        if let Some(session) = &self.state.session {
            self.written = self.output.write_turn(session);
        }
        self.run_effects(effects);
        let ended: Vec<RunId> =
            runs_of(&self.state).iter().filter(|run| !run.is_live()).map(RunRef::id).collect();
        for run in ended {
            self.pass_on_event(run, &HeadlessEvent::End);
        }
        self.flush();
    }

    /// Takes over what was read, and passes on the end of its run.
    fn on_read(&mut self, message: Msg) {
        let subject = match &message {
            Msg::Read(result) => Some(result.subject),
            _ => None,
        };
        self.update(message);
        if let Some(ReadingSubject::Answer(run)) = subject
            && self.unread.remove(&run)
        {
            self.pass_on_event(run, &HeadlessEvent::End);
        }
    }

    fn on_run_updates(&mut self, run: RunId, updates: Vec<RunUpdate>) {
        self.update(Msg::Clock(self.clock.now()));
        for update in updates {
            if self.state.run(run).is_some_and(|run| run.is_live()) {
                self.on_run_update(run, &update);
            }
        }
    }

    /// One update at a time, so that the output sees what happened in the order in which it happened.
    fn on_run_update(&mut self, run: RunId, reported: &RunUpdate) {
        self.update(Msg::Run(run, vec![reported.clone()]));
        match reported {
            RunUpdate::Connecting { attempt } => {
                self.pass_on_event(run, &HeadlessEvent::Start { attempt: *attempt });
            }
            RunUpdate::Retry { attempt, of, wait, reason } => {
                let (attempt, of, wait) = (*attempt, *of, *wait);
                self.pass_on_event(run, &HeadlessEvent::Retry { attempt, of, wait, reason });
            }
            RunUpdate::Reasoning(raw) => {
                let mut clean = String::new();
                self.progress.entry(run).or_default().reasoning.push(raw, &mut clean);
                self.pass_on_reasoning(run, &clean);
            }
            RunUpdate::Text(_) => self.pass_on_new_text(run),
            RunUpdate::Ended(_) => {
                let mut clean = String::new();
                self.progress.entry(run).or_default().reasoning.finish(&mut clean);
                self.pass_on_reasoning(run, &clean);
                self.pass_on_new_text(run);
                if self.state.readings.is_pending(ReadingSubject::Answer(run)) {
                    self.unread.insert(run);
                } else {
                    self.pass_on_event(run, &HeadlessEvent::End);
                }
            }
            RunUpdate::Queued
            | RunUpdate::Open { .. }
            | RunUpdate::Waiting(_)
            | RunUpdate::Note(_)
            | RunUpdate::Usage(_) => {}
        }
    }

    fn update(&mut self, msg: Msg) {
        let mut effects = Effects::new();
        update(&mut self.state, msg, &mut effects);
        self.run_effects(effects);
    }

    fn run_effects(&mut self, effects: Effects) {
        for effect in effects {
            match effect {
                // Notices were taken before the question was asked.
                Effect::Ask(requests) => drop(self.starter.start_runs(requests)),
                Effect::Cancel(run) => self.starter.cancel_run(run),
                Effect::CancelAll => self.starter.cancel_all(),
                Effect::Save(change) => self.starter.save(change),
                Effect::Read(request) => self.reader.request(*request),
                // These need a screen or a user, or act on other sessions. Listed, so that a new effect is considered here.
                Effect::Highlight(..)
                | Effect::Scroll(..)
                | Effect::Copy { .. }
                | Effect::CopyBlock(_)
                | Effect::Edit(..)
                | Effect::Reveal(..)
                | Effect::RevealSection(_)
                | Effect::ListSessions
                | Effect::Search(_)
                | Effect::StopSearch
                | Effect::Rename(..)
                | Effect::Tag(..)
                | Effect::Delete(_)
                | Effect::Export { .. }
                | Effect::RefreshSession(..)
                | Effect::Open(_)
                | Effect::Download(_)
                | Effect::CancelDownload(_)
                | Effect::ClearPaneCaches
                | Effect::ToggleWrap
                | Effect::NextTheme
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit(_)
                | Effect::WriteUnsaved(_)
                | Effect::QuitUnsaved(_) => {}
            }
        }
    }

    fn pass_on_reasoning(&mut self, run: RunId, clean: &str) {
        if !clean.is_empty() {
            self.pass_on_event(run, &HeadlessEvent::Reasoning(clean));
        }
    }

    /// Passes on what of the sanitised answer is new.
    fn pass_on_new_text(&mut self, id: RunId) {
        let Some(run) = self.state.run(id) else { return };
        let source = run.display.document.source();
        let known = self.progress.entry(id).or_default();
        let Some(new) = source.get(known.bytes..).filter(|new| !new.is_empty()) else { return };
        known.bytes = source.len();
        let runs = runs_of(&self.state);
        let index = runs.iter().position(|run| run.id() == id);
        if let Some(index) = index.filter(|_| self.written.is_ok()) {
            self.written = self.output.write_event(&runs, index, &HeadlessEvent::Delta(new));
        }
    }

    fn pass_on_event(&mut self, id: RunId, event: &HeadlessEvent<'_>) {
        let runs = runs_of(&self.state);
        let index = runs.iter().position(|run| run.id() == id);
        if let Some(index) = index.filter(|_| self.written.is_ok()) {
            self.written = self.output.write_event(&runs, index, event);
        }
    }

    fn flush(&mut self) {
        if self.written.is_ok() {
            self.written = self.output.flush();
        }
    }

    fn finish(mut self) -> Finished {
        let live: Vec<RunId> =
            runs_of(&self.state).iter().filter(|run| run.is_live()).map(RunRef::id).collect();
        for run in live {
            self.on_run_updates(run, vec![RunUpdate::Ended(Ending::Cancelled)]);
        }
        // What was not read is read when the session is opened.
        let unread: Vec<RunId> = runs_of(&self.state)
            .iter()
            .map(RunRef::id)
            .filter(|id| self.unread.contains(id))
            .collect();
        for run in unread {
            self.pass_on_event(run, &HeadlessEvent::End);
        }
        if let Some(session) = self.state.session.as_ref().filter(|_| self.written.is_ok()) {
            self.written = self.output.write_summary(session, &runs_of(&self.state));
        }
        self.flush();
        Finished { state: self.state, stopped: self.stopped, output: self.written }
    }
}

#[cfg(test)]
mod tests;
