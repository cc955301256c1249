//! One run from its first attempt to its ending: places, retries, and what the end of a stream means.
//!
//! Tries again only before anything was shown. What counts is whether there is text: text that is not whole is `cut`
//! and stays, no text at all is `failed`. Panics and cancels are
//! `fanout`'s business.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::clock::local_time;
use super::report::Report;
use super::retry::{Decision, decide};
use crate::domain::{ChatRequest, Ending, FailKind, Failure, RunUpdate, StopReason, StreamEvent};
use crate::provider::Provider;

/// The most bytes of text, and of reasoning, that one answer may have.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// A place is kept through a wait that is not longer than this.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// What is said of a stream that just stops.
const NO_END: &str = "the stream ended without its end mark";

/// Asks `provider` until there is an ending.
pub(super) async fn run(
    provider: Arc<dyn Provider>,
    request: ChatRequest,
    places: Arc<Semaphore>,
    report: &Report,
) -> Ending {
    let attempts = provider.spec().attempts.max(1);
    let mut place = None;
    let mut attempt = 1;
    loop {
        if place.is_none() {
            place = take_place(&places, report).await;
        }
        report.tell(RunUpdate::Connecting { attempt });
        let failure = match Answer::default().read(&*provider, request.clone(), report).await {
            Ok(ending) => return ending,
            Err(failure) => failure,
        };
        let wait = match decide(&failure, attempt, attempts, fastrand::f64(), &local_time()) {
            Decision::GiveUp(reason) => return Ending::Failed(reason),
            Decision::Wait(wait) => wait,
        };
        attempt += 1;
        report.tell(RunUpdate::Retry { attempt, of: attempts, wait, reason: failure.message });
        if wait > SHORT_WAIT {
            place = None;
        }
        tokio::time::sleep(wait).await;
    }
}

/// A place at the provider, given back when it is dropped.
async fn take_place(places: &Arc<Semaphore>, report: &Report) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return Some(place);
    }
    report.tell(RunUpdate::Queued);
    // An error means that the semaphore was closed, which nobody does.
    Arc::clone(places).acquire_owned().await.ok()
}

/// What one attempt has brought so far.
#[derive(Default)]
struct Answer {
    text: usize,
    reasoning: usize,
}

impl Answer {
    /// Reads one attempt to its end. An error is a failure before anything was shown.
    async fn read(
        mut self,
        provider: &dyn Provider,
        request: ChatRequest,
        report: &Report,
    ) -> Result<Ending, Failure> {
        let mut events = provider.stream(request);
        while let Some(event) = events.next().await {
            match event {
                Ok(StreamEvent::Open(model)) => report.tell(RunUpdate::Open { model }),
                Ok(StreamEvent::Waiting(words)) => report.tell(RunUpdate::Waiting(words)),
                Ok(StreamEvent::Note(note)) => report.tell(RunUpdate::Note(note)),
                Ok(StreamEvent::Text(text)) => {
                    let text = fit(text, &mut self.text);
                    report.tell(RunUpdate::Text(text));
                }
                Ok(StreamEvent::Reasoning(text)) => {
                    let text = fit(text, &mut self.reasoning);
                    report.tell(RunUpdate::Reasoning(text));
                }
                Ok(StreamEvent::Usage(usage)) => report.tell(RunUpdate::Usage(usage)),
                Ok(StreamEvent::Stop(reason)) => {
                    return Ok(self.stopped(reason, &provider.spec().name));
                }
                Err(failure) if self.text + self.reasoning == 0 => return Err(failure),
                Err(failure) => return Ok(self.broken(&failure.message)),
            }
            if self.text.max(self.reasoning) > MAX_ANSWER_BYTES {
                return Ok(self
                    .broken(&format!("the answer passed {} MiB", MAX_ANSWER_BYTES / 1024 / 1024)));
            }
        }
        if self.text + self.reasoning == 0 {
            let mut failure = Failure::new(
                FailKind::Broken,
                format!("{}: {NO_END}, before any text", provider.spec().name),
            );
            failure.retryable = true;
            return Err(failure);
        }
        Ok(self.broken(NO_END))
    }

    /// The stream broke after something was shown.
    fn broken(&self, why: &str) -> Ending {
        if self.text > 0 {
            Ending::Cut(why.to_owned())
        } else {
            Ending::Failed(format!("{why}; only reasoning had come, no answer"))
        }
    }

    /// The model stopped on its own.
    fn stopped(&self, reason: StopReason, provider: &str) -> Ending {
        match reason {
            StopReason::Refused(why) => Ending::Refused(why),
            StopReason::End if self.text > 0 => Ending::Done,
            StopReason::End if self.reasoning > 0 => Ending::Failed(format!(
                "{provider} sent reasoning but no answer; ask again, or another model"
            )),
            StopReason::End => Ending::Failed(format!(
                "{provider} sent an empty answer; ask again, or another model"
            )),
            StopReason::Length if self.text > 0 => {
                Ending::Cut("length limit reached: the model's, or max_tokens".into())
            }
            StopReason::Length => Ending::Failed(format!(
                "{provider} reached the length limit before any answer; raise max_tokens or send less context"
            )),
            StopReason::Other(word) if self.text > 0 => {
                Ending::Cut(format!("the model stopped with \"{word}\""))
            }
            StopReason::Other(word) => Ending::Failed(format!(
                "{provider} sent no answer: the model stopped with \"{word}\""
            )),
        }
    }
}

/// As much of `text` as there is room for behind the `have` bytes that came before; counts all of it.
fn fit(mut text: String, have: &mut usize) -> String {
    let room = MAX_ANSWER_BYTES.saturating_sub(*have);
    *have += text.len();
    text.truncate(text.floor_char_boundary(room));
    text
}
