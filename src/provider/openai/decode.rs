//! What the events of Chat Completions mean, as real servers send them.
//!
//! The rules, in the order in which they win: an error anywhere beats any finish; a refusal is a refusal whatever the
//! finish says; an answer is complete only with a `finish_reason` or `[DONE]`; the last usage counts, wherever it
//! stands; what nobody knows is skipped. The end mark is given out when the body ends, because errors and usage
//! follow the finish. Called by `drive`.

use serde_json::Value;

use super::chunk::{Choice, Chunk, Delta};
use super::think::Think;
use crate::domain::{FailKind, Failure, StopReason};
use crate::provider::drive::{Batch, Decode, Progress};
use crate::provider::explain::{ApiError, Explain, is_error};
use crate::provider::sse::SseEvent;

/// The most bytes of a refusal's words that are kept.
const MOST_REFUSAL: usize = 64 * 1024;

/// The decoder of one answer.
pub(super) struct Decoder {
    explain: Explain,
    think: Think,
    opened: bool,
    done: bool,
    tools: bool,
    finish: Option<StopReason>,
    refusal: String,
}

impl Decoder {
    /// At the beginning of an answer.
    pub(super) fn new(explain: Explain) -> Self {
        Self {
            explain,
            think: Think::default(),
            opened: false,
            done: false,
            tools: false,
            finish: None,
            refusal: String::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, batch: &mut Batch) -> Result<bool, Failure> {
        if let Some(error) = chunk.error.as_ref().filter(|error| is_error(error)) {
            return Err(self.explain.in_stream(&ApiError::of(error)));
        }
        if !self.opened {
            self.opened = true;
            let model = chunk.model.trim();
            batch.open((!model.is_empty()).then(|| self.explain.clean(model)));
        }
        let mut payload = false;
        for choice in chunk.choices.iter().flatten().filter(|choice| choice.index.unwrap_or(0) == 0)
        {
            payload |= self.choice(choice, batch)?;
            if let Some(usage) = choice.usage.to_usage() {
                batch.usage(usage);
            }
        }
        if let Some(usage) = chunk.usage() {
            batch.usage(usage);
        }
        Ok(payload)
    }

    fn choice(&mut self, choice: &Choice<'_>, batch: &mut Batch) -> Result<bool, Failure> {
        if let Some(error) = choice.error.as_ref().filter(|error| is_error(error)) {
            return Err(self.explain.in_stream(&ApiError::of(error)));
        }
        let payload = choice.delta.as_ref().is_some_and(|delta| self.delta(delta, batch));
        match choice.finish_reason.trim() {
            "" => {}
            "error" => return Err(self.explain.in_stream(&ApiError::default())),
            word => self.finish = Some(self.stop(word)),
        }
        Ok(payload)
    }

    /// True when it brought anything.
    fn delta(&mut self, delta: &Delta<'_>, batch: &mut Batch) -> bool {
        // Servers that send the same reasoning under several names send it once under each.
        let details = &delta.reasoning_details;
        let (details_text, details_reasoning) = (details.text(), details.reasoning());
        let reasoning: &str =
            [&*delta.reasoning_content, &*delta.reasoning, &*details_text, &*details_reasoning]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default();
        let (text, reasoning_in_content) = (delta.content.text(), delta.content.reasoning());
        batch.reasoning(reasoning);
        batch.reasoning(&reasoning_in_content);
        self.think.push(&text, batch);
        if self.refusal.len() < MOST_REFUSAL {
            self.refusal.push_str(&delta.refusal);
        }
        self.tools |= delta.has_tool_calls;
        delta.has_tool_calls
            || !(reasoning.is_empty()
                && reasoning_in_content.is_empty()
                && text.is_empty()
                && delta.refusal.is_empty())
    }

    fn stop(&self, word: &str) -> StopReason {
        match word {
            "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete"
            | "completed" => StopReason::End,
            "length" | "max_tokens" | "model_length" | "max_output_tokens" => StopReason::Length,
            "content_filter" | "safety" | "refusal" => {
                StopReason::Refused(format!("the provider's filter stopped it ({word})"))
            }
            other => StopReason::Other(self.explain.clean(other)),
        }
    }

    /// An event that is JSON, but not in the shape of this wire: read for an error and a text, and otherwise skipped.
    fn odd(&mut self, value: &Value, batch: &mut Batch) -> Result<bool, Failure> {
        if let Some(error) = value.get("error").filter(|error| is_error(error)) {
            return Err(self.explain.in_stream(&ApiError::of(error)));
        }
        let choice = value.pointer("/choices/0");
        if let Some(word) =
            choice.and_then(|choice| choice.get("finish_reason")).and_then(Value::as_str)
        {
            self.finish = Some(self.stop(word));
        }
        let text =
            choice.and_then(|choice| choice.pointer("/delta/content")).and_then(Value::as_str);
        let text = text.unwrap_or_default();
        if !self.opened && choice.is_some() {
            self.opened = true;
            batch.open(None);
        }
        self.think.push(text, batch);
        Ok(!text.is_empty())
    }

    fn garbled(&self, data: &str) -> Failure {
        let data = crate::provider::explain::shorten(&self.explain.clean(data), 120);
        self.explain.fail(FailKind::Garbled, &format!("it sent an event that is not JSON: {data}"))
    }
}

impl Decode for Decoder {
    fn event(&mut self, event: &SseEvent, batch: &mut Batch) -> Result<bool, Failure> {
        let data = event.data.trim();
        if event.name == "error" {
            let error = serde_json::from_str::<Value>(data).map_or_else(
                |_| ApiError::of(&Value::String(data.to_owned())),
                |value| ApiError::of(&value),
            );
            return Err(self.explain.in_stream(&error));
        }
        if data.is_empty() {
            return Ok(false);
        }
        if data.starts_with("[DONE]") {
            self.done = true;
            return Ok(false);
        }
        match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) if chunk.object == "error" => {
                let error = serde_json::from_str(data)
                    .map(|value| ApiError::of(&value))
                    .unwrap_or_default();
                Err(self.explain.in_stream(&error))
            }
            Ok(chunk) => self.chunk(&chunk, batch),
            Err(error) if error.is_data() => match serde_json::from_str::<Value>(data) {
                Ok(value) => self.odd(&value, batch),
                Err(_) => Err(self.garbled(data)),
            },
            Err(_) => Err(self.garbled(data)),
        }
    }

    fn progress(&self) -> Progress {
        match (self.done, &self.finish) {
            (true, _) => Progress::Over,
            (false, Some(_)) => Progress::Finished,
            (false, None) => Progress::Going,
        }
    }

    fn close(&mut self, batch: &mut Batch) {
        self.think.finish(batch);
        if self.progress() == Progress::Going {
            return;
        }
        let finish = self.finish.take();
        batch.stop(if self.refusal.trim().is_empty() {
            finish.unwrap_or_else(|| {
                if self.tools { StopReason::Other("tool_calls".into()) } else { StopReason::End }
            })
        } else {
            StopReason::Refused(std::mem::take(&mut self.refusal))
        });
    }
}

#[cfg(test)]
mod tests;
