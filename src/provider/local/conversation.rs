//! One answer in the engine: its prompt, its cache of keys and values, and the tokens that it writes.
//!
//! Decides what is fed to the model and what its logits mean; the engine decides when. Events leave through a channel
//! whose receiver is the run's stream: dropping the stream cancels the conversation.

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::kv_cache::KvCache;
use super::loaded_model::{LoadedModel, Prompt, PromptError};
use super::prefix_cache::PrefixCache;
use super::sampler::Sampler;
use super::writer::{AnswerWriter, WriterStep};
use crate::domain::{ChatRequest, Failure, FailureKind, StopReason, StreamEvent, Usage};

/// A question that makes the next step panic.
#[cfg(test)]
pub(super) const PANIC_QUESTION: &str = "panic, please";

/// The reported progress of reading the prompt grows by at least this much, in percent.
const PROGRESS_STEP_PERCENT: usize = 5;

/// An event of an answer.
pub(super) type EngineEvent = Result<StreamEvent, Failure>;

/// A request to the engine.
pub(super) struct GenerationJob {
    /// The request.
    pub(super) request: ChatRequest,
    /// The stream of the answer.
    pub(super) events: Sender<EngineEvent>,
}

/// Sends `event`, waiting while the stream has no room.
pub(super) fn send_event(events: &Sender<EngineEvent>, event: EngineEvent) {
    // Fails only if the conversation was cancelled.
    events.blocking_send(event).unwrap_or_default();
}

/// An answer that is being generated.
pub(super) struct Conversation {
    /// The stream of the answer.
    pub(super) events: Sender<EngineEvent>,
    /// The keys and values of the tokens read so far.
    pub(super) kv: KvCache,
    /// All tokens, of which the model has read the first `kv.len()`.
    tokens: Vec<u32>,
    /// Number of tokens of the chat template and the system prompt.
    prefix_tokens: usize,
    /// Number of tokens of the prompt.
    prompt_tokens: usize,
    /// Number of tokens of the prompt that were in the cache.
    cached_tokens: usize,
    /// The most tokens of prompt and answer.
    max_tokens: usize,
    sampled_tokens: u64,
    /// The percentage of the prompt that was last reported as read.
    reported_percent: usize,
    /// Text for which the stream had no room. A slow stream must not delay the other conversations.
    unsent: String,
    writer: AnswerWriter,
    sampler: Sampler,
    /// Makes the next step panic.
    #[cfg(test)]
    pub(super) panics: bool,
}

impl Conversation {
    /// Starts to answer `job`. An error in the request is sent to its stream.
    pub(super) fn start(
        job: &GenerationJob,
        model: &LoadedModel,
        cache: &mut PrefixCache,
    ) -> Option<Self> {
        match Self::prepare(job, model, cache) {
            Ok(conversation) => {
                send_event(&job.events, Ok(StreamEvent::Open(Some(model.name.clone()))));
                let waiting = StreamEvent::Waiting("reads your question".to_owned());
                send_event(&job.events, Ok(waiting));
                if let Some(note) = &model.note {
                    send_event(&job.events, Ok(StreamEvent::Note(note.clone())));
                }
                Some(conversation)
            }
            Err(error) => {
                let failure = Failure::new(FailureKind::Rejected, error.to_string());
                send_event(&job.events, Err(failure));
                None
            }
        }
    }

    fn prepare(
        job: &GenerationJob,
        model: &LoadedModel,
        cache: &mut PrefixCache,
    ) -> Result<Self, PromptError> {
        let request = &job.request;
        let Prompt { tokens, prefix_tokens } = model.encode_prompt(request)?;
        let max_tokens = model.max_tokens;
        if tokens.len() + 1 >= max_tokens {
            let (tokens, model) = (tokens.len(), model.name.clone());
            return Err(PromptError::TooLong { tokens, model, max_tokens });
        }
        let cached = cache.find(&tokens, prefix_tokens);
        let mut kv = cached.unwrap_or_else(|| model.transformer.new_kv_cache());
        kv.truncate(tokens.len() - 1);
        let room = u32::try_from(max_tokens - tokens.len()).unwrap_or(u32::MAX);
        let max_answer_tokens = request.max_tokens.map_or(room, |limit| limit.min(room));
        Ok(Self {
            events: job.events.clone(),
            cached_tokens: kv.len(),
            prompt_tokens: tokens.len(),
            kv,
            tokens,
            prefix_tokens,
            max_tokens,
            sampled_tokens: 0,
            reported_percent: 0,
            unsent: String::new(),
            writer: model.new_writer(request.scaffold.clone(), max_answer_tokens),
            sampler: model.new_sampler(request),
            #[cfg(test)]
            panics: request.messages.iter().any(|message| &*message.text == PANIC_QUESTION),
        })
    }

