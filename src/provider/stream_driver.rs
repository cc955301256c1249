//! Turns the body of a response into the events of one answer, within the time limits.
//!
//! Keys are removed from all texts. All events of a network chunk are joined and delivered together, so that later work grows with the number of chunks
//! rather than tokens. The meaning of the events is left to a [`WireDecoder`].

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use tokio::time::{Instant, timeout_at};

use super::failure_message::FailureExplainer;
use super::http::ResponseStream;
use super::redact::{TextRedactor, redact_known_keys};
use super::sse::{SseEvent, SseLimitError, SseReader};
use crate::domain::{Failure, FailureKind, StopReason, StreamEvent, Timeouts, Usage};

/// How long to wait for usage and the end mark after the model has finished.
const TRAILER_TIMEOUT: Duration = Duration::from_secs(10);

/// Events that are delivered together, without keys. Adjacent texts are joined.
#[derive(Default)]
pub(crate) struct EventBatch {
    events: VecDeque<StreamEvent>,
    text_redactor: TextRedactor,
    reasoning_redactor: TextRedactor,
}

impl EventBatch {
    /// Adds that the provider answers, and the model that it names.
    pub(crate) fn push_open(&mut self, model: Option<String>) {
        self.events.push_back(StreamEvent::Open(model));
    }

    /// Adds text of the answer. Its end may be delivered later: it may be the beginning of a key.
    pub(crate) fn push_text(&mut self, text: &str) {
        let text = self.text_redactor.push(text);
        self.append_text(&text);
    }

    /// Adds reasoning text, like [`Self::push_text`].
    pub(crate) fn push_reasoning(&mut self, text: &str) {
        let text = self.reasoning_redactor.push(text);
        self.append_reasoning(&text);
    }

    /// Nothing follows: adds the text that was held back.
    fn push_held_text(&mut self) {
        let (reasoning, text) = (self.reasoning_redactor.finish(), self.text_redactor.finish());
        self.append_reasoning(&reasoning);
        self.append_text(&text);
    }

    fn append_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(StreamEvent::Text(last)) = self.events.back_mut() {
            last.push_str(text);
        } else {
            self.events.push_back(StreamEvent::Text(text.to_owned()));
        }
    }

    fn append_reasoning(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(StreamEvent::Reasoning(last)) = self.events.back_mut() {
            last.push_str(text);
        } else {
            self.events.push_back(StreamEvent::Reasoning(text.to_owned()));
        }
    }

    /// Adds token counts, which replace earlier ones.
    pub(crate) fn push_usage(&mut self, usage: Usage) {
        if let Some(StreamEvent::Usage(last)) = self.events.back_mut() {
            *last = usage;
        } else {
            self.events.push_back(StreamEvent::Usage(usage));
        }
    }

    /// The events in order.
    pub(crate) fn into_events(mut self) -> impl Iterator<Item = StreamEvent> {
        self.push_held_text();
        self.events.into_iter()
    }

    /// Adds the end mark.
    pub(crate) fn push_stop(&mut self, reason: StopReason) {
        self.push_held_text();
        let reason = match reason {
            StopReason::Refused(text) => StopReason::Refused(redact_known_keys(&text)),
            StopReason::Other(text) => StopReason::Other(redact_known_keys(&text)),
            StopReason::End | StopReason::Length => reason,
        };
        self.events.push_back(StreamEvent::Stop(reason));
    }
}

/// The progress of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamProgress {
    /// The model is still answering.
    Streaming,
    /// The model has finished; usage or an error may follow.
    Finished,
    /// Nothing follows.
    Ended,
}

/// Decodes the events of one wire format.
pub(crate) trait WireDecoder: Send + 'static {
    /// Decodes one event into `batch`. Returns true if it contained part of the answer, which a heartbeat does not.
    fn decode_event(&mut self, event: &SseEvent, batch: &mut EventBatch) -> Result<bool, Failure>;

    /// The progress of the answer.
    fn progress(&self) -> StreamProgress;

    /// The body has ended: adds the text that was held back, and the end mark if the answer is complete.
    fn finish(&mut self, batch: &mut EventBatch);
}

/// Limits every timeout to a year, because longer ones overflow [`Instant`].
pub(crate) fn limit_timeouts(timeouts: Timeouts) -> Timeouts {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    Timeouts {
        connect: timeouts.connect.min(YEAR),
        first_token: timeouts.first_token.min(YEAR),
        between_tokens: timeouts.between_tokens.min(YEAR),
        idle: timeouts.idle.min(YEAR),
    }
}

/// Reads one answer.
struct StreamDriver<D> {
    body: ResponseStream,
    reader: SseReader,
    decoder: D,
    explainer: FailureExplainer,
    deadlines: StreamDeadlines,
    batch: EventBatch,
    /// The last item, delivered after the batch.
    failure: Option<Failure>,
    has_ended: bool,
}

/// Reads `body` with `decoder`. The first token must arrive before `first_token_deadline`.
pub(crate) fn drive_stream<D: WireDecoder>(
    body: ResponseStream,
    decoder: D,
    explainer: FailureExplainer,
    timeouts: Timeouts,
    first_token_deadline: Instant,
) -> impl Stream<Item = Result<StreamEvent, Failure>> + Send + use<D> {
    let driver = StreamDriver {
        body,
        reader: SseReader::new(),
        decoder,
        explainer,
        deadlines: StreamDeadlines::new(timeouts, first_token_deadline),
        batch: EventBatch::default(),
        failure: None,
        has_ended: false,
    };
    stream::unfold(driver, |mut driver| async move {
        let item = driver.next_item().await?;
        Some((item, driver))
    })
}

