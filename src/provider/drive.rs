//! Drives one answer: bytes in, events out, under the clocks.
//!
//! All events of one network chunk come out together and coalesced, so that the work behind this grows with chunks
//! rather than with tokens. What the events mean is the [`Decode`] of each kind; this file knows when to give up.
//! Called by the kinds with a body from `http`.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use tokio::time::{Instant, timeout_at};

use super::explain::Explain;
use super::http::Body;
use super::sse::{SseEvent, SseLimitError, SseReader};
use crate::domain::{FailKind, Failure, StopReason, StreamEvent, Timeouts, Usage};

/// How long extras (usage, the end mark) are waited for once the model has said that it is finished.
const EXTRAS: Duration = Duration::from_secs(10);

/// Events that came together; text behind text is one text.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    events: VecDeque<StreamEvent>,
}

impl Batch {
    /// The connection answers.
    pub(crate) fn open(&mut self, model: Option<String>) {
        self.events.push_back(StreamEvent::Open(model));
    }

    /// Text of the answer.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(StreamEvent::Text(have)) = self.events.back_mut() {
            have.push_str(text);
        } else {
            self.events.push_back(StreamEvent::Text(text.to_owned()));
        }
    }

    /// Reasoning text.
    pub(crate) fn reasoning(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(StreamEvent::Reasoning(have)) = self.events.back_mut() {
            have.push_str(text);
        } else {
            self.events.push_back(StreamEvent::Reasoning(text.to_owned()));
        }
    }

    /// Token counts; the last ones win.
    pub(crate) fn usage(&mut self, usage: Usage) {
        if let Some(StreamEvent::Usage(have)) = self.events.back_mut() {
            *have = usage;
        } else {
            self.events.push_back(StreamEvent::Usage(usage));
        }
    }

    /// All of them, in order.
    pub(crate) fn into_events(self) -> impl Iterator<Item = StreamEvent> {
        self.events.into_iter()
    }

    /// The end mark.
    pub(crate) fn stop(&mut self, reason: StopReason) {
        self.events.push_back(StreamEvent::Stop(reason));
    }
}

/// How far an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to come.
    Going,
    /// The model has finished; usage or an error may still follow.
    Finished,
    /// Nothing follows.
    Over,
}

/// What the events of one wire mean.
pub(crate) trait Decode: Send + 'static {
    /// Takes one event. True when it brought something of the answer (a heartbeat does not).
    fn event(&mut self, event: &SseEvent, batch: &mut Batch) -> Result<bool, Failure>;

    /// How far the answer is.
    fn progress(&self) -> Progress;

    /// The body is over: gives out what was held back, and the end mark if the answer is complete.
    fn close(&mut self, batch: &mut Batch);
}

/// The same limits, none so long that a clock cannot hold it.
pub(crate) fn bounded(timeouts: Timeouts) -> Timeouts {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    Timeouts {
        connect: timeouts.connect.min(YEAR),
        first_token: timeouts.first_token.min(YEAR),
        between_tokens: timeouts.between_tokens.min(YEAR),
        idle: timeouts.idle.min(YEAR),
    }
}

/// One answer being read.
struct Driver<D> {
    body: Body,
    reader: SseReader,
    decoder: D,
    explain: Explain,
    clocks: Clocks,
    batch: Batch,
    /// The last item: an error.
    failure: Option<Failure>,
    over: bool,
}

/// Reads `body` with `decoder`; the first token must come before `first`.
pub(crate) fn drive<D: Decode>(
    body: Body,
    decoder: D,
    explain: Explain,
    timeouts: Timeouts,
    first: Instant,
) -> impl Stream<Item = Result<StreamEvent, Failure>> + Send + use<D> {
    let driver = Driver {
        body,
        reader: SseReader::new(),
        decoder,
        explain,
        clocks: Clocks::new(timeouts, first),
        batch: Batch::default(),
        failure: None,
        over: false,
    };
    stream::unfold(driver, |mut driver| async move {
        let item = driver.next().await?;
        Some((item, driver))
    })
}

impl<D: Decode> Driver<D> {
    async fn next(&mut self) -> Option<Result<StreamEvent, Failure>> {
        loop {
            if let Some(event) = self.batch.events.pop_front() {
                return Some(Ok(event));
            }
            if let Some(failure) = self.failure.take() {
                return Some(Err(failure));
            }
            if self.over {
                return None;
            }
            self.read().await;
        }
    }