    /// True when the stream was dropped.
    pub(super) fn is_cancelled(&self) -> bool {
        self.events.is_closed()
    }

    /// Number of tokens that the model has not read.
    pub(super) fn waiting(&self) -> usize {
        self.tokens.len() - self.kv.len()
    }

    /// The next tokens to read, at most `max_tokens`. Stops at the end of the system prompt, so that the same tokens
    /// are read together whether or not a snapshot of the system prompt exists.
    pub(super) fn next_tokens(&self, max_tokens: usize) -> Vec<u32> {
        let start = self.kv.len();
        let is_in_prefix = start < self.prefix_tokens;
        let stop = if is_in_prefix { self.prefix_tokens } else { self.tokens.len() };
        self.tokens.get(start..stop.min(start + max_tokens)).unwrap_or_default().to_vec()
    }

    /// True if the logits after the next `count` tokens are needed.
    pub(super) fn needs_logits(&self, count: usize) -> bool {
        count == self.waiting()
    }

    /// The tokens of template and system prompt, if exactly those have been read and were not in the cache.
    pub(super) fn completed_prefix(&self) -> Option<&[u32]> {
        if self.kv.len() != self.prefix_tokens || self.cached_tokens >= self.prefix_tokens {
            return None;
        }
        self.tokens.get(..self.prefix_tokens)
    }

    /// Reports how much of the prompt has been read, if it has grown enough.
    pub(super) fn report_prompt_progress(&mut self) {
        let percent = self.kv.len().min(self.prompt_tokens) * 100 / self.prompt_tokens.max(1);
        if self.sampled_tokens == 0 && percent >= self.reported_percent + PROGRESS_STEP_PERCENT {
            self.reported_percent = percent;
            let waiting = StreamEvent::Waiting(format!("reads your question, {percent} %"));
            // A full stream has newer events to show.
            self.events.try_send(Ok(waiting)).unwrap_or_default();
        }
    }

    /// Continues the answer with the logits after all tokens read so far. Returns false when the answer has ended.
    pub(super) fn advance(&mut self, mut logits: Vec<f32>) -> bool {
        loop {
            match self.writer.next_step() {
                WriterStep::Force(tokens) => self.tokens.extend(tokens),
                WriterStep::Rewind { tokens } => {
                    let kept = self.tokens.len().saturating_sub(tokens).max(self.prompt_tokens);
                    self.tokens.truncate(kept);
                    self.kv.truncate(kept);
                    logits.clear();
                }
                WriterStep::Sample if self.waiting() > 0 => return self.check_room(),
                WriterStep::Sample if self.kv.len() > 0 && logits.is_empty() => {
                    // After a rewind, the last token is read again for its logits.
                    self.kv.truncate(self.kv.len() - 1);
                    return true;
                }
                WriterStep::Sample => {
                    if !self.sample_token(&mut logits) {
                        return false;
                    }
                }
                WriterStep::End(reason) => {
                    self.finish_answer(reason);
                    return false;
                }
            }
        }
    }

    /// Returns false, and ends the answer, if the logits are unusable.
    fn sample_token(&mut self, logits: &mut Vec<f32>) -> bool {
        let (writer, sampler) = (&self.writer, &mut self.sampler);
        let token = sampler.sample_token(logits, writer.answer(), |id| writer.is_banned(id));
        logits.clear();
        let Some(token) = token else {
            let message = "the local model computed nothing that is a number";
            send_event(&self.events, Err(Failure::new(FailureKind::Internal, message)));
            return false;
        };
        self.sampled_tokens += 1;
        self.tokens.push(token);
        let text = self.writer.accept_token(token);
        self.send_text(&text);
        true
    }

    /// Returns false, and ends the answer, if the context is full.
    fn check_room(&mut self) -> bool {
        if self.tokens.len() < self.max_tokens {
            return true;
        }
        self.finish_answer(StopReason::Length);
        false
    }

    fn finish_answer(&mut self, reason: StopReason) {
        self.unsent.push_str(&self.writer.finish());
        if !self.unsent.is_empty() {
            send_event(&self.events, Ok(StreamEvent::Text(std::mem::take(&mut self.unsent))));
        }
        let usage = Usage {
            input: self.prompt_tokens as u64,
            output: self.sampled_tokens,
            cached: self.cached_tokens as u64,
            reasoning: 0,
            cost_microusd: None,
        };
        send_event(&self.events, Ok(StreamEvent::Usage(usage)));
        send_event(&self.events, Ok(StreamEvent::Stop(reason)));
    }

    /// Sends `text`, together with text that was not sent before, if the stream has room.
    fn send_text(&mut self, text: &str) {
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

    /// The tokens that the model has read, with their keys and values.
    pub(super) fn into_cache(mut self) -> (Vec<u32>, KvCache) {
        self.tokens.truncate(self.kv.len());
        (self.tokens, self.kv)
    }
}
