//! One run from its first attempt to its ending: slots, next attempts, and what the end of a stream means.
//!
//! Another attempt is made only before any text was displayed. An incomplete answer with text is `cut` and keeps it; one
//! without text is `failed`. Blanks at the beginning are passed on with the first visible character: an answer of blanks
//! alone is none. Panics and cancellation are handled by `fanout`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::backoff::{NextAttempt, choose_next_attempt};
use super::clock::local_time;
use super::run_reporter::RunReporter;
use crate::domain::{
    ChatRequest, Ending, Failure, FailureKind, RunUpdate, StopReason, StreamEvent, has_visible_text,
};
use crate::provider::Provider;

/// Limit on the bytes of text, and of reasoning, of one answer.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// A slot is kept while waiting no longer than this.
const SHORT_WAIT: Duration = Duration::from_secs(1);
/// Reason given when a stream stops without an end mark.
const NO_END: &str = "the stream ended without its end mark";

/// Makes attempts until the run has an ending.
pub(super) async fn run_attempts(
    provider: Arc<dyn Provider>,
    request: ChatRequest,
    slots: Arc<Semaphore>,
    reporter: &RunReporter,
) -> Ending {
    let attempts = provider.spec().attempts.max(1);
    let mut slot = None;
    let mut attempt = 1;
    loop {
        if slot.is_none() {
            slot = acquire_slot(&slots, reporter).await;
        }
        reporter.report_update(RunUpdate::Connecting { attempt });
        tracing::debug!(attempt, of = attempts, "attempt");
        let failure = match ReceivedBytes::default()
            .read_attempt(&*provider, request.clone(), reporter)
            .await
        {
            Ok(ending) => return ending,
            Err(failure) => failure,
        };
        let Failure { kind, status, retryable, retry_after, .. } = &failure;
        tracing::info!(attempt, ?kind, status, retryable, ?retry_after, "the attempt failed");
        let wait = match choose_next_attempt(
            &failure,
            attempt,
            attempts,
            fastrand::f64(),
            &local_time(),
        ) {
            NextAttempt::GiveUp(reason) => return Ending::Failed(reason),
            NextAttempt::Wait(wait) => wait,
        };
        tracing::info!(?wait, "waiting for the next attempt");
        attempt += 1;
        reporter.report_update(RunUpdate::Retry {
            attempt,
            of: attempts,
            wait,
            reason: failure.message,
        });
        if wait > SHORT_WAIT {
            slot = None;
        }
        tokio::time::sleep(wait).await;
    }
}

/// Waits for a slot at the provider; dropping it releases it.
async fn acquire_slot(
    slots: &Arc<Semaphore>,
    reporter: &RunReporter,
) -> Option<OwnedSemaphorePermit> {
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Some(slot);
    }
    reporter.report_update(RunUpdate::Queued);
    tracing::debug!("waiting for a slot");
    // Fails only if the semaphore is closed, which never happens.
    Arc::clone(slots).acquire_owned().await.ok()
}

/// Bytes that one attempt has received so far.
#[derive(Default)]
struct ReceivedBytes {
    text: usize,
    reasoning: usize,
    /// Blanks before the first visible text, not counted as text.
    blanks: String,
}

impl ReceivedBytes {
    /// Reads one attempt to its end. An error is a failure before any text was displayed.
    async fn read_attempt(
        mut self,
        provider: &dyn Provider,
        request: ChatRequest,
        reporter: &RunReporter,
    ) -> Result<Ending, Failure> {
        let mut events = provider.stream(request);
        while let Some(event) = events.next().await {
            match event {
                Ok(StreamEvent::Open(model)) => reporter.report_update(RunUpdate::Open { model }),
                Ok(StreamEvent::Waiting(words)) => {
                    reporter.report_update(RunUpdate::Waiting(words));
                }
                Ok(StreamEvent::Note(note)) => reporter.report_update(RunUpdate::Note(note)),
                Ok(StreamEvent::Text(text)) => {
                    if let Some(text) = self.hold_blanks(text) {
                        if self.text == 0 {
                            tracing::debug!("first text");
                        }
                        let text = truncate_to_limit(text, &mut self.text);
                        reporter.report_update(RunUpdate::Text(text));
                        reporter.wait_for_room().await;
                    }
                }
                Ok(StreamEvent::Reasoning(text)) => {
                    let text = truncate_to_limit(text, &mut self.reasoning);
                    reporter.report_update(RunUpdate::Reasoning(text));
                    reporter.wait_for_room().await;
                }
                Ok(StreamEvent::Usage(usage)) => reporter.report_update(RunUpdate::Usage(usage)),
                Ok(StreamEvent::Stop(reason)) => {
                    return Ok(self.end_stopped(reason, &provider.spec().name));
                }
                Err(failure) if self.text + self.reasoning == 0 => return Err(failure),
                Err(failure) => return Ok(self.end_broken(&failure.message)),
            }
            if self.blanks.len() > MAX_ANSWER_BYTES {
                return Ok(self.end_stopped(StopReason::End, &provider.spec().name));
            }
            if self.text.max(self.reasoning) > MAX_ANSWER_BYTES {
                return Ok(self.end_broken(&format!(
                    "the answer passed {} MiB",
                    MAX_ANSWER_BYTES / 1024 / 1024
                )));
            }
        }
        if self.text + self.reasoning == 0 {
            let mut failure = Failure::new(
                FailureKind::Broken,
                format!("{}: {NO_END}, before any text", provider.spec().name),
            );
            failure.retryable = true;
            return Err(failure);
        }
        Ok(self.end_broken(NO_END))
    }

    /// Adds `text` to the blanks before the answer. Returns them once there is something to see.
    fn hold_blanks(&mut self, text: String) -> Option<String> {
        if self.text > 0 {
            return Some(text);
        }
        let is_visible = has_visible_text(&text);
        self.blanks.push_str(&text);
        is_visible.then(|| std::mem::take(&mut self.blanks))
    }

    /// The ending of a stream that broke after text was displayed.
    fn end_broken(&self, why: &str) -> Ending {
        if self.text > 0 {
            Ending::Cut(why.to_owned())
        } else {
            Ending::Failed(format!("{why}; only reasoning was received, no answer"))
        }
    }

    /// The ending of a stream that the model finished.
    fn end_stopped(&self, reason: StopReason, provider: &str) -> Ending {
        match reason {
            StopReason::Refused(why) => Ending::Refused(why),
            StopReason::End if self.text > 0 => Ending::Done,
            StopReason::End if self.reasoning > 0 => Ending::Failed(format!(
                "{provider} sent reasoning but no answer; ask again, or another model"
            )),
            StopReason::End if !self.blanks.is_empty() => Ending::Failed(format!(
                "{provider} sent an empty answer: only blanks; ask again, or another model"
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

/// Truncates `text` so that it fits after `have` bytes of earlier text; adds its full length to `have`.
fn truncate_to_limit(mut text: String, have: &mut usize) -> String {
    let room = MAX_ANSWER_BYTES.saturating_sub(*have);
    *have += text.len();
    text.truncate(text.floor_char_boundary(room));
    text
}
