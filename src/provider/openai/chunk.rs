//! One `chat.completion.chunk` of the Chat Completions API, as lenient as its servers are careless.
//!
//! Only what the decoder uses is read. Fields are lenient one by one (see `lenient`); a choice or delta that is not an
//! object at all fails the whole chunk, and the decoder then looks for text and errors without these types.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::lenient;
use super::wire_text::{TextJoiner, WireText};
use crate::domain::Usage;

/// The data of one event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk<'a> {
    #[serde(borrow, deserialize_with = "lenient::text_or_empty")]
    pub(super) model: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::text_or_empty")]
    pub(super) object: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) choices: Option<Vec<ChunkChoice<'a>>>,
    #[serde(deserialize_with = "lenient::value_or_default")]
    usage: UsageFields,
    #[serde(deserialize_with = "lenient::value_or_default")]
    x_groq: GroqExtras,
    pub(super) error: Option<Value>,
}

impl Chunk<'_> {
    /// The token counts, if there are any.
    pub(super) fn to_usage(&self) -> Option<Usage> {
        self.usage.to_usage().or_else(|| self.x_groq.usage.to_usage())
    }
}

/// Where Groq puts its usage.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GroqExtras {
    #[serde(deserialize_with = "lenient::value_or_default")]
    usage: UsageFields,
}

/// One of the answers to a request; only number 0 is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChunkChoice<'a> {
    #[serde(deserialize_with = "lenient::count_or_none")]
    pub(super) index: Option<u64>,
    #[serde(borrow, alias = "message")]
    pub(super) delta: Option<ChunkDelta<'a>>,
    #[serde(borrow, deserialize_with = "lenient::text_or_empty")]
    pub(super) finish_reason: Cow<'a, str>,
    #[serde(deserialize_with = "lenient::value_or_default")]
    pub(super) usage: UsageFields,
    pub(super) error: Option<Value>,
}

/// What a chunk adds to a choice.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChunkDelta<'a> {
    #[serde(borrow)]
    pub(super) content: Content<'a>,
    #[serde(borrow)]
    pub(super) reasoning_content: WireText<'a>,
    #[serde(borrow)]
    pub(super) reasoning: WireText<'a>,
    #[serde(borrow)]
    pub(super) reasoning_details: Content<'a>,
    #[serde(borrow)]
    pub(super) refusal: WireText<'a>,
    #[serde(rename = "tool_calls", deserialize_with = "lenient::is_filled_list")]
    pub(super) has_tool_calls: bool,
}

/// A text, or a list of parts, of which some are reasoning.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Text(WireText<'a>),
    Parts(Vec<ContentPart<'a>>),
}

/// One part of a list. A `thinking` part holds a text or another list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart<'a> {
    #[serde(borrow)]
    text: WireText<'a>,
    #[serde(borrow)]
    summary: WireText<'a>,
    #[serde(borrow)]
    thinking: Option<Box<Content<'a>>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    /// Not derived as an untagged enum, whose buffer the functions of `lenient` cannot read from.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('[') {
            lenient::value_or_default(raw).map(Self::Parts)
        } else {
            WireText::deserialize(raw).map(Self::Text)
        }
        .map_err(D::Error::custom)
    }
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::Text(WireText::default())
    }
}

impl Content<'_> {
    /// The text, without reasoning. Halves of characters are joined by `joiner`.
    pub(super) fn join_text(&self, joiner: &mut TextJoiner) -> Cow<'_, str> {
        match self {
            Self::Text(text) => joiner.join(text),
            Self::Parts(parts) => {
                parts.iter().map(|part| joiner.join(&part.text)).collect::<String>().into()
            }
        }
    }

    /// The reasoning in the parts: their summaries, and everything in `thinking` parts.
    pub(super) fn join_reasoning(&self, joiner: &mut TextJoiner) -> String {
        let Self::Parts(parts) = self else { return String::new() };
        let mut reasoning = String::new();
        for part in parts {
            reasoning.push_str(&joiner.join(&part.summary));
            if let Some(thinking) = &part.thinking {
                reasoning.push_str(&thinking.join_text(joiner));
                reasoning.push_str(&thinking.join_reasoning(joiner));
            }
        }
        reasoning
    }
}

/// Token counts as they are sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UsageFields {
    #[serde(deserialize_with = "lenient::count_or_none")]
    prompt_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count_or_none")]
    completion_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::count_or_none")]
    prompt_cache_hit_tokens: Option<u64>,
    #[serde(deserialize_with = "lenient::value_or_default")]
    prompt_tokens_details: PromptTokenDetails,
    #[serde(deserialize_with = "lenient::value_or_default")]
    completion_tokens_details: CompletionTokenDetails,
    #[serde(deserialize_with = "lenient::micro_dollars_or_none")]
    cost: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptTokenDetails {
    #[serde(deserialize_with = "lenient::count_or_none")]
    cached_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionTokenDetails {
    #[serde(deserialize_with = "lenient::count_or_none")]
    reasoning_tokens: Option<u64>,
}

impl UsageFields {
    /// As [`Usage`]; none when nothing was counted. Parts never exceed their whole.
    pub(super) fn to_usage(&self) -> Option<Usage> {
        if self.prompt_tokens.is_none() && self.completion_tokens.is_none() {
            return None;
        }
        let input = self.prompt_tokens.unwrap_or(0);
        let output = self.completion_tokens.unwrap_or(0);
        let cached = self.prompt_tokens_details.cached_tokens.or(self.prompt_cache_hit_tokens);
        let reasoning = self.completion_tokens_details.reasoning_tokens;
        Some(Usage {
            input,
            output,
            cached: cached.unwrap_or(0).min(input),
            reasoning: reasoning.unwrap_or(0).min(output),
            cost_microusd: self.cost,
        })
    }
}
