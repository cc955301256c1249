//! Decodes the events of Chat Completions as real servers send them.
//!
//! The rules, in order of precedence: an error anywhere overrides the finish; refusal text makes the answer a refusal
//! whatever the finish says; an answer is complete only with a `finish_reason` or `[DONE]`; the last usage counts,
//! wherever it appears; unknown fields are skipped. The end mark is delivered when the body ends, because errors and
//! usage may follow the finish.

use serde_json::Value;

use super::chunk::{Chunk, ChunkChoice, ChunkDelta};
use super::think_filter::ThinkFilter;
use super::wire_text::TextJoiner;
use crate::domain::{Failure, FailureKind, StopReason};
use crate::provider::failure_message::{ApiError, FailureExplainer, is_error, shorten_text};
use crate::provider::lenient_json::{parse_lenient, repair_json};
use crate::provider::sse::SseEvent;
use crate::provider::stream_driver::{EventBatch, StreamProgress, WireDecoder};

/// The most bytes kept of a refusal's text.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// Decodes one answer.
pub(super) struct ChatCompletionsDecoder {
    explainer: FailureExplainer,
    think_filter: ThinkFilter,
    is_open: bool,
    is_done: bool,
    has_tool_calls: bool,
    stop_reason: Option<StopReason>,
    refusal: String,
    text_joiner: TextJoiner,
    reasoning_joiner: TextJoiner,
    refusal_joiner: TextJoiner,
}

impl ChatCompletionsDecoder {
    /// A decoder at the beginning of an answer.
    pub(super) fn new(explainer: FailureExplainer) -> Self {
        Self {
            explainer,
            think_filter: ThinkFilter::default(),
            is_open: false,
            is_done: false,
            has_tool_calls: false,
            stop_reason: None,
            refusal: String::new(),
            text_joiner: TextJoiner::default(),
            reasoning_joiner: TextJoiner::default(),
            refusal_joiner: TextJoiner::default(),
        }
    }

    fn decode_chunk(&mut self, chunk: &Chunk<'_>, batch: &mut EventBatch) -> Result<bool, Failure> {
        self.check_error(chunk.error.as_ref())?;
        if !self.is_open {
            self.is_open = true;
            let model = chunk.model.trim();
            batch.push_open((!model.is_empty()).then(|| self.explainer.sanitize_text(model)));
        }
        let mut has_payload = false;
        for choice in chunk.choices.iter().flatten().filter(|choice| choice.index.unwrap_or(0) == 0)
        {
            has_payload |= self.decode_choice(choice, batch)?;
            if let Some(usage) = choice.usage.to_usage() {
                batch.push_usage(usage);
            }
        }
        if let Some(usage) = chunk.to_usage() {
            batch.push_usage(usage);
        }
        Ok(has_payload)
    }

    fn decode_choice(
        &mut self,
        choice: &ChunkChoice<'_>,
        batch: &mut EventBatch,
    ) -> Result<bool, Failure> {
        self.check_error(choice.error.as_ref())?;
        let has_payload =
            choice.delta.as_ref().is_some_and(|delta| self.decode_delta(delta, batch));
        match choice.finish_reason.trim() {
            "" => {}
            "error" => return Err(self.explainer.api_failure(&ApiError::default())),
            finish_reason => self.stop_reason = Some(self.parse_finish_reason(finish_reason)),
        }
        Ok(has_payload)
    }

    /// Fails if the `error` field of a chunk or choice reports an error.
    fn check_error(&self, error: Option<&Value>) -> Result<(), Failure> {
        match error.filter(|error| is_error(error)) {
            Some(error) => Err(self.explainer.api_failure(&ApiError::from_value(error))),
            None => Ok(()),
        }
    }

    /// Returns true if the delta contained part of the answer.
    fn decode_delta(&mut self, delta: &ChunkDelta<'_>, batch: &mut EventBatch) -> bool {
        // Some servers repeat the same reasoning in several of these fields.
        let joiner = &mut self.reasoning_joiner;
        let fields = [&delta.reasoning_content, &delta.reasoning];
        let mut reasoning = match fields.into_iter().find(|text| !text.is_empty()) {
            Some(text) => joiner.join(text),
            None => delta.reasoning_details.join_text(joiner),
        };
        if reasoning.is_empty() {
            reasoning = delta.reasoning_details.join_reasoning(joiner).into();
        }
        let reasoning_in_content = delta.content.join_reasoning(joiner);
        let text = delta.content.join_text(&mut self.text_joiner);
        let refusal = self.refusal_joiner.join(&delta.refusal);
        batch.push_reasoning(&reasoning);
        batch.push_reasoning(&reasoning_in_content);
        self.think_filter.push(&text, batch);
        if self.refusal.len() < MAX_REFUSAL_BYTES {
            self.refusal.push_str(&refusal);
        }
        self.has_tool_calls |= delta.has_tool_calls;
        delta.has_tool_calls
            || !(reasoning.is_empty()
                && reasoning_in_content.is_empty()
                && text.is_empty()
                && refusal.is_empty())
    }

