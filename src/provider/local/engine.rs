//! The thread that runs a model: loads the model for the first job, then answers all jobs together, step by step.
//!
//! Every step reads the weights once for all conversations (continuous batching): on two cores, four conversations
//! together were measured to be two to three times as fast as four threads. Conversations that still read their prompts
//! share the rows that the others leave. The threads have a lower priority than the screen. A conversation whose stream
//! is dropped ends at the next layer or step. One that fails, also by a panic, does not affect the others.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use rayon::ThreadPool;

use super::conversation::{Conversation, GenerationJob, send_event};
use super::gguf::describe_candle_error;
use super::loaded_model::{EngineSettings, LoadModelError, LoadedModel};
use super::prefix_cache::PrefixCache;
use super::prefix_snapshot::{MAX_SNAPSHOT_BYTES, PrefixSnapshots};
use super::transformer::{Logits, MAX_STEP_ROWS, TokenBatch};
use crate::domain::{Failure, FailureKind};
use crate::text::sanitize_line;

/// How long the engine must be idle before it writes a prefix snapshot.
const SNAPSHOT_DELAY: Duration = Duration::from_millis(200);
/// How long the end of the program waits for a snapshot that is being written.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_millis(300);

/// A handle to the engine thread. Dropping it ends the thread.
pub(super) struct Engine {
    jobs: Option<Sender<GenerationJob>>,
    ended: Mutex<Receiver<()>>,
}

impl Engine {
    /// Starts the thread. The model is loaded with the first job.
    ///
    /// # Errors
    /// The system provides no thread.
    pub(super) fn start(settings: EngineSettings) -> std::io::Result<Self> {
        let (jobs, job_receiver) = mpsc::channel();
        let (ended_sender, ended) = mpsc::channel();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(settings.cores)
            .thread_name(|index| format!("local-model-{index}"))
            .start_handler(|_| lower_thread_priority())
            .build()
            .map_err(std::io::Error::other)?;
        thread::Builder::new().name("local-model".to_owned()).spawn(move || {
            lower_thread_priority();
            EngineThread {
                settings,
                jobs: job_receiver,
                loaded: None,
                conversations: Vec::new(),
                pool,
            }
            .run_jobs();
            // Fails only if the handle gave up waiting.
            ended_sender.send(()).unwrap_or_default();
        })?;
        Ok(Self { jobs: Some(jobs), ended: Mutex::new(ended) })
    }

    /// Gives `job` to the thread, or returns it if the thread has ended.
    pub(super) fn submit_job(&self, job: GenerationJob) -> Result<(), GenerationJob> {
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|rejected| rejected.0),
            None => Err(job),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.jobs = None;
        // A snapshot that is not written by then is computed again another time.
        if let Ok(ended) = self.ended.lock() {
            ended.recv_timeout(SNAPSHOT_TIMEOUT).unwrap_or_default();
        }
    }
}

/// Lowers the priority of this thread so that the screen stays responsive.
fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    // If this fails, the system still shares its time fairly.
    rustix::process::setpriority_process(None, 10).unwrap_or_default();
}

/// A model and what its conversations left.
struct LoadedEngine {
    model: LoadedModel,
    cache: PrefixCache,
}

struct EngineThread {
    settings: EngineSettings,
    jobs: Receiver<GenerationJob>,
    /// None before the first job.
    loaded: Option<LoadedEngine>,
    conversations: Vec<Conversation>,
    pool: ThreadPool,
}

impl EngineThread {
    fn run_jobs(mut self) {
        while self.receive_jobs() {
            self.drop_cancelled();
            if !self.conversations.is_empty() {
                self.run_step();
            }
        }
        while self.write_snapshot() {}
    }

