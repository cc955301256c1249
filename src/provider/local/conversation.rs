//! One run in the engine: its prompt, its memory, what it writes next.
//!
//! Knows what is fed to the model and what its numbers mean; when it is fed is `engine`'s decision. Texts leave through a
//! channel whose other end is the run's stream: once that is dropped, the run is over.

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::kv::Kv;
use super::memories::Memories;
use super::model::{Model, Prompt};
use super::sampler::Sampler;
use super::writer::{Step, Writer};
use crate::domain::{ChatRequest, FailKind, Failure, StopReason, StreamEvent, Usage};

/// What a run reports.
pub(super) type Event = Result<StreamEvent, Failure>;

/// One question to the engine.
pub(super) struct Job {
    /// What is asked.
    pub(super) request: ChatRequest,
    /// Where the answer goes.
    pub(super) events: Sender<Event>,
}

/// Tells the run's stream, and waits where it does not listen fast enough; one that is gone does not hear it.
pub(super) fn tell(events: &Sender<Event>, event: Event) {
    // An error means that the run was cancelled: nobody wants to know.
    events.blocking_send(event).unwrap_or_default();
}

/// A run that is being answered.
pub(super) struct Conversation {
    /// Where the answer goes.
    pub(super) events: Sender<Event>,
    /// What it remembers.
    pub(super) kv: Kv,
    /// All of its tokens; the memory holds the first `kv.len()` of them.
    tokens: Vec<u32>,
    /// How many tokens template and system prompt are.
    prefix: usize,
    /// How many the prompt is.
    prompt: usize,
    /// How many of them need not be read.
    cached: usize,
    /// The most tokens that it may have.
    context: usize,
    sampled: u64,
    /// Percent of the prompt that it was last told are read.
    told: usize,
    /// Text that its stream had no room for yet: the others do not wait for one that listens slowly.
    unsent: String,
    writer: Writer,
    sampler: Sampler,
    /// Set when the step that reads it shall panic.
    #[cfg(test)]
    pub(super) panics: bool,
}

impl Conversation {
    /// Begins to answer `job`. What is wrong with the request is told to it.
    pub(super) fn begin(job: &Job, model: &Model, memories: &mut Memories) -> Option<Self> {
        match Self::prepare(job, model, memories) {
            Ok(conversation) => {
                tell(&job.events, Ok(StreamEvent::Open(Some(model.name.clone()))));
                tell(&job.events, Ok(StreamEvent::Waiting("reads your question".to_owned())));
                if let Some(note) = &model.note {
                    tell(&job.events, Ok(StreamEvent::Note(note.clone())));
                }
                Some(conversation)
            }
            Err(what) => {
                tell(&job.events, Err(Failure::new(FailKind::Rejected, what)));
                None
            }
        }
    }

    fn prepare(job: &Job, model: &Model, memories: &mut Memories) -> Result<Self, String> {
        let request = &job.request;
        let Prompt { tokens, prefix } = model.prompt(request)?;
        let context = model.context;
        if tokens.len() + 1 >= context {
            return Err(format!(
                "the prompt has {} tokens, and {} takes {context}: shorten the question or attach less",
                tokens.len(),
                model.name
            ));
        }
        let mut kv = memories.recall(&tokens, prefix).unwrap_or_else(|| model.decoder.kv());
        kv.truncate(tokens.len() - 1);
        let room = u32::try_from(context - tokens.len()).unwrap_or(u32::MAX);
        let most = request.max_tokens.map_or(room, |most| most.min(room));
        Ok(Self {
            events: job.events.clone(),
            cached: kv.len(),
            prompt: tokens.len(),
            kv,
            tokens,
            prefix,
            context,
            sampled: 0,
            told: 0,
            unsent: String::new(),
            writer: model.writer(request.scaffold.clone(), most),
            sampler: model.sampler(request),
            #[cfg(test)]
            panics: request.messages.iter().any(|m| &*m.text == super::engine::PANIC),
        })
    }