    fn parse_finish_reason(&self, finish_reason: &str) -> StopReason {
        match finish_reason {
            "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete"
            | "completed" => StopReason::End,
            "length" | "max_tokens" | "model_length" | "max_output_tokens" => StopReason::Length,
            "content_filter" | "safety" | "refusal" => {
                StopReason::Refused(format!("the provider's filter stopped it ({finish_reason})"))
            }
            other => StopReason::Other(self.explainer.sanitize_text(other)),
        }
    }

    /// Reads error, text and finish of an event that is JSON but not a chunk. Everything else in it is skipped.
    fn decode_unknown_shape(
        &mut self,
        value: &Value,
        batch: &mut EventBatch,
    ) -> Result<bool, Failure> {
        self.check_error(value.get("error"))?;
        let choice = value.pointer("/choices/0");
        let text_at = |pointer: &str| choice?.pointer(pointer)?.as_str();
        if let Some(finish_reason) = text_at("/finish_reason") {
            self.stop_reason = Some(self.parse_finish_reason(finish_reason));
        }
        if !self.is_open && choice.is_some() {
            self.is_open = true;
            batch.push_open(None);
        }
        let text = text_at("/delta/content").unwrap_or_default();
        self.think_filter.push(text, batch);
        Ok(!text.is_empty())
    }

    /// Decodes an event; none if it is not JSON.
    fn decode_json(&mut self, data: &str, batch: &mut EventBatch) -> Option<Result<bool, Failure>> {
        match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) if chunk.object == "error" => {
                let error = serde_json::from_str(data)
                    .map(|value| ApiError::from_value(&value))
                    .unwrap_or_default();
                Some(Err(self.explainer.api_failure(&error)))
            }
            Ok(chunk) => Some(self.decode_chunk(&chunk, batch)),
            Err(error) if error.is_data() => {
                let value: Value = serde_json::from_str(data).ok()?;
                Some(self.decode_unknown_shape(&value, batch))
            }
            Err(_) => None,
        }
    }

    fn not_json_failure(&self, data: &str) -> Failure {
        let data = shorten_text(&self.explainer.sanitize_text(data), 120);
        let reason = format!("it sent an event that is not JSON: {data}");
        self.explainer.failure(FailureKind::Garbled, &reason)
    }
}

impl WireDecoder for ChatCompletionsDecoder {
    fn decode_event(&mut self, event: &SseEvent, batch: &mut EventBatch) -> Result<bool, Failure> {
        let data = event.data.trim();
        if event.name == "error" {
            let error = parse_lenient(data).unwrap_or_else(|| Value::String(data.to_owned()));
            return Err(self.explainer.api_failure(&ApiError::from_value(&error)));
        }
        if data.is_empty() {
            return Ok(false);
        }
        if data.starts_with("[DONE]") {
            self.is_done = true;
            return Ok(false);
        }
        self.decode_json(data, batch)
            .or_else(|| self.decode_json(&repair_json(data)?, batch))
            .unwrap_or_else(|| Err(self.not_json_failure(data)))
    }

    fn progress(&self) -> StreamProgress {
        match (self.is_done, &self.stop_reason) {
            (true, _) => StreamProgress::Ended,
            (false, Some(_)) => StreamProgress::Finished,
            (false, None) => StreamProgress::Streaming,
        }
    }

    fn finish(&mut self, batch: &mut EventBatch) {
        batch.push_reasoning(self.reasoning_joiner.finish());
        self.think_filter.push(self.text_joiner.finish(), batch);
        self.think_filter.finish(batch);
        self.refusal.push_str(self.refusal_joiner.finish());
        if self.progress() == StreamProgress::Streaming {
            return;
        }
        let stop_reason = self.stop_reason.take();
        batch.push_stop(if self.refusal.trim().is_empty() {
            stop_reason.unwrap_or_else(|| {
                if self.has_tool_calls {
                    StopReason::Other("tool_calls".into())
                } else {
                    StopReason::End
                }
            })
        } else {
            StopReason::Refused(std::mem::take(&mut self.refusal))
        });
    }
}

#[cfg(test)]
mod tests;