    /// Accepts new jobs, and waits for one if there is nothing else to do. Returns false when the handle was dropped.
    fn receive_jobs(&mut self) -> bool {
        loop {
            let is_idle = self.conversations.is_empty();
            let received = if is_idle {
                self.jobs.recv_timeout(SNAPSHOT_DELAY)
            } else {
                self.jobs.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                })
            };
            match received {
                Ok(job) => self.accept_job(&job),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if !is_idle => return true,
                Err(RecvTimeoutError::Timeout) => {
                    if !self.write_snapshot() {
                        let Ok(job) = self.jobs.recv() else { return false };
                        self.accept_job(&job);
                    }
                }
            }
        }
    }

    /// Writes one prefix snapshot. Returns false if there is none to write.
    fn write_snapshot(&mut self) -> bool {
        self.loaded.as_mut().is_some_and(|loaded| loaded.cache.write_snapshot())
    }

    fn accept_job(&mut self, job: &GenerationJob) {
        if job.events.is_closed() {
            return;
        }
        // The job may continue a conversation that was just cancelled, whose cache must be stored first.
        self.drop_cancelled();
        let events = job.events.clone();
        match catch_unwind(AssertUnwindSafe(|| self.start_conversation(job))) {
            Ok(Ok(conversation)) => self.conversations.extend(conversation),
            Ok(Err(error)) => {
                send_event(&events, Err(Failure::new(FailureKind::Rejected, error.to_string())));
            }
            Err(panic) => send_event(&events, Err(panic_failure(panic.as_ref()))),
        }
    }

    fn start_conversation(
        &mut self,
        job: &GenerationJob,
    ) -> Result<Option<Conversation>, LoadModelError> {
        if self.loaded.is_none() {
            let model = self.pool.install(|| LoadedModel::load(&self.settings))?;
            let snapshots = PrefixSnapshots::new(
                &self.settings.cache,
                model.identity.clone(),
                model.transformer.kv_shape(),
                MAX_SNAPSHOT_BYTES,
            );
            self.loaded = Some(LoadedEngine { model, cache: PrefixCache::new(snapshots) });
        }
        let Some(loaded) = self.loaded.as_mut() else { return Ok(None) };
        Ok(Conversation::start(job, &loaded.model, &mut loaded.cache))
    }

    /// Ends conversations whose streams were dropped. Their caches are kept for follow-ups.
    fn drop_cancelled(&mut self) {
        let Some(loaded) = self.loaded.as_mut() else { return };
        for conversation in self.conversations.extract_if(.., |c| c.is_cancelled()) {
            let (tokens, kv) = conversation.into_cache();
            loaded.cache.add_conversation(tokens, kv);
        }
    }

    /// Runs one step of all conversations. If it fails, runs each alone, so that only the cause of the failure fails.
    fn run_step(&mut self) {
        let waiting: Vec<usize> = self.conversations.iter().map(Conversation::waiting).collect();
        let batches: Vec<Vec<u32>> = self
            .conversations
            .iter()
            .zip(share_rows(&waiting, MAX_STEP_ROWS))
            .map(|(conversation, rows)| conversation.next_tokens(rows))
            .collect();
        match self.compute_logits(&batches) {
            Ok(Some(logits)) => self.advance_conversations(&batches, logits),
            Ok(None) => {}
            Err(failure) if self.conversations.len() == 1 => {
                for conversation in self.conversations.drain(..) {
                    send_event(&conversation.events, Err(failure.clone()));
                }
            }
            Err(_) => self.run_steps_one_by_one(),
        }
    }

    fn run_steps_one_by_one(&mut self) {
        let mut remaining = Vec::new();
        for mut conversation in std::mem::take(&mut self.conversations) {
            // A panic may have left keys of some layers without counting their tokens.
            conversation.kv.truncate(conversation.kv.len());
            self.conversations = vec![conversation];
            self.run_step();
            remaining.append(&mut self.conversations);
        }
        self.conversations = remaining;
    }

    /// The logits after the next tokens of all conversations. None when all of them were cancelled meanwhile.
    fn compute_logits(&mut self, batches: &[Vec<u32>]) -> Result<Option<Logits>, Failure> {
        let Some(loaded) = self.loaded.as_ref() else { return Ok(None) };
        let streams: Vec<_> = self.conversations.iter().map(|c| c.events.clone()).collect();
        let should_stop = move || streams.iter().all(tokio::sync::mpsc::Sender::is_closed);
        let computed = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            assert!(!self.conversations.iter().any(|c| c.panics), "asked to panic");
            let mut batches: Vec<TokenBatch<'_>> = self
                .conversations
                .iter_mut()
                .zip(batches)
                .filter(|(_, tokens)| !tokens.is_empty())
                .map(|(conversation, tokens)| {
                    let needs_logits = conversation.needs_logits(tokens.len());
                    TokenBatch { kv: &mut conversation.kv, tokens, needs_logits }
                })
                .collect();
            self.pool.install(|| loaded.model.transformer.run_step(&mut batches, &should_stop))
        }));
        match computed {
            Ok(Ok(logits)) => Ok(logits),
            Ok(Err(error)) => {
                let error = describe_candle_error(&error);
                let message = format!("the local model failed: {error}");
                Err(Failure::new(FailureKind::Internal, message))
            }
            Err(panic) => Err(panic_failure(panic.as_ref())),
        }
    }

    /// Gives each conversation its logits. The caches of those that end are kept.
    fn advance_conversations(&mut self, batches: &[Vec<u32>], logits: Logits) {
        let Some(loaded) = self.loaded.as_mut() else { return };
        let mut logits = logits.into_iter();
        let mut remaining = Vec::with_capacity(self.conversations.len());
        for (mut conversation, batch) in self.conversations.drain(..).zip(batches) {
            if batch.is_empty() {
                remaining.push(conversation);
                continue;
            }
            conversation.report_prompt_progress();
            if let Some(prefix) = conversation.completed_prefix() {
                loaded.cache.add_prefix(prefix, &conversation.kv);
            }
            let Some(logits) = logits.next().flatten() else {
                remaining.push(conversation);
                continue;
            };
            match catch_unwind(AssertUnwindSafe(|| conversation.advance(logits))) {
                Ok(true) => remaining.push(conversation),
                Ok(false) => {
                    let (tokens, kv) = conversation.into_cache();
                    loaded.cache.add_conversation(tokens, kv);
                }
                Err(panic) => send_event(&conversation.events, Err(panic_failure(panic.as_ref()))),
            }
        }
        self.conversations = remaining;
    }
}

/// The number of rows of each conversation in a step, at least one: one that writes needs one, and those that read
/// their prompts share the rest. `waiting` is the number of tokens that each has to read.
fn share_rows(waiting: &[usize], rows: usize) -> Vec<usize> {
    let readers = waiting.iter().filter(|tokens| **tokens > 1).count();
    let writers = waiting.len() - readers;
    let share = rows.saturating_sub(writers).checked_div(readers).unwrap_or(1).max(1);
    waiting.iter().map(|tokens| (*tokens).min(share).max(1)).collect()
}

fn panic_failure(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    let message: String = sanitize_line(message).chars().take(200).collect();
    Failure::new(FailureKind::Internal, format!("internal error in the local model: {message}"))
}
