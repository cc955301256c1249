//! The thread that runs a model: loads it when first asked, then answers all its runs together, step by step.
//!
//! Every step reads the weights once for all runs (continuous batching): measured on two cores, four runs together are two
//! to three times as fast as four threads with a token each. Whoever still reads its prompt shares the rows that writers
//! leave. Runs with lower priority than the screen. A run whose stream is dropped is over at the next layer or step; one
//! that fails, also by a panic, is that run's failure. One engine per file of weights, kept by `local::Local`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use rayon::ThreadPool;

use super::conversation::{Conversation, Job, tell};
use super::decoder::{Logits, ROWS, Span};
use super::memories::Memories;
use super::model::{Model, Source};
use super::snapshot::{LIMIT, Snapshots};
use crate::domain::{FailKind, Failure};
use crate::text::sanitize_line;

/// A question that makes a step panic, for the tests.
#[cfg(test)]
pub(super) const PANIC: &str = "panic, please";

/// How long nothing must happen before prefix snapshots are written.
const IDLE: Duration = Duration::from_millis(200);
/// How long the end of the program may wait for a snapshot that is being written.
const PATIENCE: Duration = Duration::from_millis(300);

/// A handle to the thread. Dropping it ends the thread.
pub(super) struct Engine {
    jobs: Option<Sender<Job>>,
    over: Mutex<Receiver<()>>,
}

impl Engine {
    /// Starts the thread; the model is loaded with the first question.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(source: Source) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (ended, over) = mpsc::channel();
        let cores = rayon::ThreadPoolBuilder::new()
            .num_threads(source.cores)
            .thread_name(|n| format!("local-model-{n}"))
            .start_handler(|_| step_back())
            .build()
            .map_err(std::io::Error::other)?;
        thread::Builder::new().name("local-model".to_owned()).spawn(move || {
            step_back();
            Worker { source, inbox, ready: None, runs: Vec::new(), cores }.run();
            // Nobody may be waiting any more.
            ended.send(()).unwrap_or_default();
        })?;
        Ok(Self { jobs: Some(jobs), over: Mutex::new(over) })
    }

    /// Gives it a question. One that it cannot take is given back.
    pub(super) fn ask(&self, job: Job) -> Result<(), Job> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|refused| refused.0),
            None => Err(job),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.jobs = None;
        // What is not written by then is made anew another time.
        if let Ok(over) = self.over.lock() {
            over.recv_timeout(PATIENCE).unwrap_or_default();
        }
    }
}

/// The screen goes first.
fn step_back() {
    #[cfg(target_os = "linux")]
    // Without it the system still shares its time fairly.
    rustix::process::setpriority_process(None, 10).unwrap_or_default();
}

/// What is there once a model is loaded.
struct Ready {
    model: Model,
    memories: Memories,
}

struct Worker {
    source: Source,
    inbox: Receiver<Job>,
    ready: Option<Ready>,
    runs: Vec<Conversation>,
    cores: ThreadPool,
}

impl Worker {
    fn run(mut self) {
        while self.listen() {
            self.drop_cancelled();
            if !self.runs.is_empty() {
                self.step();
            }
        }
        while self.write_one() {}
    }