impl<D: WireDecoder> StreamDriver<D> {
    async fn next_item(&mut self) -> Option<Result<StreamEvent, Failure>> {
        loop {
            if let Some(event) = self.batch.events.pop_front() {
                return Some(Ok(event));
            }
            if let Some(failure) = self.failure.take() {
                return Some(Err(failure));
            }
            if self.has_ended {
                return None;
            }
            self.read_chunk().await;
        }
    }

    /// Waits for one chunk and decodes all of its events.
    async fn read_chunk(&mut self) {
        let progress = self.decoder.progress();
        let (deadline, timeout) = self.deadlines.next_deadline(progress);
        match timeout_at(deadline, self.body.next()).await {
            Ok(Some(Ok(chunk))) => {
                self.deadlines.on_bytes();
                let pushed = self.reader.push_chunk(&chunk);
                self.decode_events(false);
                if let Err(error) = pushed {
                    self.fail_with_limit(error);
                }
            }
            Ok(None) => {
                self.reader.finish();
                self.decode_events(true);
                self.end_stream();
            }
            // A complete answer stays complete even if its connection breaks.
            Err(_) | Ok(Some(Err(_))) if progress == StreamProgress::Finished => self.end_stream(),
            Ok(Some(Err(failure))) => self.fail_stream(failure),
            Err(_) => self.fail_stream(self.deadlines.timeout_failure(timeout, &self.explainer)),
        }
        if self.decoder.progress() == StreamProgress::Ended {
            self.end_stream();
        }
    }

    /// Decodes every complete event. At the end of the body, the last event may be incomplete: an error in it is
    /// ignored.
    fn decode_events(&mut self, at_end: bool) {
        while !self.has_ended
            && self.decoder.progress() != StreamProgress::Ended
            && let Some(event) = self.reader.next_event()
        {
            match self.decoder.decode_event(&event, &mut self.batch) {
                Ok(true) => self.deadlines.on_payload(),
                Ok(false) => {}
                Err(failure) if at_end && failure.kind == FailureKind::Garbled => {}
                Err(failure) => self.fail_stream(failure),
            }
        }
    }

    fn fail_with_limit(&mut self, error: SseLimitError) {
        let reason = format!("it sent {error}; that is not a valid answer");
        self.fail_stream(self.explainer.failure(FailureKind::Garbled, &reason));
    }

    fn end_stream(&mut self) {
        if !self.has_ended {
            self.has_ended = true;
            self.decoder.finish(&mut self.batch);
            self.batch.push_held_text();
        }
    }

    fn fail_stream(&mut self, mut failure: Failure) {
        if self.has_ended {
            return;
        }
        // The user has seen no text yet, so that a retry loses nothing.
        if failure.kind == FailureKind::Broken && !self.deadlines.has_payload {
            failure.retryable = true;
        }
        self.has_ended = true;
        // Text that was held back belongs to the answer; an end mark does not.
        self.decoder.finish(&mut self.batch);
        self.batch.push_held_text();
        self.batch.events.retain(|event| !matches!(event, StreamEvent::Stop(_)));
        self.failure = Some(failure);
    }
}

/// A timeout that can fire.
#[derive(Debug, Clone, Copy)]
enum StreamTimeout {
    FirstToken,
    BetweenTokens,
    Idle,
}

/// The times on which the deadlines depend, all of tokio's monotonic clock.
struct StreamDeadlines {
    timeouts: Timeouts,
    started: Instant,
    first_token_deadline: Instant,
    last_bytes: Instant,
    last_payload: Instant,
    /// True once part of the answer has arrived.
    has_payload: bool,
}

impl StreamDeadlines {
    fn new(timeouts: Timeouts, first_token_deadline: Instant) -> Self {
        let now = Instant::now();
        Self {
            timeouts,
            started: now,
            first_token_deadline,
            last_bytes: now,
            last_payload: now,
            has_payload: false,
        }
    }

    fn on_bytes(&mut self) {
        self.last_bytes = Instant::now();
    }

    fn on_payload(&mut self) {
        self.has_payload = true;
        self.last_payload = self.last_bytes;
    }

    /// The next deadline. Before the first token, only its own timeout applies: a model that loads or reads a long
    /// prompt may be silent.
    fn next_deadline(&self, progress: StreamProgress) -> (Instant, StreamTimeout) {
        let idle = self.last_bytes + self.timeouts.idle;
        if progress == StreamProgress::Finished {
            return (idle.min(self.last_bytes + TRAILER_TIMEOUT), StreamTimeout::Idle);
        }
        if !self.has_payload {
            return (self.first_token_deadline, StreamTimeout::FirstToken);
        }
        let between_tokens = self.last_payload + self.timeouts.between_tokens;
        if between_tokens < idle {
            (between_tokens, StreamTimeout::BetweenTokens)
        } else {
            (idle, StreamTimeout::Idle)
        }
    }

    fn timeout_failure(&self, timeout: StreamTimeout, explainer: &FailureExplainer) -> Failure {
        match timeout {
            StreamTimeout::FirstToken => {
                let seconds = self.timeouts.first_token.as_secs_f64();
                let alive = if self.last_bytes > self.started { ", although it sends" } else { "" };
                let reason = format!("no token within {seconds} s{alive}");
                explainer.failure(FailureKind::Timeout, &reason)
            }
            StreamTimeout::BetweenTokens => {
                let seconds = self.timeouts.between_tokens.as_secs_f64();
                let reason = format!("no token for {seconds} s, although it sends");
                explainer.failure(FailureKind::Broken, &reason)
            }
            StreamTimeout::Idle => {
                let seconds = self.timeouts.idle.as_secs_f64();
                explainer.failure(FailureKind::Broken, &format!("nothing came for {seconds} s"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