    /// True when nobody listens any more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.events.is_closed()
    }

    /// How many tokens wait to be read.
    pub(super) fn waiting(&self) -> usize {
        self.tokens.len() - self.kv.len()
    }

    /// The next tokens to be read, `most` at the most. Stops at the end of the system prompt, so that with a snapshot of it
    /// and without one the same tokens are read together.
    pub(super) fn next(&self, most: usize) -> Vec<u32> {
        let from = self.kv.len();
        let stop = if from < self.prefix { self.prefix } else { self.tokens.len() };
        self.tokens.get(from..stop.min(from + most)).unwrap_or_default().to_vec()
    }

    /// True when the logits behind the next `count` tokens are wanted.
    pub(super) fn wants_logits(&self, count: usize) -> bool {
        count == self.waiting()
    }

    /// The tokens of template and system prompt, when exactly they have been read.
    pub(super) fn at_prefix(&self) -> Option<&[u32]> {
        if self.kv.len() != self.prefix || self.cached >= self.prefix {
            return None;
        }
        self.tokens.get(..self.prefix)
    }

    /// Says how much of the prompt is read, in steps that are worth a look.
    pub(super) fn tell_reading(&mut self) {
        const STEP: usize = 5;
        let read = self.kv.len().min(self.prompt) * 100 / self.prompt.max(1);
        if self.sampled == 0 && read >= self.told + STEP {
            self.told = read;
            let words = format!("reads your question, {read} %");
            // A stream without room has something to show.
            self.events.try_send(Ok(StreamEvent::Waiting(words))).unwrap_or_default();
        }
    }

    /// Takes the logits behind everything that was read and decides how it goes on. False when it is over.
    pub(super) fn advance(&mut self, mut logits: Vec<f32>) -> bool {
        loop {
            match self.writer.step() {
                Step::Force(tokens) => self.tokens.extend(tokens),
                Step::Rewind { tokens } => {
                    let keep = self.tokens.len().saturating_sub(tokens).max(self.prompt);
                    self.tokens.truncate(keep);
                    self.kv.truncate(keep);
                    logits.clear();
                }
                Step::Sample if self.waiting() > 0 => return self.has_room(),
                Step::Sample if self.kv.len() > 0 && logits.is_empty() => {
                    // Taken back to where it was: the last token is read once more for its logits.
                    self.kv.truncate(self.kv.len() - 1);
                    return true;
                }
                Step::Sample => {
                    if !self.sample(&mut logits) {
                        return false;
                    }
                }
                Step::End(reason) => {
                    self.finish(reason);
                    return false;
                }
            }
        }
    }

    fn sample(&mut self, logits: &mut Vec<f32>) -> bool {
        let (writer, sampler) = (&self.writer, &mut self.sampler);
        let token = sampler.sample(logits, writer.answer(), |id| writer.banned(id));
        logits.clear();
        let Some(token) = token else {
            let what = "the local model computed nothing that is a number";
            tell(&self.events, Err(Failure::new(FailKind::Internal, what)));
            return false;
        };
        self.sampled += 1;
        self.tokens.push(token);
        let text = self.writer.accept(token);
        self.say(&text);
        true
    }

    /// False, and over, when the context is full.
    fn has_room(&mut self) -> bool {
        if self.tokens.len() < self.context {
            return true;
        }
        self.finish(StopReason::Length);
        false
    }

    fn finish(&mut self, reason: StopReason) {
        self.unsent.push_str(&self.writer.finish());
        if !self.unsent.is_empty() {
            tell(&self.events, Ok(StreamEvent::Text(std::mem::take(&mut self.unsent))));
        }
        let usage = Usage {
            input: self.prompt as u64,
            output: self.sampled,
            cached: self.cached as u64,
            reasoning: 0,
            cost_microusd: None,
        };
        tell(&self.events, Ok(StreamEvent::Usage(usage)));
        tell(&self.events, Ok(StreamEvent::Stop(reason)));
    }

    fn say(&mut self, text: &str) {
        self.unsent.push_str(text);
        if self.unsent.is_empty() {
            return;
        }
        let text = std::mem::take(&mut self.unsent);
        if let Err(TrySendError::Full(Ok(StreamEvent::Text(text)))) =
            self.events.try_send(Ok(StreamEvent::Text(text)))
        {
            self.unsent = text;
        }
    }

    /// What it leaves behind.
    pub(super) fn into_memory(mut self) -> (Vec<u32>, Kv) {
        self.tokens.truncate(self.kv.len());
        (self.tokens, self.kv)
    }
}