    /// Takes new questions: waits for one when there is nothing else to do. False when no more can come.
    fn listen(&mut self) -> bool {
        loop {
            let idle = self.runs.is_empty();
            let next = if idle {
                self.inbox.recv_timeout(IDLE)
            } else {
                self.inbox.try_recv().map_err(|e| match e {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            };
            match next {
                Ok(job) => self.take(&job),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if !idle => return true,
                Err(RecvTimeoutError::Timeout) => {
                    if !self.write_one() {
                        // Nothing to do at all: sleep until somebody asks.
                        let Ok(job) = self.inbox.recv() else { return false };
                        self.take(&job);
                    }
                }
            }
        }
    }

    fn write_one(&mut self) -> bool {
        self.ready.as_mut().is_some_and(|ready| ready.memories.write_one())
    }

    fn take(&mut self, job: &Job) {
        if job.events.is_closed() {
            return;
        }
        // The question may follow one that was just cancelled.
        self.drop_cancelled();
        let events = job.events.clone();
        let taken = catch_unwind(AssertUnwindSafe(|| self.begin(job)));
        match taken {
            Ok(Ok(run)) => self.runs.extend(run),
            Ok(Err(what)) => tell(&events, Err(Failure::new(FailKind::Rejected, what))),
            Err(panic) => tell(&events, Err(internal(panic.as_ref()))),
        }
    }

    fn begin(&mut self, job: &Job) -> Result<Option<Conversation>, String> {
        if self.ready.is_none() {
            let model = self.cores.install(|| Model::load(&self.source))?;
            let disk = Snapshots::new(
                &self.source.cache,
                model.identity.clone(),
                model.decoder.kv_shape(),
                LIMIT,
            );
            self.ready = Some(Ready { model, memories: Memories::new(disk) });
        }
        let Some(ready) = self.ready.as_mut() else { return Ok(None) };
        Ok(Conversation::begin(job, &ready.model, &mut ready.memories))
    }

    /// A run that nobody listens to is over; what it read may serve the next.
    fn drop_cancelled(&mut self) {
        let Some(ready) = self.ready.as_mut() else { return };
        for run in self.runs.extract_if(.., |run| run.is_cancelled()) {
            let (tokens, kv) = run.into_memory();
            ready.memories.ended(tokens, kv);
        }
    }

    /// One step of all runs; where that fails, of each alone, so that only the one that is the cause fails.
    fn step(&mut self) {
        let shares = shares(&self.runs.iter().map(Conversation::waiting).collect::<Vec<_>>(), ROWS);
        let chunks: Vec<Vec<u32>> =
            self.runs.iter().zip(shares).map(|(run, share)| run.next(share)).collect();
        match self.compute(&chunks) {
            Ok(Some(logits)) => self.advance(&chunks, logits),
            Ok(None) => {}
            Err(failure) if self.runs.len() == 1 => {
                for run in self.runs.drain(..) {
                    tell(&run.events, Err(failure.clone()));
                }
            }
            Err(_) => self.one_by_one(),
        }
    }

    fn one_by_one(&mut self) {
        let mut going = Vec::new();
        for mut run in std::mem::take(&mut self.runs) {
            // A panic may have left keys of layers that are not counted.
            run.kv.truncate(run.kv.len());
            self.runs = vec![run];
            self.step();
            going.append(&mut self.runs);
        }
        self.runs = going;
    }

    /// The logits behind the next tokens of all runs; none when all runs were cancelled meanwhile.
    fn compute(&mut self, chunks: &[Vec<u32>]) -> Result<Option<Logits>, Failure> {
        let Some(ready) = self.ready.as_ref() else { return Ok(None) };
        let listening: Vec<_> = self.runs.iter().map(|run| run.events.clone()).collect();
        let stop = move || listening.iter().all(tokio::sync::mpsc::Sender::is_closed);
        let computed = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            assert!(!self.runs.iter().any(|run| run.panics), "asked to panic");
            let mut spans: Vec<Span<'_>> = self
                .runs
                .iter_mut()
                .zip(chunks)
                .filter(|(_, chunk)| !chunk.is_empty())
                .map(|(run, chunk)| {
                    let logits = run.wants_logits(chunk.len());
                    Span { kv: &mut run.kv, tokens: chunk, logits }
                })
                .collect();
            self.cores.install(|| ready.model.decoder.step(&mut spans, &stop))
        }));
        match computed {
            Ok(Ok(logits)) => Ok(logits),
            Ok(Err(e)) => {
                let what = format!("the local model failed: {}", super::gguf::words(&e));
                Err(Failure::new(FailKind::Internal, what))
            }
            Err(panic) => Err(internal(panic.as_ref())),
        }
    }

    /// Each run takes its logits; one that is over leaves its memory behind.
    fn advance(&mut self, chunks: &[Vec<u32>], logits: Logits) {
        let Some(ready) = self.ready.as_mut() else { return };
        let mut logits = logits.into_iter();
        let mut going = Vec::with_capacity(self.runs.len());
        for (mut run, chunk) in self.runs.drain(..).zip(chunks) {
            if chunk.is_empty() {
                going.push(run);
                continue;
            }
            run.tell_reading();
            if let Some(prefix) = run.at_prefix() {
                ready.memories.prefix(prefix, &run.kv);
            }
            let Some(logits) = logits.next().flatten() else {
                going.push(run);
                continue;
            };
            match catch_unwind(AssertUnwindSafe(|| run.advance(logits))) {
                Ok(true) => going.push(run),
                Ok(false) => {
                    let (tokens, kv) = run.into_memory();
                    ready.memories.ended(tokens, kv);
                }
                Err(panic) => tell(&run.events, Err(internal(panic.as_ref()))),
            }
        }
        self.runs = going;
    }
}

/// How many rows each run gets: one that writes needs one; those that read share the rest. At least one each.
fn shares(waiting: &[usize], rows: usize) -> Vec<usize> {
    let readers = waiting.iter().filter(|n| **n > 1).count();
    let writers = waiting.len() - readers;
    let share = rows.saturating_sub(writers).checked_div(readers).unwrap_or(1).max(1);
    waiting.iter().map(|n| (*n).min(share).max(1)).collect()
}

fn internal(panic: &(dyn std::any::Any + Send)) -> Failure {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    let words: String = sanitize_line(words).chars().take(200).collect();
    Failure::new(FailKind::Internal, format!("internal error in the local model: {words}"))
}