    /// Waits for one chunk and decodes all of it.
    async fn read(&mut self) {
        let progress = self.decoder.progress();
        let (deadline, clock) = self.clocks.deadline(progress);
        match timeout_at(deadline, self.body.next()).await {
            Ok(Some(Ok(chunk))) => {
                self.clocks.byte();
                let pushed = self.reader.push_chunk(&chunk);
                self.decode(false);
                if let Err(limit) = pushed {
                    self.limit(limit);
                }
            }
            Ok(None) => {
                self.reader.finish();
                self.decode(true);
                self.end();
            }
            // A complete answer is not less complete because its connection ends badly.
            Err(_) | Ok(Some(Err(_))) if progress == Progress::Finished => self.end(),
            Ok(Some(Err(failure))) => self.fail(failure),
            Err(_) => self.fail(self.clocks.failure(clock, &self.explain)),
        }
        if self.decoder.progress() == Progress::Over {
            self.end();
        }
    }

    /// Decodes every event that is whole; in the `tail` an event may have been cut in the middle.
    fn decode(&mut self, tail: bool) {
        while !self.over
            && self.decoder.progress() != Progress::Over
            && let Some(event) = self.reader.next_event()
        {
            match self.decoder.event(&event, &mut self.batch) {
                Ok(true) => self.clocks.payload(),
                Ok(false) => {}
                Err(failure) if tail && failure.kind == FailKind::Garbled => {}
                Err(failure) => self.fail(failure),
            }
        }
    }

    fn limit(&mut self, limit: SseLimitError) {
        let failure =
            self.explain.fail(FailKind::Garbled, &format!("it sent {limit}; that is no answer"));
        self.fail(failure);
    }

    fn end(&mut self) {
        if !self.over {
            self.over = true;
            self.decoder.close(&mut self.batch);
        }
    }

    fn fail(&mut self, mut failure: Failure) {
        if self.over {
            return;
        }
        // Nothing was shown yet: to begin again costs nobody anything.
        if failure.kind == FailKind::Broken && !self.clocks.begun {
            failure.retryable = true;
        }
        self.over = true;
        // The text that was held back belongs to the answer; an end mark would not.
        self.decoder.close(&mut self.batch);
        self.batch.events.retain(|event| !matches!(event, StreamEvent::Stop(_)));
        self.failure = Some(failure);
    }
}

/// Which clock ran out.
#[derive(Debug, Clone, Copy)]
enum Clock {
    First,
    Between,
    Idle,
}

/// When what is overdue. All on tokio's monotonic clock.
struct Clocks {
    timeouts: Timeouts,
    started: Instant,
    first: Instant,
    last_byte: Instant,
    last_payload: Instant,
    begun: bool,
}

impl Clocks {
    fn new(timeouts: Timeouts, first: Instant) -> Self {
        let now = Instant::now();
        Self { timeouts, started: now, first, last_byte: now, last_payload: now, begun: false }
    }

    fn byte(&mut self) {
        self.last_byte = Instant::now();
    }

    fn payload(&mut self) {
        self.begun = true;
        self.last_payload = self.last_byte;
    }

    /// Before the first token only its own clock runs: a model that loads or reads a long prompt may be silent.
    fn deadline(&self, progress: Progress) -> (Instant, Clock) {
        let idle = self.last_byte + self.timeouts.idle;
        if progress == Progress::Finished {
            return (idle.min(self.last_byte + EXTRAS), Clock::Idle);
        }
        if !self.begun {
            return (self.first, Clock::First);
        }
        let between = self.last_payload + self.timeouts.between_tokens;
        if between < idle { (between, Clock::Between) } else { (idle, Clock::Idle) }
    }

    fn failure(&self, clock: Clock, explain: &Explain) -> Failure {
        match clock {
            Clock::First => {
                let seconds = self.timeouts.first_token.as_secs_f64();
                let alive = if self.last_byte > self.started { ", although it sends" } else { "" };
                explain.fail(FailKind::Timeout, &format!("no token within {seconds} s{alive}"))
            }
            Clock::Between => {
                let seconds = self.timeouts.between_tokens.as_secs_f64();
                explain
                    .fail(FailKind::Broken, &format!("no token for {seconds} s, although it sends"))
            }
            Clock::Idle => {
                let seconds = self.timeouts.idle.as_secs_f64();
                explain.fail(FailKind::Broken, &format!("nothing came for {seconds} s"))
            }
        }
    }
}

#[cfg(test)]
mod tests;
